"""A log: one kind of fact, sorted by (customer, known time, tie-break), in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError


@dataclass(frozen=True)
class LogSpec:
    """A kind of fact: the tables it needs, and what can be counted and read in it.

    With a ``query`` the log is read by it, and flags and columns are pairs of name and SQL. Without one it is made from the
    facts of tickets by :class:`retaliation_risk.histories.ticket_logs.TicketLogs`, and they are pairs of name and meaning.
    """

    name: str
    about: str
    tables: tuple[str, ...]
    query: str = ""
    flags: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    order: tuple[str, ...] = ()
    tickets: bool = False

    def position(self, kind: str, name: str, declared: tuple[tuple[str, str], ...]) -> int:
        """Return where a flag or column stands; raises RR403 with those there are."""
        names = [each for each, _ in declared]
        if name not in names:
            there = ", ".join(names) or "none"
            raise ArgumentError("RR403", f"log {self.name!r} has no {kind} {name!r}; it has {there}.")
        return names.index(name)

    def mask(self, flag: str) -> int:
        """Bit of the flag; 0, which every row carries, for an empty name."""
        return 1 << self.position("flag", flag, self.flags) if flag else 0

    def column(self, name: str) -> int:
        """Position of the value column; -1 for an empty name."""
        return self.position("column", name, self.columns) if name else -1


@dataclass(frozen=True)
class Log:
    """One log in memory: rows of all customers, in the order of (customer, known time, tie-break).

    ``starts`` has shape (n_customers + 1,): customer ``c`` owns rows ``starts[c]:starts[c + 1]``. ``known`` is in
    microseconds since 1970; ``flags`` has one bit per name of ``spec.flags``; ``values`` has shape (n_columns, n_rows);
    ``tickets`` holds positions in the sorted ticket ids, or is empty.
    """

    spec: LogSpec
    starts: npt.NDArray[np.int64]
    known: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint64]
    values: npt.NDArray[np.float64]
    tickets: npt.NDArray[np.integer]

    def part(self, low: int, high: int) -> Log:
        """Return the rows of the customers ``low:high``, who are numbered from 0 there."""
        rows = slice(self.starts[low], self.starts[high])
        starts = self.starts[low : high + 1] - self.starts[low]
        columns = (self.known[rows], self.flags[rows], np.ascontiguousarray(self.values[:, rows]))
        return Log(self.spec, starts, *columns, self.tickets[rows])

    def mask(self, flag: str) -> int:
        """Bit of the flag; 0, which every row carries, for an empty name."""
        return self.spec.mask(flag)

    def column(self, name: str) -> int:
        """Position of the value column; -1 for an empty name."""
        return self.spec.column(name)
