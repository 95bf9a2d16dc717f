"""The policies there are, and the queue that one of them makes of the customers of a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.policies.contract import INFLUENCE_COLUMNS, Policy
from retaliation_risk.policies.mixed import InfluenceIfOpen, InfluenceTimesComplaint, Mixed
from retaliation_risk.policies.simple import (
    BiggestSpender,
    ExpectedHarm,
    FirstCome,
    InfluenceOnly,
    MostContacts,
    Oracle,
    RiskOnly,
    Rule,
)

POLICIES: tuple[Policy, ...] = (
    FirstCome(),
    MostContacts(),
    BiggestSpender(),
    InfluenceOnly(),
    InfluenceIfOpen(),
    InfluenceTimesComplaint(),
    Rule(),
    RiskOnly(),
    ExpectedHarm(),
    Mixed(),
    Oracle(),
)


def available(scored: pd.DataFrame, policies: Sequence[Policy] = POLICIES) -> dict[str, str]:
    """Say which policies can be run on these columns.

    Parameters
    ----------
    scored : DataFrame
        One row per customer, or per customer and moment.
    policies : sequence of Policy, default POLICIES
        Which to ask about.

    Returns
    -------
    dict of str
        Name of each policy to the reason why it cannot be run; an empty reason means that it can.

    Examples
    --------
    >>> why = available(pd.DataFrame({"risk": [0.1], "influence": [None]}))
    >>> why["risk_only"], why["influence_only"], why["rule"]
    ('', 'influence is missing everywhere',
     'columns failed_recoveries_ever, tenure_days, tickets_90d are not there')
    """
    return {policy.name: _why_not(scored, policy.needs) for policy in policies}


def queue(scored: pd.DataFrame, policy: Policy, capacity: int, *, seed: int = 0) -> pd.DataFrame:
    """Order the customers of one moment and cut the queue at capacity.

    Parameters
    ----------
    scored : DataFrame
        One row per customer: ``customer_id`` and the columns that the policy needs.
    policy : Policy
        Who is answered first.
    capacity : int
        Customers that can be answered, at least 1; more than there are gives all.
    seed : int, default 0
        Of the lot between equal priorities (:func:`lots`).

    Returns
    -------
    DataFrame
        ``rank`` from 1, ``customer_id``, ``priority``, ``uses_influence`` (whether the policy does, the same
        in every row), then the other columns as they were. Between equal priorities a lot decides, which
        hangs on the customer and the seed alone: the order of the rows given does not matter.

    Examples
    --------
    >>> scored = pd.DataFrame({"customer_id": ["c", "a", "b"], "risk": [0.2, 0.1, 0.7]})
    >>> queue(scored, RiskOnly(), capacity=2)[["rank", "customer_id", "priority"]].values.tolist()
    [[1, 'b', 0.7], [2, 'c', 0.2]]
    """
    positive("capacity", capacity)
    priority = np.asarray(checked_priority(scored, policy), dtype=np.float64)
    picked = in_order(priority, lots(scored["customer_id"], seed))[: int(capacity)]
    front = scored.iloc[picked].reset_index(drop=True)
    first = pd.DataFrame(
        {
            "rank": np.arange(1, len(front) + 1),
            "customer_id": front["customer_id"],
            "priority": priority[picked],
            "uses_influence": policy.uses_influence,
        }
    )
    return pd.concat([first, front.drop(columns=first.columns, errors="ignore")], axis=1)


def lots(customer_id: pd.Series, seed: int = 0) -> npt.NDArray[np.uint64]:
    """Draw the lot of each customer, which decides between equal priorities everywhere: lower goes first.

    Order of id would not do: ids are given out as customers come, so that the oldest would always go first.

    Parameters
    ----------
    customer_id : Series of str, shape (n,)
    seed : int, default 0
        From 0; another seed is another lot for everybody.

    Returns
    -------
    array of uint64, shape (n,)
        A keyed hash of the id. It hangs on nothing else: not on the day, the policy or the other customers.

    Examples
    --------
    >>> ids = pd.Series(["a", "b", "c", "d"])
    >>> bool((lots(ids[::-1]) == lots(ids)[::-1]).all())
    True
    >>> ids[np.argsort(lots(ids, seed=1))].tolist()
    ['b', 'c', 'a', 'd']
    """
    within("seed", seed, 0, 10**16 - 1)
    ids = customer_id.astype(str).to_numpy(dtype=object)
    return pd.util.hash_array(ids, hash_key=f"{seed:016d}", categorize=False)


def in_order(priority: npt.NDArray[np.float64], lot: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """Give the rows from the first to be answered to the last: by priority, then by lot.

    Examples
    --------
    >>> in_order(np.array([1.0, 2.0, 1.0]), np.array([7, 8, 3], dtype=np.uint64)).tolist()
    [1, 2, 0]
    """
    return np.lexsort((lot, -priority))


def checked_priority(scored: pd.DataFrame, policy: Policy) -> pd.Series[float]:
    """Priority of each row, refused if the policy lacks a column or leaves a row without a number.

    A policy that needs a column made from public accounts and says that it does not use influence is
    refused, too.

    Examples
    --------
    >>> checked_priority(pd.DataFrame({"risk": [0.2, 0.7]}), RiskOnly()).tolist()
    [0.2, 0.7]
    """
    if why := _why_not(scored, policy.needs):
        raise ArgumentError("RR111", f"policy {policy.name} cannot be run: {why}.")
    if not policy.uses_influence and (hidden := set(policy.needs) & set(INFLUENCE_COLUMNS)):
        raise ArgumentError(
            "RR111",
            f"policy {policy.name} needs {', '.join(sorted(hidden))} but its uses_influence is False; "
            "it must be True.",
        )
    found = policy.priority(scored)
    if missing := int(found.isna().sum()):
        raise ArgumentError(
            "RR111", f"policy {policy.name} leaves {missing} priorities missing; none may be."
        )
    return found


def _why_not(scored: pd.DataFrame, needs: tuple[str, ...]) -> str:
    if absent := [column for column in needs if column not in scored.columns]:
        many = len(absent) > 1
        return f"column{'s' if many else ''} {', '.join(absent)} {'are' if many else 'is'} not there"
    empty = [column for column in needs if len(scored) and scored[column].isna().all()]
    return f"{', '.join(empty)} {'are' if len(empty) > 1 else 'is'} missing everywhere" if empty else ""
