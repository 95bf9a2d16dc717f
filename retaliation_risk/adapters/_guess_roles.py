"""Roles: which column of an unknown file is the ticket, the customer, the time of opening, and so on; with the reasons."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retaliation_risk.adapters._guess_profile import Profile
from retaliation_risk.adapters._guess_words import CHANNELS, PRIORITIES, RATINGS, ROLES, STATUSES, plain

CONFIDENCE = {1.0: "high", 0.8: "medium", 0.6: "low"}
"""How sure a guess is, by how near the header is to a known word; a guess by content alone is low."""

_NEAR = 0.85
_MOST = 0.5
"""Share of a column's values that must be known words, where only the content speaks."""


@dataclass(frozen=True)
class Guess:
    """One column's role, how sure, and why."""

    role: str
    column: Profile
    confidence: str
    why: str


def guess_roles(
    profiles: Sequence[Profile], earliest: Callable[[Sequence[Profile]], Profile | None]
) -> dict[str, Guess]:
    """Give roles to columns: by header where the content fits, then by content alone.

    Parameters
    ----------
    profiles : sequence of Profile
    earliest : callable
        Which of several columns of times is never later than the others; None if none is.

    Returns
    -------
    dict of str to Guess
        By role; no column has two.
    """
    found: dict[str, Guess] = {}
    scored = [
        (score, -place, role, profile, phrase)
        for place, profile in enumerate(profiles)
        for role in ROLES
        if _fits(role, profile)
        for score, phrase in [header_score(profile.name, ROLES[role])]
        if score
    ]
    for score, _, role, profile, phrase in sorted(scored, key=lambda row: (row[0], row[1]), reverse=True):
        if role not in found and profile.name not in _taken(found):
            found[role] = Guess(
                role, profile, CONFIDENCE[score], f"the header is {_likeness(score)} {phrase!r}"
            )
    return _by_content(found, profiles, earliest)


def header_score(header: str, phrases: Iterable[str]) -> tuple[float, str]:
    """Return how near a header is to a known phrase, and which: 1 equal, 0.8 holds it, 0.6 written nearly so, 0 none.

    Examples
    --------
    >>> header_score("Erstellt_am", ROLES["opened_at"])
    (1.0, 'erstellt am')
    >>> header_score("Ticket created at (CET)", ROLES["opened_at"])
    (0.8, 'created at')
    """
    said = plain(header)
    if said in phrases:
        return 1.0, said
    inside = [phrase for phrase in phrases if f" {phrase} " in f" {said} " and len(phrase) > 3]
    if inside:
        return 0.8, max(inside, key=len)
    near = difflib.get_close_matches(said, list(phrases), n=1, cutoff=_NEAR)
    return (0.6, near[0]) if near and len(said) > 3 else (0.0, "")


def word_map(values: Collection[str], words: Mapping[Any, tuple[str, ...]]) -> dict[str, Any]:
    """Return what each value means by a table of words; None for one that it does not know.

    Numbers and marks before the word do not count, as in ``"2 - High"``.

    Examples
    --------
    >>> word_map(["Gelöst", "2 - High", "Wartet auf Teile"], {"solved": ("gelost",), 4: ("high",)})
    {'Gelöst': 'solved', '2 - High': 4, 'Wartet auf Teile': None}
    """
    meaning = {word: key for key, known in words.items() for word in known}
    return {
        value: meaning.get(plain(value), meaning.get(plain(value).lstrip("0123456789p ").strip()))
        for value in values
    }


def _fits(role: str, profile: Profile) -> bool:
    """Whether a column's content could have the role."""
    if role.endswith("_at"):
        return profile.is_time
    check = _CHECKS.get(role)
    return check(profile) if check else profile.is_choice


def _is_number(profile: Profile) -> bool:
    return profile.shares["number"] + profile.shares["comma"] == 1


def _knows(profile: Profile, words: Mapping[Any, tuple[str, ...]]) -> bool:
    """Whether most of a choice's values are known words."""
    known = [meaning is not None for meaning in word_map(profile.values, words).values()]
    return bool(known) and sum(known) > _MOST * len(known)


def _could_be_id(profile: Profile) -> bool:
    return bool(profile.filled) and not (
        profile.is_time or profile.mostly("email") or profile.mostly("duration")
    )


_CHECKS: dict[str, Callable[[Profile], bool]] = {
    "ticket_id": lambda p: p.is_unique and _could_be_id(p),
    "customer_id": _could_be_id,
    "parent_ticket_id": lambda p: p.filled < p.rows and _could_be_id(p),
    "email": lambda p: p.mostly("email"),
    "csat": lambda p: bool(p.values) and (_is_number(p) or _knows(p, RATINGS)),
    "category": lambda p: not p.is_unique and _could_be_id(p),
    "product": lambda p: not p.is_unique and _could_be_id(p),
}
"""What a column must look like to have a role; any other role is one of a choice."""


def _taken(found: Mapping[str, Guess]) -> set[str]:
    return {guess.column.name for guess in found.values()}


def _by_content(
    found: dict[str, Guess],
    profiles: Sequence[Profile],
    earliest: Callable[[Sequence[Profile]], Profile | None],
) -> dict[str, Guess]:
    """Add the roles that only the content of the remaining columns shows."""
    tests: dict[str, tuple[Callable[[Profile], bool], str]] = {
        "email": (lambda p: p.mostly("email"), "its cells are e-mail addresses"),
        "status": (lambda p: p.is_choice and _knows(p, STATUSES), "most of its values are known states"),
        "channel": (lambda p: p.is_choice and _knows(p, CHANNELS), "most of its values are known channels"),
        "severity": (lambda p: p.is_choice and _knows(p, PRIORITIES), "most of its values are known priorities"),
        "ticket_id": (lambda p: _fits("ticket_id", p), "every row has a value of its own"),
    }  # fmt: skip
    for role, (test, why) in tests.items():
        free = [profile for profile in profiles if profile.name not in _taken(found) and test(profile)]
        if role not in found and free:
            found[role] = Guess(role, free[0], "low", why)
    times = [profile for profile in profiles if profile.is_time]
    if "opened_at" not in found and (first := earliest(times)) is not None:
        found = {role: guess for role, guess in found.items() if guess.column != first}
        found["opened_at"] = Guess(
            "opened_at", first, "low", "it is in every row and never later than another time"
        )
    return found


def _likeness(score: float) -> str:
    return {1.0: "the word", 0.8: "a phrase with", 0.6: "nearly"}[score]
