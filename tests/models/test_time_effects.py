"""Effects that change with time against R's coxph with tt(), against direct computation, and with a known decay."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, GateError, RetaliationRiskWarning
from retaliation_risk.models import constancy_tests, effect_curves, fit_time_effects
from retaliation_risk.models._time_split import TimeBasis, split_rows
from retaliation_risk.models.partial import fit_partial

GOLDEN = Path(__file__).parent.parent / "golden"
R = json.loads((GOLDEN / "time_effects.json").read_text())


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(GOLDEN / "time_effects.csv").rename(
        columns={"start": "start_days", "stop": "stop_days"}
    )


def close(ours, theirs, rtol=1e-8):
    theirs = np.array(theirs, dtype=float)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max())


CASES = {
    "right": (["x1", "x2"], ["x1"], None),
    "entry": (["x1", "x2"], ["x1", "x2"], None),
    "clustered": (["x1", "x2"], ["x1", "x2"], None),
    "moderated": (["x1", "x2", "strength"], ["x1"], "strength"),
}


@pytest.mark.parametrize("case", CASES)
def test_coefficients_covariance_and_likelihood_are_those_of_r(rows, case):
    covariates, varying, moderator = CASES[case]
    given_rows = rows.assign(start_days=0.0) if case == "right" else rows
    effects = fit_time_effects(given_rows, covariates, varying=varying, moderator=moderator)
    close(effects.fit.coefficients, R[case]["coefficients"])
    close(effects.fit.covariance, R[case]["covariance"])
    close([effects.fit.log_likelihood_null, effects.fit.log_likelihood], R[case]["loglik"])
    if "robust" in R[case]:
        close(effects.fit.robust, R[case]["robust"])


def test_terms_have_names(rows):
    effects = fit_time_effects(rows, ["x1", "x2", "strength"], varying=["x1"], moderator="strength")
    assert effects.fit.names == (
        "x1", "x2", "strength", "x1:strength", "x1:log(days)", "strength:log(days)", "x1:strength:log(days)",
    )  # fmt: skip


def test_the_curve_is_the_combination_of_r_s_coefficients(rows):
    effects = fit_time_effects(rows, ["x1", "x2", "strength"], varying=["x1"], moderator="strength")
    b, V = np.array(R["moderated"]["coefficients"]), np.array(R["moderated"]["robust"])
    found = effect_curves(effects, days=[2, 20])
    strengths = rows["strength"].quantile([0.1, 0.9]).tolist()
    assert found["strength"].tolist() == [strengths[0]] * 2 + [strengths[1]] * 2
    for row in found.itertuples():
        w = np.array([1, 0, 0, row.strength, np.log(row.days), 0, row.strength * np.log(row.days)])
        error = np.sqrt(w @ V @ w)
        limits = np.exp(w @ b + np.array([0, -1.959963984540054, 1.959963984540054]) * error)
        np.testing.assert_allclose([row.hazard_ratio, row.low, row.high], limits, rtol=1e-7)


def test_the_tests_are_wald_tests_of_r_s_numbers(rows):
    effects = fit_time_effects(rows, ["x1", "x2", "strength"], varying=["x1"], moderator="strength")
    b, V = np.array(R["moderated"]["coefficients"]), np.array(R["moderated"]["robust"])
    found = constancy_tests(effects)
    assert found["hypothesis"].tolist() == ["constant in time", "same change at every strength"]
    both = [4, 6]
    expected = [b[both] @ np.linalg.inv(V[np.ix_(both, both)]) @ b[both], b[6] ** 2 / V[6, 6]]
    np.testing.assert_allclose(found["statistic"], expected, rtol=1e-7)
    assert found["df"].tolist() == [2, 1]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9), st.booleans()), min_size=1, max_size=8),
    st.sets(st.integers(1, 19), min_size=1),
)
def test_splitting_keeps_every_row_s_days_and_events(spells, ends):
    start = np.array([float(a) for a, _, _ in spells])
    stop = start + [float(b) for _, b, _ in spells]
    ends = np.array(sorted(ends), dtype=float)
    event = np.array([e for _, _, e in spells]) & np.isin(stop, ends)
    pieces = split_rows(start, stop, event, ends)
    followed = np.maximum(np.minimum(stop, ends[-1]) - start, 0)
    np.testing.assert_array_equal(
        np.bincount(pieces.row, pieces.stop - pieces.start, minlength=len(start)), followed
    )
    np.testing.assert_array_equal(np.bincount(pieces.row, pieces.event, minlength=len(start)), event)
    assert (pieces.start < pieces.stop).all()
    assert (pieces.stop <= ends[pieces.cut]).all()
    inside = (ends > pieces.start[:, None]) & (ends < pieces.stop[:, None])
    assert not inside.any()


def decaying(n, seed, strength_matters=True):
    """Log hazard ratio of let_down: 1.6 - (0.6 - 0.25 strength) log(days); thinned from a constant rate."""
    rng = np.random.default_rng(seed)
    let_down, strength = rng.integers(0, 2, n), rng.choice([-1.0, 0.0, 1.0], n)
    slope = 0.6 - (0.25 if strength_matters else 0.0) * strength
    grid = np.arange(1, 61)
    rate = 0.006 * np.exp(let_down[:, None] * (1.6 - slope[:, None] * np.log(grid)))
    happened = rng.random((n, 60)) < 1 - np.exp(-rate)
    event = happened.any(axis=1)
    stop = np.where(event, happened.argmax(axis=1) + 1.0, 60.0)
    return pd.DataFrame(
        {
            "customer_id": np.arange(n), "start_days": 0.0, "stop_days": stop, "event": event,
            "let_down": let_down, "strength": strength,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def fading():
    return decaying(12_000, seed=5)


@pytest.mark.parametrize("settings", [{}, {"cuts": 15}, {"curve": "spline", "cuts": 30}])
def test_a_known_decay_is_recovered_at_low_and_high_strength(fading, settings):
    effects = fit_time_effects(
        fading, ["let_down", "strength"], varying=["let_down"], moderator="strength", **settings
    )
    assert effects.strengths == (-1.0, 1.0)
    found = effect_curves(effects, days=[2, 5, 15, 40])
    truth = 1.6 - (0.6 - 0.25 * found["strength"]) * np.log(found["days"])
    inside = (found["low"] < np.exp(truth)) & (np.exp(truth) < found["high"])
    assert inside.sum() >= 7
    weak, strong = (found[found["strength"] == s]["hazard_ratio"].to_numpy() for s in effects.strengths)
    # With a strong relationship the grudge fades more slowly.
    assert (strong[-1] / strong[0]) > 2 * (weak[-1] / weak[0])
    assert (constancy_tests(effects)["p_value"] < 0.01).all()


def test_an_effect_that_is_constant_is_not_found_to_change():
    p_values = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=400)
        days = rng.exponential(20 / np.exp(0.5 * x)) + 0.01
        data = pd.DataFrame(
            {"customer_id": np.arange(400), "start_days": 0.0, "stop_days": np.minimum(days, 40)}
        )
        data = data.assign(event=days <= 40, x=x)
        p_values.append(constancy_tests(fit_time_effects(data, ["x"], varying=["x"]))["p_value"][0])
    assert sum(p < 0.05 for p in p_values) <= 2
    assert max(p_values) > 0.5


def test_cuts_at_quantiles_come_close_with_far_fewer_rows(fading):
    exact = fit_time_effects(fading, ["let_down"], varying=["let_down"])
    near = fit_time_effects(fading, ["let_down"], varying=["let_down"], cuts=12)
    assert near.n_pieces < exact.n_pieces / 4
    ours, theirs = (effect_curves(e, days=[2, 10, 50])["hazard_ratio"] for e in (near, exact))
    np.testing.assert_allclose(ours, theirs, rtol=0.06)


def test_as_many_cuts_as_events_are_all_event_times(rows):
    n_events = int(rows["event"].sum())
    every = fit_time_effects(rows, ["x1"], varying=["x1"])
    np.testing.assert_allclose(
        fit_time_effects(rows, ["x1"], varying=["x1"], cuts=n_events).fit.coefficients,
        every.fit.coefficients,
        rtol=1e-10,
    )


def test_the_spline_is_cubic_between_its_knots_and_straight_outside():
    basis = TimeBasis(np.log([2.0, 5, 12, 40]))
    assert basis.names == ("log(days)", "spline1(days)", "spline2(days)")

    def bends(low, high):
        x = np.linspace(np.log(low), np.log(high), 7)
        return np.diff(basis(np.exp(x)), n=2, axis=0), np.diff(basis(np.exp(x)), n=4, axis=0)

    for outside in ((0.1, 2.0), (40.0, 900.0)):
        np.testing.assert_allclose(bends(*outside)[0], 0, atol=1e-10)
    for inside in ((2, 5), (5, 12), (12, 40)):
        assert (np.abs(bends(*inside)[0][:, 1]) > 1e-6).any()
        np.testing.assert_allclose(bends(*inside)[1], 0, atol=1e-10)


def test_a_spline_holds_the_logarithm(rows):
    """The spline's first function is the logarithm: its likelihood can only be higher."""
    straight = fit_time_effects(rows, ["x1", "x2"], varying=["x1"])
    curved = fit_time_effects(rows, ["x1", "x2"], varying=["x1"], curve="spline")
    assert curved.fit.log_likelihood > straight.fit.log_likelihood
    assert constancy_tests(curved)["df"].tolist() == [3]


def test_the_curve_without_days_spans_the_events(rows):
    found = effect_curves(fit_time_effects(rows, ["x1"], varying=["x1"]))
    happened = rows.loc[rows["event"] == 1, "stop_days"]
    assert len(found) == 50
    np.testing.assert_allclose(found["days"].iloc[[0, -1]], [happened.min(), happened.max()])
    assert (found["low"] < found["hazard_ratio"]).all()
    assert (found["hazard_ratio"] < found["high"]).all()


def test_few_events_for_the_terms_are_a_warning_with_the_counts(rows):
    few = rows.assign(event=(rows["event"] == 1) & (np.arange(len(rows)) % 12 == 0))
    n_events = int(few["event"].sum())
    with pytest.warns(RetaliationRiskWarning, match=f"^RR407 .*{n_events} events for 3 columns"):
        fit_time_effects(few, ["x1", "x2"], varying=["x1"])
    fit_time_effects(few, ["x1", "x2"], varying=["x1"], ridge=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"covariates": ["x1", "x9"]}, r"RR101.*rows lack \['x9'\]"),
        ({"varying": []}, "varying is empty; name the features"),
        (
            {"varying": ["x2"], "covariates": ["x1"]},
            r"\['x2'\] are not among the covariates \['x1'\]; add them",
        ),
        ({"moderator": "x1", "covariates": ["x1"]}, "'x1' is both varying and moderator"),
        ({"curve": "sine"}, "curve is 'sine'; it must be one of log, spline"),
        ({"curve": "spline", "n_knots": 2}, r"n_knots is 2; it must be in \[3, 7\]"),
        ({"cuts": 0}, "cuts is 0; it must be a number above 0"),
    ],
)
def test_wrong_settings_name_value_and_cure(rows, change, words):
    settings = {"covariates": ["x1", "x2"], "varying": ["x1"]} | change
    with pytest.raises(ArgumentError, match=words):
        fit_time_effects(rows, settings.pop("covariates"), **settings)


def test_rows_that_cannot_be_used_are_refused(rows):
    with pytest.raises(ArgumentError, match="an event has stop_days 0; the logarithm needs days above 0"):
        fit_time_effects(rows.assign(start_days=-1, stop_days=0.0), ["x1"], varying=["x1"])
    with pytest.raises(GateError, match="RR401.*240 rows hold 0 events"):
        fit_time_effects(rows.assign(event=0), ["x1"], varying=["x1"])
    with pytest.raises(GateError, match="RR401.*too few different times for 4 knots"):
        fit_time_effects(rows.assign(start_days=0, stop_days=5.0), ["x1"], varying=["x1"], curve="spline")
    swapped = rows.assign(start_days=rows["stop_days"], stop_days=rows["start_days"])
    with pytest.raises(ArgumentError, match="start is 7.0 and stop 0.0 in row 0; start must be before stop"):
        fit_time_effects(swapped, ["x1"], varying=["x1"])
    with pytest.raises(
        ArgumentError, match="column 'x1' is nan in row 0; covariates must be finite: fill or drop"
    ):
        fit_time_effects(rows.assign(x1=np.nan), ["x1"], varying=["x1"])
    with pytest.raises(ArgumentError, match="days hold 0.5; events were seen from"):
        effect_curves(fit_time_effects(rows, ["x1"], varying=["x1"]), days=[0.5])


def test_too_many_pieces_are_refused_with_the_count(rows, monkeypatch):
    monkeypatch.setattr("retaliation_risk.models._time_split.MAX_PIECES", 1000)
    with pytest.raises(ArgumentError, match=r"240 rows split at \d+ event times make \d+ pieces.*Give cuts"):
        fit_time_effects(rows, ["x1"], varying=["x1"])
    assert fit_time_effects(rows, ["x1"], varying=["x1"], cuts=2).n_pieces <= 1000


def test_without_terms_in_time_it_would_be_the_plain_fit(rows):
    """Splitting alone changes nothing: the fit on pieces, without g, is the fit on rows."""
    pieces = split_rows(
        rows["start_days"].to_numpy(float), rows["stop_days"].to_numpy(float), rows["event"].to_numpy(bool),
        np.unique(rows["stop_days"][rows["event"] == 1]).astype(float),
    )  # fmt: skip
    X = rows[["x1", "x2"]].to_numpy(float)
    split = fit_partial(X[pieces.row], start=pieces.start, stop=pieces.stop, event=pieces.event)
    whole = fit_partial(X, start=rows["start_days"], stop=rows["stop_days"], event=rows["event"])
    np.testing.assert_allclose(split.coefficients, whole.coefficients, rtol=1e-10)
