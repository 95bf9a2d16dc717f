"""``python -m benchmarks.metrics [--quick] [--json]``: seconds, memory and agreement, ours beside each peer.

Every call runs in a process of its own, so that its peak memory (libraries and data included) is its own. Seconds
are of the call alone, medians of three (one run where it takes over 20 s); on a shared machine trust the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks._measure import Measured, RunFailed, measure
from benchmarks.metrics.data import Case, write

HERE = Path(__file__).parent
METRICS = ("Harrell", "Uno", "AUC", "Brier")
TIMES = ("continuous", "days")
RESAMPLES = 200
TIMEOUT = 900

PEERS = {"Harrell": ("scikit-survival", "lifelines")}
"""Of a metric that more than scikit-survival has."""

QUADRATIC = {("scikit-survival", "Harrell"), ("scikit-survival", "Uno")}
"""Peers that compare every event with every row: they stop a size earlier."""

LARGEST = {"quick": 10_000, "full": 100_000}
"""Rows of the largest case of a peer that is quadratic."""


@dataclass(frozen=True)
class Row:
    """One peer at one size beside ours; ``agree`` is the largest difference of their values."""

    metric: str
    times: str
    size: int
    resamples: int
    peer: str
    seconds_ours: float
    seconds_peer: float | None
    memory_ours_mb: float
    memory_peer_mb: float | None
    agree: float | None
    why: str = ""


def main() -> None:
    """Measure, print, and write results.json if asked."""
    asked = _arguments()
    if not asked.json:
        print(HEAD)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = _loading()
        for row in compare(
            cases(asked.quick), Path(folder), LARGEST["quick" if asked.quick else "full"], asked.repeats
        ):
            rows.append(row)
            print(json.dumps(asdict(row)) if asked.json else line(row), flush=True)
    if not asked.json:
        print(
            f"Before the clock: ours compiles once per machine, {cold:.1f} s, and is loaded in {warm:.1f} s."
        )
    if asked.save:
        said = {"compiling_seconds": cold, "loading_seconds": warm, "rows": [asdict(row) for row in rows]}
        (HERE / "results.json").write_text(json.dumps(said, indent=1) + "\n")


def cases(quick: bool) -> list[Case]:
    """Every metric at each size and resolution; then many weightings at once, which no peer takes."""
    if quick:
        return [
            Case(metric, times, rows)
            for metric in METRICS
            for times, rows in (("days", 10_000), ("continuous", 100_000))
        ]
    found = [
        Case(metric, times, rows) for metric in METRICS for rows in (100_000, 1_000_000) for times in TIMES
    ]
    return found + [Case(metric, "days", 100_000, RESAMPLES) for metric in METRICS]


def compare(asked: list[Case], folder: Path, largest: int, repeats: int) -> Iterator[Row]:
    """Measure ours and each peer of each case."""
    for case in asked:
        path = write(case.times, case.rows, folder)
        ours = _runs("ours", case, path, repeats)
        if isinstance(ours, str):
            raise SystemExit(f"our own {case} failed: {ours}")
        for peer in ("",) if case.resamples else PEERS.get(case.metric, ("scikit-survival",)):
            found: list[Measured] | str = "no peer takes weights"
            if peer and (peer, case.metric) in QUADRATIC and case.rows > largest:
                found = "not run: time grows with rows times events"
            elif peer:
                found = _runs(peer, case, path, repeats)
            yield _row(case, peer, ours, found)


def _runs(engine: str, case: Case, path: Path, repeats: int) -> list[Measured] | str:
    """Measure a few times in fresh processes (once if slow); or say why not."""
    found: list[Measured] = []
    arguments = (engine, case.metric, str(path), case.resamples)
    try:
        while len(found) < repeats and not (found and found[0].seconds > 20):
            found.append(measure("benchmarks.metrics.one:run", *arguments, timeout=TIMEOUT))
    except RunFailed as error:
        return str(error)
    return found


def _row(case: Case, peer: str, ours: list[Measured], found: list[Measured] | str) -> Row:
    good = [] if isinstance(found, str) else found
    return Row(
        metric=case.metric,
        times=case.times,
        size=case.rows,
        resamples=case.resamples,
        peer=peer,
        seconds_ours=_seconds(ours),
        seconds_peer=_seconds(good) if good else None,
        memory_ours_mb=round(max(run.memory_mb for run in ours)),
        memory_peer_mb=round(max(run.memory_mb for run in good)) if good else None,
        agree=_difference(ours[0], good[0]) if good else None,
        why=found if isinstance(found, str) else "",
    )


def _seconds(runs: list[Measured]) -> float:
    return round(statistics.median(run.result["seconds"] for run in runs), 4)


def _difference(one: Measured, other: Measured) -> float:
    gap = np.abs(np.subtract(one.result["values"], other.result["values"]))
    return float(f"{gap.max():.1g}")


HEAD = f"{'metric':9}{'times':12}{'rows':>8}  {'peer':18}{'s ours':>8}{'s peer':>9}{'ratio':>8}{'MB':>7}{'peer':>7}  agree"


def line(row: Row) -> str:
    """Return a row for people; a ratio above 1 means that ours is faster."""
    name = row.peer or f"{row.resamples} resamples"
    start = f"{row.metric:9}{row.times:12}{row.size:8.0e}  {name:18}{row.seconds_ours:8.3f}"
    if row.seconds_peer is None:
        return f"{start}{'':17}{row.memory_ours_mb:7}         {row.why}"
    ratio = row.seconds_peer / row.seconds_ours
    memory = f"{row.memory_ours_mb:7}{row.memory_peer_mb:7}"
    return f"{start}{row.seconds_peer:9.3f}{ratio:8.1f}{memory}  {row.agree:.0e}"


def _loading() -> tuple[float, float]:
    """Return the seconds to load our code with an empty cache (it is compiled) and with a full one."""
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (
            measure("benchmarks.metrics.one:loading", env={"NUMBA_CACHE_DIR": cache}).result for _ in range(2)
        )
    return round(cold, 2), round(warm, 2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, once: within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--save", action="store_true", help="write results.json beside this file")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; medians are given")
    asked = parser.parse_args()
    asked.repeats = 1 if asked.quick else asked.repeats
    return asked


if __name__ == "__main__":
    main()
