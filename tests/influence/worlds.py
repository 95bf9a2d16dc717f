"""Accounts whose true strength is known, and pairs judged by it."""

import numpy as np
import pandas as pd

SIGNALS = ("followers", "shares", "posts")
TRUE_WEIGHTS = np.array([0.5, 1.0, 0.0])


def accounts(n=300, seed=0, missing=0.0):
    """Log-normal signals; some accounts have nothing at all."""
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal([6, 2, 2], [2, 1.5, 1.5], size=(n, 3))) - 1
    values = np.maximum(values, 0)
    values[rng.random(n) < missing] = np.nan
    return pd.DataFrame(values, columns=list(SIGNALS))


def straight(profiles):
    """True strength: half a log follower and a log share; posts do not count."""
    return np.log1p(profiles[list(SIGNALS)].to_numpy()) @ TRUE_WEIGHTS


def humped(profiles):
    """True strength that no straight line shows: posts help up to a point."""
    return -1.5 * (np.log1p(profiles["posts"].to_numpy()) - 2) ** 2


def judged(strength, n=4000, seed=1):
    """Pairs of different accounts, judged with the chance that Bradley and Terry say."""
    rng = np.random.default_rng(seed)
    first = rng.integers(len(strength), size=n)
    second = (first + rng.integers(1, len(strength), size=n)) % len(strength)
    chance = 1 / (1 + np.exp(strength[second] - strength[first]))
    return pd.DataFrame({"first": first, "second": second, "first_wins": rng.random(n) < chance})
