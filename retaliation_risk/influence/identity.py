"""Whose account is this: public accounts joined to customers by a keyed hash, a map of handles, or both; never by guess."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from retaliation_risk._contact import contact_key as contact_key
from retaliation_risk._contact import normalise_email as normalise_email
from retaliation_risk.errors import ArgumentError, DataError

#: How sure a match is, from the surest; the first three are accepted, the others kept apart.
ACCEPTED = ("both agree", "exact key", "handle map")
APART = ("conflict", "key of several customers", "claimed by several customers")
UNMATCHED = "no match"


def normalise_handle(handle: str) -> str:
    """Return a handle without white space around it and its leading ``@``, in NFKC and lower case.

    Examples
    --------
    >>> normalise_handle(" @Ana_Lima")
    'ana_lima'
    """
    return unicodedata.normalize("NFKC", handle).strip().removeprefix("@").lower()


def match_accounts(
    customers: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    handles: pd.DataFrame | None = None,
    secret: bytes | None = None,
    drop_tags: bool = False,
) -> pd.DataFrame:
    """Join public accounts to customers, and say how sure each match is.

    Parameters
    ----------
    customers : DataFrame
        ``customer_id`` and ``contact_key``, or ``email`` if a secret is given; a missing key matches nothing.
    accounts : DataFrame
        ``handle`` and, where it is known, ``contact_key`` or ``email`` likewise.
    handles : DataFrame, optional
        What customers said themselves: ``handle`` and ``customer_id``.
    secret : bytes, optional
        Makes keys of the columns ``email``, see :func:`contact_key`. Addresses are not kept.
    drop_tags : bool
        As for :func:`normalise_email`.

    Returns
    -------
    DataFrame
        One row per account and customer it may belong to: ``handle`` (normalised), ``customer_id`` (missing without a
        match), ``confidence`` and ``accepted`` (bool), sorted. Confidence is ``both agree``, ``exact key`` or ``handle
        map`` where the match is accepted. An account whose key and handle point to different people is a
        ``conflict``; one whose key several customers share is a ``key of several customers``; one that several
        customers named is ``claimed by several customers``. All their rows are listed and none accepted. An account that
        nobody has is ``no match``. A customer may have several accounts.

    Raises
    ------
    DataError
        RR101, a column is lacking; RR205, a customer or an account stands there twice.
    ArgumentError
        RR402, the map names a customer who is not in ``customers``; RR111, a secret or an address that is none.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["C1", "C2"], "contact_key": ["k1", "k2"]})
    >>> found = pd.DataFrame({"handle": ["@Ana", "bo"], "contact_key": ["k1", None]})
    >>> match_accounts(people, found)[["handle", "customer_id", "confidence"]].to_numpy().tolist()
    [['ana', 'C1', 'exact key'], ['bo', nan, 'no match']]
    """
    people = _keyed(customers, "customers", "customer_id", secret, drop_tags)
    found = _keyed(accounts, "accounts", "handle", secret, drop_tags)
    claims = _claims(people, found, _named(handles, people))
    matches = found[["handle"]].merge(claims, on="handle", how="left")
    confidence = _confidence(matches)
    return (
        matches[["handle", "customer_id"]]
        .assign(confidence=confidence, accepted=np.isin(confidence, ACCEPTED))
        .sort_values(["handle", "customer_id"], ignore_index=True)
    )


def count_matches(matches: pd.DataFrame) -> pd.DataFrame:
    """Count what :func:`match_accounts` found: one row for each confidence, the surest first.

    Returns
    -------
    DataFrame
        ``confidence``, ``accepted`` (bool), ``accounts`` and ``customers``: how many different ones.

    Examples
    --------
    >>> one = pd.DataFrame({"handle": ["a"], "customer_id": ["C1"], "confidence": ["exact key"], "accepted": [True]})
    >>> count_matches(one)["accounts"].tolist()
    [0, 1, 0, 0, 0, 0, 0]
    """
    names = [*ACCEPTED, *APART, UNMATCHED]
    counts = matches.groupby("confidence")[["handle", "customer_id"]].nunique().reindex(names, fill_value=0)
    return pd.DataFrame(
        {
            "confidence": names,
            "accepted": [name in ACCEPTED for name in names],
            "accounts": counts["handle"].to_numpy(),
            "customers": counts["customer_id"].to_numpy(),
        }
    )


def _keyed(frame: pd.DataFrame, what: str, name: str, secret: bytes | None, drop_tags: bool) -> pd.DataFrame:
    """Ids and keys, checked; handles normalised, addresses hashed."""
    if name not in frame:
        raise DataError("RR101", f"{what} lack the column {name!r}; found {list(frame.columns)}.")
    ids = frame[name].map(normalise_handle) if name == "handle" else frame[name]
    if twice := int(ids.duplicated().sum()):
        raise DataError("RR205", f"{twice} values of {name} in {what} stand there more than once.")
    keys = pd.Series(None, frame.index, dtype=object)
    if "contact_key" in frame:
        keys = frame["contact_key"].astype(object)
    if secret is not None and "email" in frame:
        made = frame["email"].dropna().map(lambda address: contact_key(address, secret, drop_tags=drop_tags))
        keys = keys.where(keys.notna(), made.reindex(frame.index))
    return pd.DataFrame({name: ids, "contact_key": keys.where(keys.notna(), None)})


def _named(handles: pd.DataFrame | None, people: pd.DataFrame) -> pd.DataFrame:
    if handles is None:
        return pd.DataFrame({"handle": pd.Series(dtype=object), "customer_id": pd.Series(dtype=object)})
    if lacking := [name for name in ("handle", "customer_id") if name not in handles]:
        raise DataError("RR101", f"handles lack the columns {lacking}; found {list(handles.columns)}.")
    strangers = handles.loc[~handles["customer_id"].isin(people["customer_id"]), "customer_id"]
    if len(strangers):
        raise ArgumentError(
            "RR402", f"handles name {len(strangers)} unknown customers (first: {strangers.iloc[0]!r})."
        )
    return handles.assign(handle=handles["handle"].map(normalise_handle))[
        ["handle", "customer_id"]
    ].drop_duplicates()


def _claims(people: pd.DataFrame, found: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Each account with each customer that its key or the map of handles points to, and which of the two did."""
    by_key = found.dropna(subset=["contact_key"]).merge(
        people.dropna(subset=["contact_key"]), on="contact_key"
    )
    by_key = by_key[["handle", "customer_id"]].assign(by_key=True)
    claims = by_key.merge(named.assign(by_map=True), on=["handle", "customer_id"], how="outer")
    flags = {name: claims[name].astype("boolean").fillna(False).astype(bool) for name in ("by_key", "by_map")}
    return claims.assign(**flags)


def _confidence(matches: pd.DataFrame) -> np.ndarray:
    """How sure each row is, judged by all the rows of its account."""
    key, named = (matches[name].astype("boolean").fillna(False).astype(bool) for name in ("by_key", "by_map"))
    keys, names = (flag.groupby(matches["handle"]).transform("sum") for flag in (key, named))
    disagree = (key ^ named).groupby(matches["handle"]).transform("any") & (keys > 0) & (names > 0)
    cases = {
        "claimed by several customers": names > 1,
        "key of several customers": keys > 1,
        "conflict": disagree,
        "both agree": key & named,
        "exact key": key,
        "handle map": named,
    }
    return np.select([case.to_numpy() for case in cases.values()], list(cases), UNMATCHED)
