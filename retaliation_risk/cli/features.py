"""The feature dictionary on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from retaliation_risk.cli._console import as_json, echo_json, progress, rename_option, say


@click.command()
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option("--at", "moment", help="Moment of the question, UTC, ISO 8601; needed with SOURCE.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file to write; standard output without it.",
)
@rename_option
@as_json
def features(
    source: Path | None, moment: str | None, out: Path | None, rename: Path | None, as_json: bool
) -> None:
    """Print the feature dictionary, or every customer's features as of a moment.

    Without SOURCE: name, unit, meaning and source of every feature. With SOURCE (a folder of tables) and --at: one row
    per customer, from what was known just before that moment.
    """
    if source is None:
        _print_dictionary(as_json)
        return
    if moment is None:
        raise click.UsageError("--at is needed with SOURCE: the moment of the question, such as 2026-01-31.")
    if out is not None and not out.parent.is_dir():
        raise click.BadParameter(f"{out.parent} is no folder.", param_hint="--out")
    table = _compute(source, _parsed(moment), rename)
    if as_json:
        echo_json(table.to_dict(orient="records"))
        return
    text = table.to_csv(out, index=False)
    if text is not None:
        click.echo(text, nl=False)
    say(f"{len(table):,} customers, {table.shape[1] - 2} features as of {moment}.")


def _parsed(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).isoformat()
    except ValueError:
        raise click.BadParameter(
            f"{moment!r} is no ISO 8601 time such as 2026-01-31.", param_hint="--at"
        ) from None


def _print_dictionary(as_json: bool) -> None:
    from retaliation_risk.features import dictionary

    entries = dictionary()
    if as_json:
        echo_json(entries)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("feature", "unit", "meaning", "computed as", title=f"{len(entries)} features")
    for entry in entries:
        table.add_row(
            entry["name"], entry["unit"], entry["about"], entry["value"], end_section=_ends(entries, entry)
        )
    Console(width=None).print(table)


def _ends(entries: list[dict[str, Any]], entry: dict[str, Any]) -> bool:
    following = entries[entries.index(entry) + 1 :]
    return bool(following) and following[0]["family"] != entry["family"]


def _compute(source: Path, moment: str, rename: Path | None) -> Any:
    from retaliation_risk.features import FEATURES
    from retaliation_risk.histories import build_histories
    from retaliation_risk.tables import read_tables

    with progress() as step:
        step("reading tables")
        histories = build_histories(read_tables(source, rename=rename, now=datetime.now(UTC)))
        off = histories.switched_off(FEATURES)
        step("walking histories")
        on = [feature for feature in FEATURES if feature.name not in off]
        return histories.as_of(histories.customer_ids, moment, on)
