"""What commands share: progress and messages on stderr, JSON on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
rename_option = click.option(
    "--rename",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML file that maps your table and column names to the canonical ones.",
)


def echo_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(message: str) -> None:
    """Print a message on stderr."""
    click.echo(message, err=True)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show the step under way on stderr, with the time gone by; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting")
        yield lambda step: bar.update(task, description=step)
