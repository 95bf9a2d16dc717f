"""Everything this package raises on purpose, and the words for it.

::

    RetaliationRiskError            exit code 1
    ├── ArgumentError (ValueError)  exit code 2   an argument out of its range
    ├── DataError (ValueError)      exit code 3   input that cannot be used as it is
    │   └── ContractError           exit code 3   tables that break their contract, all breaches at once
    ├── GateError                   exit code 4   a gate said no: too few events, drift, the champion wins
    └── ArtefactError (ValueError)  exit code 5   a stored model or run that must not be opened

    RetaliationRiskWarning (UserWarning)          a result that stands, but must be read with care

Every message starts with a code of :data:`MESSAGES`, then says what was wrong, the value found and the cure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from retaliation_risk._messages import MESSAGES as MESSAGES
from retaliation_risk._messages import Message as Message


class RetaliationRiskError(Exception):
    """Base of all deliberate errors; one line, with its code, the value and the cure."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        message = MESSAGES[code]
        super().__init__(f"{code} {message.name}: {found} {message.cure}")


class ArgumentError(RetaliationRiskError, ValueError):
    """An argument is outside its allowed range."""

    exit_code = 2


class DataError(RetaliationRiskError, ValueError):
    """Input that cannot be used as it is."""

    exit_code = 3


class GateError(RetaliationRiskError):
    """A gate said no: the result would not be worth acting on."""

    exit_code = 4


class ArtefactError(RetaliationRiskError, ValueError):
    """A stored model or run that must not be opened."""

    exit_code = 5


class RetaliationRiskWarning(UserWarning):
    """A result that stands but must be read with care; the message has a code, the value and the cure."""

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found
        message = MESSAGES[code]
        super().__init__(f"{code} {message.name}: {found} {message.cure}")


@dataclass(frozen=True)
class Problem:
    """One breach of the contract: how many rows, and up to 20 of their ids."""

    code: str
    table: str
    found: str
    count: int = 0
    examples: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """``"error"`` or ``"warning"``."""
        return MESSAGES[self.code].level

    def as_dict(self) -> dict[str, object]:
        """Return the problem as JSON-able values, with its name and cure."""
        message = MESSAGES[self.code]
        return {
            "code": self.code,
            "name": message.name,
            "level": message.level,
            "table": self.table,
            "found": self.found,
            "count": self.count,
            "examples": list(self.examples),
            "cure": message.cure,
        }

    def __str__(self) -> str:
        message = MESSAGES[self.code]
        first = f" (first: {', '.join(map(repr, self.examples[:3]))})" if self.examples else ""
        return f"{self.code} {message.name}: {self.table}: {self.found}{first}. {message.cure}"


class ContractError(DataError):
    """Tables that break their contract; ``problems`` holds every breach, the message one line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        self.code = self.problems[0].code
        self.found = self.problems[0].found
        Exception.__init__(self, "\n".join(map(str, self.problems)))
