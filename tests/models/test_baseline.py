"""Prevalence, Kaplan-Meier and the rule, on rows small enough for a pencil."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.models import KaplanMeier, Prevalence, Rule

# Six customers: retaliated on days 2 and 4, left on day 5, lost on days 3 and 6, seen to the end (day 10).
Y = pd.DataFrame(
    {
        "customer_id": list("abcdef"),
        "moment": pd.Timestamp("2026-01-01"),
        "event": [True, False, True, False, False, False],
        "duration_days": [2.0, 3, 4, 5, 6, 10],
        "competing": [False, False, False, True, False, False],
    }
)
X = pd.DataFrame(
    {
        "failed_recoveries_ever": [2.0, 0, 3, 2, np.nan, 1],
        "tenure_days": [400.0, 10, 800, 5, 700, np.nan],
        "tier": [1.0, 1, 1, 0, np.nan, 0],
    }
)


def test_prevalence_by_hand():
    """Censoring curve: one of 5 lost at day 3 (4/5), one of 2 at day 6 (2/5).

    Weights: day 2 1, day 4 5/4, left on day 5 5/4, day 10 5/2; sum 6. Events 1 + 5/4 = 9/4 of 6.
    """
    model = Prevalence(horizon_days=10).fit(X, Y)
    assert model.risk_ == pytest.approx(9 / 24)


def test_kaplan_meier_by_hand():
    """Day 2: 5/6. Day 4: four at risk, 3/4. Exits and losses only shrink who is at risk."""
    model = KaplanMeier().fit(X, Y)
    survival = model.predict_survival(X, np.array([0, 1.9, 2, 3, 4, 10]))
    np.testing.assert_allclose(survival[0], [1, 1, 5 / 6, 5 / 6, 5 / 8, 5 / 8])
    np.testing.assert_allclose(model.predict_risk(X, 10), 3 / 8)


def test_kaplan_meier_by_strata():
    model = KaplanMeier(strata="tier").fit(X, Y)
    # Tier 1: days 2 (event), 3 (lost), 4 (event): 2/3, then 0. Tier 0 and unknown: no event.
    asked = pd.DataFrame({"tier": [1.0, 0.0, np.nan, 7.0]})
    np.testing.assert_allclose(model.predict_risk(asked, 10), [1, 0, 0, 3 / 8], atol=1e-12)
    with pytest.raises(ArgumentError, match=r"lacks \['tier'\]"):
        model.predict_risk(X[["tenure_days"]], 10)


def test_rule_cells_by_hand():
    """Let down and loyal: a, c, both events. Only let down: d, left. Only loyal: e, lost. Neither: b, f."""
    model = Rule(horizon_days=10).fit(X, Y)
    np.testing.assert_array_equal(model.rows_, [[2, 1], [1, 2]])
    # The cell of e has no known outcome, so it gets the share of all.
    np.testing.assert_allclose(model.risks_, [[0, 9 / 24], [0, 1]])
    stricter = Rule(horizon_days=10, failed_recoveries_ever=3, tenure_days=500).fit(X, Y)
    np.testing.assert_array_equal(stricter.rows_, [[4, 1], [0, 1]])


def test_rows_without_any_known_outcome_do_not_count():
    assert Rule(horizon_days=10).fit(X, Y).predict_risk(X.iloc[[4]], 10) == pytest.approx(9 / 24)
