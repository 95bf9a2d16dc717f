"""Of whom there is anything to score: a person of great weight without an account is missing, not low."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk._validate import within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence.signals import OVERALL, SIGNAL_NAMES

#: Observations from which a profile says more than one day's luck. An assumption, settable.
ENOUGH = 3


def compute_coverage(
    profiles: pd.DataFrame, customers: pd.DataFrame, *, weight: str | None = None, enough: int = ENOUGH
) -> pd.DataFrame:
    """How many customers have an account, and enough observations of it: overall, by segment, and by weight.

    Parameters
    ----------
    profiles : DataFrame
        Of :func:`~retaliation_risk.influence.compute_signals`; overall rows are read.
    customers : DataFrame
        ``customer_id`` and, where there is one, ``segment``; all who are to be scored.
    weight : str, optional
        Column of ``customers`` that says how much each weighs (spend, say): the heaviest tenth is a group of its own.
        Who of them has no account can only be missed by any score of accounts.
    enough : int
        Observations that are enough, at least 1.

    Returns
    -------
    DataFrame
        One row per group: ``group_kind`` (all, segment, weight), ``group``, ``n`` (customers), ``with_account`` (share
        with any signal known), ``with_enough`` (share), ``missing`` (customers without any signal) and ``withheld``
        (customers whose private signals were there and not read, for want of consent, in any topic).

    Raises
    ------
    ArgumentError
        RR101, a column is lacking; RR111, ``enough`` below 1.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["C1", "C2"], "segment": ["retail", "private"]})
    >>> accounts = pd.DataFrame({"customer_id": ["C1"], "topic": [""], "followers": [40.0], "observations": [3],
    ...                          "withheld": [False]})
    >>> compute_coverage(accounts, people)[["group", "with_account", "missing"]].to_numpy().tolist()
    [['all', 0.5, 1], ['private', 0.0, 1], ['retail', 1.0, 0]]
    """
    within("enough", enough, 1, np.inf)
    names = ["customer_id"] + ([weight] if weight else [])
    if lacking := [name for name in names if name not in customers]:
        raise ArgumentError(
            "RR101", f"customers lack the columns {lacking}; found {list(customers.columns)}."
        )
    state = _state(profiles, customers, enough)
    groups = [pd.Series("all", customers.index, name="all")]
    if "segment" in customers:
        groups.append(customers["segment"].fillna("unknown").rename("segment"))
    if weight:
        groups.append(_heaviest(customers[weight]))
    return pd.concat([_summed(state, group) for group in groups], ignore_index=True)


def _state(profiles: pd.DataFrame, customers: pd.DataFrame, enough: int) -> pd.DataFrame:
    known = [name for name in SIGNAL_NAMES if name in profiles]
    whole = profiles[profiles["topic"] == OVERALL].set_index("customer_id")
    seen = whole[known].notna().any(axis=1)
    withheld = set(profiles.loc[profiles["withheld"], "customer_id"])
    ids = customers["customer_id"]
    return pd.DataFrame(
        {
            "with_account": ids.isin(seen.index[seen]),
            "with_enough": ids.isin(whole.index[seen & (whole["observations"] >= enough)]),
            "withheld": ids.isin(withheld),
        }
    )


def _heaviest(weight: pd.Series[float]) -> pd.Series[str]:
    edge = weight.quantile(0.9)
    names = np.where(weight.isna(), "unknown", np.where(weight >= edge, "heaviest tenth", "others"))
    return pd.Series(names, weight.index, dtype=object, name="weight")


def _summed(state: pd.DataFrame, group: pd.Series[str]) -> pd.DataFrame:
    by = state.groupby(group.to_numpy())
    return (
        pd.DataFrame(
            {
                "group_kind": group.name,
                "n": by.size(),
                "with_account": by["with_account"].mean(),
                "with_enough": by["with_enough"].mean(),
                "missing": by.size() - by["with_account"].sum(),
                "withheld": by["withheld"].sum(),
            }
        )
        .rename_axis("group")
        .reset_index()[["group_kind", "group", "n", "with_account", "with_enough", "missing", "withheld"]]
    )
