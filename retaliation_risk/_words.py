"""Numbers in sentences: the noun that fits them, and shares in percent."""

from __future__ import annotations

#: Stands between a number and its percent sign: no line breaks there.
NBSP = "\u00a0"


def noun(n: float | None, plural: str, one: str = "") -> str:
    """Return the noun that fits a number; ``one`` is the word for a single one where that is more than an s less.

    Examples
    --------
    >>> noun(1, "tickets"), noun(0, "tickets"), noun(1, "people", "person")
    ('ticket', 'tickets', 'person')
    """
    return (one or plural.removesuffix("s")) if n == 1 else plural


def counted(n: float, plural: str, one: str = "") -> str:
    """Write a whole number with the noun that fits it.

    Examples
    --------
    >>> counted(1, "tickets"), counted(1200, "tickets")
    ('1 ticket', '1,200 tickets')
    """
    return f"{n:,.0f} {noun(n, plural, one)}"


def percent(share: float, digits: int = 0) -> str:
    """Write a share with ``digits`` decimals, the sign apart as everywhere in the report.

    Examples
    --------
    >>> percent(0.624).split(), percent(0.0178, 1).split()
    (['62', '%'], ['1.8', '%'])
    """
    return f"{100 * share:.{digits}f}{NBSP}%"
