"""The three worlds behind docs/worlds.md: the comparison comes out as the truth says, and the truth is the truth."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from benchmarks.worlds.__main__ import read, write
from benchmarks.worlds.firm import TESTS
from benchmarks.worlds.readout import BEGIN, END, answer, into, markdown, plain, warnings
from benchmarks.worlds.study import Comparison, compare, lines, people_of, settings
from benchmarks.worlds.truth import Population, lead_errors, population, shares_reached
from benchmarks.worlds.worlds import HORIZON_DAYS, WORLDS
from retaliation_risk.simulate import simulate
from retaliation_risk.simulate.influence import mean_reach
from retaliation_risk.tables.contract import DIRECT

FEW, SEEDS = 4_000, (10_001, 10_002)


@cache
def compared(place):
    found = [one for seed in SEEDS for one in compare(place, seed, large=FEW, n_bootstrap=100)]
    return [one for one in found if one.reading == "retaliations"]


@pytest.mark.parametrize(("place", "sign"), [(0, 1), (2, -1)], ids=["histories", "influence"])
def test_who_is_truly_ahead_wins(place, sign):
    for one in compared(place):
        assert sign * one.truth > 0.2
        assert sign * one.value > 0.1
        assert one.verdict == WORLDS[place].ahead


def test_where_neither_is_ahead_nobody_wins():
    for one in compared(1):
        assert abs(one.truth) < 0.06
        assert one.verdict == "draw"


def test_the_true_chances_add_up_to_what_happens():
    people = people_of(0, FEW)
    acts = simulate(FEW, seed=900_000, parameters=WORLDS[0].parameters).acts
    happened = 0
    for moment in TESTS:
        here = people.rows.loc[people.rows["moment"] == moment, "customer_id"]
        days = (acts["occurred_at"] - moment) / pd.Timedelta(days=1)
        happened += here.isin(acts.loc[days.between(0, HORIZON_DAYS), "customer_id"]).sum()
    assert abs(people.gains[0].sum() - happened) < 3 * np.sqrt(happened)


@pytest.mark.parametrize("place", [0, 2], ids=["histories", "influence"])
def test_expected_reach_is_that_of_the_acts_that_happen(place):
    """Acts counted one by one, each with the mean reach of an indirect act of that customer."""
    world, people = WORLDS[place], population(WORLDS[place], FEW, 11)
    drawn = simulate(FEW, seed=11, parameters=world.parameters)
    standing = drawn.truth.set_index("customer_id")["log_followers_sd"].fillna(0.0)
    happened = []
    for moment in TESTS:
        days = (drawn.acts["occurred_at"] - moment) / pd.Timedelta(days=1)
        here = people.rows.loc[people.rows["moment"] == moment, "customer_id"]
        some = drawn.acts["customer_id"].isin(here) & days.between(0, HORIZON_DAYS)
        who = drawn.acts.loc[some & ~drawn.acts["outcome_type"].isin(DIRECT), "customer_id"]
        happened += mean_reach(standing[who].to_numpy(), world.parameters).tolist()
    spread = np.sqrt(np.sum(np.square(happened)))
    assert abs(people.gains[1].sum() - sum(happened)) < 3 * spread


def test_the_error_of_a_lead_is_that_of_resampled_customers():
    rng, n = np.random.default_rng(2), 400
    customer = np.repeat(np.arange(n), 3)
    gains = np.stack([rng.exponential(size=3 * n), rng.exponential(size=3 * n) ** 2])
    answers = np.stack([rng.random(3 * n), rng.random(3 * n) < 0.3])

    def lead(weight):
        some = Population(pd.DataFrame(), [], np.zeros(3 * n, np.int64), gains * weight[customer])
        return np.subtract(*shares_reached(some, answers))

    drawn = [lead(np.bincount(rng.integers(n, size=n), minlength=n)) for _ in range(400)]
    people = Population(pd.DataFrame({"customer_id": customer}), [], np.zeros(3 * n, np.int64), gains)
    assert lead_errors(people, answers) == pytest.approx(np.std(drawn, axis=0), rel=0.15)


def test_a_population_is_of_those_at_risk_in_order_of_the_moments():
    people = population(WORLDS[1], 300, 1)
    assert (np.diff(people.group) >= 0).all()
    assert np.unique(people.group).tolist() == list(range(len(TESTS)))
    assert (people.gains >= 0).all()
    assert not people.rows.duplicated(["customer_id", "moment"]).any()


def comparison(place=0, **changed):
    made = Comparison(WORLDS[place].name, 1, "retaliations", 90, 0.3, 0.2, 0.4, 0.5, 0.2, 0.01, 0.32)
    return replace(made, **changed)


def test_a_verdict_is_what_the_interval_says():
    assert comparison().verdict == "risk_only"
    assert comparison(low=-0.1).verdict == "draw"
    assert comparison(low=-0.2, high=-0.1).verdict == "influence_only"
    assert comparison(low=float("nan"), high=float("nan")).verdict == "none"


@pytest.fixture
def told():
    """The truth is 0.3 throughout; of four intervals two hold it, one lies above, one was not given."""
    some = [
        comparison(),
        comparison(low=0.25),
        comparison(value=0.4, low=0.35, high=0.5),
        comparison(low=float("nan"), high=float("nan")),
    ]
    return list(lines(some))


def test_lines_count_what_came_out(told):
    (line,) = told
    assert line.shares == (0.75, 0.0, 0.0, 0.25)
    assert (line.comparisons, line.judged) == (4, 3)
    assert (line.coverage, line.above, line.below) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 0.0)
    assert line.bias == pytest.approx(0.025)
    assert line.truth == pytest.approx(0.3)
    assert line.truth_sd == pytest.approx(0)
    assert line.learned == pytest.approx(0.02)


def test_the_page_says_first_what_came_out_and_prints_undercoverage(told):
    made = markdown(told)
    assert made.startswith(answer(told))
    assert "risk-first won in 75.0% where histories decide" in made
    assert next(iter(warnings(told))) in made
    assert "Undercoverage: retaliations, histories decide: the 95 % interval holds the truth in 66.7%" in made
    assert "Undercoverage" in plain(told)
    page = into(f"a\n\n{BEGIN}\n\nold\n\n{END}\n\nz\n", made)
    assert page == into(page, made)
    assert page.startswith(
        f"a\n\n{BEGIN}\n\n**In retaliations reached, the comparison came out as the truth says: of 4 simulated"
    )
    assert page.endswith(f"{END}\n\nz\n")
    assert "\n\nold\n\n" not in page


def test_a_winner_who_is_not_ahead_is_named_so():
    wins = [comparison(1, risk=0.2)] * 3 + [comparison(1, low=-0.1, risk=0.2)]
    assert any(one.startswith("Wrong winner: ") and "75.0%" in one for one in warnings(list(lines(wins))))


def test_results_are_read_as_they_were_written_and_not_of_other_settings(tmp_path):
    path, some = tmp_path / "results.json", [comparison(), comparison(low=float("nan"), high=float("nan"))]
    assert read(path, settings()) == []
    write(path, settings(), some)
    json.loads(path.read_text(), parse_constant=pytest.fail)
    assert [str(one) for one in read(path, settings())] == [str(one) for one in some]
    with pytest.raises(SystemExit, match="other settings"):
        read(path, settings() | {"capacity": 1})
