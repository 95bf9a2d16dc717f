"""Commands for a script that runs every night: train, score, evaluate, compare, drift."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retaliation_risk._words import counted
from retaliation_risk.cli._console import as_json, echo_json, progress, rename_option, rows_progress, say
from retaliation_risk.cli._settings import (
    joblib_option,
    opened,
    settings_options,
    side_option,
    stored_options,
)
from retaliation_risk.cli.features import jobs_option, memory_option

if TYPE_CHECKING:
    from retaliation_risk.artefacts import Artefact
    from retaliation_risk.pipeline import Config
    from retaliation_risk.tables import Tables

source_argument = click.argument("source", type=click.Path(path_type=Path))
out_option = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write; must not exist."
)
store_option = click.option(
    "--features", "store", type=click.Path(path_type=Path, file_okay=False),
    help="Feature store to take the rows of landmarks from; its moments are the landmarks.",
)  # fmt: skip
stored_option = stored_options("Stored model: what train or run wrote.")


@click.command()
@source_argument
@out_option
@store_option
@settings_options
@rename_option
@as_json
def train(
    source: Path, out: Path, store: Path | None, config: Config, rename: Path | None, as_json: bool
) -> None:
    """Train one model on everything known by now, judge it by rolling origin, and store it.

    Below the minimum of events nothing is trained, with exit code 4 and a word on how many are missing.
    """
    from retaliation_risk.adapters import import_notes
    from retaliation_risk.pipeline import train as train_model

    with progress() as step:
        tables = _tables(source, rename, step)
        found = train_model(tables, out, config, store=store, provenance=import_notes(source), progress=step)
    _tell(
        found, as_json, f"{found['model']} trained on {counted(found['events']['n_events'], 'events')}.", out
    )


@click.command()
@source_argument
@stored_option
@out_option
@click.option(
    "--at",
    "moment",
    help="Moment of the question, UTC, ISO 8601; for tables, default: the end of observation.",
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True, help="Kind of file.",
)  # fmt: skip
@click.option(
    "--engine", type=click.Choice(["embedded", "spark"]), default="embedded", show_default=True,
    help="This machine, or Apache Spark (the extra spark): the same risks.",
)  # fmt: skip
@click.option("--master", default="local[2]", show_default=True, help="Spark's master, with --engine spark.")
@memory_option
@jobs_option
@rename_option
@as_json
def score(
    source: Path,
    stored: Artefact,
    out: Path,
    moment: str | None,
    form: str,
    engine: str,
    master: str,
    memory: str,
    jobs: int | None,
    rename: Path | None,
    as_json: bool,
) -> None:
    """Write the risk of every customer by a stored model.

    SOURCE is a folder or database of tables, whose customers at risk at --at are scored; or a feature store, or a CSV or
    Parquet file of features.
    """
    from retaliation_risk.histories import Export, end_of_observation
    from retaliation_risk.pipeline import has_features, score_on_spark
    from retaliation_risk.pipeline import score as score_customers

    if engine == "spark":
        if moment is None or rename is not None:
            raise click.UsageError(
                "--engine spark scores Parquet tables with canonical names: it needs --at, no --rename."
            )
        with progress() as step:
            found = score_on_spark(source, stored, out, moment=moment, master=master, progress=step)
    else:
        given: Export | Tables | Path = (
            source if has_features(source) else Export(source, rename, datetime.now(UTC))
        )
        if isinstance(given, Export) and moment is None:
            with progress() as step:
                given = _tables(source, rename, step)
            moment = end_of_observation(given).isoformat()
        with rows_progress() as told:
            found = score_customers(
                given, stored, out, moment=moment, form=form, memory=memory, jobs=jobs, progress=told
            )  # fmt: skip
    _tell(found, as_json, f"{counted(found['n_rows'], 'customers')} scored.", out)


@click.command()
@source_argument
@out_option
@store_option
@stored_options(
    "Judge this stored model at the moments after its training, instead of training models.", required=False
)
@settings_options
@rename_option
@as_json
def evaluate(
    source: Path,
    out: Path,
    store: Path | None,
    stored: Artefact | None,
    config: Config,
    rename: Path | None,
    as_json: bool,
) -> None:
    """Judge every model of the settings by rolling origin, or a stored one at the moments after its training."""
    from retaliation_risk.pipeline import evaluate_artefact, evaluate_models

    with progress() as step:
        tables = _tables(source, rename, step)
        if stored is None:
            found = evaluate_models(tables, out, config, store=store, progress=step)
        else:
            found = evaluate_artefact(tables, stored, out, config, progress=step)
    _tell(found, as_json, f"Judged at {counted(len(found['moments']), 'moments')}.", out)


@click.command()
@source_argument
@side_option("champion", "Stored model in use.")
@side_option("challenger", "Stored model that would take its place.")
@out_option
@joblib_option
@settings_options
@rename_option
@as_json
def compare(
    source: Path,
    champion: Path,
    challenger: Path,
    out: Path,
    allow_joblib: bool,
    config: Config,
    rename: Path | None,
    as_json: bool,
) -> None:
    """Say whether a challenger is better than the champion, at moments that neither learned from.

    Exit code 4, after the folder is written, where it is not shown to be.
    """
    from retaliation_risk.pipeline import compare as compare_models

    sides = [opened(folder, allow_joblib=allow_joblib) for folder in (champion, challenger)]
    with progress() as step:
        tables = _tables(source, rename, step)
        with _told_anyway(out / "comparison.json", as_json):
            found = compare_models(tables, sides[0], sides[1], out, config, progress=step)
    _tell(found, as_json, found["sentence"], out)


@click.command()
@source_argument
@stored_option
@out_option
@settings_options
@rename_option
@as_json
def drift(
    source: Path, stored: Artefact, out: Path, config: Config, rename: Path | None, as_json: bool
) -> None:
    """Say whether the customers of now are still like those a stored model learned from.

    Exit code 4, after the folder is written, where something is past the gate of [drift].
    """
    from retaliation_risk.pipeline import watch_drift

    with progress() as step:
        tables = _tables(source, rename, step)
        with _told_anyway(out / "drift.json", as_json):
            found = watch_drift(tables, stored, out, config, progress=step)
    _tell(found, as_json, f"Nothing is past the gate; {len(found['beyond_chance'])} beyond chance.", out)


@click.command()
@source_argument
@stored_option
@out_option
@settings_options
@rename_option
@as_json
def replay(
    source: Path, stored: Artefact, out: Path, config: Config, rename: Path | None, as_json: bool
) -> None:
    """Walk the calendar after a model's training under every policy: whom each would have reached before they acted.

    Teams, working days, cool-down and lead are the table [replay] of --config.
    """
    from retaliation_risk.pipeline import replay_policies

    with progress() as step:
        tables = _tables(source, rename, step)
        found = replay_policies(tables, stored, out, config, progress=step)
    _tell(
        found,
        as_json,
        f"{counted(found['weeks'], 'weeks')} and {counted(found['n_acts'], 'acts')} replayed.",
        out,
    )


def _tables(source: Path, rename: Path | None, step: Any) -> Tables:
    from retaliation_risk.tables import read_tables

    step("reading tables")
    return read_tables(source, rename=rename, now=datetime.now(UTC))


@contextmanager
def _told_anyway(facts: Path, as_json: bool) -> Iterator[None]:
    """Print what was written as JSON where a gate says no after it was written: the reasons are needed most then."""
    from retaliation_risk.errors import GateError

    try:
        yield
    except GateError:
        if as_json and facts.exists():
            click.echo(facts.read_text(encoding="utf-8"), nl=False)
        raise


def _tell(found: dict[str, Any], as_json: bool, sentence: str, out: Path) -> None:
    if as_json:
        echo_json(found)
    else:
        click.echo(sentence)
    say(f"Written: {out}")
