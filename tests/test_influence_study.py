"""The study of docs/influence_study.md: folds that keep what they promise, and the AUC of its card."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.influence.readout import BEGIN, END, into
from benchmarks.influence.study import (
    COLUMNS,
    LEARNED,
    as_pairs,
    blended,
    calibration_curve,
    dealt_freely,
    held_out,
    mirrored,
    new_profiles,
    plain_differences,
    read_pairs,
    resamples,
    same_pairs_together,
)
from retaliation_risk.metrics import auroc, calibration_slope

PAGE = Path(__file__).parents[1] / "docs" / "influence_study.md"


@pytest.fixture(scope="module")
def peerindex():
    """The judged pairs, or a skip that says how to have them."""
    folder = os.environ.get("RETALIATION_RISK_DATA")
    if not folder or not (Path(folder) / "peerindex_influencers" / "train.csv.gz").exists():
        pytest.skip("needs RETALIATION_RISK_DATA with peerindex_influencers/train.csv.gz")
    return read_pairs()


@pytest.fixture(scope="module")
def pairs():
    """Pairs of 40 profiles, many of them twice and either way round."""
    rng = np.random.default_rng(0)
    first = rng.integers(40, size=600)
    second = (first + rng.integers(1, 40, size=600)) % 40
    return pd.DataFrame({"first": first, "second": second, "first_wins": rng.random(600) < 0.5})


def sides(pairs, rows):
    return set(pairs.iloc[rows][["first", "second"]].to_numpy().ravel().tolist())


def same(pairs, rows):
    return {tuple(sorted(row)) for row in pairs.iloc[rows][["first", "second"]].to_numpy().tolist()}


@pytest.mark.parametrize("deal", [dealt_freely, same_pairs_together, new_profiles])
def test_each_pair_is_tested_once_and_never_learned_from_then(deal, pairs):
    tested = []
    for train, test in deal(pairs, 3):
        assert not set(train) & set(test)
        tested.append(test)
    assert sorted(np.concatenate(tested)) == list(range(len(pairs)))


def test_a_pair_that_recurs_lies_in_one_fold(pairs):
    assert all(not same(pairs, train) & same(pairs, test) for train, test in same_pairs_together(pairs, 0))
    assert any(same(pairs, train) & same(pairs, test) for train, test in dealt_freely(pairs, 0))


def test_new_profiles_are_new(pairs):
    shares = []
    for train, test in new_profiles(pairs, 0):
        assert not sides(pairs, train) & sides(pairs, test)
        shares.append(len(train) / len(pairs))
    assert 0.55 < np.mean(shares) < 0.75
    assert any(sides(pairs, train) & sides(pairs, test) for train, test in same_pairs_together(pairs, 0))


def test_profiles_with_the_same_numbers_are_one():
    raw = pd.DataFrame(0.0, index=range(3), columns=[f"{side}_{name}" for side in "AB" for name in COLUMNS])
    raw["A_posts"], raw["B_posts"], raw["Choice"] = [1, 2, 3], [2, 1, 1], [1, 0, 1]
    profiles, found = as_pairs(raw)
    assert profiles["posts"].tolist() == [1, 2, 3]
    assert found[["first", "second"]].to_numpy().tolist() == [[0, 1], [1, 0], [2, 0]]
    assert found["first_wins"].tolist() == [True, False, True]


def test_a_pair_is_drawn_as_often_as_both_its_profiles(pairs):
    weight = resamples(pairs, 3)
    square = (pairs["first"].to_numpy(), pairs["second"].to_numpy())
    for row in weight:
        table = np.full((40, 40), np.nan)
        table[square] = row
        np.testing.assert_array_equal(table[square], row)  # equal pairs weigh the same
    assert resamples(pairs, 400).mean() == pytest.approx(1, abs=0.1)


def test_calibration_is_of_the_favourite_and_knows_no_sides():
    chance = np.array([0.9, 0.2, 0.6, 0.4])
    wins = np.array([True, False, False, False])
    here, there = calibration_curve(wins, chance, 2), calibration_curve(~wins, 1 - chance, 2)
    pd.testing.assert_frame_equal(here, there)
    np.testing.assert_allclose(here["predicted"], [0.6, 0.85])
    np.testing.assert_allclose(here["observed"], [0.5, 1.0])


def test_a_blend_averages_log_odds():
    np.testing.assert_allclose(blended(np.array([0.5, 0.8]), np.array([0.5, 0.2])), [0.5, 0.5])


def test_the_card_of_the_data_holds(peerindex):
    profiles, pairs = peerindex
    assert (len(profiles), len(pairs)) == (1172, 5500)
    plain = plain_differences(profiles, pairs)
    assert auroc(pairs["first_wins"], plain["followers"]) == pytest.approx(0.840, abs=5e-4)
    logit = held_out(profiles, pairs, LEARNED["logit"], same_pairs_together(pairs, 0))
    assert auroc(pairs["first_wins"], logit) == pytest.approx(0.862, abs=2e-3)


@pytest.mark.parametrize("model", ["curves", "trees"])
def test_a_learned_score_reaches_0_868_with_same_pairs_in_one_fold(peerindex, model):
    profiles, pairs = peerindex
    chance = held_out(profiles, pairs, LEARNED[model], same_pairs_together(pairs, 0))
    assert auroc(pairs["first_wins"], chance) > 0.868
    assert 0.9 < calibration_slope(*mirrored(pairs["first_wins"].to_numpy(), chance)) < 1.25


def test_the_page_has_its_tables():
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    assert "both profiles new" in page.split(BEGIN)[1]
    assert into(f"a {BEGIN} old {END} z", "new") == f"a {BEGIN}\n\nnew\n\n{END} z"


def test_what_the_page_says_stands_in_its_tables():
    tables, prose = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)
    said = set(re.findall(r"0\.\d{4}", prose))
    assert len(said) > 6
    assert said <= set(re.findall(r"0\.\d{4}", tables))
