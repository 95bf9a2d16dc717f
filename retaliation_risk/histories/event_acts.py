"""Ticket events as outcomes: acts of each kind, put together when a kind is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from retaliation_risk.histories.facts import Int8, Int64
from retaliation_risk.histories.follow_up import Acts
from retaliation_risk.tables.contract import EVENT_TYPES


@dataclass(frozen=True)
class EventActs(Mapping[str, Acts]):
    """Acts by event type; arrays in the order of the customers, whose rows begin at ``starts``.

    ``recorded`` are the kinds that the tables hold, of these customers or of others.
    """

    starts: Int64
    occurred: Int64
    known: Int64
    kind: Int8
    recorded: tuple[str, ...]
    made: dict[str, Acts] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Acts:
        if name not in self.made:
            if name not in self.recorded:
                raise KeyError(name)
            self.made[name] = self._make(EVENT_TYPES.index(name))
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.recorded)

    def __len__(self) -> int:
        return len(self.recorded)

    def _make(self, kind: int) -> Acts:
        rows = np.flatnonzero(self.kind == kind)
        owner = np.searchsorted(self.starts, rows, side="right") - 1
        order = np.lexsort((self.known[rows], self.occurred[rows], owner))
        starts = np.searchsorted(owner, np.arange(len(self.starts))).astype(np.int64)
        rows = rows[order]
        return Acts(starts, self.occurred[rows], self.known[rows], np.full(len(rows), np.nan))
