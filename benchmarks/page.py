"""``python -m benchmarks.page``: write docs/benchmarks.md from the results that are committed beside each benchmark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
# In the order of the flow; a benchmark without saved results is not shown.
ASKED = {
    "imports": "From a helpdesk's files to tables and features",
    "histories": "Features as of many moments, and intervals",
    "survival": "Cox models",
    "metrics": "Metrics where follow-up is cut short, and the bootstrap",
    "policies": "The bootstrap of all policies at all capacities",
    "scoring": "Risks of a million customers from stored features",
    "serve": "The readout service under load",
}
_NOT_SAID = {
    "seconds_ours",
    "seconds_peer",
    "memory_ours_mb",
    "memory_peer_mb",
    "peer",
    "size",
    "agree",
    "why",
}
_HEAD = """# Benchmarks

Made from the results saved beside each benchmark in `benchmarks/`, by `python -m benchmarks.page`. Each was measured
with its peer in one run on two cores; the ratio is what counts, and a ratio below 1 is a comparison lost.
`python -m benchmarks.<name> --quick` ends within a minute and shows the same columns on your machine. *Agree* is yes, or the
largest difference found.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *(part for name, about in ASKED.items() for part in _section(name, about))])


def _section(name: str, about: str) -> Iterator[str]:
    saved = HERE / name / "results.json"
    if not saved.exists():
        return
    found = json.loads(saved.read_text(encoding="utf-8"))
    rows = found if isinstance(found, list) else found["rows"]
    yield f"## {about}\n\n`python -m benchmarks.{name}`\n"
    yield "| what | peer | size | ours, s | peer, s | peer / ours | ours, MB | peer, MB | agree |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---|"
    yield from map(_row, rows)
    yield ""


def _row(row: dict[str, Any]) -> str:
    ours, peer = row.get("seconds_ours"), row.get("seconds_peer")
    what = ", ".join(
        str(value) for key, value in row.items() if isinstance(value, str) and value and key not in _NOT_SAID
    )
    ratio = "" if not ours or not peer else f"{peer / ours:.3g}"
    memory = (row.get("memory_ours_mb"), row.get("memory_peer_mb"))
    cells = [
        what,
        row["peer"],
        f"{row['size']:,}",
        _number(ours),
        _number(peer),
        ratio,
        *map(_number, memory),
        _agree(row),
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def _agree(row: dict[str, Any]) -> str:
    agree = row.get("agree")
    if isinstance(agree, bool):
        return "yes" if agree else f"no: {row.get('why') or 'values differ'}"
    return str(row.get("why") or "not compared") if agree is None else f"{agree:.2g}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
