"""What the studies estimate on a panel: how acts and exits follow complaints and failed recoveries.

Each function fits one model of rates (:mod:`retaliation_risk.studies.rates`) and leaves the contrast to the claim. Only
stretches with a clear meaning are looked at: after a failed recovery until the next complaint, or after a first complaint
until its recovery fails. Nothing is grouped by what happens later, where that could not happen to those who left. Proneness
to retaliate is held constant, as a questionnaire would allow; on a firm's own tables it is not there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk.studies.frame import Estimate
from retaliation_risk.studies.panel import Panel
from retaliation_risk.studies.rates import Rates, enough, fit_rates
from retaliation_risk.studies.spells import COMPLAINT, FAILED, QUIET

MONTH = 30.0
FRESH_DAYS, FADING_DAYS, AFTERMATH_DAYS = 28.0, 84.0, 90.0
CLASSES = ("0", "1", "2+")


def after_failure(panel: Panel, outcome: str = "acts", *, days: float = FADING_DAYS) -> Rates:
    """Rates after a failed recovery, with ``months`` since, ``loyalty``, ``months x loyalty`` and what else differs.

    Also ``second`` and ``third`` (failed recoveries in a year, against the first), ``loyalty x repeated`` (from the second
    on), ``severity`` (above 3), ``gesture``, ``gesture x later`` (0, 1, 2 at the first, second, later one) and
    ``proneness``. Of acts only the first of each customer: later ones follow a desire that acting has changed.
    """
    rows = _since(panel, FAILED, days)
    if outcome == "acts":
        rows = rows[rows["n_direct"] + rows["n_indirect"] == 0]
    number, loyalty = rows["number"].to_numpy(), rows["loyalty"].to_numpy()
    columns = {
        **_faded(rows),
        "second": number == 2,
        "third": number > 2,
        "loyalty x repeated": loyalty * (number > 1),
        "gesture x later": rows["gesture"].to_numpy(float) * (np.minimum(number, 3) - 1),
    }
    return _fit(rows, columns, outcome)


def after_acting(panel: Panel) -> Rates:
    """Rates of acts after the first failed recovery of a year, with ``direct`` and ``indirect``: whether such went before.

    The first only: later ones meet what is left of earlier anger, which nothing recorded tells, and which also made for the
    earlier acts.
    """
    rows = _since(panel, FAILED, FADING_DAYS)
    rows = rows[rows["number"] == 1]
    acted = {"direct": rows["n_direct"] > 0, "indirect": rows["n_indirect"] > 0}
    for name, inside in acted.items():
        enough(rows.loc[inside, "acts"].sum(), f"customers after a {name} act")
    return _fit(rows, {**_faded(rows), **acted}, "acts")


def gestures_to_loyal(panel: Panel) -> Rates:
    """Rates of acts after a failed recovery: ``gesture x loyalty``, and from the third on ``gesture x loyalty x third``."""
    rows = _since(panel, FAILED, FADING_DAYS)
    rows = rows[rows["n_direct"] + rows["n_indirect"] == 0]
    third, gesture = rows["number"].to_numpy() > 2, rows["gesture"].to_numpy(float)
    enough(
        rows.loc[third & (gesture > 0), "acts"].sum(),
        "customers with a gesture before a third failed recovery",
    )
    columns = {
        **_faded(rows),
        "second": rows["number"] == 2,
        "third": third,
        "loyalty x third": rows["loyalty"] * third,
        "gesture x third": gesture * third,
        "gesture x loyalty": gesture * rows["loyalty"],
        "gesture x loyalty x third": gesture * rows["loyalty"] * third,
    }
    return _fit(rows, columns, "acts")


def leaving_after_recovery(panel: Panel) -> Rates:
    """Rates of leaving, with ``complained`` (84 days after a complaint that has not failed; else quiet) and ``loyalty``.

    Only of customers without a failed recovery in the year before.
    """
    rows = panel.spells[panel.spells["number"] == 0]
    rows = rows[(rows["kind"] == QUIET) | ((rows["kind"] == COMPLAINT) & (rows["since"] <= FADING_DAYS))]
    complained = rows["kind"] == COMPLAINT
    enough(rows.loc[complained, "exits"].sum(), "exits after complaints that had not failed")
    return _fit(rows, {"complained": complained, "loyalty": rows["loyalty"]}, "exits")


def _since(panel: Panel, kind: int, days: float) -> pd.DataFrame:
    """Stretches that began at most so many days after a complaint, or after a failed recovery."""
    return panel.spells[(panel.spells["kind"] == kind) & (panel.spells["since"] <= days)]


def _first_complaint_or_failed(panel: Panel, days: float) -> pd.DataFrame:
    """Stretches soon after a complaint without a failed recovery in the year before, or after a failed recovery."""
    complaint = _since(panel, COMPLAINT, days)
    return pd.concat([complaint[complaint["number"] == 0], _since(panel, FAILED, days)])


def _faded(rows: pd.DataFrame) -> dict[str, object]:
    """Return what the desire for revenge depends on after a failed recovery, with its fading by loyalty."""
    months = rows["since"].to_numpy() / MONTH
    return {
        "months": months,
        "loyalty": rows["loyalty"],
        "months x loyalty": months * rows["loyalty"],
        "severity": rows["severity"] - 3,
        "gesture": rows["gesture"],
        "proneness": rows["proneness"],
    }


def _fit(rows: pd.DataFrame, columns: dict[str, object], outcome: str) -> Rates:
    """Fit rates of the outcome; columns that do not vary (proneness, where nobody was asked) are left out."""
    varying = {name: np.asarray(one, dtype=np.float64) for name, one in columns.items()}
    varying = {name: one for name, one in varying.items() if len(one) and np.ptp(one) > 0}
    return fit_rates(varying, rows[outcome], rows["days"], rows["customer"])


def loyalty_by_failures(panel: Panel) -> tuple[Rates, np.ndarray]:
    """Log rate ratio of acts per SD of loyalty (``loyalty at 0``, ``1``, ``2+``) by failed recoveries, and acts in each.

    At 0 after a complaint whose customer had no failed recovery in a year; else after the failed recovery. The first four
    weeks only, when the desire for revenge has hardly faded.
    """
    fresh = _first_complaint_or_failed(panel, FRESH_DAYS)
    level = np.minimum(fresh["number"].to_numpy(), 2)
    inside = {f"at {name}": level == k for k, name in enumerate(CLASSES)}
    columns: dict[str, object] = {f"loyalty {name}": fresh["loyalty"] * one for name, one in inside.items()}
    columns |= {name: inside[name] for name in ("at 1", "at 2+")}
    columns |= {"severity": fresh["severity"] - 3, "proneness": fresh["proneness"]}
    n_acts = np.bincount(level, fresh["acts"], minlength=3)
    for name, n in zip(CLASSES, n_acts, strict=True):
        enough(n, f"customers with {name} failed recoveries")
    return _fit(fresh, columns, "acts"), n_acts


def leaving(panel: Panel) -> Rates:
    """Rates of leaving, with ``complained`` (within 168 days of a complaint or failed recovery) and ``loyalty``."""
    rows = panel.spells
    return _fit(rows, {"complained": rows["kind"] != QUIET, "loyalty": rows["loyalty"]}, "exits")


def leaving_when_failed(panel: Panel) -> tuple[Rates, float]:
    """Rates of leaving in the 84 days after a complaint, ``failed`` from when its recovery did, and exits of the rarer kind.

    Only complaints without a failed recovery in the year before. Whether one will fail is not looked at before it does:
    customers who leave at once leave no time for it to fail.
    """
    rows = _first_complaint_or_failed(panel, FADING_DAYS)
    rows = rows[rows["number"] <= 1]
    failed = rows["kind"].to_numpy() == FAILED
    rarer = float(min(rows["exits"][failed].sum(), rows["exits"][~failed].sum()))
    enough(rarer, "exits after recoveries that had failed, or had not")
    return _fit(rows, {"failed": failed, "loyalty": rows["loyalty"]}, "exits"), rarer


def leaving_by_purchases(panel: Panel) -> Rates:
    """Rates of leaving after a complaint or a failed recovery, by orders of late and of before (logs of one more)."""
    rows = panel.spells[panel.spells["kind"] != QUIET]
    columns = {
        "late orders": np.log1p(rows["orders_late"]),
        "early orders": np.log1p(rows["orders_early"]),
        "failed": rows["kind"] == FAILED,
        "earlier failures": np.minimum(rows["number"], 3),
    }
    return _fit(rows, columns, "exits")


def aftermath(panel: Panel, days: float = AFTERMATH_DAYS) -> pd.DataFrame:
    """Follow each complaint from when its recovery was decided (it failed, or it was solved).

    Returns
    -------
    DataFrame
        One row per complaint that was followed at all: ``customer``, ``failed`` (bool), ``before`` (whether that of the
        customer's complaint before failed; NaN where there is none or it was not decided yet), ``place`` (0 for the
        first complaint), ``loyalty``, ``severity``, ``days`` (followed, to the next complaint, exit or
        end), ``acts`` and ``exits`` within them. ``failed`` looks ahead: it says nothing of who left too early to be failed.
    """
    rows = panel.complaints.copy()
    group = rows.groupby("customer")
    rows["place"] = group.cumcount()
    rows["next"] = group["opened"].shift(-1)
    failed = rows["failed"].notna()
    earlier = failed.groupby(rows["customer"]).shift(1).astype(float)
    rows["before"] = earlier.where(group["decided"].shift(1) < rows["opened"])
    limits = rows[["next", "left_at", "seen_to"]].assign(window=rows["decided"] + days)
    end = limits.min(axis=1)
    followed = end > rows["decided"]
    rows = rows.assign(failed=failed, days=end - rows["decided"])[followed]
    end = end[followed]
    rows["acts"] = acts_between(panel.acts, rows["customer"], rows["decided"], end)
    rows["exits"] = (rows["left_at"] <= end).astype(int)
    kept = ["customer", "failed", "before", "place", "loyalty", "severity", "days", "acts", "exits"]
    return rows[kept].reset_index(drop=True)


def acts_between(acts: pd.DataFrame, customer: pd.Series, low: pd.Series, high: pd.Series) -> np.ndarray:
    """Count each customer's acts in [low, high)."""
    wide = 1e6
    keys = (acts["customer"] * wide + acts["day"]).to_numpy()
    counted: np.ndarray = np.searchsorted(keys, customer * wide + high) - np.searchsorted(
        keys, customer * wide + low
    )
    return counted


def two_failures(panel: Panel) -> tuple[Rates, dict[str, float]]:
    """Rates of acts after the second complaint, by how both ended, and acts in each of the four groups.

    S is a recovery that held, U one that failed, the first before the second; ``SS`` is the group compared with.
    """
    rows = aftermath(panel)
    rows = rows[(rows["place"] == 1) & rows["before"].notna()]
    first, second = rows["before"].to_numpy(bool), rows["failed"].to_numpy(bool)
    groups = {"SS": ~first & ~second, "SU": ~first & second, "US": first & ~second, "UU": first & second}
    n_acts = {name: float(rows["acts"][inside].sum()) for name, inside in groups.items()}
    for name, n in n_acts.items():
        enough(n, f"customers of sequence {name}")
    columns: dict[str, object] = {name: groups[name] for name in ("SU", "US", "UU")}
    columns |= {"loyalty": rows["loyalty"], "severity": rows["severity"] - 3}
    return _fit(rows, columns, "acts"), n_acts


def smallest(estimates: list[Estimate]) -> Estimate:
    """Of differences that must all be above 0, the one whose interval reaches lowest: an order holds if it does.

    Examples
    --------
    >>> smallest([Estimate(1, 0.5, 1.5), Estimate(0.9, 0.7, 1.1)]).value
    1
    """
    return min(estimates, key=lambda one: one.low)


def aftermath_of_opening(panel: Panel, days: float) -> pd.DataFrame:
    """Complaints that could be followed for so many days from their opening, and whether an act followed: ``acted``."""
    rows = panel.complaints
    end = rows["opened"] + days
    rows = rows[(rows[["left_at", "seen_to"]].min(axis=1) >= end)].copy()
    rows["acted"] = acts_between(panel.acts, rows["customer"], rows["opened"], rows["opened"] + days) > 0
    return rows
