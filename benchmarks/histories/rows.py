"""One peer at one size beside ours: run both in turn, and compare what they wrote."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._measure import Measured, RunFailed, measure
from benchmarks.histories.agree import differences
from benchmarks.histories.data import generate
from benchmarks.histories.forms import Form, Peer

LIMIT_MB = 16 * 1024
"""A run that holds more memory is ended, as one that takes too long is, and its peer is not asked for larger sizes."""


@dataclass(frozen=True)
class Row:
    """One peer at one size beside ours: read from Parquet, written to Parquet; without numbers it says why."""

    form: str
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


@dataclass(frozen=True)
class Cost:
    """Ours alone at one size."""

    form: str
    size: int
    seconds: float
    cpu_seconds: float
    memory_mb: float
    microseconds_per_contact: float


def compare_sizes(
    work: Path, form: Form, peers: Sequence[Peer], sizes: Sequence[int], repeats: int, limit: float
) -> Iterator[Row]:
    """Yield the rows of all sizes, the smallest first; a peer that failed, or took ``limit`` seconds, is not asked again."""
    failed: dict[str, str] = {}
    for size in sorted(sizes):
        for row in compare(work, form, peers, size, repeats, limit, failed):
            if row.seconds_peer is None:
                failed.setdefault(row.peer, f"{row.why} at {size:,}")
            yield row


def compare(
    work: Path,
    form: Form,
    peers: Sequence[Peer],
    size: int,
    repeats: int,
    limit: float,
    failed: dict[str, str],
) -> list[Row]:
    """Run ours and each peer in turn, ``repeats`` times; medians of seconds, maxima of memory."""
    source = work / f"contacts-{size}"
    generate(source, size)
    mine = Peer("ours", form.ours)
    ours: list[Measured] = []
    runs: dict[str, list[Measured | str]] = {
        peer.name: [failed[peer.name]] if peer.name in failed else [] for peer in peers
    }
    for turn in range(repeats):
        ours.append(_measured(source, _output(work, mine), mine))
        for peer in peers:
            found = runs[peer.name]
            if not (peer.slow and turn) and not any(isinstance(run, str) for run in found):
                found.append(_once(source, _output(work, peer), peer, limit))
    return [_row(work, form, peer, size, ours, runs[peer.name]) for peer in peers]


def cost(work: Path, form: Form, size: int, repeats: int) -> Cost:
    """Run ours alone; what it wrote is removed."""
    source, mine = work / f"contacts-{size}", Peer("ours", form.ours)
    generate(source, size)
    runs = [_measured(source, _output(work, mine), mine) for _ in range(repeats)]
    _remove(_output(work, mine))
    seconds = statistics.median(run.seconds for run in runs)
    return Cost(
        form=form.name,
        size=size,
        seconds=round(seconds, 3),
        cpu_seconds=round(statistics.median(run.cpu_seconds for run in runs), 3),
        memory_mb=round(max(run.memory_mb for run in runs)),
        microseconds_per_contact=round(1e6 * seconds / size, 3),
    )


def _measured(source: Path, output: Path, peer: Peer, timeout: float | None = None) -> Measured:
    _remove(output)
    target = f"benchmarks.histories.{peer.target}"
    return measure(target, str(source), str(output), timeout=timeout, limit_mb=LIMIT_MB)


def _once(source: Path, output: Path, peer: Peer, limit: float) -> Measured | str:
    try:
        return _measured(source, output, peer, limit)
    except RunFailed as error:
        return str(error)


def _row(
    work: Path, form: Form, peer: Peer, size: int, ours: list[Measured], found: list[Measured | str]
) -> Row:
    good = [run for run in found if isinstance(run, Measured)]
    said = next((run for run in found if isinstance(run, str)), "")
    agree = None
    if good and not said:
        paths = (str(_output(work, one)) for one in (Peer("ours", form.ours), peer))
        wrong = differences(*paths, form.keys, peer.columns or form.columns)
        agree, said = not wrong, f"rows that differ: {wrong}" if wrong else ""
    return Row(
        form=form.name,
        peer=peer.name,
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


def _output(work: Path, peer: Peer) -> Path:
    words = peer.target.replace(":", "-")
    return work / (f"{words}.parquet" if peer.one_file else words)


def _remove(output: Path) -> None:
    shutil.rmtree(output, ignore_errors=True)
    output.unlink(missing_ok=True)
