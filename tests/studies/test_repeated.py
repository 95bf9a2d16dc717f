"""Repeated measures: car's tests, base R's contrasts, and what must hold whatever the data."""

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.studies.estimators.repeated import Contrast, Repeated, planned_contrasts, repeated_anova

from .golden import close, data, numbers

WAVE = Repeated("rating", "person", ("wave",))
GROUPED = Repeated("rating", "person", ("wave",), "group")
TWO = Repeated("rating", "person", ("wave", "item"))
TWO_GROUPED = Repeated("rating", "person", ("wave", "item"), "group")


def satisfaction():
    rows = data("repeated")
    return rows[rows["item"] == "satisfaction"]


@pytest.mark.parametrize(
    ("name", "design", "terms"),
    [
        ("one_within", WAVE, ["wave"]),
        ("one_between", GROUPED, ["wave", "group:wave", "group"]),
        ("two_within", TWO, ["wave", "item", "wave:item"]),
        (
            "two_between",
            TWO_GROUPED,
            ["wave", "item", "wave:item", "group:wave", "group:item", "group:wave:item", "group"],
        ),
    ],
)
def test_tests_and_corrections_are_those_of_car(name, design, terms):
    rows = satisfaction() if len(design.within) == 1 else data("repeated")
    found = repeated_anova(rows, design).set_index("term")
    assert set(found.index) == set(terms)
    theirs = np.array(numbers("repeated")[name], dtype=float)
    alone = np.isnan(theirs[:, 4])
    theirs[alone, 4], theirs[alone, 6] = 1, 1
    theirs[alone, 5] = theirs[alone, 7] = theirs[alone, 3]
    columns = [
        "df1",
        "df2",
        "statistic",
        "p",
        "epsilon_gg",
        "p_gg",
        "epsilon_hf",
        "p_hf",
        "partial_eta_squared",
    ]
    close(found.loc[terms, columns], theirs)


def test_contrasts_are_t_tests():
    after = {"w1": -1, "w2": 0.5, "w3": 0.5}
    asked = [
        Contrast("all", after),
        Contrast("US against SU", after, {"US": 1, "SU": -1}),
        Contrast("US and SU against UU", after, {"US": 0.5, "SU": 0.5, "UU": -1}),
    ]
    found = planned_contrasts(satisfaction(), GROUPED, asked)
    theirs = numbers("repeated")
    columns = ["estimate", "se", "statistic", "p", "low", "high"]
    close(found.loc[0, columns].astype(float), theirs["contrast"])
    close(found.loc[1, columns].astype(float), theirs["welch"])
    close(found.loc[2, ["estimate", "se"]].astype(float), theirs["three"])
    assert found["n"].tolist() == [31, 24, 31]
    assert (found["p_holm"] >= found["p"]).all()


def test_two_waves_are_a_paired_t_test():
    rows = satisfaction()
    rows = rows[rows["wave"] != "w3"]
    test = repeated_anova(rows, WAVE).iloc[0]
    pair = planned_contrasts(rows, WAVE, [Contrast("rise", {"w2": 1, "w1": -1})]).iloc[0]
    assert test["statistic"] == pytest.approx(pair["statistic"] ** 2)
    assert test["p"] == pytest.approx(pair["p"])


def test_order_names_and_levels_of_persons_change_nothing():
    rows = satisfaction()
    moved = rows.assign(
        person="p" + rows["person"].astype(str), rating=rows["rating"] + 3 * rows["person"].to_numpy()
    )
    first = repeated_anova(rows, WAVE)
    second = repeated_anova(moved.sample(frac=1, random_state=1), WAVE)
    close(first.drop(columns="term"), second.drop(columns="term"))


def test_the_uncorrected_test_says_yes_too_often_and_the_corrected_does_not():
    """Waves whose variances differ much and whose means do not: 5 in 100 should be found."""
    rng, plain, corrected = np.random.default_rng(2), 0, 0
    for _ in range(200):
        Y = rng.normal(size=(15, 4)) * [0.3, 0.5, 1, 4]
        rows = pd.DataFrame({"person": np.repeat(np.arange(15), 4), "wave": np.tile(np.arange(4), 15)})
        row = repeated_anova(rows.assign(rating=Y.ravel()), WAVE).iloc[0]
        plain, corrected = plain + (row["p"] < 0.05), corrected + (row["p_gg"] < 0.05)
    assert plain > 18 > corrected


def test_what_cannot_be_compared_is_named():
    rows = satisfaction()
    with pytest.raises(DataError, match="RR640 .*1 of 31 persons of 'person' lack a cell"):
        repeated_anova(rows.iloc[1:], WAVE)
    with pytest.raises(ArgumentError, match="RR111 .*person 1 has a cell .* twice"):
        repeated_anova(pd.concat([rows, rows.head(1)]), WAVE)
    with pytest.raises(ArgumentError, match="RR111 .*person 1 is in two groups"):
        repeated_anova(rows.assign(group=rows["group"].where(rows.index > 0, "XX")), GROUPED)
    with pytest.raises(DataError, match="RR641 .*'rating' is 1"):
        repeated_anova(rows.assign(rating=1), WAVE)
    with pytest.raises(DataError, match="RR642 .*31 persons in 31 groups"):
        repeated_anova(rows.assign(group=rows["person"]), GROUPED)
    with pytest.raises(DataError, match="RR641 .*nothing to compare with"):
        repeated_anova(rows.assign(rating=rows["person"] + rows["wave"].str[1:].astype(int)), WAVE)


def test_contrasts_that_cannot_be_asked_are_named():
    rows = satisfaction()
    with pytest.raises(
        ArgumentError, match=r"RR111 .*contrast 'x': level weights are {'w9': 1}; the levels are \['w1'"
    ):
        planned_contrasts(rows, WAVE, [Contrast("x", {"w9": 1})])
    with pytest.raises(ArgumentError, match="RR111 .*contrast 'x': group weights"):
        planned_contrasts(rows, GROUPED, [Contrast("x", {"w1": 1}, {"ZZ": 1})])
    with pytest.raises(ArgumentError, match="RR111 .*one factor"):
        planned_contrasts(data("repeated"), TWO, [Contrast("x", {"w1": 1})])
    alone = rows.assign(group=rows["group"].where(rows["person"] > 1, "ZZ"))
    with pytest.raises(ArgumentError, match="RR111 .*'ZZ' has fewer than 2 persons"):
        planned_contrasts(alone, GROUPED, [Contrast("x", {"w1": 1}, {"ZZ": 1, "SU": -1})])
