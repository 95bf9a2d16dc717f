"""Small, plausible run folders written by hand from docs/design/0001-spine.md, for the "
"tests of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NASTY = '<script>alert("x")</script>'
TEST_MOMENTS = ["2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01"]
POLICIES = ("risk_only", "expected_harm", "rule", "most_contacts", "first_come", "influence_only", "oracle")
REACHED = {
    "risk_only": 0.31,
    "expected_harm": 0.27,
    "rule": 0.22,
    "most_contacts": 0.18,
    "first_come": 0.12,
    "influence_only": 0.09,
    "oracle": 0.77,
}
CAPACITY, N, EVENTS = 50, 4000, 260
TOTALS = {"customers_with_event": 240.0, "acts_with_audience": 130.0, "people_reached_total": 5321.0}


def write_run_folder(
    folder: Path,
    *,
    influence: bool = True,
    model: bool = True,
    truth: bool = False,
    difference: tuple[float, float, float] = (0.22, 0.15, 0.29),
    reach: tuple[float, float, float] = (0.2, -0.05, 0.4),
    auroc: float = 0.83,
) -> Path:
    """Write a run folder; without ``influence`` or ``model`` it holds what a run would hold "
    "without them."""
    folder.mkdir(parents=True)
    policies = [p for p in POLICIES if influence or p not in ("influence_only", "expected_harm")]
    policies = [p for p in policies if model or p not in ("risk_only", "expected_harm")]
    _json(folder / "run.json", _run(influence=influence, model=model, truth=truth))
    _json(folder / "validation.json", _validation(model))
    _json(folder / "features.json", _features(influence))
    _scores(policies, difference, reach, auroc, influence=influence, model=model).to_csv(
        folder / "scores.csv", index=False
    )
    _capacity(policies).to_csv(folder / "capacity.csv", index=False)
    _survival().to_csv(folder / "survival.csv", index=False)
    _incidence().to_csv(folder / "incidence.csv", index=False)
    _experiences().to_csv(folder / "experiences.csv", index=False)
    _served(policies, influence).to_csv(folder / "served.csv", index=False)
    for policy in policies:
        if policy != "oracle":
            _queue(model, influence).to_csv(folder / f"queue_{policy}.csv", index=False)
    if model:
        _calibration().to_csv(folder / "calibration.csv", index=False)
        _effects().to_csv(folder / "effects.csv", index=False)
    return folder


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


TRAINING = {
    "acts": 130,
    "controls": 20,
    "counter_match": "failed_recoveries",
    "rows": 2730,
    "rows_of_everybody": 120000,
    "efficiency": {"mean": 0.83, "least": 0.71},
    "efficiency_without_effects": 20 / 21,
}


def _run(*, influence: bool, model: bool, truth: bool) -> dict[str, Any]:
    off = [] if influence else [{"what": "influence", "why": "the table influence was not delivered"}]
    if not model:
        off.append({"what": "models", "why": "RR401 too few events: 7 of at least 20"})
    return {
        "schema_version": 1,
        "versions": {"retaliation_risk": "0.1.0", "python": "3.11.9", "numpy": "2.3.1"},
        "seed": 7,
        "settings": {
            "outcome": "retaliation",
            "horizon_days": 90,
            "capacity": CAPACITY,
            "model": "cox" if model else None,
            "n_bootstrap": 500,
            "definitions": {
                "repeat_days": 30,
                "deviation_days": 180,
                "bad_csat": 0.4,
                "evidence": ["reopened", "follow_up", "repeat", "unanswered"],
            },
        },
        "moments": {
            "train": ["2025-10-01", "2025-11-01"],
            "test": TEST_MOMENTS,
            "now": "2026-09-30T00:00:00",
        },
        "inputs": [
            {"file": "customers.csv", "sha256": "ab12" * 16, "rows": 1100},
            {"file": "tickets.csv", "sha256": "cd34" * 16, "rows": 6210},
        ],
        "tables": {"customers": 1100, "tickets": 6210, "outcomes": EVENTS if model else 7},
        "n_customers": 1100,
        "n_events": EVENTS if model else 7,
        "training": TRAINING if model else None,
        "switched_off": off,
        "notes": ["12 customers opted out of profiling and have no risk."],
        "truth": {"loyalty_effect": 0.4, "second_failure_ratio": 2.5, "switches": {"love_is_blind": False}}
        if truth
        else None,
    }


def _validation(model: bool) -> dict[str, Any]:
    splits = [{"split": m, "n": N // 4, "n_events": EVENTS // 4, "n_censored": 31} for m in TEST_MOMENTS]
    why = "" if model else "RR401 too few events: 7"
    names = ("prevalence", "kaplan_meier", "cox", "boosting")
    return {
        "problems": [
            {
                "code": "RR301",
                "table": "tickets",
                "found": "Most times are midnight",
                "count": 41,
                "examples": [NASTY, "T-2"],
                "level": "warning",
            }
        ],
        "splits": splits,
        "models": {name: {"fitted": model, "why": why} for name in names},
    }


def _features(influence: bool) -> list[dict[str, Any]]:
    rows = [
        ("failed_recoveries_90d", "tickets", "Failed recoveries known in the last 90 days.", "deviations"),
        ("tenure_days", "days", "Days since first seen.", "relationship"),
        ("influence", "score 1 to 100", "The latest score.", "influence"),
    ]
    return [
        {
            "name": n,
            "unit": u,
            "about": a,
            "family": f,
            "value": "...",
            "source": "tickets",
            "on": f != "influence" or influence,
            "why_off": "" if f != "influence" or influence else "no table",
        }
        for n, u, a, f in rows
    ]


def _scores(
    policies: list[str],
    difference: tuple[float, float, float],
    reach: tuple[float, float, float],
    auroc: float,
    *,
    influence: bool,
    model: bool,
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    shift = dict(zip([*TEST_MOMENTS, "all"], (0.03, -0.02, 0.01, -0.02, 0.0), strict=True))
    for split, move in shift.items():
        size = {"n": N, "n_events": EVENTS} if split == "all" else {"n": N // 4, "n_events": EVENTS // 4}
        common = {"split": split, "horizon_days": 90, **size}
        models = {"cox": auroc, "boosting": auroc - 0.01, "prevalence": 0.5, "kaplan_meier": 0.5}
        for name, value in models.items() if model else ():
            wide = 0.0 if value == 0.5 else 0.04
            rows.append(
                {
                    **common,
                    "model": name,
                    "metric": "auroc",
                    "value": value + (move if wide else 0),
                    "low": value - wide,
                    "high": value + wide,
                }
            )
            rows.append(
                {
                    **common,
                    "model": name,
                    "metric": "brier",
                    "value": 0.041,
                    "low": 0.038,
                    "high": 0.044,
                }
            )
            rows += [
                {
                    **common,
                    "model": name,
                    "metric": f"auroc_minus_{base}",
                    "value": value - 0.5,
                    "low": value - wide - 0.5,
                    "high": value + wide - 0.5,
                }
                for base in ("prevalence", "kaplan_meier")
                if base != name
            ]
        rows += [
            {**common, "model": "", "metric": metric, "value": value} for metric, value in TOTALS.items()
        ]
        for policy in policies:
            base = {**common, "model": "cox" if model else "", "policy": policy, "capacity": CAPACITY}
            for metric, scale in (("events_reached", 1.0), ("reach_averted", 0.9), ("precision", 0.5)):
                value = REACHED[policy] * scale + move
                rows.append(
                    {
                        **base,
                        "metric": metric,
                        "value": value,
                        "low": max(value - 0.05, 0),
                        "high": value + 0.05,
                    }
                )
            if policy != "rule":
                value = REACHED[policy] - REACHED["rule"]
                rows.extend(
                    {
                        **base,
                        "metric": f"{metric}_minus_rule",
                        "value": value + move,
                        "low": value + move - 0.05,
                        "high": value + move + 0.05,
                    }
                    for metric in ("events_reached", "reach_averted")
                )
            if influence and policy != "influence_only":
                lead = policy == ("risk_only" if model else "rule")
                others = (REACHED[policy] - 0.09, 0.01, 0.3)
                told = {"events_reached": difference, "reach_averted": reach}
                for metric, found in told.items():
                    value, low, high = found if lead else others
                    rows.append(
                        {
                            **base,
                            "metric": f"{metric}_minus_influence_only",
                            "value": value + move,
                            "low": low + move,
                            "high": high + move,
                        }
                    )
    columns = [
        "split",
        "model",
        "policy",
        "metric",
        "horizon_days",
        "capacity",
        "value",
        "low",
        "high",
        "n",
        "n_events",
        "p_holm",
    ]
    return pd.DataFrame(rows).reindex(columns=columns)


def _capacity(policies: list[str]) -> pd.DataFrame:
    rows = []
    for policy in policies:
        for capacity in (10, 20, 50, 100, 200, 400, 1000):
            value = 1 - (1 - REACHED[policy]) ** (capacity / CAPACITY)
            rows += [
                (
                    policy,
                    capacity,
                    m,
                    value * scale,
                    max(value * scale - 0.05, 0),
                    min(value * scale + 0.05, 1),
                )
                for m, scale in (("events_reached", 1.0), ("reach_averted", 0.9))
            ]
    curve = pd.DataFrame(rows, columns=["policy", "capacity", "metric", "value", "low", "high"])
    return curve.assign(
        band_low=(curve["low"] - 0.02).clip(lower=0), band_high=(curve["high"] + 0.02).clip(upper=1)
    )


def _survival() -> pd.DataFrame:
    rows = []
    for count, hazard, n in (("0", 0.0002, 700), ("1", 0.0008, 250), ("2", 0.002, 110), ("3+", 0.004, 40)):
        for day in range(0, 91, 3):
            s = float(np.exp(-hazard * day))
            rows.append((count, day, s, max(s - 0.03, 0), min(s + 0.03, 1), int(n * s)))
    return pd.DataFrame(rows, columns=["failed_recoveries", "day", "survival", "low", "high", "at_risk"])


def _incidence() -> pd.DataFrame:
    """Leaving is five times as common as retaliating, and both grow with failed recoveries."""
    rows = []
    for count, hazard, n in (
        ("all", 0.0005, 1100),
        ("0", 0.0002, 700),
        ("1", 0.0008, 250),
        ("3+", 0.004, 40),
    ):
        for cause, times in (("retaliation", 1), ("leaving", 5)):
            for day in range(0, 91, 3):
                share = float(1 - np.exp(-hazard * times * day)) / 6
                rows.append((cause, count, day, share, share * 0.7, share * 1.4, int(n * (1 - share))))
    columns = ["cause", "failed_recoveries", "day", "incidence", "low", "high", "at_risk"]
    return pd.DataFrame(rows, columns=columns)


def _experiences() -> pd.DataFrame:
    """Two tickets of each customer in the queue, the first one's about an issue with a hostile name."""
    rows = []
    for k, customer in enumerate([NASTY, *(f"C-{1000 + k}" for k in range(1, 60))]):
        about = NASTY if k == 0 else "billing"
        rows += [
            (
                customer,
                f"T-{k}",
                "2026-09-01T10:00:00",
                about,
                True,
                "message_in solved reopened",
                "reopened",
                True,
            ),
            (customer, f"T-X{k}", "2026-05-01T08:00:00", "", False, "message_in no_reply", "", False),
        ]
    columns = [
        "customer_id", "ticket_id", "opened_at", "issue_key", "is_complaint", "happened", "failed", "is_open",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _calibration() -> pd.DataFrame:
    rows = []
    for model in ("cox", "boosting"):
        for k, p in enumerate(np.geomspace(0.004, 0.21, 10)):
            rows.append((model, k, 400, p, p * 0.9, p * 0.9 * 0.7, p * 0.9 * 1.3 + 0.002))
    return pd.DataFrame(rows, columns=["model", "bin", "n", "predicted", "observed", "low", "high"])


def _effects() -> pd.DataFrame:
    rows = [
        (
            "failed_recoveries_90d",
            1.82,
            1.52,
            2.18,
            "tickets",
            "Failed recoveries known in the last 90 days.",
        ),
        ("double_deviation_180d", 2.41, 1.61, 3.60, "yes or no", "A failed recovery within 180 days."),
        ("tenure_days", 0.91, 0.78, 1.06, "365 days", "Days since first seen."),
        ("csat_mean", 0.62, 0.48, 0.80, "0 to 1", "Mean satisfaction."),
    ]
    columns = [
        "model", "feature", "kind", "group", "unit", "estimate", "low", "high", "p_value", "n_events", "n_customers",
        "about",
    ]  # fmt: skip
    nan = float("nan")
    of_cox = [("cox", f, "hazard ratio", "", u, e, lo, hi, 0.01, nan, nan, a) for f, e, lo, hi, u, a in rows]
    return pd.DataFrame([*of_cox, *_strength()], columns=columns)


def _strength() -> list[tuple[Any, ...]]:
    """Hazard ratios of strength, the second class with too few acts for one."""
    nan, unit, about = float("nan"), "per standard deviation", "Log tenure plus log purchase stock."
    rows = [
        ("0", 0.80, 0.66, 0.97, 0.02, 41, 900),
        ("1", nan, nan, nan, nan, 7, 120),
        ("2", 1.20, 0.95, 1.52, 0.13, 30, 60),
        ("3+", 1.55, 1.20, 2.00, 0.001, 52, 40),
        ("trend", 1.25, 1.12, 1.39, 0.0001, 130, nan),
    ]
    told = ("love_becomes_hate", "relationship_strength")
    return [(*told, "hazard ratio of strength", group, unit, *numbers, about) for group, *numbers in rows]


def _served(policies: list[str], influence: bool) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for policy in policies:
        low = policy == "influence_only"
        if influence:
            shares = (0.01, 0.05, 0.14, 0.8) if low else (0.28, 0.26, 0.24, 0.22)
            rows += [
                (policy, "influence quartile", q, s, 0.25, 275)
                for q, s in zip(("1 (least)", "2", "3", "4 (most)"), shares, strict=True)
            ]
        if influence:
            rows += [
                (policy, "retaliators", "below-median influence", 0.1 if low else 0.5, 0.48, 120),
                (policy, "retaliators", "at or above median", 0.9 if low else 0.5, 0.52, 130),
                (policy, "missed retaliators", "below-median influence", np.nan, 0.55, 110),
                (policy, "missed retaliators", "at or above median", np.nan, 0.45, 90),
            ]
        rows += [
            (policy, "segment", NASTY, 0.4, 0.455, 500),
            (policy, "segment", "home", 0.597, 0.543, 597),
            (policy, "segment", "trial", 0.003, 0.002, 3),
        ]
    columns = ["policy", "group_kind", "group", "share_of_queue", "share_of_customers", "n"]
    return pd.DataFrame(rows, columns=columns)


def _queue(model: bool, influence: bool) -> pd.DataFrame:
    rows = []
    for k in range(60):
        customer = NASTY if k == 0 else f"C-{1000 + k}"
        reasons = (
            ["2 failed recoveries in 90 days", f"issue '{NASTY}' came back"]
            if k == 0
            else ["5 calls in 30 days"]
        )
        rows.append(
            {
                "rank": k + 1,
                "customer_id": customer,
                "priority": 0.4 / (k + 1),
                "risk": 0.4 / (k + 1) if model else np.nan,
                "influence": (37.0 if k % 3 else np.nan) if influence else np.nan,
                "calls": 9 - k % 7,
                "tenure_days": 1500.0 - 13 * k,
                "failed_recoveries": 3 - k % 3,
                "double_deviation": k % 2 == 0,
                "reasons": json.dumps(reasons) if k % 2 else " · ".join(reasons),
                "tickets": json.dumps([f"T-{k}", "T-900"]) if k % 2 else f"T-{k} T-900",
                "uses_influence": False,
                "action": "manager_call" if k % 2 else "call_back_now",
                "action_rule": "a rule",
                "action_why": f"Because of {NASTY}." if k == 0 else "Because it is so.",
            }
        )
    return pd.DataFrame(rows)
