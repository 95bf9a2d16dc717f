"""``python -m benchmarks.histories``: seconds, memory and agreement, ours beside each peer, at each size."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks._measure import Measured, RunFailed, measure
from benchmarks.histories import peer_featuretools
from benchmarks.histories.agree import differences
from benchmarks.histories.asked import NAMES
from benchmarks.histories.data import generate
from benchmarks.histories.draw import draw

HERE = Path(__file__).parent
QUICK, FULL = (100_000,), (100_000, 1_000_000, 10_000_000)
FEATURETOOLS_SIZE = 100_000
PEERS = {
    "ours, through the door": "ours:through_the_door",
    "DuckDB, one statement": "peer_duckdb:run",
    "DuckDB, a moment at a time": "peer_duckdb:run_loop",
    "polars": "peer_polars:run",
    "pandas": "peer_pandas:run",
}
WHOLE = ("DuckDB, one statement", "pandas", "featuretools")
"""Peers that write one file; ours and the others write a folder of parts."""

LIMITS = {"pandas": 1_000_000, "DuckDB, one statement": 1_000_000}
"""Largest size of a peer that would need more than 16 GB at the next."""


@dataclass(frozen=True)
class Row:
    """One peer at one size beside ours: tables checked before, read from Parquet, written to Parquet."""

    peer: str
    size: int
    seconds_ours: float
    seconds_peer: float | None
    cpu_ours: float
    cpu_peer: float | None
    memory_ours_mb: float
    memory_peer_mb: float | None
    agree: bool | None
    why: str = ""


def main() -> None:
    """Measure, print, and write results.json and results.svg for a full run."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(asked.folder or scratch)
        cold, warm = _loading()
        rows = [row for size in asked.sizes for row in compare(work, size, PEERS, asked.repeats)]
        if FEATURETOOLS_SIZE and not asked.without_featuretools:
            rows += compare(work, FEATURETOOLS_SIZE, {"featuretools": "peer_featuretools:run"}, 1)
    if asked.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        print(
            table(rows),
            f"Before the clock, ours compiles once per machine: {cold:.1f} s; and loads: {warm:.2f} s",
            sep="\n\n",
        )
    if asked.save:
        said = {
            "compiling_seconds": round(cold, 2),
            "loading_seconds": round(warm, 2),
            "rows": [asdict(row) for row in rows],
        }
        (HERE / "results.json").write_text(json.dumps(said, indent=1) + "\n")
        draw(rows, HERE / "results.svg")


def compare(work: Path, size: int, peers: dict[str, str], repeats: int) -> list[Row]:
    """Run ours and each peer in turn, ``repeats`` times; medians of seconds, maxima of memory."""
    source = work / f"contacts-{size}"
    generate(source, size)
    peers = {name: target for name, target in peers.items() if size <= LIMITS.get(name, size)}
    runs: dict[str, list[Measured | str]] = {name: [] for name in ("", *peers)}
    targets = {"": "ours:checked", **peers}
    for _ in range(repeats):
        for name, target in targets.items():
            runs[name].append(_once(source, _output(work, name), target))
    ours = [run for run in runs.pop("") if isinstance(run, Measured)]
    return [_row(work, name, size, ours, found) for name, found in runs.items()]


def _once(source: Path, output: Path, target: str) -> Measured | str:
    shutil.rmtree(output, ignore_errors=True)
    output.unlink(missing_ok=True)
    try:
        return measure(f"benchmarks.histories.{target}", str(source), str(output), timeout=1800)
    except RunFailed as error:
        return str(error)


def _row(work: Path, name: str, size: int, ours: list[Measured], found: list[Measured | str]) -> Row:
    good = [run for run in found if isinstance(run, Measured)]
    said = next((run for run in found if isinstance(run, str)), "")
    agree = None
    if good:
        names = peer_featuretools.NAMES if name == "featuretools" else NAMES
        wrong = differences(str(_output(work, "")), str(_output(work, name)), names)
        agree, said = not wrong, said or (f"rows that differ: {wrong}" if wrong else "")
    return Row(
        peer=name,
        size=size,
        seconds_ours=round(statistics.median(run.seconds for run in ours), 3),
        seconds_peer=round(statistics.median(run.seconds for run in good), 3) if good else None,
        cpu_ours=round(statistics.median(run.cpu_seconds for run in ours), 3),
        cpu_peer=round(statistics.median(run.cpu_seconds for run in good), 3) if good else None,
        memory_ours_mb=round(max(run.memory_mb for run in ours)),
        memory_peer_mb=round(max(run.memory_mb for run in good)) if good else None,
        agree=agree,
        why=said,
    )


COLUMNS = ("s ours", "s peer", "ratio", "cpu ours", "cpu peer", "ratio", "MB ours", "MB peer", "ratio")


def table(rows: list[Row]) -> str:
    """Return the rows as a table for people; a ratio above 1 means that ours is faster, or smaller."""
    head = f"{'contacts':>12}  {'peer':28}{''.join(f'{column:>9}' for column in COLUMNS)}  agree"
    return "\n".join([head, "-" * len(head), *map(_line, rows)])


def _line(row: Row) -> str:
    start = f"{row.size:>12,}  {row.peer:28}{row.seconds_ours:>9.2f}"
    if row.seconds_peer is None or row.cpu_peer is None or row.memory_peer_mb is None:
        return f"{start}  {row.why}"
    numbers = (
        f"{row.seconds_peer:>9.2f}{row.seconds_peer / row.seconds_ours:>9.1f}"
        f"{row.cpu_ours:>9.2f}{row.cpu_peer:>9.2f}{row.cpu_peer / row.cpu_ours:>9.1f}"
        f"{row.memory_ours_mb:>9.0f}{row.memory_peer_mb:>9.0f}{row.memory_peer_mb / row.memory_ours_mb:>9.1f}"
    )
    return f"{start}{numbers}  {'yes' if row.agree else row.why}"


def _loading() -> tuple[float, float]:
    """Return the seconds to load our code with an empty cache (it is compiled) and with a full one."""
    target = "benchmarks.histories.ours:loading"
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (measure(target, env={"NUMBA_CACHE_DIR": cache}).result for _ in range(2))
    measure(target)  # fills the usual cache
    return cold, warm


def _output(work: Path, name: str) -> Path:
    words = name.replace(",", "").replace(" ", "-") or "ours"
    return work / (f"{words}.parquet" if name in WHOLE else words)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.histories", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="1e5 contacts, once, without featuretools: under a minute"
    )
    parser.add_argument(
        "--sizes", type=lambda text: int(float(text)), nargs="+", help="contacts; five per customer"
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, in turn; medians are given")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    parser.add_argument(
        "--save", action="store_true", help="write results.json and results.svg beside this file"
    )
    parser.add_argument("--folder", help="keep data and outputs here; else a temporary folder")
    asked = parser.parse_args()
    asked.sizes = asked.sizes or (QUICK if asked.quick else FULL)
    asked.repeats = 1 if asked.quick else asked.repeats
    asked.without_featuretools = asked.quick
    return asked


if __name__ == "__main__":
    main()
