"""Public accounts, and how many people see an act; by default neither says who retaliates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retaliation_risk.simulate.clock import Bools, Floats, Ints, ragged, to_times
from retaliation_risk.simulate.customers import YEAR, People
from retaliation_risk.simulate.parameters import Parameters


@dataclass(frozen=True)
class Accounts:
    """Whether a customer has a public account, and its standardised log followers (0 without one)."""

    has: Bools
    standing: Floats


def draw_accounts(rng: np.random.Generator, n: int, p: Parameters) -> Accounts:
    """Draw accounts whose followers are log-normal."""
    has = rng.random(n) < p.account_share
    return Accounts(has, np.where(has, rng.standard_normal(n), 0.0))


def influence_frame(
    rng: np.random.Generator, accounts: Accounts, people: People, gone: Floats, p: Parameters
) -> pd.DataFrame:
    """Make the influence table: a few observations of each account, in time order."""
    begin = people.recorded_from
    span = np.maximum(gone - begin, 0.0)
    extra = rng.poisson(p.observations_per_year / YEAR * span)
    owner, position = ragged(np.where(accounts.has & (gone >= 0), 1 + extra, 0))
    wait = np.where(position == 0, np.minimum(1.0, span[owner] / 2), rng.random(len(owner)) * span[owner])
    day = begin[owner] + wait
    standing = accounts.standing[owner]
    noise = rng.standard_normal((5, len(owner)))
    log_followers = np.log(p.followers_median) + p.followers_spread * standing + p.followers_noise * noise[0]
    activity = rng.poisson(p.posts[0] * np.exp(p.posts[1] * standing + p.posts[2] * noise[1]))
    each = p.answers[0] * np.exp(p.answers[1] * standing + p.answers[2] * noise[2:5])
    answers = rng.poisson(each * activity)
    frame = pd.DataFrame(
        {
            "customer_id": people.ids[owner],
            "observed_at": to_times(day),
            "followers": np.floor(np.exp(log_followers)),
            "posts": activity.astype(float),
            "mentions": answers[0].astype(float),
            "shares": answers[1].astype(float),
            "replies": answers[2].astype(float),
            "topic": pd.Series([None] * len(owner), dtype=object),
            "score": _score(rng, standing, p),
        }
    )
    return frame.iloc[np.lexsort((day, owner))].reset_index(drop=True)


def _score(rng: np.random.Generator, standing: Floats, p: Parameters) -> Floats:
    """Draw a bought-in score, nearly a function of log followers."""
    noise = rng.standard_normal(len(standing))
    mixed = np.sqrt(p.score_r2) * standing + np.sqrt(1 - p.score_r2) * noise
    score: Floats = np.round(np.clip(p.score_mean + p.score_sd * mixed, 1.0, 100.0), 1)
    return score


def draw_reach(
    rng: np.random.Generator, direct: Bools, customer: Ints, accounts: Accounts, p: Parameters
) -> Floats:
    """Draw how many people saw each act.

    None for direct acts, next to none for most others, heavy-tailed numbers for the few that spread.
    """
    count = len(customer)
    lift = np.exp(p.reach_log_slope * accounts.standing[customer])
    quiet = rng.poisson(p.quiet_reach * lift).astype(float)
    tail = p.spread_start * lift * rng.random(count) ** (-1 / p.spread_tail)
    reach = np.where(rng.random(count) < p.spread_share, np.minimum(np.floor(tail), p.reach_cap), quiet)
    missing = rng.random(count) < p.reach_missing_share
    return np.where(direct, 0.0, np.where(missing, np.nan, reach))


def mean_reach(standing: Floats, p: Parameters) -> Floats:
    """Mean recorded reach of one indirect act, to within a person: what :func:`draw_reach` gives over many.

    Parameters
    ----------
    standing : array of float, shape (n,)
        Standardised log followers of those who act, 0 without an account.
    p : Parameters
        ``spread_tail`` must not be 1.

    Examples
    --------
    >>> mean_reach(np.array([-1.0, 0.0, 1.0]), Parameters()).round(1).tolist()
    [9.7, 12.9, 17.2]
    """
    lift = np.exp(p.reach_log_slope * standing)
    least = np.minimum(p.spread_start * lift, p.reach_cap)
    # The integral of the Pareto tail's survival up to the cap.
    beyond = (1 - (least / p.reach_cap) ** (p.spread_tail - 1)) / (p.spread_tail - 1)
    mean = (1 - p.spread_share) * p.quiet_reach * lift + p.spread_share * least * (1 + beyond)
    recorded: Floats = (1 - p.reach_missing_share) * mean
    return recorded
