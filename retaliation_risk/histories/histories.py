"""The one question: what did we know about this customer at this moment."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import kernel
from retaliation_risk.histories.asked import Asked, prepare, switched_off
from retaliation_risk.histories.declare import Aggregate, Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.facts import Ids
from retaliation_risk.histories.follow_up import Spans, follow_up, no_acts, spans_acts
from retaliation_risk.histories.logs import Log
from retaliation_risk.histories.passes import fill, order_of, threads_for

Moments = pd.Timestamp | str | Iterable[object]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """All logs of all customers, sorted, in memory; made by :func:`retaliation_risk.histories.build_histories`."""

    customer_ids: pd.Index
    ticket_ids: Ids
    logs: Mapping[str, Log]
    definitions: Definitions
    spans: Spans = field(repr=False)

    def as_of(
        self, customer_ids: Iterable[object], moments: Moments, features: Sequence[Feature]
    ) -> pd.DataFrame:
        """Return each feature as it was known just before each moment.

        Parameters
        ----------
        customer_ids : iterable of str, length n
        moments : timestamp, or iterable of length n
            UTC where no zone is given; finer than microseconds is cut down. A fact known exactly at the moment is the
            future.
        features : sequence of Feature
            The features that an expression uses must be among them.

        Returns
        -------
        pandas.DataFrame, shape (n, 2 + len(features))
            ``customer_id``, ``moment``, then one float column per feature, rows in the order asked.

        Raises
        ------
        ArgumentError
            For an unknown customer (RR402), an unknown feature or a log that is not there (RR403).
        """
        codes = self.codes(customer_ids)
        times = microseconds(moments, len(codes))
        values = self.values_of(codes, times, prepare(features), threads_for(len(codes)))
        columns = np.empty((len(features), len(codes)))
        for row, feature in enumerate(features):
            columns[row] = values[feature.name]
        frame = pd.DataFrame(columns.T, columns=[feature.name for feature in features], copy=False)
        frame.insert(0, "moment", times.view("datetime64[us]"))
        frame.insert(0, "customer_id", self.customer_ids.to_numpy()[codes])
        return frame

    def codes(self, customer_ids: Iterable[object]) -> Int64:
        """Position of each customer in ``customer_ids``; raises for an unknown one, naming it."""
        listed: Any = [customer_ids] if isinstance(customer_ids, str) else customer_ids
        asked = pd.Index(listed, dtype=object)
        codes = self.customer_ids.get_indexer(asked)
        if (unknown := asked[codes < 0]).size:
            raise ArgumentError("RR402", f"{unknown[0]!r} ({unknown.size} unknown among {asked.size} asked).")
        return codes.astype(np.int64)

    def code(self, customer_id: str) -> int:
        """Position of one customer in ``customer_ids``; raises for an unknown one, naming it."""
        try:
            found = self.customer_ids.get_loc(customer_id)
        except KeyError:
            raise ArgumentError("RR402", f"{customer_id!r}.") from None
        assert isinstance(found, int), "ids are unique"
        return found

    def switched_off(self, features: Sequence[Feature]) -> dict[str, str]:
        """Name of each feature that these tables cannot give, with the reason."""
        return switched_off(features, self.logs)

    def at_risk(self, moment: pd.Timestamp | str) -> npt.NDArray[np.object_]:
        """Ids of customers who were known, observed, not gone and not opted out at the moment, sorted."""
        when = microseconds(moment, 1)[0]
        first = self.logs["customers"].known < when
        here = ~self.spans.opted_out & (self.spans.left_known_at >= when) & (self.spans.history_from <= when)
        chosen = first & here & (self.spans.end_at(when) >= when)
        return np.asarray(self.customer_ids.to_numpy()[chosen], dtype=object)

    def follow_up(
        self,
        customer_ids: Iterable[object],
        moments: Moments,
        *,
        outcome: str = "retaliation",
        horizon_days: float,
        known_by: pd.Timestamp | str | None = None,
    ) -> pd.DataFrame:
        """Return what each customer did within the horizon from each moment on: the outcome frame.

        Parameters
        ----------
        customer_ids, moments
            As in :meth:`as_of`.
        outcome : str
            ``retaliation`` (any kind), one outcome type, or one ticket event type such as ``reopened``.
        horizon_days : float
            Above 0.
        known_by : timestamp, optional
            Only outcomes known before it count, and nobody is followed beyond it: what a training run of that day saw.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``moment``, ``event``, ``duration_days`` in (0, horizon_days], ``competing``, ``reach``.
        """
        codes = self.codes(customer_ids)
        times = microseconds(moments, len(codes))
        limit = None if known_by is None else int(microseconds(known_by, 1)[0])
        found = follow_up(self.spans, codes, times, outcome, horizon_days, limit)
        ids = self.customer_ids.to_numpy()[codes]
        return pd.DataFrame({"customer_id": ids, "moment": times.view("datetime64[us]"), **found})

    @property
    def now(self) -> pd.Timestamp:
        """The latest moment at which anything could be seen: when the tables end."""
        return pd.Timestamp(self.spans.last, unit="us")

    def acts(self, outcome: str = "retaliation", known_by: pd.Timestamp | str | None = None) -> pd.DataFrame:
        """Return every recorded act known before ``known_by``: customer_id, occurred_at, reach."""
        acts = spans_acts(self.spans, outcome)
        owner = np.repeat(np.arange(len(self.customer_ids)), np.diff(acts.starts))
        known = np.full(len(owner), True) if known_by is None else acts.known < microseconds(known_by, 1)[0]
        return pd.DataFrame(
            {
                "customer_id": self.customer_ids.to_numpy()[owner[known]],
                "occurred_at": acts.occurred[known].view("datetime64[us]"),
                "reach": acts.reach[known],
            }
        )

    def without_acts(self, outcome: str) -> Histories:
        """Return these histories with nobody on record for an outcome: where no table could hold any."""
        nobody = {outcome: no_acts(len(self.customer_ids))}
        return replace(self, spans=replace(self.spans, acts=ChainMap(nobody, dict(self.spans.acts))))

    def tickets_behind(
        self, customer_id: str, moment: pd.Timestamp | str, feature: Feature, features: Sequence[Feature] = ()
    ) -> list[str]:
        """Return the tickets that a feature's value rests on, latest first, without repeats."""
        return self.tickets_of(
            int(self.codes([customer_id])[0]), int(microseconds(moment, 1)[0]), feature, features
        )

    def tickets_of(
        self, code: int, when: int, feature: Feature, features: Sequence[Feature] = ()
    ) -> list[str]:
        """Return :meth:`tickets_behind` for a position in ``customer_ids`` and microseconds."""
        found = [
            rows
            for aggregate in _aggregates_of(feature, features)
            for rows in self._rows(aggregate, code, when)
        ]
        ordered = sorted(found, key=lambda row: (-row[0], row[1]))
        return [self.ticket_ids[ticket] for ticket in dict.fromkeys(ticket for _, ticket in ordered)]

    def _rows(self, aggregate: Aggregate, code: int, when: int) -> list[tuple[int, int]]:
        log = self.logs.get(aggregate.log)
        if log is None or not log.spec.tickets:
            return []
        rows = slice(log.starts[code], log.starts[code + 1])
        known, mask = log.known[rows], np.uint64(log.mask(aggregate.where))
        opens = -np.inf if aggregate.days is None else when - aggregate.days * kernel.DAY_US
        chosen = (known < when) & (known >= opens) & ((log.flags[rows] & mask) == mask)
        return list(zip(known[chosen].tolist(), log.tickets[rows][chosen].tolist(), strict=True))

    def values_of(
        self, codes: Int64, times: Int64, asked: Asked, threads: int = 1
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Return the features as arrays, for positions in ``customer_ids`` and microseconds; see :meth:`as_of`."""
        if any(reading.log not in self.logs for reading in asked.readings):
            name, why = next(iter(self.switched_off(asked.features).items()))
            raise ArgumentError("RR403", f"{name!r} cannot be computed: it {why}.")
        order = order_of(codes, times)
        if order is not None:
            codes, times = codes[order], times[order]
        values: dict[str, npt.NDArray[np.float64]] = {}
        for reading in asked.readings:
            values |= fill(self.logs[reading.log], reading, codes, times, order, threads)
        for name, expression in asked.expressions:
            values[name] = expression.evaluate(values)
        return values


def microseconds(moments: Moments, n: int) -> Int64:
    """Return ``n`` moments as whole microseconds of UTC since 1970, cut down (which keeps their order)."""
    if isinstance(moments, pd.Timestamp) and not pd.isna(moments):
        utc = moments.tz_convert(None) if moments.tz else moments
        return np.full(n, utc.asm8.astype("datetime64[us]").view(np.int64))
    if isinstance(moments, str) or not isinstance(moments, Iterable):
        return np.repeat(microseconds([moments], 1), n)
    try:
        times = pd.to_datetime(
            pd.Series(list(moments) if not hasattr(moments, "dtype") else moments), utc=True
        )
    except pd.errors.OutOfBoundsDatetime as error:
        raise ArgumentError(
            "RR111", f"moments holds a time outside the years 1677 to 2262 ({error})."
        ) from error
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            "RR111", f"moments holds what is no time, or of another form ({error})."
        ) from error
    if times.isna().any():
        raise ArgumentError(
            "RR111", f"moments holds a missing time at position {int(times.isna().argmax())}."
        )
    if len(times) != n:
        raise ArgumentError(
            "RR111", f"moments has {len(times)} times for {n} customers; give one for each, or one."
        )
    return np.asarray(
        times.dt.tz_localize(None).to_numpy().astype("datetime64[us]").view(np.int64), dtype=np.int64
    )


def _aggregates_of(feature: Feature, features: Sequence[Feature]) -> list[Aggregate]:
    if isinstance(feature.value, Aggregate):
        return [feature.value]
    named = {f.name: f for f in features}
    return [a for n in feature.value.names if n in named for a in _aggregates_of(named[n], features)]
