"""The partial likelihood by hand, against brute force, and in what must not change it."""

import itertools
import math

import numpy as np
import pytest

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models.partial import (
    baseline,
    concordance,
    cumulative_hazard,
    dfbeta_residuals,
    fit_concordance,
    fit_partial,
    fit_rows,
    martingale_residuals,
    partial_rows,
    proportional_hazards_test,
    schoenfeld_residuals,
    score_residuals,
    survival_curves,
)
from retaliation_risk.models.partial.likelihood import hazards
from retaliation_risk.models.partial.risk import risk_sets
from retaliation_risk.models.partial.sums import running

# The six rows of docs/method.md.
SIX = {"stop": [1, 1, 6, 6, 8, 9], "event": [1, 0, 1, 1, 0, 1]}
SIX_X = [[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]]


def test_breslow_on_six_rows_by_hand():
    r = (3 + math.sqrt(33)) / 2
    rows = partial_rows(SIX_X, **SIX)
    fit = fit_rows(rows, ties="breslow")
    assert fit.coefficients[0] == pytest.approx(math.log(r), rel=1e-12)
    assert fit.log_likelihood == pytest.approx(2 * math.log(r) - math.log(3 * r + 3) - 2 * math.log(r + 3))
    assert fit.log_likelihood_null == pytest.approx(-math.log(6) - 2 * math.log(4))
    assert 1 / fit.covariance[0, 0] == pytest.approx(r / (r + 1) ** 2 + 6 * r / (r + 3) ** 2, rel=1e-12)
    first, second = 1 / (3 * r + 3), 1 / (3 * r + 3) + 2 / (r + 3)
    expected = [1 - r * first, -r * first, 1 - r * second, 1 - second, -second, 1 - second - 1]
    np.testing.assert_allclose(martingale_residuals(fit, rows), expected, rtol=1e-12)
    # At the mean of x, one half, risks are those of x = 0 times the root of r.
    steps = baseline(fit, rows)
    np.testing.assert_allclose(steps.cumulative, np.sqrt(r) * np.array([first, second, second + 1]))
    assert cumulative_hazard(fit, steps, [[0.0]], [0.5, 6.0, 7.0])[0] == pytest.approx([0, second, second])


def test_efron_on_six_rows_by_hand():
    r = 2 * math.sqrt(23 / 3) * math.cos(math.acos(45 / 23 * math.sqrt(3 / 23)) / 3)
    rows = partial_rows(SIX_X, **SIX)
    fit = fit_rows(rows)
    assert fit.coefficients[0] == pytest.approx(math.log(r), rel=1e-12)
    assert fit.coefficients[0] == pytest.approx(1.676857, abs=1e-6)
    information = r / (r + 1) ** 2 + 3 * r / (r + 3) ** 2 + 5 * r / (r + 5) ** 2
    assert 1 / fit.covariance[0, 0] == pytest.approx(information, rel=1e-12)
    step = 1 / (3 * r + 3)
    residuals = martingale_residuals(fit, rows)
    assert residuals[2] == pytest.approx(1 - r * (step + 1 / (r + 3) + 1 / (r + 5)), rel=1e-12)
    assert residuals[4] == pytest.approx(-(step + 1 / (r + 3) + 2 / (r + 5)), rel=1e-12)
    # Schoenfeld: x less the mean at risk; at the tie the mean over the two risk sets of the tie.
    tie = (r / (r + 3) + r / (r + 5)) / 2
    np.testing.assert_allclose(
        schoenfeld_residuals(fit, rows).residuals[:, 0], [1 - r / (r + 1), 1 - tie, -tie, 0], atol=1e-12
    )


def test_late_entry_on_six_rows_by_hand():
    fit = fit_partial(SIX_X, start=[0, 0, 0, 0, 1, 0], **SIX, ties="breslow")
    assert fit.coefficients[0] == pytest.approx(math.log(4), rel=1e-12)


def test_concordance_on_six_rows_by_hand():
    # Comparable with row 1: rows 2 to 6 (row 2 outlives it); with rows 3 and 4: rows 5, 6; rows 3, 4 are tied.
    # x says right: 1 over 4, 5, 6; 3 over 5, 6. Ties: 1 with 2, 3; 4 with 5, 6.
    found = concordance(np.ravel(SIX_X), **SIX)
    assert (found.concordant, found.discordant, found.tied_score) == (5, 0, 4)
    assert (found.tied_time, found.tied_both) == (1, 0)
    assert found.concordance == pytest.approx((5 + 4 / 2) / 9)


def world(seed, n=120, p=3):
    """Rows with ties, late entry, strata, weights and offsets."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * [1, 10, 0.1] + [0, 500, 3]
    stop = rng.integers(2, 15, n).astype(float)
    return X, {
        "start": stop - rng.integers(1, 8, n),
        "stop": stop,
        "event": rng.random(n) < 0.5,
        "strata": rng.integers(0, 3, n),
        "weight": rng.uniform(0.2, 3, n),
        "offset": rng.normal(size=n) / 2,
        "cluster": rng.integers(0, 40, n),
    }


def slow_likelihood(X, beta, rows, ties):
    """The log partial likelihood as the books write it, loop by loop."""
    eta = X @ beta + rows["offset"]
    risk, total = rows["weight"] * np.exp(eta), 0.0
    events = rows["event"]
    for stratum, time in sorted(set(zip(rows["strata"][events], rows["stop"][events], strict=True))):
        mine = rows["strata"] == stratum
        at_risk = mine & (rows["start"] < time) & (time <= rows["stop"])
        dead = mine & events & (rows["stop"] == time)
        d, mean = dead.sum(), rows["weight"][dead].mean()
        total += rows["weight"][dead] @ eta[dead]
        for k in range(d):
            share = k / d if ties == "efron" else 0.0
            total -= mean * math.log(risk[at_risk].sum() - share * risk[dead].sum())
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", range(3))
def test_likelihood_is_that_of_the_books(seed, ties):
    X, rows = world(seed)
    fit = fit_partial(X, **rows, ties=ties)
    assert fit.log_likelihood == pytest.approx(slow_likelihood(X, fit.coefficients, rows, ties), rel=1e-12)
    assert fit.log_likelihood_null == pytest.approx(slow_likelihood(X, np.zeros(3), rows, ties), rel=1e-12)
    # At the top every direction goes down.
    for step in np.vstack([np.eye(3), -np.eye(3)]) * fit.standard_errors * 1e-3:
        assert slow_likelihood(X, fit.coefficients + step, rows, ties) < fit.log_likelihood


def test_exact_likelihood_is_the_sum_over_subsets():
    rng = np.random.default_rng(5)
    X, sets = rng.normal(size=(60, 2)), np.repeat(np.arange(10), 6)
    event = np.concatenate([rng.permutation([1] * (1 + k % 3) + [0] * (5 - k % 3)) for k in range(10)])
    offset = rng.normal(size=60)
    fit = fit_partial(X, event=event, sets=sets, offset=offset)
    eta, total = X @ fit.coefficients + offset, 0.0
    for k in range(10):
        mine = np.flatnonzero(sets == k)
        d = int(event[mine].sum())
        subsets = [math.exp(eta[list(some)].sum()) for some in itertools.combinations(mine, d)]
        total += eta[mine] @ event[mine] - math.log(sum(subsets))
    assert fit.ties == "exact"
    assert fit.log_likelihood == pytest.approx(total, rel=1e-12)
    rows = partial_rows(X, event=event, sets=sets, offset=offset)
    np.testing.assert_allclose(np.bincount(sets, martingale_residuals(fit, rows)), 0, atol=1e-12)
    np.testing.assert_allclose(score_residuals(fit, rows).sum(axis=0), 0, atol=1e-9)


def test_sets_of_all_cases_say_nothing():
    X = np.random.default_rng(0).normal(size=(12, 1))
    sets, event = np.repeat([0, 1, 2, 3], 3), np.array([1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1])
    whole = fit_partial(X, event=event, sets=sets, cluster=sets)
    part = fit_partial(X[:9], event=event[:9], sets=sets[:9], cluster=sets[:9])
    assert whole.coefficients == pytest.approx(part.coefficients, rel=1e-12)
    assert whole.robust == pytest.approx(part.robust, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_does_not_matter(seed):
    X, rows = world(seed)
    order = np.random.default_rng(seed).permutation(len(X))
    one, other = fit_partial(X, **rows), fit_partial(X[order], **{k: v[order] for k, v in rows.items()})
    np.testing.assert_allclose(other.coefficients, one.coefficients, rtol=1e-10)
    np.testing.assert_allclose(other.robust, one.robust, rtol=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cutting_rows_in_two_does_not_matter(ties):
    X, rows = world(1)
    cut = (rows["start"] + rows["stop"]) / 2
    early = rows | {"stop": cut, "event": np.zeros(len(X))}
    late = rows | {"start": cut}
    both = {name: np.concatenate([early[name], late[name]]) for name in rows}
    whole, parts = fit_partial(X, **rows, ties=ties), fit_partial(np.vstack([X, X]), **both, ties=ties)
    np.testing.assert_allclose(parts.coefficients, whole.coefficients, rtol=1e-9)
    np.testing.assert_allclose(parts.robust, whole.robust, rtol=1e-9)


def test_breslow_counts_a_weight_of_two_as_two_rows():
    X, rows = world(2)
    weight = np.random.default_rng(2).integers(1, 3, len(X))
    repeated = {name: np.repeat(values, weight) for name, values in rows.items() if name != "weight"}
    one = fit_partial(X, **rows | {"weight": weight}, ties="breslow")
    other = fit_partial(np.repeat(X, weight, axis=0), **repeated, ties="breslow")
    np.testing.assert_allclose(other.coefficients, one.coefficients, rtol=1e-9)
    np.testing.assert_allclose(other.robust, one.robust, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_of_weights_does_not_matter(unit):
    X, rows = world(3)
    one, other = fit_partial(X, **rows), fit_partial(X, **rows | {"weight": rows["weight"] * unit})
    np.testing.assert_allclose(other.coefficients, one.coefficients, rtol=1e-9)
    np.testing.assert_allclose(other.robust, one.robust, rtol=1e-9)
    np.testing.assert_allclose(other.covariance, one.covariance / unit, rtol=1e-9)


def test_units_of_columns_do_not_matter():
    X, rows = world(3)
    one, other = fit_partial(X, **rows), fit_partial(X * [1e-6, 1e6, 1] + [1e3, 0, -1e4], **rows)
    np.testing.assert_allclose(other.coefficients, one.coefficients * [1e6, 1e-6, 1], rtol=1e-6)
    assert other.wald.statistic == pytest.approx(one.wald.statistic, rel=1e-6)


def test_residuals_add_up():
    X, rows = world(4)
    checked = partial_rows(X, **rows)
    fit = fit_rows(checked)
    weighted = rows["weight"]
    for stratum in range(3):
        mine = rows["strata"] == stratum
        assert weighted[mine] @ martingale_residuals(fit, checked)[mine] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(weighted @ score_residuals(fit, checked), 0, atol=1e-7)
    changes = dfbeta_residuals(fit, checked)
    summed = np.stack([np.bincount(rows["cluster"], changes[:, j]) for j in range(3)], axis=1)
    np.testing.assert_allclose(summed.T @ summed, fit.robust, rtol=1e-10)


def test_known_coefficients_are_recovered():
    rng = np.random.default_rng(11)
    X, truth = rng.normal(size=(20_000, 3)), np.array([0.5, -0.3, 0.0])
    time, end = rng.exponential(size=20_000) * np.exp(-X @ truth), rng.exponential(size=20_000)
    fit = fit_partial(X, stop=np.minimum(time, end), event=time <= end)
    assert (np.abs(fit.coefficients - truth) < 4 * fit.standard_errors).all()
    rows = partial_rows(X, stop=np.minimum(time, end), event=time <= end)
    survival = survival_curves(fit, baseline(fit, rows), [[0.0, 0.0, 0.0]], [0.5, 1.0])[0]
    np.testing.assert_allclose(survival, np.exp([-0.5, -1.0]), rtol=0.03)
    assert proportional_hazards_test(fit, rows).together.p_value > 1e-3


@pytest.mark.parametrize("n_strata", [1, 20, 2000])
def test_running_sums_are_the_same_for_few_long_and_many_short_strata(n_strata):
    rng = np.random.default_rng(6)
    steps = rng.normal(size=(9000, 2))
    first = np.append(0, np.sort(rng.choice(8999, n_strata - 1, replace=False)) + 1)
    ends = np.append(first[1:], 9000)
    for backward, exact in itertools.product((False, True), repeat=2):
        turn = -1 if backward else 1
        slow = [np.cumsum(steps[a:b][::turn], axis=0)[::turn] for a, b in zip(first, ends, strict=True)]
        ours = running(steps, first, backward=backward, exact=exact)
        np.testing.assert_allclose(ours, np.vstack(slow), atol=1e-11)
        top = running(steps[:, 0], first, backward=backward, what=np.maximum)
        assert top[first[0] if backward else ends[0] - 1] == steps[: ends[0], 0].max()


@pytest.mark.parametrize("seed", range(3))
def test_rows_put_in_order_for_speed_give_the_same(monkeypatch, seed):
    X, rows = world(seed)
    checked = partial_rows(X, **rows)
    plain = fit_rows(checked)
    residuals = [kind(plain, checked) for kind in (martingale_residuals, score_residuals)]
    pairs = fit_concordance(plain, checked)
    monkeypatch.setattr("retaliation_risk.models.partial.risk._CACHED", 0)
    ordered = fit_rows(checked)
    np.testing.assert_allclose(ordered.coefficients, plain.coefficients, rtol=1e-10)
    np.testing.assert_allclose(ordered.robust, plain.robust, rtol=1e-10)
    np.testing.assert_allclose(martingale_residuals(plain, checked), residuals[0], atol=1e-10)
    np.testing.assert_allclose(score_residuals(plain, checked), residuals[1], atol=1e-8)
    assert fit_concordance(plain, checked).standard_error == pytest.approx(pairs.standard_error)


def slow_concordance(score, rows):
    """Count every pair."""
    found, n = np.zeros(3), len(score)
    for i, j in itertools.product(range(n), range(n)):
        after = rows["stop"][j] > rows["stop"][i] or (
            rows["stop"][j] == rows["stop"][i] and not rows["event"][j]
        )
        there = rows["start"][j] < rows["stop"][i] and rows["strata"][i] == rows["strata"][j]
        if rows["event"][i] and after and there and i != j:
            found[int(np.sign(score[i] - score[j]))] += rows["weight"][i] * rows["weight"][j]
    return found[[1, -1, 0]]


@pytest.mark.parametrize("seed", range(3))
def test_concordance_counts_every_pair(seed):
    X, rows = world(seed)
    score = np.round(X[:, 0])
    given = {name: values for name, values in rows.items() if name != "offset"}
    found = concordance(score, **given)
    slow = slow_concordance(score, rows)
    np.testing.assert_allclose([found.concordant, found.discordant, found.tied_score], slow, rtol=1e-10)


def test_large_risks_that_come_and_go_do_not_spoil_small_ones():
    """Rows of risk exp(40) are at risk only late, or only early: the others' sums must not be their rounding."""
    rng = np.random.default_rng(9)
    X, stop, event = rng.normal(size=(400, 1)), rng.integers(1, 29, 400) * 1.0, rng.random(400) < 0.5
    heavy = np.arange(400) % 7 == 0
    for shift in (30.0, -30.0):
        rows = partial_rows(
            X,
            start=np.where(heavy, shift, 0.0),
            stop=np.where(heavy, shift + stop, stop),
            event=event,
            offset=np.where(heavy, 40.0, 0.0),
        )
        apart = partial_rows(X, stop=stop, event=event, strata=heavy)
        np.testing.assert_allclose(fit_rows(rows).coefficients, fit_rows(apart).coefficients, rtol=1e-9)
        at = hazards(risk_sets(rows), np.array([0.3]))
        whole = [at.risk[at.sets.members(time)].sum() for time in range(len(at.S0))]
        np.testing.assert_allclose(at.S0, whole, rtol=1e-9)


def test_a_ridge_shrinks_and_keeps_what_has_no_maximum():
    X, rows = world(5)
    plain, ridged = fit_partial(X, **rows), fit_partial(X, **rows, ridge=100.0)
    assert np.abs(ridged.coefficients[0]) < np.abs(plain.coefficients[0])
    assert ridged.log_likelihood < plain.log_likelihood
    twins = fit_partial(np.column_stack([X[:, 0], X[:, 0]]), **rows, ridge=1.0)
    assert twins.coefficients[0] == pytest.approx(twins.coefficients[1])


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (
            {"stop": [1, 1, 6, 6, -8, 9]},
            ArgumentError,
            r"stop is -8.0 in row 4; without start it is a duration",
        ),
        ({"stop": [1, np.nan, 6, 6, 8, 9]}, ArgumentError, r"stop is nan in row 1; it must be finite"),
        ({"stop": None}, ArgumentError, r"stop is None; give the time"),
        ({"stop": [1, 2]}, ArgumentError, r"stop has shape \(2,\); X has 6 rows"),
        ({"start": [0, 1, 0, 0, 0, 0]}, ArgumentError, r"start is 1.0 and stop 1.0 in row 1"),
        ({"event": [0] * 6}, GateError, r"RR401 .*6 rows hold 0 events"),
        ({"event": [0, 0, 2, 0, 0, 0]}, ArgumentError, r"event is 2.0 in row 2; it must be true or false"),
        ({"weight": [1, 1, 1, 0, 1, 1]}, ArgumentError, r"weight is 0.0 in row 3; it must be above 0"),
        ({"cluster": ["a", "b", None, "a", "a", "a"]}, ArgumentError, r"cluster is None in row 2"),
        ({"strata": [1, 1, 1, np.nan, 1, 1]}, ArgumentError, r"strata is .*nan.* in row 3"),
        ({"strata": [1, 2]}, ArgumentError, r"strata has shape \(2,\)"),
        ({"sets": [1] * 6}, ArgumentError, r"sets were given with \['stop'\]"),
        ({"names": ["a", "b"]}, ArgumentError, r"names are \['a', 'b'\]; they must be 1 different"),
        ({"ties": "exact"}, ArgumentError, r"ties is 'exact'; it must be one of efron, breslow"),
        ({"ridge": -1.0}, ArgumentError, r"ridge is -1.0; it must be in \[0.0"),
        ({"offset": [1000, 0, 0, 0, 0, 0]}, ArgumentError, r"offset spans more than exp can hold"),
    ],
)
def test_rows_that_cannot_be_used_are_named(change, error, match):
    with pytest.raises(error, match=match):
        fit_partial(SIX_X, **SIX | change)


def test_covariates_that_cannot_be_used_are_named():
    with pytest.raises(ArgumentError, match=r"column 'calls' is nan in row 5"):
        fit_partial([*SIX_X[:5], [np.nan]], **SIX, names=["calls"])
    with pytest.raises(ArgumentError, match=r"X has shape \(6,\)"):
        fit_partial(np.ravel(SIX_X), **SIX)


def test_weights_within_a_set_must_agree():
    with pytest.raises(ArgumentError, match=r"weight differs within set 'b'"):
        fit_partial(SIX_X, event=[1, 0, 0, 1, 0, 0], sets=list("aaabbb"), weight=[2, 2, 2, 1, 1, 3])


def test_what_sampled_sets_do_not_have_is_refused():
    rows = partial_rows(SIX_X, event=[1, 0, 0, 1, 0, 0], sets=list("aabbbb"))
    fit = fit_rows(partial_rows(SIX_X, **SIX))
    with pytest.raises(ArgumentError, match=r"sampled sets have no baseline hazard"):
        baseline(fit, rows)
    with pytest.raises(ArgumentError, match=r"sampled sets have no test of proportional hazards"):
        proportional_hazards_test(fit, rows)


def test_other_rows_or_strata_than_those_fitted_are_refused():
    X, rows = world(7)
    checked = partial_rows(X, **rows)
    fit = fit_rows(checked)
    steps = baseline(fit, checked)
    with pytest.raises(ArgumentError, match=r"strata is None; the fit has 3"):
        survival_curves(fit, steps, X[:1], [1.0])
    with pytest.raises(ArgumentError, match=r"stratum .*9.* was not in the fit"):
        survival_curves(fit, steps, X[:1], [1.0], strata=[9])
    with pytest.raises(ArgumentError, match=r"the fit has columns \['x0', 'x1', 'x2'\], the rows \['x0'\]"):
        martingale_residuals(fit, partial_rows(SIX_X, **SIX))
    early = partial_rows(X, **rows | {"start": rows["start"] - 50, "stop": rows["stop"] - 50})
    with pytest.raises(ArgumentError, match=r"an event has time -[0-9.]+; the log needs times above 0"):
        proportional_hazards_test(fit, early, "log")


def test_nobody_to_compare_with_is_said():
    with pytest.raises(GateError, match=r"1 events leave no pair of rows"):
        concordance([1.0, 2.0], stop=[2, 1], event=[1, 0])


def test_a_ridge_stays_on_the_fitted_columns_when_proportional_hazards_are_tested():
    """One column: u^2 over what is left of the added column's information, the fitted one's being penalised."""
    X, given = world(8)
    rows = partial_rows(X[:, :1], **given)
    fit = fit_rows(rows, ridge=5.0)
    at = hazards(risk_sets(rows), fit.coefficients * risk_sets(rows).scale)
    row = at.sets.rows[at.sets.deaths][at.sets.opens]
    g = rows.stop[row] - rows.stop[rows.event].mean()
    own, mixed, added = (at.information(g**power)[0, 0] for power in range(3))
    left = added - mixed**2 / (own + 5.0 / at.sets.scale[0] ** 2)
    test = proportional_hazards_test(fit, rows, "identity").together
    assert test.statistic == pytest.approx(at.gradient(g)[0] ** 2 / left)
