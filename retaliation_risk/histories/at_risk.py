"""Spans of being at risk: known to the firm, observed, and not gone. Each is (start, stop], for one customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retaliation_risk.histories.follow_up import NEVER, Spans

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RiskSpans:
    """Disjoint spans (start, stop] in microseconds, in the order of (customer, start); ``code`` is the customer."""

    code: Int64
    start: Int64
    stop: Int64

    def counts(self, times: Int64) -> Int64:
        """Return how many customers are at risk at each time."""
        begun = np.searchsorted(np.sort(self.start), times, side="left")
        ended = np.searchsorted(np.sort(self.stop), times, side="left")
        return (begun - ended).astype(np.int64)

    def take(self, keep: npt.NDArray[np.bool_]) -> RiskSpans:
        """Return the spans chosen by a mask."""
        return RiskSpans(self.code[keep], self.start[keep], self.stop[keep])

    def within(self, low: Int64 | int, high: Int64 | int) -> RiskSpans:
        """Return the parts of the spans inside (low, high]."""
        found = RiskSpans(self.code, np.maximum(self.start, low), np.minimum(self.stop, high))
        return found.take(found.start < found.stop)


def risk_spans(spans: Spans, first_seen: Int64, history_from: Int64, known_by: int = NEVER) -> RiskSpans:
    """Return when each customer was at risk.

    A customer comes under risk when first seen, observed, and recorded (``history_from``: left truncation), and leaves with
    the end of observation or the exit, whichever is first. Who opted out of profiling is never at risk here.

    Parameters
    ----------
    spans : Spans
    first_seen, history_from : int64, shape (n_customers,)
        Microseconds.
    known_by : int
        Only exits known before it count.
    """
    code = np.repeat(np.arange(len(first_seen)), np.diff(spans.observed_starts))
    known = np.maximum(first_seen, history_from)
    start = np.maximum(spans.observed_from, known[code])
    stop = np.minimum(spans.observed_to, _left(spans, known_by)[code])
    found = RiskSpans(code, start, stop)
    return found.take((start < stop) & ~spans.opted_out[code])


def _left(spans: Spans, known_by: int) -> Int64:
    """Time of each customer's first exit known before a time; NEVER for who stayed."""
    left = np.full(len(spans.opted_out), NEVER)
    exits = spans.acts.get("switching")
    if exits is not None:
        exits = exits.known_before(known_by)
        np.minimum.at(left, np.repeat(np.arange(len(left)), np.diff(exits.starts)), exits.occurred)
    return left
