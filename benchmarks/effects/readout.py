"""Tables of how often intervals held the truth, for the two pages in docs/."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from benchmarks.effects.study import Line

BEGIN, END = "<!-- made by python -m benchmarks.effects --save -->", "<!-- /made -->"


def markdown(found: Sequence[Line]) -> str:
    """Write one part's lines as a table; a range of two Monte-Carlo errors around 95 % is said beside it."""
    n = found[0].replications
    around = 200 * np.sqrt(0.95 * 0.05 / n)
    head = (
        f"{n} replications: a true 95 % would be seen as {95 - around:.0f} % or more nearly always.\n\n"
        "| world | quantity | truth | median estimate | covered, % |\n|---|---|--:|--:|--:|"
    )
    return "\n".join([head, *(_row(line) for line in found)])


def _row(line: Line) -> str:
    median = "" if np.isnan(line.median) else f"{line.median:.3g}"
    return f"| {line.world} | {line.quantity} | {line.truth:.3g} | {median} | {100 * line.covered:.0f} |"


def into(page: str, table: str) -> str:
    """Put a table between the markers of a page."""
    inside = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", flags=re.S)
    return inside.sub(lambda _: f"{BEGIN}\n\n{table}\n\n{END}", page)
