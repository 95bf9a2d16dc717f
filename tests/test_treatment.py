"""What answers prevented: worlds of known truth, confounded in the open and in secret; bounds; refusals; the word itself."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

import retaliation_risk
from benchmarks.effects.readout import BEGIN, END, into, markdown
from benchmarks.effects.study import ANSWERS, Found, lines
from benchmarks.effects.worlds import answers as world
from retaliation_risk.errors import ArgumentError, DataError, GateError
from retaliation_risk.evaluate.treatment import e_value, effect_of_answers
from retaliation_risk.evaluate.treatment._arms import (
    ANSWERED,
    EVERYBODY,
    TARGETS,
    Rows,
    augmented_mean,
    clustered_error,
    weighted_mean,
)
from retaliation_risk.evaluate.treatment.sensitivity import hidden_bounds, tipping_point

PREVENTED = "risk_difference"


@pytest.mark.parametrize("target", TARGETS)
def test_answers_at_random_need_no_weights(target):
    rows, truth = world()
    effect = effect_of_answers(rows, ["risk"], target=target)
    for method in ("unadjusted", "weighted", "augmented"):
        row = effect.row(PREVENTED, method)
        assert row["low"] < truth[target] < row["high"]
    # What the covariate explains does not stand in the interval of the augmented estimate.
    widths = {
        method: np.ptp(effect.row(PREVENTED, method)[["low", "high"]])
        for method in ("unadjusted", "augmented")
    }
    assert widths["augmented"] < widths["unadjusted"]


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_confounded_in_the_open_is_put_right(target):
    held = {"unadjusted": 0, "weighted": 0, "augmented": 0}
    off = {method: [] for method in held}
    for seed in range(8):
        rows, truth = world(n=2500, seed=seed, open_tie=1.0)
        effect = effect_of_answers(rows, ["risk"], target=target)
        for method in held:
            row = effect.row(PREVENTED, method)
            held[method] += int(row["low"] < truth[target] < row["high"])
            off[method].append(row["value"] - truth[target])
    assert held["unadjusted"] <= 1
    assert held["weighted"] >= 7
    assert held["augmented"] >= 7
    assert abs(np.mean(off["augmented"])) < 0.15 * abs(np.mean(off["unadjusted"]))


def test_weighing_balances_what_was_not():
    rows, _ = world(open_tie=1.0)
    rows["other"] = np.random.default_rng(3).normal(size=len(rows)) + rows["risk"]
    rows.loc[::5, "other"] = np.nan
    table = effect_of_answers(rows, ["risk", "other"]).balance.set_index("covariate")
    assert (table["difference_before"] > 0.3).all()
    assert (table["difference_after"].abs() < 0.06).all()
    assert table.loc["other", "share_missing"] == pytest.approx(0.2)


def test_the_augmented_estimate_bears_a_wrong_outcome_model():
    """A U-shaped outcome that no line in the covariate fits; the propensity is right."""
    rng = np.random.default_rng(5)
    risk = rng.normal(size=8000)
    answered = rng.random(8000) < expit(0.8 * risk)
    chance = np.clip(0.1 + 0.1 * risk**2 - 0.05 * answered, 0.01, 0.9)
    rows = pd.DataFrame({"customer_id": range(8000), "answered": answered, "risk": risk})
    rows["event"] = rng.random(8000) < chance
    truth = np.mean(np.clip(0.1 + 0.1 * risk**2, 0.01, 0.9) - np.clip(0.05 + 0.1 * risk**2, 0.01, 0.9))
    row = effect_of_answers(rows, ["risk"], target=EVERYBODY).row(PREVENTED)
    assert row["low"] < truth < row["high"]


def test_what_is_hidden_lies_within_the_bounds_and_not_without():
    """Anger doubles the odds of an answer and of retaliation: at most a factor Lambda for 95 % of customers."""
    for seed in range(4):
        rows, truth = world(n=8000, seed=seed, open_tie=0.5, hidden_tie=0.7)
        limit = float(np.exp(0.7 * 1.96))
        effect = effect_of_answers(rows, ["risk"], limits=(1.0, limit))
        none, enough = effect.bounds.to_dict("records")
        wanted = truth[ANSWERED] * effect.n
        # Anger has no column: without it answers seem to do less than they do.
        assert none["high"] < wanted
        assert enough["low"] < wanted < enough["high"]
        assert enough["interval_low"] < enough["low"] < enough["high"] < enough["interval_high"]


def test_bounds_at_one_are_the_weighted_estimate_and_widen():
    rows, _ = world(open_tie=0.7)
    for target in TARGETS:
        effect = effect_of_answers(rows, ["risk"], target=target)
        first = effect.bounds.iloc[0]
        assert first["low"] == pytest.approx(first["high"])
        row = effect.row("prevented", "weighted")
        assert first[["low", "interval_low", "interval_high"]].tolist() == pytest.approx(
            row[["value", "low", "high"]].tolist()
        )
        assert (effect.bounds["low"].diff().dropna() < 0).all()
        assert (effect.bounds["high"].diff().dropna() > 0).all()
        inside = effect_of_answers(
            rows, ["risk"], target=target, limits=[effect.tipping_point * 1.01]
        ).bounds.iloc[0]
        outside = effect_of_answers(
            rows, ["risk"], target=target, limits=[effect.tipping_point * 0.99]
        ).bounds.iloc[0]
        assert inside["low"] < 0 < outside["low"]


def few_rows(seed, n=9):
    rng = np.random.default_rng(seed)
    answered = np.arange(n) % 2 == 0
    chance = {False: rng.uniform(0.1, 0.9, n), True: rng.uniform(0.1, 0.9, n)}
    known = rng.choice([0.0, 1.0, 1.5], size=n, p=[0.1, 0.6, 0.3])
    known[:4] = 1
    event = (rng.random(n) < 0.5) & (known > 0)
    return Rows(event, answered, known, rng.uniform(0.1, 0.9, n), chance, np.arange(n) // 2, np.zeros((n, 1)))


@given(st.integers(0, 200), st.floats(1, 5))
@settings(max_examples=40)
def test_bounds_are_the_extremes_over_all_corners(seed, limit):
    """A weighted mean is extreme where each row's odds are at an end of their range: try all 2^n of them."""
    rows = few_rows(seed)
    for target in TARGETS:
        bounds = hidden_bounds(rows, limit, target)
        for arm, (low, high) in zip((False, True), bounds, strict=True):
            share = rows.propensity if arm else 1 - rows.propensity
            here = np.flatnonzero(rows.answered == arm)
            means = []
            for factors in product((1 / limit, limit), repeat=len(here)):
                weight = []
                for row, factor in zip(here, factors, strict=True):
                    odds = (1 - share[row]) / share[row] * factor
                    each = 1 + odds if target == EVERYBODY else (1.0 if arm else odds)
                    weight.append(each * rows.known[row])
                means.append(np.dot(weight, rows.event[here]) / np.sum(weight))
            assert (low.value, high.value) == (pytest.approx(min(means)), pytest.approx(max(means)))


@given(st.integers(0, 200))
@settings(max_examples=40)
def test_means_against_plain_loops(seed):
    rows = few_rows(seed)
    for target, arm in product(TARGETS, (False, True)):
        over = under = modelled = aims = error = 0.0
        for i in range(len(rows.event)):
            e = rows.propensity[i]
            aim = 1.0 if target == EVERYBODY else float(rows.answered[i])
            modelled, aims = modelled + aim * rows.chance[arm][i], aims + aim
            if rows.answered[i] == arm:
                weight = (1.0 if target == EVERYBODY else e) / (e if arm else 1 - e) * rows.known[i]
                over, under = over + weight * rows.event[i], under + weight
                error += weight * (rows.event[i] - rows.chance[arm][i])
        weighted, augmented = weighted_mean(rows, arm, target), augmented_mean(rows, arm, target)
        assert weighted.value == pytest.approx(over / under)
        assert augmented.value == pytest.approx(modelled / aims + error / under)
        assert weighted.influence.sum() == pytest.approx(0, abs=1e-9)
        assert augmented.influence.sum() == pytest.approx(0, abs=1e-9)


def test_influences_say_what_leaving_a_customer_out_does():
    """The infinitesimal jackknife against the jackknife itself."""
    rows, _ = world(n=400, per_customer=2, seed=2)
    rng = np.random.default_rng(2)
    chance = {arm: rng.uniform(0.1, 0.4, 400) for arm in (False, True)}
    event, answered = rows["event"].to_numpy(), rows["answered"].to_numpy()
    customer = rows["customer_id"].to_numpy()
    read = Rows(
        event, answered, np.ones(400), rng.uniform(0.3, 0.7, 400), chance, customer, np.zeros((400, 1))
    )
    for target, mean in product(TARGETS, (weighted_mean, augmented_mean)):
        without = [mean(read.taken(customer != c), True, target).value for c in range(200)]
        jackknife = np.sqrt(199 / 200 * np.sum((np.array(without) - np.mean(without)) ** 2))
        assert clustered_error(mean(read, True, target).influence, customer) == pytest.approx(
            jackknife, rel=0.02
        )


def test_a_customer_many_times_is_still_one():
    rows, _ = world(n=1500, open_tie=0.5)
    once = effect_of_answers(rows, ["risk"]).row(PREVENTED, "unadjusted")
    thrice = effect_of_answers(pd.concat([rows] * 3), ["risk"]).row(PREVENTED, "unadjusted")
    assert thrice[["value", "low", "high"]].tolist() == pytest.approx(once[["value", "low", "high"]].tolist())


def test_rows_lost_from_sight_are_weighed_for():
    """Whoever is at risk is lost more often; the weights know it."""
    rows, _ = world(n=12_000, open_tie=0.5)
    complete = effect_of_answers(rows, ["risk"], target=EVERYBODY).row(PREVENTED)["value"]
    stays = expit(1.0 - 0.8 * rows["risk"])
    followed = np.random.default_rng(8).random(len(rows)) < stays
    rows["event"] &= followed
    rows["weight"] = np.where(followed, 1 / stays, 0.0)
    blind = effect_of_answers(rows.drop(columns="weight"), ["risk"], target=EVERYBODY).row(PREVENTED)["value"]
    weighed = effect_of_answers(rows, ["risk"], target=EVERYBODY).row(PREVENTED)["value"]
    assert abs(weighed - complete) < 0.4 * abs(blind - complete)


def test_measures_follow_from_the_two_shares():
    rows, _ = world(open_tie=0.5)
    effect = effect_of_answers(rows, ["risk"])
    assert effect.n == rows["answered"].sum()
    for method in ("unadjusted", "weighted", "augmented"):
        said = {
            measure: effect.row(measure, method)["value"] for measure in effect.effects["measure"].unique()
        }
        without, after = said["share_if_not_answered"], said["share_if_answered"]
        assert said["risk_difference"] == pytest.approx(without - after)
        assert said["risk_ratio"] == pytest.approx(after / without)
        assert said["prevented_per_1000"] == pytest.approx(1000 * (without - after))
        assert said["prevented"] == pytest.approx(effect.n * (without - after))
    ratio = effect.row("risk_ratio")
    assert effect.e_value == pytest.approx(e_value(ratio["value"]))
    assert effect.e_value_of_interval == pytest.approx(e_value(ratio["high"]))
    assert 1 < effect.e_value_of_interval < effect.e_value


def test_the_sentence_says_no_more_than_the_numbers():
    strong = effect_of_answers(world(open_tie=0.5)[0], ["risk"]).sentence()
    assert re.match(
        r"Answers prevented an estimated \d+ \(\d+ to \d+\) retaliations in 1,\d+ rows, provided", strong
    )
    nothing = effect_of_answers(world(effect=0.0)[0], ["risk"])
    assert nothing.sentence().startswith("It cannot be told whether")
    assert nothing.e_value_of_interval == 1
    assert (
        effect_of_answers(world(effect=1.0)[0], ["risk"])
        .sentence()
        .startswith("Those answered retaliated more")
    )
    rows, _ = world()
    rows["event"] = np.arange(len(rows)) % 800 == 0
    few = effect_of_answers(rows, ["risk"])
    assert few.sentence().startswith("Too few")
    assert few.effects[["low", "high"]].isna().all(axis=None)


def test_no_retaliation_at_all_is_no_estimate_of_a_ratio():
    rows, _ = world()
    effect = effect_of_answers(rows.assign(event=False), ["risk"])
    assert effect.row(PREVENTED)["value"] == 0
    assert np.isnan([effect.row("risk_ratio")["value"], effect.e_value, effect.e_value_of_interval]).all()
    assert effect.tipping_point == 1


# Overlap.


def test_trimming_and_propensities_are_told():
    rows, _ = world(open_tie=2.0)
    effect = effect_of_answers(rows, ["risk"], target=EVERYBODY, trim=0.1)
    table = effect.overlap.set_index("arm")
    assert (table["share_trimmed"] > 0.05).all()
    assert effect.n < len(rows)
    assert (table["effective_size"] < table["n"]).all()
    assert table.loc["answered", "median"] > table.loc["not answered", "median"]
    assert (table["least"] > 0).all()


def test_a_rule_that_decides_alone_leaves_nothing_to_compare():
    rows, _ = world()
    rows["answered"] = rows["risk"] > 0
    with pytest.raises(GateError, match="RR420 no overlap: .* have nobody like them in the other arm"):
        effect_of_answers(rows, ["risk"])


@pytest.mark.parametrize("everybody", [True, False])
def test_all_answered_or_none_is_refused(everybody):
    rows, _ = world(n=200)
    found = "200 of 200" if everybody else "0 of 200"
    with pytest.raises(GateError, match=f"RR420 no overlap: {found} rows were answered"):
        effect_of_answers(rows.assign(answered=everybody), ["risk"])


def test_few_answered_are_refused():
    rows, _ = world(n=2000)
    rows["answered"] = np.random.default_rng(0).permutation(len(rows)) < 20
    with pytest.raises(
        GateError, match="RR420 .*20 customers among those answered can be compared; 30 are needed"
    ):
        effect_of_answers(rows, ["risk"])


def test_what_cannot_be_used_is_named():
    rows, _ = world(n=300)
    with pytest.raises(DataError, match=r"RR101 .*columns \['answered', 'tenure'\] are missing"):
        effect_of_answers(rows.drop(columns="answered"), ["tenure"])
    with pytest.raises(DataError, match=r"RR202 .*columns \['event'\] have missing values"):
        effect_of_answers(rows.assign(event=rows["event"].astype(object).where(rows.index > 0)), ["risk"])
    with pytest.raises(ArgumentError, match=r"covariates hold \['event'\]; they must be known before"):
        effect_of_answers(rows, ["risk", "event"])
    with pytest.raises(ArgumentError, match="covariates is empty"):
        effect_of_answers(rows, [])
    with pytest.raises(ArgumentError, match="target is 'me'; it must be one of everybody, answered"):
        effect_of_answers(rows, ["risk"], target="me")
    with pytest.raises(ArgumentError, match=r"trim is 0\.5; it must be above 0 and below 0\.5"):
        effect_of_answers(rows, ["risk"], trim=0.5)
    with pytest.raises(ArgumentError, match=r"n_folds is 1; it must be in \[2, 300\]"):
        effect_of_answers(rows, ["risk"], n_folds=1)
    with pytest.raises(ArgumentError, match="weight must be finite and at least 0"):
        effect_of_answers(rows.assign(weight=-1.0), ["risk"])
    with pytest.raises(ArgumentError, match=r"limit is 0\.5; it must be at least 1"):
        effect_of_answers(rows, ["risk"], limits=[0.5])


# E-values and tipping points by hand.


def test_e_values_of_the_paper():
    """VanderWeele and Ding: a risk ratio of 3.9 has an E-value of 7.26, and its lower limit 1.8 one of 3.0."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value(1.8) == pytest.approx(3.0, abs=0.005)
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value(1) == 1
    with pytest.raises(ArgumentError, match="risk_ratio is 0; it must be above 0"):
        e_value(0)


def test_a_tipping_point_by_hand():
    """Half answered at random; 1 of 10 events if answered, 2 of 10 if not.

    Among the answered: 2 / (2 + 8 L^2) = 1/10, so L = 3/2. Among everybody both shares move: 2 / (2 + 8 L) = L / (L + 9),
    which is 8 L^2 = 18 again.
    """
    event = np.array([True] + [False] * 9 + [True] * 2 + [False] * 8)
    answered = np.arange(20) < 10
    rows = Rows(
        event, answered, np.ones(20), np.full(20, 0.5), {False: np.zeros(20), True: np.zeros(20)}, np.arange(20),
        np.zeros((20, 1)),
    )  # fmt: skip
    assert tipping_point(rows, ANSWERED) == pytest.approx(1.5, rel=1e-3)
    assert tipping_point(rows, EVERYBODY) == pytest.approx(1.5, rel=1e-3)
    never = Rows(**{**vars(rows), "event": ~answered})
    assert tipping_point(never, ANSWERED) == float("inf")


# The word.

PACKAGE = Path(retaliation_risk.__file__).parent
#: Sentences outside the module that say that prevention is not known.
ALLOWED = (
    "Reached is not prevented",
    "whether a call would have prevented it needs data on what was done and what followed",
    "these tables cannot show what intervention would prevent",
)


def texts(path):
    """All text of a file that somebody may be shown: strings, doc strings among them, or a template as it is."""
    if path.suffix != ".py":
        return [path.read_text(encoding="utf-8")]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def claims(text):
    """Words of prevention that are left when the allowed sentences are taken out."""
    text = " ".join(text.split())
    for sentence in ALLOWED:
        text = text.replace(sentence, "")
    return re.findall(r"\bprevent(?:ed|s|able|ion)\b", text, flags=re.IGNORECASE)


def test_the_word_prevented_is_said_by_this_module_alone():
    files = [path for ext in ("py", "html", "css", "toml") for path in PACKAGE.rglob(f"*.{ext}")]
    module = PACKAGE / "evaluate" / "treatment"
    found = {
        str(path.relative_to(PACKAGE)): said
        for path in files
        if module not in path.parents
        for text in texts(path)
        if (said := claims(text))
    }
    assert found == {}


def test_the_search_for_the_word_finds_it():
    assert claims("120 retaliations prevented. Reached is not prevented.") == ["prevented"]
    assert any(
        claims(text) for path in (PACKAGE / "evaluate" / "treatment").glob("*.py") for text in texts(path)
    )
    said = " ".join(" ".join(text.split()) for path in PACKAGE.rglob("*.py") for text in texts(path))
    assert [sentence for sentence in ALLOWED if sentence not in said] == []


# The study behind the tables of docs/reach.md and docs/treatment.md.


def test_the_study_counts_what_was_held():
    def found(value, held):
        return [Found(ANSWERS, "w", "q", value, 0.1, held), Found(ANSWERS, "w", "other", value, 0.1, True)]

    first, other = lines([found(0.1, True), found(0.3, False), found(0.2, False)])
    assert (first.quantity, first.replications, first.covered) == ("q", 3, pytest.approx(1 / 3))
    assert (first.truth, first.median, other.covered) == (pytest.approx(0.1), 0.2, 1)
    page = into(f"before {BEGIN} old {END} after", markdown([first, other]))
    assert "| w | q | 0.1 | 0.2 | 33 |" in page
    assert "old" not in page
    assert into(page, markdown([first, other])) == page


@pytest.mark.parametrize("page", ["reach.md", "treatment.md"])
def test_the_pages_have_a_place_for_its_tables(page):
    text = (PACKAGE.parent / "docs" / page).read_text(encoding="utf-8")
    assert BEGIN in text
    assert "| world | quantity |" in text[text.index(BEGIN) : text.index(END)]
