"""Drift: how later rows differ from those of training, beside what chance alone would do, and a gate on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike

from retaliation_risk._validate import within
from retaliation_risk.artefacts.reference import Labels, Reference, Spread, labels_of
from retaliation_risk.artefacts.scoring import Oddities, check_scoring
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.metrics import bin_counts, psi, psi_by_chance, psi_p_value, share_change, wilson

Floats = npt.NDArray[np.float64]

BY_CHANCE, BEYOND_CHANCE, PAST_THE_GATE = "by chance", "beyond chance", "past the gate"

#: Columns of the table of :func:`drift`.
COLUMNS = (
    "kind", "name", "n_reference", "n", "psi", "psi_by_chance", "psi_limit", "psi_ratio", "p_value",
    "missing_change", "missing_low", "missing_high", "outside", "outside_low", "outside_high",
    "unseen", "unseen_low", "unseen_high", "rate_change", "rate_low", "rate_high", "verdict", "why",
)  # fmt: skip


@dataclass(frozen=True)
class Gate:
    """How much drift stops a scoring job. A row is past it where a limit is passed, and by more than chance.

    Parameters
    ----------
    psi : float
        Largest PSI of a feature or of the risks. 0.25 is the customary line of credit scoring, drawn there for any sample
        size; here it must also be more than chance gives for these sizes.
    missing : float
        Largest change of the share of missing values, up or down.
    outside, unseen : float
        Largest share of known values outside the range of training, or never seen there.
    rate : float
        Largest change of the share of events, up or down; 1 for none.
    level : float
        Coverage of all intervals together, and chance that no verdict goes beyond chance where nothing drifted: each of k
        rows is held to ``1 - (1 - level) / k``.
    passed_over : tuple of str
        Features that are shown and never stop anything: tenure must grow as time goes by.
    """

    psi: float = 0.25
    missing: float = 0.1
    outside: float = 0.05
    unseen: float = 0.05
    rate: float = 1.0
    level: float = 0.95
    passed_over: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("missing", "outside", "unseen", "rate", "level"):
            within(name, getattr(self, name), 0.0, 1.0)
        within("psi", self.psi, 0.0, 1e300)


def drift(
    reference: Reference,
    frame: pd.DataFrame,
    risk: ArrayLike,
    *,
    label: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    gate: Gate | None = None,
) -> pd.DataFrame:
    """Compare later rows with those of training, column by column.

    Parameters
    ----------
    reference : Reference
        Of the artefact.
    frame : DataFrame
        Rows as for :func:`check_scoring`, at least one; with ``customer_id`` customers that stand in several rows
        count once as evidence.
    risk : array of float, shape (n,)
        The model's risks for these rows.
    label, weight : array, shape (n,), optional
        Whether the outcome happened, and IPCW weights, as for :func:`build_reference`.
    gate : Gate, optional
        Limits; the default is ``Gate()``.

    Returns
    -------
    DataFrame
        One row for each feature, then ``risk``, then ``label`` if given, with the columns of :data:`COLUMNS`; NaN where one
        does not apply. ``n_reference`` and ``n`` are independent rows with a value. ``psi_by_chance`` is the mean PSI of two
        such samples of one distribution, ``psi_limit`` its quantile at the gate's level, ``psi_ratio`` the PSI over the
        mean.
        ``outside`` and ``unseen`` are shares of known values. ``verdict`` is ``"by chance"``, ``"beyond chance"`` or ``"past
        the gate"``, and ``why`` names the measures it rests on.
    """
    limits = gate or Gate()
    X, report = check_scoring(reference, frame)
    risks = _risks(risk, len(X))
    share = frame["customer_id"].nunique() / len(frame) if "customer_id" in frame.columns else 1.0
    asked = len(reference.columns) + 1 + (label is not None)
    sizes = _Sizes(reference.independent, share, 1 - (1 - limits.level) / asked)
    rows = [
        _apart("feature", spread, X[spread.name].to_numpy(), sizes, limits) | _strange(odd, len(X), sizes)
        for spread, odd in zip(reference.columns, report.oddities, strict=True)
    ]
    rows.append(_apart("risk", reference.risk, risks, sizes, limits))
    if label is not None:
        rows.append(_rates(reference.labels, labels_of(label, weight, len(X)), sizes))
    judged = [row | _verdict(row, sizes, limits) for row in rows]
    return pd.DataFrame(judged, columns=list(COLUMNS))


def refuse_drift(table: pd.DataFrame) -> None:
    """Raise if any row of a table of :func:`drift` is past the gate.

    Raises
    ------
    GateError
        RR522; exit code 4.
    """
    past = table[table["verdict"] == PAST_THE_GATE]
    if len(past):
        told = [f"{row.name_} ({row.why})" for row in past.rename(columns={"name": "name_"}).itertuples()]
        more = f" and {len(told) - 5} more" if len(told) > 5 else ""
        raise GateError("RR522", f"Past the gate: {', '.join(told[:5])}{more}.")


def _risks(risk: ArrayLike, n: int) -> Floats:
    found = np.asarray(risk, dtype=np.float64)
    if found.shape != (n,) or not n:
        raise ArgumentError("RR111", f"risk has shape {found.shape}; it must be ({n},), and at least (1,).")
    return found


@dataclass(frozen=True)
class _Sizes:
    """Share of rows that are independent, in training and now, and the level each row of the table is held to."""

    before: float
    now: float
    level: float


def _apart(kind: str, spread: Spread, values: Floats, sizes: _Sizes, gate: Gate) -> dict[str, Any]:
    """PSI beside what chance gives, and the change of the share of missing values."""
    known = values[np.isfinite(values)]
    n, m, bins = spread.known * sizes.before, len(known) * sizes.now, len(spread.counts)
    found: dict[str, Any] = {"kind": kind, "name": spread.name, "n_reference": n, "n": m}
    if n > 0 and m > 0:
        value = psi(spread.counts, bin_counts(known, spread.edges))
        mean, limit = psi_by_chance(bins, n, m, level=gate.level)
        ratio = value / mean if mean else np.nan
        found |= {"psi": value, "psi_by_chance": mean, "psi_limit": limit, "psi_ratio": ratio}
        found["p_value"] = psi_p_value(value, bins, n, m)
    before, now = spread.missing / spread.n, 1 - len(known) / len(values)
    rows = (spread.n * sizes.before, len(values) * sizes.now)
    change = share_change(before, rows[0], now, rows[1], level=sizes.level)
    return found | dict(zip(("missing_change", "missing_low", "missing_high"), change, strict=True))


def _strange(odd: Oddities, n_rows: int, sizes: _Sizes) -> dict[str, float]:
    """Shares of known values outside the range of training, and never seen there, with Wilson's intervals."""
    known = n_rows - odd.missing
    found: dict[str, float] = {}
    for name, rows in (("outside", odd.below + odd.above), ("unseen", odd.unseen)) if known else ():
        low, high = wilson([rows / known], [known * sizes.now], level=sizes.level)
        found |= {name: rows / known, f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}
    return found


def _rates(before: Labels | None, now: Labels, sizes: _Sizes) -> dict[str, Any]:
    """Change of the share of events."""
    if before is None:
        raise ArgumentError(
            "RR111", "label is given, but the reference has none; give it to build_reference too."
        )
    n, m = before.n * sizes.before, now.n * sizes.now
    change = share_change(before.rate, n, now.rate, m, level=sizes.level)
    found = dict(zip(("rate_change", "rate_low", "rate_high"), change, strict=True))
    return {"kind": "label", "name": "label", "n_reference": n, "n": m, **found}


def _verdict(row: dict[str, Any], sizes: _Sizes, gate: Gate) -> dict[str, str]:
    """Which measures are beyond chance, and which are past their limit.

    Some values outside the range of training, or never seen there, are what chance gives; these count for the gate alone.
    """
    beyond = {
        "psi": row.get("p_value", 1.0) < 1 - sizes.level,
        "missing": _beyond_zero(row, "missing"),
        "rate": _beyond_zero(row, "rate"),
    }
    past = {
        "psi": row.get("psi", 0.0) > gate.psi and beyond["psi"],
        "missing": abs(row.get("missing_change", 0.0)) > gate.missing and beyond["missing"],
        "outside": row.get("outside_low", 0.0) > gate.outside,
        "unseen": row.get("unseen_low", 0.0) > gate.unseen,
        "rate": abs(row.get("rate_change", 0.0)) > gate.rate and beyond["rate"],
    }
    stopped = [name for name, found in past.items() if found]
    if stopped and row["name"] not in gate.passed_over:
        return {"verdict": PAST_THE_GATE, "why": ", ".join(stopped)}
    seen = [name for name, found in beyond.items() if found]
    return {"verdict": BEYOND_CHANCE if seen else BY_CHANCE, "why": ", ".join(seen)}


def _beyond_zero(row: dict[str, Any], name: str) -> bool:
    """Whether the interval of a change leaves out 0."""
    return bool(row.get(f"{name}_low", 0.0) > 0 or row.get(f"{name}_high", 0.0) < 0)
