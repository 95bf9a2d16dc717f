"""Commands on papers: study list, show, run."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retaliation_risk.cli._console import as_json, echo_json, progress, rename_option, say

if TYPE_CHECKING:
    import pandas as pd

    from retaliation_risk.studies import Study


_out = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write; must not exist."
)


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def study(context: click.Context, as_json: bool) -> None:
    """List, show and run studies of the literature: each claim with its test and verdict.

    Without a command the studies are listed.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=as_json)


@study.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the studies that can be run by name."""
    from retaliation_risk.studies import STUDIES

    rows = [_told(one) for one in STUDIES.values()]
    if as_json:
        echo_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['name']}: {row['citation']} ({row['testable']} of {row['claims']} claims testable)")


@study.command()
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show a study: its design, its claims, and how each is tested."""
    from retaliation_risk.studies import find_studies

    for one in find_studies([name]):
        if as_json:
            echo_json({**_told(one), "design": one.design, "claims": [_claim(claim) for claim in one.claims]})
            continue
        click.echo(f"{one.citation}{f', doi:{one.doi}' if one.doi else ''}\n{one.design}\n")
        for claim in one.claims:
            click.echo(f"{claim.name} ({claim.kind}; {claim.source}): {claim.text}")
            click.echo(
                f"    {'not testable here: ' + claim.why_not if claim.why_not else claim.reads_as or 'as it stands'}"
            )


@study.command()
@click.argument("names", nargs=-1, required=True)
@_out
@click.option(
    "--customers",
    default=40_000,
    show_default=True,
    type=click.IntRange(1),
    help="Simulated customers of each world.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Same seed, same table.")
@click.option(
    "--tables",
    type=click.Path(path_type=Path),
    help="Folder of your own tables, to test the claims on instead.",
)
@rename_option
@as_json
def run(
    names: tuple[str, ...],
    out: Path,
    customers: int,
    seed: int,
    tables: Path | None,
    rename: Path | None,
    as_json: bool,
) -> None:
    """Run studies by name (or all, or predictions) and write their claims, figure, page and manifest."""
    from retaliation_risk.studies import find_studies, write_own, write_simulated
    from retaliation_risk.studies.summary import sentence

    studies = find_studies(names)
    with progress() as step:
        if tables is None:
            table = write_simulated(out, studies, n_customers=customers, seed=seed, step=step)
        else:
            table = write_own(out, studies, _read(tables, rename), step=step)
    echo_json(table.to_dict("records")) if as_json else _echo(table)
    say(sentence(table))
    say(f"Written to {out}: open {out / 'index.html'}.")


_model = click.option(
    "--model",
    default="",
    help="A path model of the variables, such as 'revenge ~ betrayal; betrayal ~ fairness'.",
)


@study.command()
@click.argument("answers", type=click.Path(path_type=Path))
@click.option(
    "--codebook",
    type=click.Path(path_type=Path),
    required=True,
    help="TOML: which columns are items of what.",
)
@_model
@_out
@as_json
def survey(answers: Path, codebook: Path, model: str, out: Path, as_json: bool) -> None:
    """Measure a survey (CSV, wide or long): its constructs, how reliable they are, how they go together, a model."""
    from retaliation_risk.studies.measures import survey_measures
    from retaliation_risk.studies.survey import read_survey

    found = survey_measures(read_survey(answers, codebook), model)
    again = f"retaliation-risk study survey {answers.name} --codebook {codebook.name}"
    _write_measures(out, found, again, model, [answers, codebook], as_json)


@study.command()
@click.argument("printed", type=click.Path(path_type=Path))
@_model
@_out
@as_json
def moments(printed: Path, model: str, out: Path, as_json: bool) -> None:
    """Measure what a paper prints (JSON or TOML: n, means, standard deviations, correlations), and fit a model to it."""
    from retaliation_risk.studies.measures import moments_measures
    from retaliation_risk.studies.moments import read_moments

    found = moments_measures(read_moments(printed), model)
    _write_measures(out, found, f"retaliation-risk study moments {printed.name}", model, [printed], as_json)


def _write_measures(out: Path, found: Any, again: str, model: str, inputs: list[Path], as_json: bool) -> None:
    from retaliation_risk.studies.writing import write_measures

    asked = f" --model {shlex.quote(model)}" if model else ""
    write_measures(out, found, again=f"{again}{asked} --out FOLDER", inputs=inputs)
    if as_json:
        echo_json({name: table.to_dict("records") for name, table in found.tables.items()})
    for name, table in {} if as_json else found.tables.items():
        click.echo(f"{name}\n{table.round(3).to_string(index=False, na_rep='')}\n")
    for told in (*found.notes, *(f"{name} is left out: {why}" for name, why in found.left_out.items())):
        say(told)
    say(f"Written to {out}: open {out / 'index.html'}.")


def _read(tables: Path, rename: Path | None) -> Any:
    from datetime import UTC, datetime

    from retaliation_risk.tables import read_tables

    return read_tables(tables, rename=rename, now=datetime.now(UTC))


def _told(one: Study) -> dict[str, Any]:
    testable = sum(claim.test is not None for claim in one.claims)
    return {
        "name": one.name,
        "citation": one.citation,
        "doi": one.doi,
        "claims": len(one.claims),
        "testable": testable,
    }


def _claim(claim: Any) -> dict[str, Any]:
    """Everything of a claim that JSON can hold."""
    return {name: value for name, value in asdict(claim).items() if name != "test"}


def _echo(table: pd.DataFrame) -> None:
    """Print a line for each claim: what was found, the verdict, and what became of it switched off."""
    from retaliation_risk.studies.page import cells

    for row in table.to_dict("records"):
        told = cells({str(name): value for name, value in row.items()})
        off = f"; switched off: {told['found then']}, {told['and then']}" if told["and then"] else ""
        click.echo(f"{told['claim']}: {' '.join(filter(None, (told['found'], told['verdict'])))}{off}")
