"""Acts whose reach is drawn from a known model, and customers whose answers have a known effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import genpareto

from retaliation_risk.influence import ReachModel
from retaliation_risk.influence.reach import Body, Hurdle, Tail

EFFECT = -0.7

#: Four of ten acts are seen by anybody, one in seven of those by more than sixty; followers explain an eighth of log reach.
TRUE_REACH = ReachModel(
    hurdle=Hurdle(-0.4, 0.25, 0.0),
    body=Body(2.5, 0.4, -0.5, 1.2),
    tail=Tail(60.0, 50.0, 0.4, 0, 0.0),
    centre=5.0,
    floor=0.0,
    quiet=0.0,
    most=1e7,
    r_squared=float("nan"),
    n_acts=0,
    n_seen=0,
    learned=True,
)


def acts_of(
    model: ReachModel, n: int, seed: int = 0, no_account: float = 0.2
) -> tuple[np.ndarray, np.ndarray]:
    """Draw reach and followers of ``n`` acts by the definition of the model, written out and not taken from it."""
    rng = np.random.default_rng(seed)
    known = np.expm1(np.maximum(rng.normal(5, 2, n), 0))
    unknown = rng.random(n) < no_account
    x = np.where(unknown, 0, np.log1p(known) - model.centre)
    hurdle, body, tail = model.hurdle, model.body, model.tail
    seen = rng.random(n) < expit(hurdle.intercept + hurdle.slope * x + hurdle.missing_shift * unknown)
    log_reach = body.intercept + body.slope * x + body.missing_shift * unknown
    reach = np.exp(log_reach + body.spread * rng.standard_normal(n))
    far = tail.threshold + genpareto.rvs(tail.shape, scale=tail.scale, size=n, random_state=rng)
    reach = np.where(seen, np.where(reach > tail.threshold, far, reach), 0.0)
    return reach, np.where(unknown, np.nan, known)


def answers(
    n: int = 4000,
    seed: int = 0,
    *,
    open_tie: float = 0.0,
    hidden_tie: float = 0.0,
    effect: float = EFFECT,
    per_customer: int = 1,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Draw rows whose chance of being answered hangs on a known risk and a hidden anger, and the true effects.

    The truth is the mean difference of a row's two chances of retaliating (not answered minus answered), by target.
    """
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(n // per_customer), per_customer)
    risk, anger = rng.normal(size=(2, len(customer)))
    risk = risk + rng.normal(size=n // per_customer)[customer] * (per_customer > 1)
    answered = rng.random(len(risk)) < expit(-0.5 + open_tie * risk + hidden_tie * anger)
    odds = -1.5 + 0.9 * risk + (0.9 * anger if hidden_tie else 0)
    without, after = expit(odds), expit(odds + effect)
    event = rng.random(len(risk)) < np.where(answered, after, without)
    rows = pd.DataFrame({"customer_id": customer, "answered": answered, "event": event, "risk": risk})
    gap = without - after
    return rows, {"everybody": float(gap.mean()), "answered": float(gap[answered].mean())}
