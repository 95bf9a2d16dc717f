"""Commands that help to read posts: train on labels of your own, label others. An aid, never truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retaliation_risk._words import counted
from retaliation_risk.cli._console import as_json, echo_json, say

if TYPE_CHECKING:
    import pandas as pd

_file = click.Path(dir_okay=False, path_type=Path)
_text = click.option("--text", default="text", show_default=True, help="Column of the post's text.")


@click.group()
def posts() -> None:
    """Tell vindictive posts from those that seek reparation, by labels of your own: an aid, never truth."""


@posts.command()
@click.argument("source", type=_file)
@_text
@click.option(
    "--label", default="label", show_default=True, help="Column of labels: vindictive or reparation."
)
@click.option("--second", help="Column of a second labeller's labels: agreement of the two is said.")
@click.option("--author", help="Column of authors: none is both learned from and judged.")
@click.option("--out", type=_file, required=True, help="JSON file to write; must not exist.")
@as_json
def train(
    source: Path, text: str, label: str, second: str | None, author: str | None, out: Path, as_json: bool
) -> None:
    """Learn from a CSV of labelled posts, and say how far it agrees with posts that it had not seen."""
    from retaliation_risk.posts import compute_alpha, compute_kappa, fit_posts, save_posts

    columns = [name for name in (text, label, second, author) if name]
    frame = _read(source, columns)
    labels = frame[label].tolist()
    fit = fit_posts(frame[text].tolist(), labels, authors=frame[author].tolist() if author else None)
    save_posts(fit.model, out)
    told: dict[str, Any] = {"learned_from": fit.model.learned_from, "model_kappa": asdict(fit.kappa)}
    told["table"] = fit.table.to_dict("index")
    if second:
        both = [(a, b or None) for a, b in zip(labels, frame[second].tolist(), strict=True)]
        pairs = [(a, b) for a, b in both if b]
        told["labellers_kappa"] = asdict(compute_kappa([a for a, _ in pairs], [b for _, b in pairs]))
        told["labellers_alpha"] = asdict(compute_alpha(both))
    echo_json(told) if as_json else click.echo("\n".join(_lines(told)))
    say(f"Model written to {out}: an aid, never truth.")


@posts.command("label")
@click.argument("source", type=_file)
@click.option("--model", type=_file, required=True, help="From posts train.")
@_text
@click.option("--out", type=_file, required=True, help="CSV file to write; must not exist.")
@as_json
def label_posts(source: Path, model: Path, text: str, out: Path, as_json: bool) -> None:
    """Write SOURCE without its text, with the probability that each post is vindictive. No outcome is made of it."""
    from retaliation_risk._cells import quiet_frame
    from retaliation_risk.errors import ArgumentError
    from retaliation_risk.posts import LABELS, load_posts

    if out.exists():
        raise ArgumentError("RR108", f"{str(out)!r} exists already.")
    frame = _read(source, [text])
    probability = load_posts(model).predict(frame[text].tolist())
    made = frame.drop(columns=text).assign(
        probability=probability.round(4), suggestion=[LABELS[int(each >= 0.5)] for each in probability]
    )
    quiet_frame(made).to_csv(out, index=False)
    if as_json:
        echo_json(
            {"out": str(out), "posts": len(made), "suggested": made["suggestion"].value_counts().to_dict()}
        )
    say(f"{counted(len(made), 'posts')} labelled in {out}: an aid, never truth.")


def _read(source: Path, columns: list[str]) -> pd.DataFrame:
    """Read a CSV as text; RR107 and RR101 for what is not there."""
    import pandas as pd

    from retaliation_risk.errors import DataError

    if not source.is_file():
        raise DataError("RR107", f"there is no file {str(source)!r}.")
    frame = pd.read_csv(source, dtype=str, keep_default_na=False)
    if missing := [name for name in columns if name not in frame]:
        raise DataError("RR101", f"{source.name} has no {missing[0]!r}; it has {list(frame.columns)[:20]}.")
    return frame


def _lines(told: dict[str, Any]) -> list[str]:
    names = {"model_kappa": "model and labels, kappa", "labellers_kappa": "two labellers, kappa",
             "labellers_alpha": "two labellers, alpha"}  # fmt: skip
    found = [(words, told[key]) for key, words in names.items() if key in told]
    rows = (
        f"labelled {name}: {', '.join(f'{n} said {said}' for said, n in row.items())}"
        for name, row in told["table"].items()
    )
    return [
        *(
            f"{w}: {a['value']:.2f} [{a['low']:.2f}, {a['high']:.2f}], {counted(a['n'], 'posts')}"
            for w, a in found
        ),
        *rows,
    ]
