"""Multinomial logit: R's numbers, slopes by differences, and refusals that name the choices."""

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, DataError, GateError
from retaliation_risk.studies.estimators.choice import (
    average_marginal_effects,
    choice_probabilities,
    fit_choice,
)

from .golden import close, data, numbers

PREDICTORS = ["anger", "tenure", "apology"]


def episodes():
    rows = data("choice")
    return rows.assign(tenure=rows["tenure"] / 1000)


def fitted(**how):
    return fit_choice(episodes(), "did", PREDICTORS, base="none", **how)


def test_coefficients_errors_and_likelihood_are_those_of_r():
    theirs, fit = numbers("choice"), fitted()
    assert fit.choices == ("none", "both", "complain", "exit")
    table = fit.coefficients.table()
    assert table["term"].iloc[5] == "complain: anger"
    close(table["estimate"], theirs["estimate"])
    close(table["se"], theirs["se"])
    close(fit.log_likelihood, theirs["loglik"])
    close(fitted(cluster="customer").coefficients.table()["se"], theirs["clustered"])


def test_marginal_effects_and_probabilities_are_those_of_r():
    theirs = numbers("choice")
    for name, how in (("effects", {}), ("effects_clustered", {"cluster": "customer"})):
        ours = average_marginal_effects(fitted(**how))
        close(ours["estimate"], theirs[name]["estimate"])
        # R's derivatives are by differences.
        close(ours["se"], theirs[name]["se"], rtol=1e-7)
    profiles = pd.DataFrame(
        {"anger": [0.0, 1.5], "tenure": [0.5, 2.0], "apology": [0, 1]}, index=["calm", "angry"]
    )
    found = choice_probabilities(fitted(), profiles)
    close(found["estimate"], theirs["probabilities"]["estimate"])
    close(found["se"], theirs["probabilities"]["se"], rtol=1e-7)
    assert found["profile"].tolist() == ["calm"] * 4 + ["angry"] * 4
    assert found.groupby("profile")["estimate"].sum().to_numpy() == pytest.approx(1)


def test_effects_of_a_predictor_sum_to_nothing_and_its_unit_scales_them():
    effects = average_marginal_effects(fitted()).set_index(["predictor", "choice"])["estimate"]
    assert effects.groupby("predictor").sum().to_numpy() == pytest.approx(0)
    days = fit_choice(data("choice"), "did", PREDICTORS, base="none")
    scaled = average_marginal_effects(days).set_index(["predictor", "choice"])
    close(scaled.loc["tenure", "estimate"] * 1000, effects["tenure"])
    close(days.log_likelihood, fitted().log_likelihood)


def test_the_base_changes_coefficients_but_no_probability():
    other = fit_choice(episodes(), "did", PREDICTORS, base="exit")
    ours, theirs = (choice_probabilities(fit).set_index("choice") for fit in (other, fitted()))
    columns = ["estimate", "se", "low", "high"]
    close(ours.loc[theirs.index, columns], theirs[columns])


def test_a_slope_is_what_a_small_step_adds():
    fit = fitted()
    moved = pd.DataFrame(fit.X[:, 1:], columns=PREDICTORS)
    up, down = (
        choice_probabilities(fit, moved.assign(anger=moved["anger"] + h)).groupby("choice")["estimate"].mean()
        for h in (1e-4, -1e-4)
    )
    effects = average_marginal_effects(fit)
    effects = effects[effects["predictor"] == "anger"].set_index("choice")["estimate"]
    close(effects, ((up - down) / 2e-4)[effects.index], rtol=1e-6)


def test_what_cannot_be_fitted_is_named():
    rows = episodes()
    with pytest.raises(ArgumentError, match=r"RR111 .*base is 'nothing'; the choices are \['both'"):
        fit_choice(rows, "did", PREDICTORS, base="nothing")
    with pytest.raises(DataError, match="RR641 .*'did' is none"):
        fit_choice(rows[rows["did"] == "none"], "did", PREDICTORS, base="none")
    with pytest.raises(DataError, match="RR642 .*5 clusters of 'customer' for 12"):
        fit_choice(
            rows.assign(customer=rows["customer"] % 5), "did", PREDICTORS, base="none", cluster="customer"
        )
    with pytest.raises(GateError, match="RR409 .*'left' separate 'exit' from 'none'"):
        fit_choice(rows.assign(left=(rows["did"] == "exit") * 1), "did", ["anger", "left"], base="none")
    with pytest.raises(DataError, match="RR101 .*'anger'"):
        choice_probabilities(fitted(), rows[["tenure"]])
    with pytest.raises(DataError, match="RR408 .*'twice'"):
        fit_choice(rows.assign(twice=2 * rows["anger"]), "did", ["anger", "twice"], base="none")


def test_intervals_of_effects_hold_the_truth():
    rng, held = np.random.default_rng(9), 0
    X = rng.normal(size=100_000)
    chance = np.exp(np.column_stack([0 * X, 0.7 * X, -0.5 + 0.2 * X]))
    chance /= chance.sum(axis=1, keepdims=True)
    truth = (chance[:, 1] * (0.7 - chance @ [0, 0.7, 0.2])).mean()
    for _ in range(100):
        x = rng.normal(size=300)
        signal = np.column_stack([0 * x, 0.7 * x, -0.5 + 0.2 * x]) + rng.gumbel(size=(300, 3))
        rows = pd.DataFrame({"x": x, "did": np.array(["none", "complain", "exit"])[signal.argmax(axis=1)]})
        effects = average_marginal_effects(fit_choice(rows, "did", ["x"], base="none")).set_index("choice")
        held += effects.loc["complain", "low"] < truth < effects.loc["complain", "high"]
    assert held >= 89
