"""Path models as text, in the words of lavaan, and what such a text leaves unsaid.

::

    betrayal =~ b1 + b2 + b3          a latent variable and its indicators
    revenge  ~ betrayal + quality     a regression
    b1 ~~ b2                          a covariance of what is left, or a variance

In front of a variable may stand a number (fixed at it), ``NA`` (free where it would be fixed) or a word; terms with the
same word are the same number. ``#`` begins a comment. Means are not modelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from retaliation_risk.errors import ArgumentError

_NAME = r"[A-Za-z][A-Za-z0-9_.]*"
_LINE = re.compile(rf"^({_NAME})\s*(=~|~~|~)\s*(.+)$")
_PART = re.compile(rf"^(?:(NA|{_NAME}|[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*\*\s*)?({_NAME})$")


@dataclass(frozen=True)
class Term:
    """One arrow (``=~`` or ``~``) or double arrow (``~~``) of a model: free, fixed at ``value``, or one of a ``label``."""

    left: str
    op: str
    right: str
    value: float | None = None
    label: str = ""
    freed: bool = False

    @property
    def name(self) -> str:
        """As in the model, such as ``revenge ~ betrayal``."""
        return f"{self.left} {self.op} {self.right}"

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for ``a ~~ b`` and ``b ~~ a``."""
        ends = sorted((self.left, self.right)) if self.op == "~~" else (self.left, self.right)
        return (ends[0], self.op, ends[1])


@dataclass(frozen=True)
class Model:
    """Terms of a model, all of them, and its variables.

    Attributes
    ----------
    terms : tuple of Term
        As written, then those that go without saying.
    observed, latent : tuple of str
        Variables, in the order met.
    given : tuple of str
        Observed variables that nothing in the model explains: their covariances are taken as they are.
    """

    terms: tuple[Term, ...]
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    given: tuple[str, ...]


def read_model(text: str) -> Model:
    """Read a model and complete it as lavaan's ``sem()`` does.

    Every variable gets a variance. A latent variable takes the unit of its first indicator. Latent variables that nothing
    explains are correlated, and so are those that nothing else is explained by, observed or latent. Observed
    variables that nothing explains are given, unless ``~~`` names them, and are not correlated with latent ones.

    Raises
    ------
    ArgumentError
        RR111 for a line that cannot be read, a term that stands twice or leads back to where it began.

    Examples
    --------
    >>> [term.name for term in read_model("revenge ~ betrayal").terms]
    ['revenge ~ betrayal', 'revenge ~~ revenge', 'betrayal ~~ betrayal']
    """
    terms = list(_parse(text))
    _refuse_twice(terms)
    latent = _met(term.left for term in terms if term.op == "=~")
    everything = _met(name for term in terms for name in (term.left, term.right))
    observed = tuple(name for name in everything if name not in latent)
    _refuse_circles(terms, everything)
    terms = _in_units(terms)
    given = _given(terms, observed)
    said = {term.key for term in terms}
    unsaid = [term for term in _unsaid(terms, observed, latent, given) if term.key not in said]
    return Model((*terms, *unsaid), observed, latent, given)


def arrows(terms: Sequence[Term]) -> Iterator[tuple[str, str]]:
    """From and to, of every arrow."""
    for term in terms:
        if term.op == "=~":
            yield term.left, term.right
        elif term.op == "~":
            yield term.right, term.left


def _parse(text: str) -> Iterator[Term]:
    lines = [line.split("#")[0].strip() for line in re.split(r"[\n;]", text)]
    if not any(lines):
        raise ArgumentError("RR111", "the model is empty; it must have lines such as 'revenge ~ betrayal'.")
    for line in filter(None, lines):
        found = _LINE.match(line)
        parts = [_PART.match(part.strip()) for part in found[3].split("+")] if found else [None]
        for part in parts:
            if not found or not part:
                raise ArgumentError(
                    "RR111",
                    f"the model has the line {line!r}; a line must be as in 'revenge ~ betrayal + 0.5*quality'.",
                )
            yield _term(found[1], found[2], part[2], part[1] or "")


def _term(left: str, op: str, right: str, modifier: str) -> Term:
    if modifier == "NA":
        return Term(left, op, right, freed=True)
    if modifier and not modifier[0].isalpha():
        return Term(left, op, right, value=float(modifier))
    return Term(left, op, right, label=modifier)


def _met(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _refuse_twice(terms: list[Term]) -> None:
    seen = set()
    for term in terms:
        if term.key in seen:
            raise ArgumentError("RR111", f"the model has {term.name!r} twice; a term must stand there once.")
        seen.add(term.key)


def _refuse_circles(terms: list[Term], names: tuple[str, ...]) -> None:
    """Take away what nothing left leads to, again and again; what remains leads back to itself."""
    left = set(names)
    while left:
        reached = {to for start, to in arrows(terms) if start in left and to in left}
        if reached == left or not left - reached:
            raise ArgumentError(
                "RR111", f"the arrows of the model lead back to {min(left)!r}; they must all lead one way."
            )
        left = reached


def _in_units(terms: list[Term]) -> list[Term]:
    """Fix the first loading of each latent variable at 1, unless it is fixed or freed already."""
    found, begun = [], set()
    for term in terms:
        first = term.op == "=~" and term.left not in begun
        plain = term.value is None and not term.freed
        found.append(Term(term.left, term.op, term.right, 1.0) if first and plain else term)
        if term.op == "=~":
            begun.add(term.left)
    return found


def _given(terms: list[Term], observed: tuple[str, ...]) -> tuple[str, ...]:
    explained = {to for _, to in arrows(terms)}
    spoken_of = {name for term in terms if term.op == "~~" for name in (term.left, term.right)}
    return tuple(name for name in observed if name not in explained | spoken_of)


def _unsaid(
    terms: list[Term], observed: tuple[str, ...], latent: tuple[str, ...], given: tuple[str, ...]
) -> Iterator[Term]:
    for name in (*observed, *latent):
        yield Term(name, "~~", name)
    indicators = {term.right for term in terms if term.op == "=~"}
    outcomes = {term.left for term in terms if term.op == "~"}
    causes = {term.right for term in terms if term.op == "~"}
    unexplained = [name for name in latent if name not in outcomes | indicators]
    last = [name for name in (*latent, *observed) if name in outcomes - causes - indicators]
    for group in (given, unexplained, last):
        for one, other in combinations(group, 2):
            yield Term(one, "~~", other)
