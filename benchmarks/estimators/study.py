"""Small studies with a known truth, drawn again and again; each case gives the interval that is to hold it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from retaliation_risk.errors import RetaliationRiskWarning
from retaliation_risk.studies.estimators.choice import average_marginal_effects, fit_choice
from retaliation_risk.studies.estimators.growth import Growth, fit_growth
from retaliation_risk.studies.estimators.mediation import Mediated, mediated_effects
from retaliation_risk.studies.estimators.meta import effects_from_r, meta_analysis
from retaliation_risk.studies.estimators.moderation import Moderated, fit_moderation, simple_slopes
from retaliation_risk.studies.estimators.repeated import Contrast, Repeated, planned_contrasts

Interval = tuple[float, float, float]  # low, high, truth


@dataclass(frozen=True)
class Case:
    """One estimator in one setting; ``interval(rng)`` draws a study and gives its interval and the truth."""

    estimator: str
    setting: str
    errors: str
    interval: Callable[[np.random.Generator], Interval]


def uneven_slope(rng, errors):
    """Residuals grow with the predictor; the slope at w = 1 is 0.8."""
    rows = pd.DataFrame(rng.normal(size=(150, 2)), columns=["x", "w"])
    rows["y"] = 0.5 * rows["x"] + 0.3 * rows["x"] * rows["w"] + rng.normal(size=150) * (0.5 + rows["x"].abs())
    slope = simple_slopes(fit_moderation(rows, Moderated("y", "x", "w"), errors=errors), [1.0])
    return _ends(slope.iloc[0], 0.8)


def clustered_slope(rng, firms, how):
    """Give the predictor to the firm; customers of a firm share half of their residual variance."""
    firm = np.repeat(np.arange(firms), 10)
    rows = pd.DataFrame({"firm": firm, "x": rng.normal(size=firms)[firm], "w": rng.normal(size=10 * firms)})
    noise = (rng.normal(size=firms)[firm] + rng.normal(size=10 * firms)) / np.sqrt(2)
    rows["y"] = 0.3 * rows["x"] + 0.2 * rows["x"] * rows["w"] + noise
    slope = simple_slopes(fit_moderation(rows, Moderated("y", "x", "w"), **how), [0.0])
    return _ends(slope.iloc[0], 0.3)


def indirect(rng, n, first, interval):
    """Paths ``first`` and 0.5; the residuals are skew."""
    rows = pd.DataFrame({"x": rng.normal(size=n)})
    rows["m"] = first * rows["x"] + rng.exponential(size=n) - 1
    rows["y"] = 0.5 * rows["m"] + rng.exponential(size=n) - 1
    found = mediated_effects(rows, Mediated("x", ("m",), "y"), interval=interval, draws=1000, seed=_seed(rng))
    return _ends(found.iloc[0], first * 0.5)


def moderated_index(rng, interval):
    """Make the first path 0.3 + 0.3 w and the second 0.5."""
    rows = pd.DataFrame(rng.normal(size=(150, 2)), columns=["x", "w"])
    rows["m"] = (0.3 + 0.3 * rows["w"]) * rows["x"] + rng.normal(size=150)
    rows["y"] = 0.5 * rows["m"] + rng.normal(size=150)
    model = Mediated("x", ("m",), "y", moderator="w", moderated=("first",))
    found = mediated_effects(rows, model, at=[0.0], interval=interval, draws=1000, seed=_seed(rng))
    return _ends(found.iloc[-1], 0.15)


def slower_decay(rng, persons):
    """Four waves, one in seven missing; decay is 0.25 a wave and 0.1 less for each unit of strength."""
    person = np.repeat(np.arange(persons), 4)
    rows = pd.DataFrame({"person": person, "wave": np.tile([0.0, 1, 2, 4], persons)})
    rows["strength"] = rng.normal(size=persons)[person]
    decay = -0.25 + 0.1 * rows["strength"] + 0.15 * rng.normal(size=persons)[person]
    rows["revenge"] = 5 + rng.normal(size=persons)[person] + decay * rows["wave"] + rng.normal(size=len(rows))
    rows = rows[rng.random(len(rows)) > 1 / 7]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetaliationRiskWarning)
        table = fit_growth(rows, Growth("revenge", "wave", "person", "strength")).coefficients.table()
    return _ends(table.iloc[3], 0.1)


def unequal_groups(rng):
    """Compare 12 and 36 persons, the few three times as varied; the contrast of their changes is 0.5."""
    person = np.repeat(np.arange(48), 2)
    small = person < 12
    rows = pd.DataFrame(
        {"person": person, "wave": np.tile(["w1", "w2"], 48), "group": np.where(small, "a", "b")}
    )
    rows["y"] = rng.normal(size=96) * np.where(small, 3, 1) + 0.5 * (small & (rows["wave"] == "w2"))
    asked = [Contrast("change", {"w2": 1, "w1": -1}, {"a": 1, "b": -1})]
    found = planned_contrasts(rows, Repeated("y", "person", ("wave",), "group"), asked)
    return _ends(found.iloc[0], 0.5)


def marginal_effect(rng, n):
    """Of three choices; the truth is that of a million customers."""
    x = rng.normal(size=n)
    signal = np.column_stack([0 * x, 0.7 * x, -0.5 + 0.2 * x]) + rng.gumbel(size=(n, 3))
    rows = pd.DataFrame({"x": x, "did": np.array(["none", "complain", "exit"])[signal.argmax(axis=1)]})
    effects = average_marginal_effects(fit_choice(rows, "did", ["x"], base="none")).set_index("choice")
    return _ends(effects.loc["complain"], MARGINAL)


def _marginal(n=1_000_000):
    x = np.random.default_rng(0).normal(size=n)
    chance = np.exp(np.column_stack([0 * x, 0.7 * x, -0.5 + 0.2 * x]))
    chance /= chance.sum(axis=1, keepdims=True)
    return float((chance[:, 1] * (0.7 - chance @ [0, 0.7, 0.2])).mean())


MARGINAL = _marginal()


def mean_effect(rng, k, tau2, hartung_knapp):
    """Studies of 30 to 200 persons; Fisher's z has mean 0.3 and standard deviation 0.15 between studies."""
    table, _ = _studies(rng, k)
    return _ends(meta_analysis(table, tau2=tau2, hartung_knapp=hartung_knapp).table.iloc[0], 0.3)


def next_study(rng, k):
    """Whether the prediction interval holds the true effect of a study that was not among them."""
    table, another = _studies(rng, k)
    low, high = meta_analysis(table, hartung_knapp=True).prediction
    return low, high, another


def _studies(rng, k):
    truth = 0.3 + 0.15 * rng.normal(size=k + 1)
    n = rng.integers(30, 201, k)
    return effects_from_r(np.tanh(truth[:k] + rng.normal(size=k) / np.sqrt(n - 3)), n), truth[k]


def _ends(row, truth):
    return row["low"], row["high"], truth


def _seed(rng):
    return int(rng.integers(2**31))


CASES = (
    Case("simple slope", "150 rows, uneven residuals", "classical", partial(uneven_slope, errors="classical")),
    Case("simple slope", "150 rows, uneven residuals", "robust (HC3)", partial(uneven_slope, errors="robust")),
    Case("simple slope", "40 firms of 10", "robust (HC3)", partial(clustered_slope, firms=40, how={"errors": "robust"})),
    Case("simple slope", "40 firms of 10", "clustered", partial(clustered_slope, firms=40, how={"cluster": "firm"})),
    Case("simple slope", "10 firms of 10", "clustered", partial(clustered_slope, firms=10, how={"cluster": "firm"})),
    Case("indirect effect", "80 persons", "percentile", partial(indirect, n=80, first=0.4, interval="percentile")),
    Case("indirect effect", "80 persons", "BCa", partial(indirect, n=80, first=0.4, interval="bca")),
    Case("indirect effect of 0", "80 persons", "percentile", partial(indirect, n=80, first=0.0, interval="percentile")),
    Case("indirect effect of 0", "80 persons", "BCa", partial(indirect, n=80, first=0.0, interval="bca")),
    Case("index of moderated mediation", "150 persons", "percentile", partial(moderated_index, interval="percentile")),
    Case("index of moderated mediation", "150 persons", "BCa", partial(moderated_index, interval="bca")),
    Case("growth, time by strength", "20 persons", "normal curve", partial(slower_decay, persons=20)),
    Case("growth, time by strength", "100 persons", "normal curve", partial(slower_decay, persons=100)),
    Case("planned contrast of groups", "12 and 36 persons", "Welch", unequal_groups),
    Case("average marginal effect", "300 episodes", "delta method", partial(marginal_effect, n=300)),
    Case("mean effect", "5 studies", "DerSimonian-Laird", partial(mean_effect, k=5, tau2="dl", hartung_knapp=False)),
    Case("mean effect", "5 studies", "REML", partial(mean_effect, k=5, tau2="reml", hartung_knapp=False)),
    Case("mean effect", "5 studies", "REML, Hartung-Knapp", partial(mean_effect, k=5, tau2="reml", hartung_knapp=True)),
    Case("mean effect", "20 studies", "REML, Hartung-Knapp", partial(mean_effect, k=20, tau2="reml", hartung_knapp=True)),
    Case("effect of a new study", "5 studies", "prediction", partial(next_study, k=5)),
    Case("effect of a new study", "20 studies", "prediction", partial(next_study, k=20)),
)  # fmt: skip


def replicate(k: int) -> list[tuple[bool, float]]:
    """Whether the interval of each case held the truth in replication k, and how wide it was."""
    found = []
    for number, case in enumerate(CASES):
        low, high, truth = case.interval(np.random.default_rng([number, k]))
        found.append((bool(low < truth < high), float(high - low)))
    return found
