"""The feature dictionary on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from retaliation_risk._cells import quiet_frame
from retaliation_risk._words import counted
from retaliation_risk.cli._console import (
    as_json,
    echo_json,
    progress,
    rename_option,
    rows_progress,
    say,
)

if TYPE_CHECKING:
    from retaliation_risk.histories import Export


memory_option = click.option(
    "--memory", default="4GB", show_default=True, help="Most memory of all processes together."
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Processes at a time; all cores without it, as far as memory suffices.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="CSV or Parquet file, or feature store (a folder) to write; CSV on standard output without it.",
)


@click.command()
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option(
    "--at",
    "moments",
    multiple=True,
    help="Moment of the question, UTC, ISO 8601; may be given more than once.",
)
@out_option
@memory_option
@jobs_option
@click.option(
    "--engine",
    type=click.Choice(["embedded", "spark"]),
    default="embedded",
    show_default=True,
    help="This machine, or Apache Spark (the extra spark): the same values.",
)
@click.option("--master", default="local[2]", show_default=True, help="Spark's master, with --engine spark.")
@click.option(
    "--update",
    type=click.Path(path_type=Path, file_okay=False),
    help="Feature store to bring up to date with SOURCE: only customers whose rows changed are computed.",
)
@click.option(
    "--at-risk",
    is_flag=True,
    help="Only customers at risk at each moment: not gone, observed, not opted out of profiling; for score.",
)
@rename_option
@as_json
def features(
    source: Path | None,
    moments: tuple[str, ...],
    out: Path | None,
    memory: str,
    jobs: int | None,
    engine: str,
    master: str,
    update: Path | None,
    at_risk: bool,
    rename: Path | None,
    as_json: bool,
) -> None:
    """Print the feature dictionary, or every customer's features as of moments.

    Without SOURCE: name, unit, meaning and source of every feature. With SOURCE (a folder of tables) and --at: one row
    for every customer first seen before the moment, from what was known just before it. Memory stays within --memory
    whatever the size of the tables, and decides no value.
    """
    if source is None:
        _print_dictionary(as_json)
        return
    _refuse(moments, out, engine, update, rename)
    asked = [_parsed(moment) for moment in moments]
    if engine == "spark" and out is not None:
        summary = _on_spark(source, asked, out, master, at_risk)
    elif update is not None:
        summary = _updated(_export(source, rename), update, out, memory, jobs)
    elif out is None:
        summary = _printed(_export(source, rename), asked, _Limits(memory, jobs, at_risk), as_json)
        as_json = False
    else:
        summary = _computed(_export(source, rename), asked, out, _Limits(memory, jobs, at_risk))
    if as_json:
        echo_json(summary)
    say(_told(summary, moments))


def _refuse(
    moments: tuple[str, ...], out: Path | None, engine: str, update: Path | None, rename: Path | None
) -> None:
    if update is None and not moments:
        raise click.UsageError("--at is needed with SOURCE: the moment of the question, such as 2026-01-31.")
    if update is not None and (moments or engine == "spark"):
        raise click.UsageError("--update keeps the store's moments and works with the embedded engine only.")
    if engine == "spark" and (out is None or out.suffix or rename):
        raise click.UsageError(
            "--engine spark writes a folder (--out) and reads canonical names (no --rename)."
        )
    if out is not None and not out.absolute().parent.is_dir():
        raise click.BadParameter(f"{out.parent} is no folder.", param_hint="--out")


def _told(summary: dict[str, Any], moments: tuple[str, ...]) -> str:
    n_rows, features = summary["n_rows"], counted(summary["n_features"], "features")
    if len(moments) == 1:
        return f"{counted(n_rows, 'customers')}, {features} as of {moments[0]}."
    if moments:
        return f"{counted(n_rows, 'rows')}, {features} as of {len(moments)} moments."
    return (
        f"{counted(summary['touched'], 'customers')} computed, {summary['removed']:,} removed, "
        f"{summary['copied_rows']:,} of {n_rows:,} rows kept."
    )


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


class _Limits(NamedTuple):
    """How much may be used, and of whom features are computed."""

    memory: str
    jobs: int | None
    at_risk: bool


def _export(source: Path, rename: Path | None) -> Export:
    from retaliation_risk.histories import Export

    return Export(source, rename, datetime.now(UTC))


def _computed(export: Export, moments: list[str], out: Path, asked: _Limits) -> dict[str, Any]:
    """Compute a store, or a file by way of a store beside it."""
    from retaliation_risk.features import FEATURES
    from retaliation_risk.histories import compute_features
    from retaliation_risk.histories.store import write_file

    limits: dict[str, Any] = {**asked._asdict(), "skip_missing": True}
    with rows_progress() as progress:
        if not out.suffix:
            return compute_features(export, moments, FEATURES, out, progress=progress, **limits).as_dict()
        with TemporaryDirectory(dir=out.absolute().parent, prefix=".features-") as place:
            store = Path(place) / "store"
            summary = compute_features(export, moments, FEATURES, store, progress=progress, **limits)
            write_file(store, out)
        return {**summary.as_dict(), "out": str(out)}


def _updated(export: Export, store: Path, out: Path | None, memory: str, jobs: int | None) -> dict[str, Any]:
    from retaliation_risk.histories import update_features

    with rows_progress() as progress:
        return update_features(store, export, out=out, memory=memory, jobs=jobs, progress=progress).as_dict()


def _printed(export: Export, moments: list[str], asked: _Limits, as_json: bool) -> dict[str, Any]:
    """Print all rows, as CSV or JSON."""
    from retaliation_risk.histories import read_features

    with TemporaryDirectory() as place:
        summary = _computed(export, moments, Path(place) / "store", asked)
        table = read_features(Path(place) / "store")
    if as_json:
        echo_json(table.to_dict(orient="records"))
    else:
        click.echo(quiet_frame(table).to_csv(index=False), nl=False)
    return summary


def _on_spark(source: Path, moments: list[str], out: Path, master: str, at_risk: bool) -> dict[str, Any]:
    from retaliation_risk._folders import fresh_folder
    from retaliation_risk.features import FEATURES
    from retaliation_risk.histories.question import available
    from retaliation_risk.histories.spark import local_session, read_spark_tables, spark_features

    with progress() as step, fresh_folder(out) as work:
        step("starting Spark")
        session = local_session(master)
        try:
            frames = read_spark_tables(session, source)
            on, off = available(FEATURES, tuple(frames))
            step("walking histories")
            spark_features(session, frames, moments, on, at_risk=at_risk).write.mode("overwrite").parquet(
                str(work)
            )
            n_rows = session.read.parquet(str(work)).count()
        finally:
            session.stop()
    return {"out": str(out), "n_rows": n_rows, "n_features": len(on), "switched_off": off}
