"""Who is missing, how still scores hold, and what bought followers do."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence import (
    FollowersScore,
    PairLogit,
    RulesScore,
    compute_coverage,
    compute_gaming,
    compute_signals,
    compute_stability,
)
from tests.influence.worlds import accounts, judged, straight

PEOPLE = pd.DataFrame(
    {
        "customer_id": ["Buffett", *(f"C{n}" for n in range(1, 10))],
        "segment": ["gold", *["gold", None] * 4, "basic"],
        "spend": [1e6, *range(1, 10)],
    }
)


def seen():
    rows = [("C1", 1.0, 10.0, None, None), ("C1", 2.0, 10.0, None, None), ("C1", 3.0, 9.0, 4.0, None),
            ("C2", 1.0, 5.0, 7.0, True), ("C3", 1.0, np.nan, 7.0, None)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["customer_id", "age_days", "followers", "clicks", "consent"])
    return compute_signals(frame.astype({"consent": "boolean"}), customers=PEOPLE["customer_id"])


def test_a_person_of_great_weight_without_an_account_is_missing():
    found = compute_coverage(seen(), PEOPLE, weight="spend").set_index(["group_kind", "group"])
    heaviest = found.loc[("weight", "heaviest tenth")]
    assert (heaviest["n"], heaviest["with_account"], heaviest["missing"]) == (1, 0, 1)
    score = FollowersScore().fit(seen()).score(seen())
    assert np.isnan(score[(seen()["customer_id"] == "Buffett").to_numpy()]).all()


def test_coverage_by_hand():
    found = compute_coverage(seen(), PEOPLE).set_index(["group_kind", "group"])
    # Of C3 only clicks were seen, without consent: nothing that may be read. C1's clicks were not read either.
    assert found.loc[("all", "all"), ["n", "missing", "withheld"]].tolist() == [10, 8, 2]
    assert found.loc[("all", "all"), ["with_account", "with_enough"]].tolist() == [0.2, 0.1]
    assert found.xs("segment")["n"].to_dict() == {"basic": 1, "gold": 5, "unknown": 4}
    assert found.xs("segment")["missing"].sum() == 8
    assert compute_coverage(seen(), PEOPLE, enough=1).loc[0, "with_enough"] == 0.2


def test_coverage_refuses():
    with pytest.raises(ArgumentError, match=r"customers lack the columns \['worth'\]"):
        compute_coverage(seen(), PEOPLE, weight="worth")
    with pytest.raises(ArgumentError, match="enough is 0"):
        compute_coverage(seen(), PEOPLE, enough=0)


def test_stability_by_hand():
    scores = pd.DataFrame(
        [("A", 1, 10.0), ("B", 1, 20.0), ("C", 1, 30.0), ("D", 1, 40.0),
         ("A", 2, 15.0), ("B", 2, 35.0), ("C", 2, 25.0), ("D", 2, np.nan), ("E", 2, 50.0)],
        columns=["customer_id", "moment", "score"],
    )  # fmt: skip
    (found,) = compute_stability(scores).to_dict("records")
    # Ranks 1, 2, 3 become 1, 3, 2: Spearman 1 - 6 * 2 / (3 * 8) = 0.5; B alone moved by more than 10.
    assert found["rank_correlation"] == pytest.approx(0.5)
    assert found["moved_share"] == pytest.approx(1 / 3)
    assert (found["n"], found["appeared"], found["vanished"]) == (3, 1, 1)


def test_stability_by_topic_and_of_what_cannot_be_told():
    scores = pd.DataFrame(
        [("A", t, m, 7.0) for t in ("", "beer") for m in (1, 2, 3)],
        columns=["customer_id", "topic", "moment", "score"],
    )
    found = compute_stability(scores)
    assert found[["topic", "moment", "next_moment"]].to_numpy().tolist() == [
        ["", 1, 2], ["", 2, 3], ["beer", 1, 2], ["beer", 2, 3],
    ]  # fmt: skip
    assert found["rank_correlation"].isna().all()
    assert (found["moved_share"] == 0).all()
    with pytest.raises(ArgumentError, match="1 rows of scores repeat"):
        compute_stability(pd.concat([scores, scores.head(1)]))
    with pytest.raises(ArgumentError, match=r"scores lack the columns \['score'\]"):
        compute_stability(scores.drop(columns="score"))


def test_the_same_scores_twice_hold_still():
    score = accounts(50)["followers"].rank().to_numpy()
    one = pd.DataFrame({"customer_id": np.arange(50), "score": score})
    found = compute_stability(pd.concat([one.assign(moment=1), one.assign(moment=2)])).iloc[0]
    assert found["rank_correlation"] == pytest.approx(1)
    assert found["moved_share"] == 0


def test_buying_followers_pays_by_followers_less_where_learned_and_never_by_rules():
    profiles = accounts(missing=0.1)
    pairs = judged(np.nan_to_num(straight(profiles)))
    scorers = {
        name: make.fit(profiles, pairs)
        for name, make in (("followers", FollowersScore()), ("rules", RulesScore()), ("learned", PairLogit()))
    }
    found = compute_gaming(scorers, profiles, bought=[1000, 100_000])
    gain = found.pivot(index="scorer", columns="bought", values="mean_gain")
    assert (gain.loc["rules"] == 0).all()
    assert (gain.loc["followers"] > gain.loc["learned"] + 5).all()
    assert (gain.loc["learned"] > 0).all()
    assert (found["n"] == profiles["followers"].notna().sum()).all()
    with pytest.raises(ArgumentError, match="bought is 0"):
        compute_gaming(scorers, profiles, bought=[0])


def test_nobody_can_buy():
    scorer = FollowersScore().fit(accounts(10))
    found = compute_gaming({"followers": scorer}, accounts(5, missing=1.0))
    assert (found["n"] == 0).all()
    assert found["median_gain"].isna().all()


def test_the_example_of_the_page_runs():
    page = (Path(__file__).parents[2] / "docs" / "influence.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.M | re.S)
    exec(block, {})
