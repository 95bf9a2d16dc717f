"""Worlds larger than memory: blocks of customers, each drawn from streams of its own and written before the next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from os import cpu_count
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk._folders import fresh_folder
from retaliation_risk._validate import one_of, positive, within
from retaliation_risk._version import __version__
from retaliation_risk.errors import ArgumentError
from retaliation_risk.simulate.frames import jumps_frame, risk_frame
from retaliation_risk.simulate.parameters import DEFAULTS, Parameters
from retaliation_risk.simulate.summary import truth_summary
from retaliation_risk.simulate.truth import Simulated
from retaliation_risk.simulate.world import Block, simulate_block
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables.write import write_frames

BLOCK = 25_000
"""Customers of a block. Another number gives another world, as every block has its own streams."""

_TRUTH = "FORMAT parquet, COMPRESSION zstd"


@dataclass(frozen=True)
class Made:
    """What was written: the rows of each table, and what is true of the world (as ``Simulated.truth_summary``)."""

    rows: dict[str, int]
    truth_summary: dict[str, object]


@dataclass(frozen=True)
class _Plan:
    """All that a process must know to make a block."""

    n_customers: int
    seed: int
    parameters: Parameters
    block: int
    format: str
    risks: tuple[np.datetime64, ...]
    horizon_days: float
    folder: Path

    @property
    def blocks(self) -> int:
        return -(-self.n_customers // self.block)

    def path(self, table: str, number: int, format: str) -> Path:
        """Return the file of a part: ``tickets.parquet`` if it is the only one, else ``tickets/00003.parquet``."""
        name = f"{table}/{number:05d}" if self.blocks > 1 else table
        return self.folder / f"{name}.{format}"


def simulate_tables(  # noqa: PLR0913 (which world, where to, in what form, and how many at a time)
    n_customers: int,
    out: Path,
    *,
    seed: int = 0,
    parameters: Parameters = DEFAULTS,
    format: str = "parquet",
    risk_at: Sequence[str] = (),
    horizon_days: float = 90.0,
    jobs: int | None = None,
    block: int = BLOCK,
    progress: Callable[[int, int], None] | None = None,
) -> Made:
    """Invent any number of customers and write their tables, with the truth, to a new folder.

    Customers are drawn and written in blocks, so memory is bounded by ``jobs`` times what a block takes. The first block is
    the world of :func:`simulate` with the same seed. Equal arguments give equal bytes, whatever ``jobs``.

    Parameters
    ----------
    n_customers : int
        Above 0.
    out : Path
        Must not exist; it appears when whole. :func:`~retaliation_risk.tables.read_tables` reads it: a world of one block
        has a file for each table, a larger one a folder of files. The folder ``truth`` in it, which no reader of tables
        looks into, has Parquet files ``customers``, ``acts`` and ``failures`` (see :class:`Simulated`), ``jumps`` (the
        hazard), and ``risk`` if ``risk_at`` asks for it, and ``summary.json``.
    seed : int, default 0
        At least 0.
    parameters : Parameters
        Every constant of the world, each with its source.
    format : {"parquet", "csv"}, default "parquet"
        Of the tables.
    risk_at : sequence of str, default ()
        Moments, UTC in ISO 8601, at which to write each customer's true risk (``Simulated.true_risk``).
    horizon_days : float, default 90
        Above 0; of the true risk.
    jobs : int, optional
        Processes at a time, at least 1; as many as there are cores without it.
    block : int, default 25000
        Customers of a block, above 0. It belongs to the world: another number gives other customers.
    progress : callable, optional
        Told the customers done and all of them, after each block.

    Returns
    -------
    Made

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     made = simulate_tables(50, Path(place) / "world", jobs=1, block=20)
    >>> made.rows["customers"]
    50

    Raises
    ------
    ArgumentError
        If ``out`` exists (RR108) or an argument is out of range (RR111).
    """
    plan = _Plan(
        n_customers=int(positive("n_customers", n_customers)),
        seed=int(within("seed", seed, 0, inf)),
        parameters=parameters,
        block=int(positive("block", block)),
        format=one_of("format", format, ("parquet", "csv")),
        risks=tuple(map(_moment, risk_at)),
        horizon_days=positive("horizon_days", horizon_days),
        folder=Path(out),
    )
    processes = int(positive("jobs", cpu_count() or 1 if jobs is None else jobs))
    with fresh_folder(plan.folder) as folder:
        return _make(replace(plan, folder=folder), processes, progress or _silent)


def _moment(value: str) -> np.datetime64:
    try:
        moment = pd.Timestamp(value)
    except ValueError:
        raise ArgumentError("RR111", f"risk_at is {value!r}; it must be a time such as 2025-06-01.") from None
    return (moment if moment.tzinfo is None else moment.tz_convert("UTC").tz_localize(None)).to_datetime64()


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def _make(plan: _Plan, jobs: int, progress: Callable[[int, int], None]) -> Made:
    """Make all blocks, add up what they count, and write down what is true of them together."""
    rows: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for made_rows, made_counts in _blocks(plan, jobs):
        rows.update(made_rows)
        counts.update(made_counts)
        progress(counts["customers"], plan.n_customers)
    summary = truth_summary(counts, plan.seed, plan.parameters)
    about = {"version": __version__, "block": plan.block, **summary, "parameters": asdict(plan.parameters)}
    text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    (plan.folder / "truth" / "summary.json").write_text(text, encoding="utf-8")
    return Made(dict(rows), summary)


def _blocks(plan: _Plan, jobs: int) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """Make every block, ``jobs`` at a time, in order."""
    if jobs == 1 or plan.blocks == 1:
        yield from (make_block(plan, number) for number in range(plan.blocks))
        return
    from joblib import Parallel, delayed

    parallel = Parallel(min(jobs, plan.blocks), return_as="generator", pre_dispatch="n_jobs", batch_size=1)
    yield from parallel(delayed(make_block)(plan, number) for number in range(plan.blocks))


def make_block(plan: _Plan, number: int) -> tuple[dict[str, int], dict[str, int]]:
    """Draw one block and write its files; return the rows of its tables and what it counts."""
    first = number * plan.block
    size = min(plan.block, plan.n_customers - first)
    world = simulate_block(size, plan.seed, plan.parameters, Block(number, first))
    paths = {name: plan.path(name, number, plan.format) for name in world.frames}
    for path in paths.values():
        path.parent.mkdir(exist_ok=True)
    write_frames(world.frames, paths, plan.format)
    _write_truth(_truths(world, plan), plan, number)
    rows = {name: len(frame) for name, frame in world.frames.items()}
    return rows, world.counts


def _truths(world: Simulated, plan: _Plan) -> dict[str, pd.DataFrame]:
    """Return what is true of a block, as tables."""
    truths = {"customers": world.truth, "acts": world.acts, "failures": world.failures}
    risks = [risk_frame(world.hazards, moment, plan.horizon_days) for moment in plan.risks]
    asked = {"risk": pd.concat(risks)} if risks else {}
    return {**truths, "jumps": jumps_frame(world.hazards), **asked}


def _write_truth(truths: Mapping[str, pd.DataFrame], plan: _Plan, number: int) -> None:
    """Write what is true of a block: as drawn, in order, so equal rows are equal bytes."""
    with duckdb.connect(config={"threads": 1, "pandas_analyze_sample": 0}) as connection:
        for name, frame in truths.items():
            path = plan.path(f"truth/{name}", number, "parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            connection.register("given", frame)
            connection.execute(f"COPY (FROM given) TO {literal(str(path))} ({_TRUTH})")
            connection.unregister("given")
