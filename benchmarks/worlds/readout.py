"""What came out, for the terminal and for docs/worlds.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.worlds.study import Line
from benchmarks.worlds.worlds import WORLDS, World

BEGIN, END = "<!-- made by python -m benchmarks.worlds --save -->", "<!-- end -->"
LEVEL = 0.95
AHEAD = ("risk_only", "", "influence_only")
CAME_OUT = dict(zip(AHEAD, ("risk-first won", "it was a draw", "influence-first won"), strict=True))
NAMES = {"retaliations": "retaliations reached", "reach": "the reach of acts reached in time"}
HEAD = ("risk wins", "draw", "influence wins", "no interval")


def monte_carlo(share: float, n: int) -> float:
    """Return the standard error of a share counted in so many comparisons.

    >>> round(monte_carlo(0.95, 200), 3)
    0.015
    """
    return (share * (1 - share) / max(n, 1)) ** 0.5


def short(line: Line) -> bool:
    """Say whether intervals hold their truth less often than 95 %, by more than a Monte-Carlo error."""
    return line.coverage < LEVEL - monte_carlo(LEVEL, line.judged)


def right(line: Line) -> float:
    """Return the share of comparisons that come out as the truth says; in the world of no winner, a draw."""
    return line.shares[AHEAD.index(_world(line).ahead)]


def wrong(line: Line) -> float:
    """Return the share of comparisons that name a winner who is not ahead."""
    place = AHEAD.index(_world(line).ahead)
    return sum(share for number, share in enumerate(line.shares[:3]) if number not in (1, place))


def _world(line: Line) -> World:
    return next(world for world in WORLDS if world.name == line.world)


def answer(told: Sequence[Line]) -> str:
    """Say in a sentence for each reading how often each world came out as its truth says."""
    return " ".join(_sentence([line for line in told if line.reading == one]) for one in _readings(told))


def _sentence(some: Sequence[Line]) -> str:
    """Say it for one reading; most comparisons of a world must agree with its truth for it to have come out so."""
    parts = [f"{CAME_OUT[_world(line).ahead]} in {right(line):.1%} where {line.world}" for line in some]
    came = "as the truth says" if all(right(line) > 0.5 for line in some) else "not always as the truth says"
    return (
        f"**In {NAMES[some[0].reading]}, the comparison came out {came}: of {some[0].comparisons} simulated firms in each "
        f"world, {'; '.join(parts)}.**"
    )


def _readings(told: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(line.reading for line in told))


def warnings(told: Sequence[Line]) -> Iterator[str]:
    """Name every failing: coverage that is short, winners that are not ahead, bias that is not chance."""
    for line in told:
        name = f"{line.reading}, {line.world}"
        if short(line):
            yield (
                f"Undercoverage: {name}: the 95 % interval holds the truth in {line.coverage:.1%} of {line.judged}, "
                f"Monte-Carlo error {monte_carlo(line.coverage, line.judged):.1%} "
                f"({line.below:.1%} lie below it, {line.above:.1%} above); the truth itself is known to "
                f"± {100 * line.truth_error:.1f} points."
            )
        if abs(line.bias) > 2 * line.bias_error:
            yield (
                f"Bias: {name}: the estimate lies {100 * line.bias:+.1f} points from the truth on average "
                f"(Monte-Carlo error {100 * line.bias_error:.1f}; one estimate's SD {100 * line.value_sd:.1f})."
            )
        if (share := wrong(line)) > 0.05 + 2 * monte_carlo(0.05, line.comparisons):
            yield f"Wrong winner: {name}: {share:.1%} name a winner who is not ahead."


def markdown(told: Sequence[Line]) -> str:
    """Return the answer, the failings, and one table per reading."""
    found = [f"- {one}" for one in warnings(told)] or ["- None by these measures."]
    parts = [answer(told), "What falls short:\n\n" + "\n".join(found), "## The worlds", _worlds()]
    for reading in _readings(told):
        some = [line for line in told if line.reading == reading]
        parts += [f"## {NAMES[reading].capitalize()}", _verdicts(some), _accuracy(some)]
    return "\n\n".join(parts)


def _worlds() -> str:
    rows = [
        (one.name, one.about, ", ".join(f"`{name}` {value:g}" for name, value in one.constants.items()))
        for one in WORLDS
    ]
    return _table(("world", "who acts", "constants of `simulate` that differ from the default"), rows, "---")


def _verdicts(some: Sequence[Line]) -> str:
    rows = [
        (
            line.world,
            f"{100 * line.risk:.1f}",
            f"{100 * line.influence:.1f}",
            f"{100 * line.truth:+.1f} (± {100 * line.truth_error:.1f})",
            *(f"{share:.1%}" for share in line.shares),
        )
        for line in some
    ]
    return _table(
        ("world", "risk truly reaches, %", "influence truly reaches, %", "true lead, points", *HEAD), rows
    )


def _accuracy(some: Sequence[Line]) -> str:
    rows = [
        (
            line.world,
            f"{line.events:.0f}",
            f"{100 * line.value:+.1f}",
            f"{100 * line.value_sd:.1f}",
            f"{100 * line.bias:+.1f} (± {100 * line.bias_error:.1f})",
            f"{line.coverage:.1%} (± {monte_carlo(line.coverage, line.judged):.1%})",
            f"{line.below:.1%}, {line.above:.1%}",
            f"{100 * line.learned:+.1f} (± {100 * line.learned_error:.1f})",
            f"{line.of_own:.1%}",
            f"{line.of_mean:.1%}",
        )
        for line in some
    ]
    head = (
        "world",
        "events",
        "mean estimate, points",
        "its SD",
        "bias",
        "coverage",
        "interval below, above",
        "own customers more by",
        "coverage of own",
        "coverage of mean truth",
    )
    return _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], rule: str = "--:") -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    lines.insert(1, "|---|" + f"{rule}|" * (len(head) - 1))
    return "\n".join(lines)


def plain(told: Sequence[Line]) -> str:
    """Return the same for the terminal, one line per world and reading."""
    head = f"{'':34}{'truth':>8}{'value':>8}{'bias':>8}{'covers':>8}" + "".join(
        f"{name:>16}" for name in HEAD
    )
    return "\n".join([head, *map(_plain, told), "", *warnings(told)])


def _plain(line: Line) -> str:
    numbers = "".join(f"{100 * one:+8.1f}" for one in (line.truth, line.value, line.bias))
    shares = "".join(f"{share:>16.1%}" for share in line.shares)
    return f"{line.reading + ', ' + line.world:34}{numbers}{line.coverage:>8.1%}{shares}"


def into(page: str, made: str) -> str:
    """Put what came out between the markers of a page."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}"
