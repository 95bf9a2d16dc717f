"""The study of docs/churn_study.md: folds without leakage, the AUROC of its card, verdicts, and the page's own numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.churn.readout import BEGIN, END, into, signs
from benchmarks.churn.signs import CLAIMS, judge, verdict
from benchmarks.churn.study import MODELS, PREDICTORS, folds, held_out, resamples
from retaliation_risk.metrics import auroc, calibration_intercept, calibration_slope

PAGE = Path(__file__).parents[1] / "docs" / "churn_study.md"


def test_identical_customers_lie_in_one_fold_and_are_drawn_together():
    rng = np.random.default_rng(0)
    churn = pd.DataFrame({"group": rng.integers(0, 150, 200), "complained": rng.random(200) < 0.2})
    dealt = list(folds(churn, grouped=True, seed=0))
    for train, test in dealt:
        assert not set(churn["group"][train]) & set(churn["group"][test])
    assert sorted(np.concatenate([test for _, test in dealt])) == list(range(200))
    apart = [set(churn["group"][a]) & set(churn["group"][b]) for a, b in folds(churn, grouped=False, seed=0)]
    assert any(apart)
    churn["group"] = pd.factorize(churn["group"])[0]
    drawn = pd.DataFrame(resamples(churn, 5).T).groupby(churn["group"]).nunique()
    assert (drawn == 1).all(axis=None)


@pytest.mark.parametrize(
    ("sign", "low", "high", "said"),
    [
        (1, 1.1, 2.0, "holds"),
        (1, 0.5, 0.9, "contradicted"),
        (-1, 0.5, 0.9, "holds"),
        (-1, 0.9, 1.1, "unclear"),
        (0, 0.9, 1.1, "no difference seen"),
        (0, 1.1, 1.2, "contradicted"),
    ],
)
def test_a_verdict_is_read_off_the_interval(sign, low, high, said):
    assert verdict(sign, low, high) == said


def test_nothing_that_follows_from_a_complaint_predicts_it():
    assert not {"churned", "inactive", "complained", "group"} & set(PREDICTORS)
    assert {claim.sign for claim in CLAIMS} == {-1, 0, 1}


def test_tables_go_between_the_markers():
    page = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert into(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"


def test_boosting_ranks_complainers_as_well_as_the_card_says(iranian_churn):
    risk = held_out(iranian_churn, MODELS["boosting"])
    hit = iranian_churn["complained"]
    assert auroc(hit, risk) >= 0.886
    assert 0.75 < calibration_slope(hit, risk) < 1.1
    assert abs(calibration_intercept(hit, risk)) < 0.2
    assert f"| boosting | {auroc(hit, risk):.3f} " in PAGE.read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:RR407")
def test_the_page_has_the_signs_as_they_are_found(iranian_churn):
    found = judge(iranian_churn)
    assert signs(found) in PAGE.read_text(encoding="utf-8")
    assert found.set_index("claim").loc["failures raise complaining", "verdict"] == "holds"
