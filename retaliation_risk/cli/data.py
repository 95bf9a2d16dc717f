"""Commands that get tables in and look at them: import, check, simulate."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from retaliation_risk.cli._console import as_json, echo_json, progress, rename_option, say


@click.command("import")
@click.argument("kind")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write; must not exist."
)
@as_json
def import_(kind: str, source: Path, out: Path, as_json: bool) -> None:
    """Turn a helpdesk export into canonical tables.

    KIND names the helpdesk (servicenow); SOURCE is its export. What went in, what came out and what was left out is
    printed and kept in OUT/import_report.json.
    """
    from retaliation_risk.adapters import import_tables, report_text

    with progress() as step:
        step(f"importing {source.name}")
        report = import_tables(kind, source, out)
    echo_json(report.to_dict()) if as_json else click.echo(report_text(report))
    say(f"Tables written to {out}.")


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
    say(f"{source}: {len(errors)} errors, {len(problems) - len(errors)} warnings.")
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
