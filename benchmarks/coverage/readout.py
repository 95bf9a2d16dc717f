"""The table of coverage, for the terminal and for docs/coverage.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from benchmarks.coverage.study import BAND, DESIGNS, Line
from benchmarks.coverage.worlds import NAMES

BEGIN, END = "<!-- made by python -m benchmarks.coverage --save -->", "<!-- end -->"
COLUMNS = (*NAMES, "survival")


def monte_carlo(coverage: float, replications: int) -> float:
    """Return the standard error of a share that was counted in so many replications."""
    return (coverage * (1 - coverage) / replications) ** 0.5


def verdict(line: Line) -> str:
    """Say whether all coefficients lie within the band and, where not, why."""
    outside = [name for name, one in zip(NAMES, line.coverage, strict=False) if not BAND[0] <= one <= BAND[1]]
    if not outside:
        return "inside"
    known = {design.name: dict(design.known) for design in DESIGNS}[line.design].get(line.errors)
    if known is None and all(
        abs(one - 0.95) <= 3 * monte_carlo(0.95, line.replications) for one in line.coverage[: len(NAMES)]
    ):
        known = "within three Monte-Carlo errors of 95 %"
    return f"outside: {', '.join(outside)}; {known or 'not explained'}"


def plain(found: Sequence[Line]) -> str:
    """Return one line per form and errors, with the Monte-Carlo error of the lowest coverage."""
    head = f"{'':60}{''.join(f'{name:>10}' for name in COLUMNS)}{'±':>6}{'SE/SD':>12}"
    parts = [head]
    for design, group in groupby(found, key=lambda line: line.design):
        parts.append(design)
        parts.extend(_plain(line) for line in group)
    return "\n".join(parts)


def _plain(line: Line) -> str:
    shares = "".join(f"{100 * one:10.1f}" for one in line.coverage)
    return f"  {line.form:30}{line.errors:28}{shares}{_error(line):6.1f}{_ratio(line):>12}  {verdict(line)}"


def markdown(found: Sequence[Line], replications: int) -> str:
    """Return one table per design."""
    error = 100 * monte_carlo(0.95, replications)
    parts = [
        f"{replications:,} replications; coverage in %, one Monte-Carlo error at 95 % is {error:.1f}. ± is that of the "
        "row's lowest coefficient. SE/SD: mean standard error over the estimates' standard deviation, lowest to highest "
        "coefficient. Bias: largest of the coefficients', in standard deviations of its estimate."
    ]
    for design, group in groupby(found, key=lambda line: line.design):
        parts.append("\n".join(_section(design, list(group))))
    return "\n\n".join(parts)


def _section(design: str, group: list[Line]) -> Iterator[str]:
    yield f"## {design[0].upper()}{design[1:]}\n"
    yield f"| rows used | rows | events | errors | {' | '.join(COLUMNS)} | ± | SE/SD | bias | |"
    yield "|---|--:|--:|---|" + "--:|" * (len(COLUMNS) + 3) + "---|"
    for line in group:
        shares = " | ".join(f"{100 * one:.1f}" for one in line.coverage)
        bias = max(line.bias[: len(NAMES)], key=abs)
        yield (
            f"| {line.form} | {line.rows:,.0f} | {line.events:,.0f} | {line.errors} | {shares} "
            f"| {_error(line):.1f} | {_ratio(line)} | {bias:+.2f} | {verdict(line)} |"
        )
    if failed := max(line.failed for line in group):
        yield f"\nIn {failed} replications there was no finite estimate; they are left out."


def _error(line: Line) -> float:
    return 100 * monte_carlo(min(line.coverage[: len(NAMES)]), line.replications)


def _ratio(line: Line) -> str:
    ratios = line.ratio[: len(NAMES)]
    return f"{min(ratios):.2f}-{max(ratios):.2f}"


def into(page: str, table: str) -> str:
    """Put the table between the markers of a page."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}"
