"""The draw of sampled risk sets, by guessing and by listing, gives every set its size."""

import numpy as np
import pytest

from retaliation_risk.histories import risk_sets
from retaliation_risk.histories.at_risk import RiskSpans
from retaliation_risk.histories.risk_sets import sample_sets


@pytest.mark.parametrize("rounds", range(12))
def test_sets_are_full_whether_the_last_round_found_them_or_not(monkeypatch, rounds):
    """30 customers, 5 of them still at risk at the last act: guesses miss, the list does not."""
    monkeypatch.setattr(risk_sets, "ROUNDS", rounds)
    n = 30
    stop = np.where(np.arange(n) < 25, 10, 100)
    spans = RiskSpans(np.arange(n), np.zeros(n, np.int64), stop)
    cases, times = np.array([0, 1, 25]), np.array([5, 10, 90])
    found = sample_sets((spans,), cases, times, 4, seed=1)
    assert np.bincount(found["set"]).tolist() == [5, 5, 5]
    np.testing.assert_allclose(np.exp(found["log_weight"]), np.repeat([6.0, 6.0, 1.0], 5))
    pairs = set(zip(found["set"].tolist(), found["code"].tolist(), strict=True))
    assert len(pairs) == 15
    assert sorted(code for number, code in pairs if number == 2) == [25, 26, 27, 28, 29]
