"""The cases and the page behind docs/studies_estimators.md."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.estimators.readout import BEGIN, END, into, markdown, rows, verdict
from benchmarks.estimators.study import CASES, MARGINAL, replicate

PAGE = Path(__file__).parents[2] / "docs" / "studies_estimators.md"


def test_a_replication_has_an_interval_for_every_case_and_can_be_drawn_again():
    found = replicate(3)
    assert len(found) == len(CASES)
    assert all(np.isfinite(width) and width > 0 for _, width in found)
    assert found[0] == replicate(3)[0]


def test_the_truth_of_the_marginal_effect_is_a_slope():
    rng = np.random.default_rng(1)
    x = rng.normal(size=200_000)

    def share(x):
        odds = np.exp(np.column_stack([0 * x, 0.7 * x, -0.5 + 0.2 * x]))
        return (odds[:, 1] / odds.sum(axis=1)).mean()

    assert pytest.approx((share(x + 1e-4) - share(x - 1e-4)) / 2e-4, abs=1e-3) == MARGINAL


def test_verdicts_allow_three_monte_carlo_errors():
    assert verdict(0.95, 1000) == "holds"
    assert verdict(0.935, 1000) == "holds"
    assert verdict(0.92, 1000) == "too narrow"
    assert verdict(0.98, 1000) == "too wide"


def test_the_page_has_a_row_for_every_case():
    table = markdown(rows([[(True, 0.5)] * len(CASES), [(False, 0.7)] * len(CASES)]))
    assert table.count("| 50.0 |") == len(CASES)
    page = into(f"before\n{BEGIN}\nwhat was there\n{END}\nafter", table)
    assert page.startswith("before")
    assert page.endswith("after")
    assert "what was there" not in page
    for case in CASES:
        assert f"| {case.estimator} | {case.setting} | {case.errors} |" in PAGE.read_text(encoding="utf-8")
