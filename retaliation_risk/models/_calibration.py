"""Calibration on later data: which rows to keep back, and the map from raw log-odds to risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LATER_SHARE = 0.2
FEWEST_EVENTS = 30
EVENTS_FOR_ISOTONIC = 1000


def split(moment: npt.NDArray[np.datetime64], event: Bools, horizon_days: float) -> tuple[Bools, Bools]:
    """Mark the rows to grow trees on, and the later ones to calibrate on; all and none where there are too few.

    Between the two lies a gap of the horizon: an early row counts only if its whole horizon has passed by the first of the
    later moments, so that no act labels both parts.

    Examples
    --------
    >>> moment = np.repeat(np.array(["2026-01-01", "2026-01-25", "2026-02-01"], dtype="datetime64[us]"), [300, 100, 150])
    >>> event = np.tile([True, False], 275)
    >>> early, later = split(moment, event, 30)
    >>> int(early.sum()), int(later.sum())
    (300, 150)
    """
    everything, nothing = np.ones(len(moment), dtype=bool), np.zeros(len(moment), dtype=bool)
    later = split_later(moment, event)
    if not later.any():
        return everything, nothing
    horizon = np.timedelta64(round(horizon_days * 86_400e6), "us")
    early: Bools = ~later & (moment.astype("datetime64[us]") + horizon <= moment[later].min())
    return (early, later) if event[early].sum() >= FEWEST_EVENTS else (everything, nothing)


def split_later(moment: npt.NDArray[np.datetime64], event: Bools) -> Bools:
    """Mark the rows of the last moments that hold a fifth of the rows, 30 events and 30 non-events.

    All False if that leaves fewer than half of the rows, or fewer than 30 of either, to learn from.

    Examples
    --------
    >>> moment = np.repeat(np.array(["2026-01-01", "2026-02-01"], dtype="datetime64[us]"), [300, 100])
    >>> event = np.arange(400) % 3 == 0
    >>> int(split_later(moment, event).sum())
    100
    """
    nothing = np.zeros(len(moment), dtype=bool)
    # Rows and events from each distinct moment on, latest first.
    moments, index = np.unique(moment, return_inverse=True)
    rows = np.cumsum(np.bincount(index, minlength=len(moments))[::-1])
    events = np.cumsum(np.bincount(index, weights=event, minlength=len(moments))[::-1])
    enough = np.flatnonzero(
        (rows >= LATER_SHARE * len(moment)) & (np.minimum(events, rows - events) >= FEWEST_EVENTS)
    )
    if len(enough) == 0:
        return nothing
    taken = int(enough[0])
    left, left_events = len(moment) - rows[taken], event.sum() - events[taken]
    if left < len(moment) / 2 or min(left_events, left - left_events) < FEWEST_EVENTS:
        return nothing
    later: Bools = moment >= moments[len(moments) - 1 - taken]
    return later


@dataclass(frozen=True)
class Calibrator:
    """A non-decreasing map from raw log-odds to risk: straight between knots, on one of two scales.

    Attributes
    ----------
    kind : str
        ``"sigmoid"``: ``values`` are (slope, intercept) of the log-odds. ``"isotonic"``: ``values`` are
        risks at ``knots``.
    """

    kind: str
    knots: Floats
    values: Floats

    def __call__(self, raw: Floats) -> Floats:
        """Risk for each raw log-odds, in [0, 1]."""
        if self.kind == "isotonic":
            return np.interp(raw, self.knots, self.values)
        slope, intercept = self.values
        risk: Floats = np.exp(-np.logaddexp(0.0, -(slope * raw + intercept)))
        return risk


def fit_calibrator(raw: Floats, event: Bools, weight: Floats) -> Calibrator:
    """Fit a sigmoid (Platt) below 1000 events, isotonic regression from there on.

    References
    ----------
    Niculescu-Mizil and Caruana (2005), doi:10.1145/1102351.1102430: isotonic wins from about 1000 cases on.
    """
    if event.sum() >= EVENTS_FOR_ISOTONIC:
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(raw, event, sample_weight=weight)
        return Calibrator("isotonic", fitted.X_thresholds_.astype(float), fitted.y_thresholds_.astype(float))
    # The almost absent penalty keeps the slope finite when the raw values separate events perfectly.
    fitted = LogisticRegression(C=1e4, solver="newton-cholesky", max_iter=200)
    fitted.fit(raw[:, None], event, sample_weight=weight)
    # Trees that order later customers backwards say nothing: then everybody gets the later share of events.
    if fitted.coef_[0, 0] <= 0:
        share = float(weight[event].sum() / weight.sum())
        return Calibrator("sigmoid", np.empty(0), np.array([0.0, np.log(share / (1 - share))]))
    return Calibrator("sigmoid", np.empty(0), np.array([fitted.coef_[0, 0], fitted.intercept_[0]]))
