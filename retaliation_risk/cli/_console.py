"""What commands share: progress and messages on stderr, JSON on stdout."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from retaliation_risk.histories import Progress

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
rename_option = click.option(
    "--rename",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML file that maps your table and column names to the canonical ones.",
)


def echo_json(value: Any) -> None:
    """Print a value as JSON on stdout; what is missing is null."""
    click.echo(json.dumps(_strict(value), indent=2, ensure_ascii=False, default=str, allow_nan=False))


def _strict(value: Any) -> Any:
    """Replace NaN, which JSON does not know, in lists and dicts of any depth."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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


def timed(step: Callable[[str], None]) -> tuple[Callable[[str], None], Callable[[str], float]]:
    """Return ``step`` with a watch on it, and how many seconds the first step that begins with a word took.

    Examples
    --------
    >>> step, took = timed(lambda name: None)
    >>> step("training 7 models")
    >>> step("scoring")
    >>> took("training") >= 0
    True
    """
    begun: list[tuple[str, float]] = []

    def tell(name: str) -> None:
        begun.append((name, monotonic()))
        step(name)

    def took(word: str) -> float:
        place = next(k for k, (name, _) in enumerate(begun) if name.startswith(word))
        return begun[place + 1][1] - begun[place][1]

    return tell, took


@contextmanager
def rows_progress() -> Iterator[Callable[[Progress], None]]:
    """Show the rows done, their rate and the time left on stderr; silent where stderr is no terminal."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[left]}"),
    )
    console = Console(stderr=True)
    with bars.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None, rate="", left="")

        def show(told: Progress) -> None:
            rate = f"{told.rows_per_second:,.0f} rows/s" if told.rows_per_second else ""
            left = "" if told.seconds_left is None else f"{told.seconds_left:,.0f} s left"
            total = told.total or None
            bar.update(task, description=told.step, completed=told.rows, total=total, rate=rate, left=left)

        yield show
