"""Signals of profiles as standardised logarithms, the common ground of all learned scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.influence._counts import log_count
from retaliation_risk.influence.scorers import column
from retaliation_risk.influence.signals import SIGNAL_NAMES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LogSignals:
    """Names of signals, and the median, mean and standard deviation of their log1p among the profiles fitted."""

    names: tuple[str, ...]
    typical: Floats
    mean: Floats
    scale: Floats

    def matrix(self, profiles: pd.DataFrame) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return standardised logs, shape (n, n_signals), gaps filled with medians; and whose profile is known."""
        logs = _logs(profiles, self.names)
        known: npt.NDArray[np.bool_] = np.logical_not(np.isnan(logs).all(axis=1))
        return (np.where(np.isnan(logs), self.typical, logs) - self.mean) / self.scale, known


def fit_log_signals(profiles: pd.DataFrame, names: Sequence[str] | None) -> LogSignals:
    """Learn medians and scales; signals never observed or constant are left out.

    Raises
    ------
    ArgumentError
        RR111, no signal is named and none is there; RR101, one that is named is lacking.
    GateError
        RR406, no signal differs between the profiles.

    Examples
    --------
    >>> signals = fit_log_signals(pd.DataFrame({"shares": [0.0, np.e - 1, np.nan], "posts": [3.0, 3.0, 3.0]}), None)
    >>> signals.names, signals.typical.tolist()
    (('shares',), [0.5])
    """
    chosen = [name for name in SIGNAL_NAMES if name in profiles] if names is None else list(names)
    if not chosen:
        raise ArgumentError(
            "RR111", f"profiles have no signal; name some, or give any of {', '.join(SIGNAL_NAMES)}."
        )
    logs = _logs(profiles, chosen)
    varies = [bool(np.ptp(seen) > 0) if (seen := one[~np.isnan(one)]).size else False for one in logs.T]
    if not any(varies):
        raise GateError(
            "RR406", f"none of the signals {chosen} differs between the {len(profiles)} profiles."
        )
    kept, logs = tuple(np.array(chosen)[varies].tolist()), logs[:, varies]
    return LogSignals(kept, np.nanmedian(logs, axis=0), np.nanmean(logs, axis=0), np.nanstd(logs, axis=0))


def _logs(profiles: pd.DataFrame, names: Sequence[str]) -> Floats:
    return np.column_stack([log_count(column(profiles, name), name) for name in names])
