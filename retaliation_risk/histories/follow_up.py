"""What happened from a moment on: outcomes, exits and the end of observation, with their times."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import duckdb
import numpy as np
import numpy.typing as npt

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.kernel import DAY_US
from retaliation_risk.tables.contract import COMPETING, DIRECT, INDIRECT

Int64 = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
SECOND_DAYS = 1 / 86_400


@dataclass(frozen=True)
class Acts:
    """Acts of one kind, sorted by (customer, time): when they happened, became known, and who saw them."""

    starts: Int64
    occurred: Int64
    known: Int64
    reach: npt.NDArray[np.float64]

    def part(self, low: int, high: int) -> Acts:
        """Return the acts of the customers ``low:high``."""
        rows = slice(self.starts[low], self.starts[high])
        starts = self.starts[low : high + 1] - self.starts[low]
        return Acts(starts, self.occurred[rows], self.known[rows], self.reach[rows])

    def known_before(self, limit: int) -> Acts:
        """Return the acts that were known before a time."""
        keep = self.known < limit
        starts = np.concatenate([[0], np.cumsum(keep)])[self.starts]
        return Acts(starts, self.occurred[keep], self.known[keep], self.reach[keep])


@dataclass(frozen=True)
class Spans:
    """When outcomes of each customer could be seen, who left, who opted out, and every act by kind.

    ``left_known_at`` is :data:`NEVER` for who stayed; ``history_from`` is ``-NEVER`` where nothing was cut off.
    Spans that touch are one.
    """

    left_known_at: Int64
    opted_out: npt.NDArray[np.bool_]
    history_from: Int64
    observed_starts: Int64
    observed_from: Int64
    observed_to: Int64
    acts: Mapping[str, Acts]

    @classmethod
    def read(
        cls,
        connection: duckdb.DuckDBPyConnection,
        present: tuple[str, ...],
        first_seen: Int64,
    ) -> Spans:
        """Read the spans; without an observation table, everybody is observed from first seen to the last fact."""
        n = len(first_seen)
        acts = _read_acts(connection, present, n)
        exits = acts.get("switching", no_acts(n))
        left = np.full(n, NEVER)
        np.minimum.at(left, np.repeat(np.arange(n), np.diff(exits.starts)), exits.known)
        found = connection.execute(
            """SELECT coalesce(profiling_opt_out, false) AS opted_out, coalesce(epoch_us(history_from), ?) AS history_from
               FROM customers JOIN _codes USING (customer_id) ORDER BY code""",
            [-NEVER],
        ).fetchnumpy()
        opted_out = np.asarray(found["opted_out"], dtype=bool)
        recorded = np.asarray(found["history_from"], dtype=np.int64)
        return cls(left, opted_out, recorded, *_read_observation(connection, present, first_seen), acts)

    def part(self, low: int, high: int, event_acts: Mapping[str, Acts]) -> Spans:
        """Return the spans of the customers ``low:high``; ticket events as outcomes are added to their acts."""
        rows = slice(self.observed_starts[low], self.observed_starts[high])
        acts = {kind: acts.part(low, high) for kind, acts in self.acts.items()}
        return Spans(
            self.left_known_at[low:high],
            self.opted_out[low:high],
            self.history_from[low:high],
            self.observed_starts[low : high + 1] - self.observed_starts[low],
            self.observed_from[rows],
            self.observed_to[rows],
            ChainMap(acts, cast(Any, event_acts)),
        )

    def end_at(self, moments: Int64 | np.int64, codes: Int64 | None = None) -> Int64:
        """End of the span that holds each moment (both ends included); -1 where nothing could be seen."""
        codes = np.arange(len(self.opted_out)) if codes is None else codes
        ends = np.full(codes.shape, -1, dtype=np.int64)
        for k in range(int(np.diff(self.observed_starts).max(initial=0))):
            own = self.observed_starts[codes] + k < self.observed_starts[codes + 1]
            row = np.where(own, self.observed_starts[codes] + k, 0)
            holds = own & (self.observed_from[row] <= moments) & (moments <= self.observed_to[row])
            ends = np.where(holds, self.observed_to[row], ends)
        return ends

    @property
    def last(self) -> int:
        """The latest time at which anything could be seen."""
        return int(self.observed_to.max())


def follow_up(
    spans: Spans, codes: Int64, moments: Int64, outcome: str, horizon_days: float, known_by: int | None
) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of the outcome frame; see :meth:`retaliation_risk.histories.Histories.follow_up`."""
    positive("horizon_days", horizon_days)
    acts, exits = spans_acts(spans, outcome), spans.acts.get("switching", no_acts(len(spans.opted_out)))
    horizon = moments + round(horizon_days * DAY_US)
    seen_to = np.maximum(spans.end_at(moments, codes), moments)
    end = np.minimum(seen_to, horizon if known_by is None else np.minimum(horizon, known_by))
    limit = NEVER if known_by is None else known_by
    left = _first(exits, codes, moments, limit)
    end_or_exit = np.minimum(end, left)
    first = _first(acts, codes, moments, limit)
    event = first < end_or_exit
    duration = np.where(event, first, end_or_exit) - moments
    return {
        "event": event,
        "duration_days": np.clip(duration / DAY_US, SECOND_DAYS, horizon_days),
        "competing": ~event & (left <= end) & (left < horizon),
        "reach": np.where(event, _reach(acts, codes, moments, end_or_exit, limit), np.nan),
    }


def spans_acts(spans: Spans, outcome: str) -> Acts:
    """Acts of the outcome; raises RR404 with the outcomes that there are."""
    if outcome not in spans.acts:
        there = ", ".join(sorted(spans.acts)) or "none"
        raise ArgumentError("RR404", f"{outcome!r} is not recorded here; recorded are: {there}.")
    return spans.acts[outcome]


def _first(acts: Acts, codes: Int64, moments: Int64, known_by: int) -> Int64:
    """Time of the first act at or after each moment that was known before ``known_by``; NEVER without one."""
    row = _position(acts, codes, moments)
    found = np.full(len(codes), NEVER)
    searching = np.flatnonzero(row < acts.starts[codes + 1])
    while searching.size:
        at = row[searching]
        seen = acts.known[at] < known_by
        found[searching[seen]] = acts.occurred[at[seen]]
        row[searching] += 1
        searching = searching[~seen & (at + 1 < acts.starts[codes[searching] + 1])]
    return found


def _reach(acts: Acts, codes: Int64, moments: Int64, ends: Int64, known_by: int) -> npt.NDArray[np.float64]:
    """Sum of the recorded reach of acts in [moment, end); missing where none is recorded."""
    counted = (acts.known < known_by) & ~np.isnan(acts.reach)
    total = np.concatenate([[0.0], np.cumsum(np.where(counted, acts.reach, 0.0))])
    number = np.concatenate([[0], np.cumsum(counted)])
    low, high = _position(acts, codes, moments), _position(acts, codes, ends)
    return np.where(number[high] > number[low], total[high] - total[low], np.nan)


def _position(acts: Acts, codes: Int64, times: Int64) -> Int64:
    """Row of the first act of each customer at or after each time (acts and questions merged in one sort)."""
    owner = np.repeat(np.arange(len(acts.starts) - 1), np.diff(acts.starts))
    is_act = np.repeat([False, True], [len(codes), len(owner)])
    order = np.lexsort((is_act, np.concatenate([times, acts.occurred]), np.concatenate([codes, owner])))
    before = np.cumsum(is_act[order])
    rows = np.empty(len(order), dtype=np.int64)
    rows[order] = before
    return rows[: len(codes)]


def no_acts(n: int) -> Acts:
    """Return the acts of ``n`` customers of whom nobody acted."""
    empty = np.empty(0, dtype=np.int64)
    return Acts(np.zeros(n + 1, dtype=np.int64), empty, empty, np.empty(0))


def _read_acts(connection: duckdb.DuckDBPyConnection, present: tuple[str, ...], n: int) -> dict[str, Acts]:
    if "outcomes" not in present:
        return {}
    found = connection.execute("SELECT DISTINCT outcome_type FROM outcomes ORDER BY 1").fetchall()
    acts = {kind: _read_kind(connection, (kind,), n) for (kind,) in found}
    acts["retaliation"] = _read_kind(connection, INDIRECT + DIRECT, n)
    acts.setdefault(COMPETING[0], no_acts(n))
    return acts


def _read_kind(connection: duckdb.DuckDBPyConnection, kinds: tuple[str, ...], n: int) -> Acts:
    found = connection.execute(
        """SELECT code, epoch_us(occurred_at) AS occurred, epoch_us(known_at) AS known,
                  coalesce(reach, 'nan'::DOUBLE) AS reach
           FROM outcomes JOIN _codes USING (customer_id) WHERE outcome_type IN (SELECT unnest(?))
           ORDER BY code, occurred, known, reach""",
        [list(kinds)],
    ).fetchnumpy()
    return Acts(
        np.searchsorted(found["code"], np.arange(n + 1)).astype(np.int64),
        np.asarray(found["occurred"], dtype=np.int64),
        np.asarray(found["known"], dtype=np.int64),
        np.asarray(found["reach"], dtype=np.float64),
    )


_MERGED_SPANS = """
SELECT code, min(low) AS low, max(high) AS high FROM (
    SELECT *, sum(CASE WHEN low <= before THEN 0 ELSE 1 END) OVER (PARTITION BY code ORDER BY low, high) AS island FROM (
        SELECT code, epoch_us(observed_from) AS low, epoch_us(observed_to) AS high,
               max(epoch_us(observed_to)) OVER (PARTITION BY code ORDER BY observed_from, observed_to
                                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM observation JOIN _codes USING (customer_id)))
GROUP BY code, island ORDER BY code, low
"""


def read_end(connection: duckdb.DuckDBPyConnection, present: tuple[str, ...]) -> int:
    """Return the latest time at which anything could be seen, in microseconds."""
    if "observation" in present:
        return int(connection.execute("SELECT epoch_us(max(observed_to)) FROM observation").fetchall()[0][0])
    ends = ["SELECT max(opened_at) AS t FROM tickets", "SELECT max(first_seen_at) FROM customers"]
    ends += [f"SELECT max(known_at) FROM {name}" for name in ("ticket_events", "outcomes") if name in present]
    found = connection.execute(f"SELECT epoch_us(max(t)) FROM ({' UNION ALL '.join(ends)})").fetchall()
    return int(found[0][0]) + 1


def _read_observation(
    connection: duckdb.DuckDBPyConnection, present: tuple[str, ...], first_seen: Int64
) -> tuple[Int64, Int64, Int64]:
    n = len(first_seen)
    if "observation" in present:
        found = connection.execute(_MERGED_SPANS).fetchnumpy()
        low, high = (np.asarray(found[key], dtype=np.int64) for key in ("low", "high"))
        return np.searchsorted(found["code"], np.arange(n + 1)).astype(np.int64), low, high
    return np.arange(n + 1), first_seen, np.full(n, read_end(connection, present))
