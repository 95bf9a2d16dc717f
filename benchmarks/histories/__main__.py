"""``python -m benchmarks.histories``: seconds, memory and agreement, ours beside each peer, at each size, in both forms."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks._measure import measure
from benchmarks.histories.draw import draw
from benchmarks.histories.forms import FORMS, Form
from benchmarks.histories.rows import Cost, Row, compare_sizes, cost

HERE = Path(__file__).parent
QUICK, FULL = (100_000,), (100_000, 1_000_000, 10_000_000)
LOADING = "benchmarks.histories.ours:loading"
SPREAD = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 50_000_000)


def main() -> None:
    """Measure and print; with ``--save`` keep what was found in results.json and results.svg."""
    asked = _arguments()
    forms = list(FORMS.values()) if asked.form == "both" else [FORMS[asked.form]]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(asked.folder or scratch)
        found = _spread(work, forms, asked) if asked.spread else _compared(work, forms, asked)
    if asked.save:
        save(found)
    print(json.dumps(found, indent=1) if asked.json else told(found))


def _compared(work: Path, forms: Sequence[Form], asked: argparse.Namespace) -> dict[str, Any]:
    """Ours beside the peers, and what ours takes before the clock starts."""
    before = _loading() if asked.quick else {**_compiling(), **_loading()}
    rows = []
    for form in forms:
        peers = [peer for peer in form.peers if not (asked.quick and peer.slow)]
        peers = [peer for peer in peers if asked.peers is None or peer.name in asked.peers]
        rows += [
            asdict(row) for row in compare_sizes(work, form, peers, asked.sizes, asked.repeats, asked.limit)
        ]
    return {**before, "rows": rows}


def _spread(work: Path, forms: Sequence[Form], asked: argparse.Namespace) -> dict[str, Any]:
    """Ours alone over a wide spread of sizes: whether its cost is linear."""
    costs = [cost(work, form, size, asked.repeats) for form in forms for size in asked.sizes]
    return {"spread": [asdict(found) for found in costs]}


def _compiling() -> dict[str, float]:
    """Seconds to load our code with an empty cache: it is compiled."""
    with tempfile.TemporaryDirectory() as cache:
        return {"compiling_seconds": round(measure(LOADING, env={"NUMBA_CACHE_DIR": cache}).result, 2)}


def _loading() -> dict[str, float]:
    """Seconds to load our code with a full cache."""
    measure(LOADING)  # fills it
    return {"loading_seconds": round(measure(LOADING).result, 2)}


def save(found: dict[str, Any]) -> None:
    """Put what was found in place of what results.json had of the same form, size and peer, and draw the rows."""
    path = HERE / "results.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    together = {**kept, **found}
    for name in found.keys() & {"rows", "spread"}:
        new = {_asked(line) for line in found[name]}
        others = [line for line in kept.get(name, []) if _asked(line) not in new]
        together[name] = sorted(
            others + found[name], key=lambda line: (line["form"] != "landmarks", line["size"])
        )
    path.write_text(json.dumps(together, indent=1) + "\n")
    draw([Row(**row) for row in together.get("rows", [])], HERE / "results.svg")


def _asked(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["form"], line["size"], line.get("peer")


COLUMNS = ("s ours", "s peer", "ratio", "cpu ours", "cpu peer", "ratio", "MB ours", "MB peer", "ratio")


def told(found: dict[str, Any]) -> str:
    """Return what was found as text for people."""
    if "spread" in found:
        return spread_table([Cost(**line) for line in found["spread"]])
    before = f"Before the clock, ours loads compiled code: {found['loading_seconds']:.2f} s."
    if "compiling_seconds" in found:
        before += f" Once per machine it compiles: {found['compiling_seconds']:.1f} s."
    return f"{table([Row(**row) for row in found['rows']])}\n\n{before}"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table; a ratio above 1 means that ours is faster, or smaller."""
    head = f"{'form':11}{'contacts':>12}  {'peer':28}{''.join(f'{column:>9}' for column in COLUMNS)}  same values"
    return "\n".join([head, "-" * len(head), *map(_line, rows)])


def _line(row: Row) -> str:
    start = f"{row.form:11}{row.size:>12,}  {row.peer:28}{row.seconds_ours:>9.2f}"
    if row.seconds_peer is None or row.cpu_peer is None or row.memory_peer_mb is None:
        return f"{start}  {row.why}"
    numbers = (
        f"{row.seconds_peer:>9.2f}{row.seconds_peer / row.seconds_ours:>9.1f}"
        f"{row.cpu_ours:>9.2f}{row.cpu_peer:>9.2f}{row.cpu_peer / row.cpu_ours:>9.1f}"
        f"{row.memory_ours_mb:>9.0f}{row.memory_peer_mb:>9.0f}{row.memory_peer_mb / row.memory_ours_mb:>9.1f}"
    )
    return f"{start}{numbers}  {'yes' if row.agree else row.why}"


def spread_table(costs: Sequence[Cost]) -> str:
    """Return ours alone as a table: linear cost is the same number of microseconds for every contact."""
    head = f"{'form':11}{'contacts':>12}{'seconds':>10}{'cpu':>10}{'MB':>8}{'us per contact':>16}"
    lines = [
        f"{c.form:11}{c.size:>12,}{c.seconds:>10.2f}{c.cpu_seconds:>10.2f}{c.memory_mb:>8.0f}"
        f"{c.microseconds_per_contact:>16.2f}"
        for c in costs
    ]
    return "\n".join([head, "-" * len(head), *lines])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.histories", description=__doc__)
    parser.add_argument("--form", choices=(*FORMS, "both"), default="both", help="which table is asked for")
    parser.add_argument(
        "--quick", action="store_true", help="1e5 contacts, once, without featuretools: about a minute"
    )
    parser.add_argument("--spread", action="store_true", help="ours alone, from 1e5 to 5e7 contacts")
    parser.add_argument(
        "--sizes", type=lambda text: int(float(text)), nargs="+", help="contacts; five per customer"
    )
    parser.add_argument("--repeats", type=int, help="runs of each, in turn (3); medians are given")
    parser.add_argument("--peers", nargs="+", help="names of peers, as the table has them; all without")
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a peer is ended (600)")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.add_argument(
        "--save", action="store_true", help="write results.json and results.svg beside this file"
    )
    parser.add_argument("--folder", help="keep data and outputs here; else a temporary folder")
    asked = parser.parse_args()
    asked.sizes = asked.sizes or (SPREAD if asked.spread else QUICK if asked.quick else FULL)
    asked.repeats = asked.repeats or (1 if asked.quick or asked.spread else 3)
    return asked


if __name__ == "__main__":
    main()
