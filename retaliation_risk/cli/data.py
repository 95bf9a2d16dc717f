"""Commands that get tables in and look at them: import, check, simulate."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from retaliation_risk._words import counted
from retaliation_risk.cli._console import as_json, echo_json, progress, rename_option, say


@click.command("import")
@click.argument("kind")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write (guess: file); must not exist.")
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML file that says what each column means (KIND mapping, outcomes).",
)
@click.option("--tables", type=click.Path(path_type=Path), help="Tables to add outcomes to (KIND outcomes).")
@click.option(
    "--contacts",
    type=click.Path(path_type=Path),
    help="customer_id, name and the like of customers, read and never stored (KIND outcomes).",
)
@click.option("--zone", help="Zone of times that carry none, such as Europe/Berlin (KIND guess).")
@click.option(
    "--time-format", help="How times are written, as strptime takes it, if not as the helpdesk writes them."
)
@click.option(
    "--exported-at",
    type=click.DateTime(),
    help="When the export was made, UTC: what only a snapshot shows is known from then on.",
)
@click.option(
    "--memory", help="The most memory that the database may take, such as 2GB; the rest is on disk."
)
@as_json
def import_(
    kind: str,
    source: Path,
    out: Path | None,
    mapping: Path | None,
    tables: Path | None,
    contacts: Path | None,
    zone: str | None,
    time_format: str | None,
    exported_at: datetime | None,
    memory: str | None,
    as_json: bool,
) -> None:
    """Turn a helpdesk export into canonical tables.

    KIND names the helpdesk (servicenow), or is mapping: any CSV, JSON or Parquet file by --mapping, which KIND guess drafts.
    KIND outcomes joins reviews, posts, chargebacks and the like to the customers of --tables.
    SOURCE is the export, a file or a folder. What went in, what came out and what was left out is printed and kept in
    OUT/import_report.json. E-mail addresses become keyed hashes if RETALIATION_RISK_CONTACT_SECRET is set, else nothing.
    """
    if kind == "guess":
        return _guess(source, out, zone, memory, as_json)
    if out is None:
        raise click.UsageError("Missing option '--out'.")
    from retaliation_risk.adapters import Options, import_tables, report_text
    from retaliation_risk.features import missing_features

    with progress() as step:
        step(f"importing {source.name}")
        secret = os.environb.get(b"RETALIATION_RISK_CONTACT_SECRET")
        options = Options(
            time_format=time_format,
            secret=secret,
            exported_at=exported_at,
            mapping=mapping,
            tables=tables,
            contacts=contacts,
            tell=step,
        )
        report = import_tables(kind, source, out, options, memory=memory, switched_off=missing_features)
    echo_json(report.to_dict()) if as_json else click.echo(report_text(report))
    say(f"Tables written to {out}.")


def _guess(source: Path, out: Path | None, zone: str | None, memory: str | None, as_json: bool) -> None:
    """Draft a mapping, on stdout or to a file that is not there yet."""
    from retaliation_risk.adapters import draft_mapping
    from retaliation_risk.errors import ArgumentError

    if out is not None and out.exists():
        raise ArgumentError("RR108", f"{str(out)!r} exists already.")
    with progress() as step:
        step(f"looking at {source.name}")
        draft = draft_mapping(source, zone=zone, memory=memory)
    if out is not None:
        out.write_text(draft.text, encoding="utf-8")
    if as_json:
        echo_json(draft.to_dict())
    elif out is None:
        click.echo(draft.text, nl=False)
    say(
        f"Columns with a meaning: {len(draft.guesses)}, without: {len(draft.unused)}; "
        f"{counted(draft.unfilled, 'lines')} to fill in."
    )


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@rename_option
@as_json
def check(source: Path, rename: Path | None, as_json: bool) -> None:
    """Check a folder of tables (or a DuckDB or SQLite file) against the contract.

    Prints every breach at once: code, name, count, first ids, cure. Leaves with exit code 3 if any is an error.
    """
    from retaliation_risk.tables import check_tables

    problems = check_tables(source, rename=rename, now=datetime.now(UTC))
    errors = [problem for problem in problems if problem.level == "error"]
    if as_json:
        echo_json({"ok": not errors, "problems": [problem.as_dict() for problem in problems]})
    for problem in () if as_json else problems:
        click.echo(f"{problem.level}: {problem}")
    say(f"{source}: {counted(len(errors), 'errors')}, {counted(len(problems) - len(errors), 'warnings')}.")
    sys.exit(3 if errors else 0)


@click.command()
@click.option(
    "--customers", default=4000, show_default=True, type=click.IntRange(1), help="Number of customers."
)
@click.option("--seed", default=0, show_default=True, help="Same seed, same tables.")
@click.option(
    "--days",
    default=730,
    show_default=True,
    type=click.IntRange(1, 20_000),
    help="Days of recorded history.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Kind of file for each table.",
)
@click.option(
    "--risk-at",
    multiple=True,
    help="Moment at which to write each customer's true risk in 90 days; may be given more than once.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes at a time; all cores without it.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write; must not exist."
)
@as_json
def simulate(
    customers: int,
    seed: int,
    days: int,
    file_format: str,
    risk_at: tuple[str, ...],
    jobs: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Invent customers with a known truth, as all eight tables.

    What is true of them is in OUT/truth. Customers are made in blocks, so memory does not grow with their number.
    """
    from retaliation_risk.simulate import Parameters, simulate_tables

    with progress() as step:
        step(f"simulating {customers:,} customers")
        made = simulate_tables(
            customers,
            out,
            seed=seed,
            parameters=Parameters(history_days=days),
            format=file_format,
            risk_at=risk_at,
            jobs=jobs,
            progress=lambda done, total: step(f"simulated {done:,} of {total:,} customers"),
        )
    if as_json:
        echo_json({"out": str(out), "rows": made.rows, "truth": made.truth_summary})
    say(f"{', '.join(f'{n:,} {name}' for name, n in made.rows.items())} written to {out}.")
