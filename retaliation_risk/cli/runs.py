"""Commands that go from tables to a decision: run, report, demo."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retaliation_risk.cli._console import as_json, echo_json, progress, rename_option, say, timed
from retaliation_risk.cli._settings import settings_options

if TYPE_CHECKING:
    from retaliation_risk.pipeline import Config

horizon = click.option("--horizon-days", default=30.0, show_default=True, help="How far ahead a risk looks.")
capacity = click.option(
    "--capacity",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    help="Customers the team can answer a period.",
)
bootstraps = click.option(
    "--bootstraps",
    default=500,
    show_default=True,
    type=click.IntRange(20),
    help="Draws behind each interval.",
)


min_cell = click.option(
    "--min-cell",
    default=5,
    show_default=True,
    type=click.IntRange(1),
    help="Hide groups with fewer customers.",
)
since = click.option(
    "--since",
    type=click.Path(path_type=Path, file_okay=False),
    help="Earlier run folder to say what changed since; default: the latest earlier one beside this.",
)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Run folder to write; must not exist."
)
@settings_options
@rename_option
@min_cell
@since
@as_json
def run(
    source: Path,
    out: Path,
    config: Config,
    rename: Path | None,
    min_cell: int,
    since: Path | None,
    as_json: bool,
) -> None:
    """Go from a folder of tables to a run folder: models, comparison, queues, report.

    The folder appears when it is whole, or not at all.
    """
    from retaliation_risk.adapters import import_notes
    from retaliation_risk.report import write_report
    from retaliation_risk.run import run as run_tables
    from retaliation_risk.tables import read_tables

    with progress() as step:
        step, took = timed(step)
        step("reading tables")
        tables = read_tables(source, rename=rename, now=datetime.now(UTC))
        notes = import_notes(source)
        finish = partial(write_report, min_cell=min_cell, since=since)
        run_tables(tables, out, config.settings, provenance=notes, finish=finish, progress=step)
    _tell_training(out, took("training"))
    _tell(out, as_json)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--show-contacts",
    is_flag=True,
    help="Print ids of customers and tickets as they are instead of pseudonyms.",
)
@min_cell
@since
@click.option(
    "--locale",
    type=click.Choice(["en", "de", "fr"]),
    default="en",
    show_default=True,
    help="Whose marks numbers and dates have; words stay English.",
)
@click.option("--summary", is_flag=True, help="Print whom to call beside the answer.")
@click.option(
    "--pdf",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Write a PDF too, report.pdf in the folder unless FILE is given; needs the extra pdf.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@as_json
def report(
    folder: Path, summary: bool, pdf: str | None, open_page: bool, as_json: bool, **settings: Any
) -> None:
    """Write the report of a finished run folder again, from its files.

    Any browser prints the page; --pdf makes a PDF that is tagged for screen readers.
    """
    from retaliation_risk.report import write_report

    page = write_report(folder, **settings)
    if pdf is not None:
        _write_pdf(page, Path(pdf or folder / "report.pdf"))
    _tell(folder, as_json, whole=summary)
    if open_page:
        _open(page)


def _write_pdf(page: Path, out: Path) -> None:
    from retaliation_risk.report import render_pdf
    from retaliation_risk.report.render import replace_file

    replace_file(out, render_pdf(page.read_text(encoding="utf-8")))
    say(f"PDF: {out}")


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say(f"There is no browser to open here; open {page.resolve()} in one.")


@click.command()
@click.option(
    "--customers", default=6000, show_default=True, type=click.IntRange(1), help="Customers to simulate."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Run folder; default: the next free reports/demo."
)
@horizon
@capacity
@bootstraps
@click.option("--seed", default=7, show_default=True, help="Same seed, same bytes.")
@as_json
def demo(
    customers: int,
    out: Path | None,
    horizon_days: float,
    capacity: int,
    bootstraps: int,
    seed: int,
    as_json: bool,
) -> None:
    """Simulate customers whose truth is known, run everything on them, and write the report."""
    from retaliation_risk.report import write_report
    from retaliation_risk.run import Settings
    from retaliation_risk.run import run as run_tables
    from retaliation_risk.simulate import simulate
    from retaliation_risk.tables import tables_from_frames

    out = out or _next_free(Path("reports") / "demo")
    settings = Settings(horizon_days=horizon_days, capacity=capacity, n_bootstrap=bootstraps, seed=seed)
    with progress() as step:
        step, took = timed(step)
        step(f"simulating {customers:,} customers")
        simulated = simulate(customers, seed=seed)
        tables = tables_from_frames(simulated.frames)
        run_tables(tables, out, settings, truth=simulated.truth_summary, finish=write_report, progress=step)
    _tell_training(out, took("training"))
    _tell(out, as_json)


def _next_free(folder: Path) -> Path:
    number, free = 2, folder
    while free.exists():
        free, number = folder.with_name(f"{folder.name}-{number}"), number + 1
    return free


def _tell_training(folder: Path, seconds: float) -> None:
    """Say how long training took, which no file of a run holds, and what it compared."""
    from retaliation_risk.report.modelling import learned

    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))["training"]
    say(f"Models trained in {seconds:.1f} s." + (f" {learned(facts)}" if facts else ""))


def _tell(folder: Path, as_json: bool, *, whole: bool = False) -> None:
    """Print the answer, and whom to call where the ``whole`` is asked for."""
    summary = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    by_id = {section["id"]: section for section in summary["sections"]}
    if as_json:
        asked = {name: by_id[name] for name in ("answer", "queue")[: 1 + whole]}
        echo_json({"run": str(folder), "report": str(folder / "report.html"), **asked})
    elif whole:
        _print_summary(summary)
    else:
        click.echo(by_id["answer"]["sentence"])
    say(f"Report: {folder / 'report.html'}")


def _print_summary(summary: dict[str, Any]) -> None:
    """Print with rich, which knows the width of the terminal and leaves colours out of a pipe."""
    from rich.console import Console

    from retaliation_risk.report import terminal_page

    console = Console(highlight=False)
    console.print(terminal_page(summary, width=console.width))
