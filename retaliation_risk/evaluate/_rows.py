"""What is judged: predictions joined with what policies see, as arrays sorted by moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retaliation_risk.errors import ArgumentError
from retaliation_risk.policies import Policy, available, checked_priority

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

KEYS = ["customer_id", "moment"]
NEEDED = ["split", *KEYS, "event", "duration_days", "competing", "reach", "weight"]
RISK = "risk_"


@dataclass(frozen=True)
class Rows:
    """Predictions and the columns of policies, one row per customer and moment, sorted by moment."""

    frame: pd.DataFrame

    @cached_property
    def models(self) -> list[str]:
        """Models with a risk in at least one row."""
        found = [name for name in self.frame.columns if name.startswith(RISK)]
        return [name.removeprefix(RISK) for name in found if self.frame[name].notna().any()]

    @cached_property
    def splits(self) -> list[str]:
        """Name of each moment, in order of time."""
        return self.frame["split"].drop_duplicates().astype(str).tolist()

    @cached_property
    def group(self) -> IntArray:
        """Code of each row's moment."""
        return _codes(self.frame["split"])

    @cached_property
    def customer(self) -> IntArray:
        """Code of each row's customer, in order of the ids: row order cannot change a resample."""
        return _codes(self.frame["customer_id"], sort=True)

    @cached_property
    def event(self) -> BoolArray:
        """Whether the customer retaliated within the horizon, as far as is known."""
        return self.frame["event"].to_numpy(dtype=bool)

    @cached_property
    def ipcw(self) -> FloatArray:
        """What each known outcome stands for."""
        return self.frame["weight"].to_numpy(dtype=np.float64)

    @cached_property
    def reach(self) -> FloatArray:
        """People who saw the acts; nothing where there was no act or it was not recorded."""
        found = np.nan_to_num(self.frame["reach"].to_numpy(dtype=np.float64), nan=0.0)
        return np.where(self.event, found, 0.0)

    @cached_property
    def n(self) -> IntArray:
        """Rows of each moment."""
        return np.bincount(self.group, minlength=len(self.splits))

    @cached_property
    def n_events(self) -> IntArray:
        """Events of each moment."""
        return np.bincount(self.group[self.event], minlength=len(self.splits))

    def customers(self, kept: BoolArray) -> int:
        """Count the different customers among the rows kept."""
        return len(np.unique(self.customer[kept]))

    def risk(self, model: str) -> FloatArray:
        """Risks by one model; NaN where it could not be fitted."""
        return self.frame[RISK + model].to_numpy(dtype=np.float64)

    def priority(self, policy: Policy, model: str) -> tuple[FloatArray, BoolArray]:
        """Priority of each row, formed within each moment, and the moments at which the policy can be run."""
        scored = self.frame.assign(true_event=self.event)
        if model:
            scored["risk"] = self.risk(model)
        found, on = np.zeros(len(scored)), np.zeros(len(self.splits), dtype=bool)
        for code, (_, rows) in enumerate(scored.groupby("split", sort=False)):
            on[code] = not available(rows, [policy])[policy.name]
            if on[code]:
                found[self.group == code] = checked_priority(rows, policy)
        return found, on

    def runs(self, policies: Sequence[Policy]) -> list[tuple[Policy, str, FloatArray, BoolArray]]:
        """Every policy that can be run at some moment: once per model if it uses risk, else without one."""
        found = []
        for policy in policies:
            for model in self.models if "risk" in policy.needs else [""]:
                priority, on = self.priority(policy, model)
                if on.any():
                    found.append((policy, model, priority, on))
        return found


def read_rows(predictions: pd.DataFrame, scored_columns: pd.DataFrame | None = None) -> Rows:
    """Join and sort; refuse predictions without their columns or policy columns with repeated rows."""
    if absent := [name for name in NEEDED if name not in predictions.columns]:
        raise ArgumentError("RR111", f"predictions lack {absent}; found are {list(predictions.columns)}.")
    frame = predictions
    if scored_columns is not None:
        added = [name for name in scored_columns.columns if name in KEYS or name not in predictions.columns]
        if scored_columns.duplicated(KEYS).any():
            raise ArgumentError("RR111", "scored_columns repeat a customer and moment; one row is allowed.")
        frame = predictions.merge(scored_columns[added], on=KEYS, how="left")
    return Rows(frame.sort_values(["moment", "customer_id"], kind="stable", ignore_index=True))


def _codes(values: pd.Series, *, sort: bool = False) -> IntArray:
    return np.asarray(pd.factorize(values, sort=sort)[0], dtype=np.int64)
