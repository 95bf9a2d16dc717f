"""Whose account is whose: keys, handles, and what is never guessed."""

from __future__ import annotations

import hashlib
import hmac

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.influence import (
    contact_key,
    count_matches,
    match_accounts,
    normalise_email,
    normalise_handle,
)
from retaliation_risk.simulate import clock

SECRET = b"sixteen bytes and more"
letters = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (" Ana@Example.ORG\n", "ana@example.org"),
        ("an a@example.org", "ana@example.org"),
        ("\u00a0ana@example.org", "ana@example.org"),
        ("ａｎａ＠example.org", "ana@example.org"),  # noqa: RUF001 full width
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("straße@example.org", "straße@example.org"),  # another person than strasse
        ("a.na@gmail.com", "a.na@gmail.com"),  # no rule of one provider
        ("ana+shop@example.org", "ana+shop@example.org"),
    ],
)
def test_addresses_are_normalised(written, plain):
    assert normalise_email(written) == plain


def test_tags_are_cut_only_if_asked():
    assert normalise_email("ana+shop+2@example.org", drop_tags=True) == "ana@example.org"
    assert contact_key("ana+x@b.org", SECRET) != contact_key("ana@b.org", SECRET)
    assert contact_key("ana+x@b.org", SECRET, drop_tags=True) == contact_key("ana@b.org", SECRET)


@given(letters, letters)
def test_normalising_twice_changes_nothing(name, domain):
    once = normalise_email(f"{name}@{domain}")
    assert normalise_email(once) == once


@pytest.mark.parametrize("text", ["", "ana", "@example.org", "ana@", "a@b@c", "+tag@example.org"])
def test_what_is_no_address_is_refused_and_not_repeated(text):
    with pytest.raises(ArgumentError, match=f"an e-mail address of {len(text)} characters is not") as error:
        normalise_email(text, drop_tags=True)
    assert not text or text not in str(error.value).replace("name@domain", "")


def test_a_key_is_hmac_sha256_and_the_one_of_the_sample_data():
    assert contact_key("Ana@b.org", SECRET) == hmac.new(SECRET, b"ana@b.org", hashlib.sha256).hexdigest()
    assert contact_key("c1@example.org", clock.DEMO_KEY) == clock.contact_key("c1@example.org")


@pytest.mark.parametrize("secret", [b"", b"short", "sixteen characters"])
def test_a_secret_that_is_none_is_refused(secret):
    with pytest.raises(ArgumentError, match="secret must be bytes, at least 16 of them"):
        contact_key("ana@b.org", secret)


PEOPLE = pd.DataFrame(
    {
        "customer_id": ["C1", "C2", "C3", "C4", "C5", "C6"],
        "contact_key": ["k1", "k2", "k3", "same", "same", None],
    }
)
ACCOUNTS = pd.DataFrame(
    {
        "handle": ["@Key", "map", "both", "conflict", "shared", "twice", "nobody", "stranger"],
        "contact_key": ["k1", None, "k2", "k3", "same", None, None, "k9"],
    }
)
HANDLES = pd.DataFrame(
    {
        "handle": ["MAP", "@both", "conflict", "twice", "twice", "twice"],
        "customer_id": ["C6", "C2", "C1", "C1", "C2", "C2"],
    }
)


def test_every_kind_of_match_by_hand():
    found = match_accounts(PEOPLE, ACCOUNTS, handles=HANDLES)
    rows = [tuple(row) for row in found.fillna("").to_numpy()]
    assert rows == [
        ("both", "C2", "both agree", True),
        ("conflict", "C1", "conflict", False),
        ("conflict", "C3", "conflict", False),
        ("key", "C1", "exact key", True),
        ("map", "C6", "handle map", True),
        ("nobody", "", "no match", False),
        ("shared", "C4", "key of several customers", False),
        ("shared", "C5", "key of several customers", False),
        ("stranger", "", "no match", False),
        ("twice", "C1", "claimed by several customers", False),
        ("twice", "C2", "claimed by several customers", False),
    ]
    counts = count_matches(found).set_index("confidence")
    assert counts["accounts"].to_dict() == {
        "both agree": 1, "exact key": 1, "handle map": 1, "conflict": 1, "key of several customers": 1,
        "claimed by several customers": 1, "no match": 2,
    }  # fmt: skip
    assert counts["customers"].sum() == 3 + 2 + 2 + 2


def test_a_map_does_not_settle_a_shared_key():
    handles = pd.DataFrame({"handle": ["shared"], "customer_id": ["C4"]})
    found = match_accounts(PEOPLE, ACCOUNTS, handles=handles)
    assert not found.loc[found["handle"] == "shared", "accepted"].any()


def test_two_accounts_of_one_customer_are_both_theirs():
    accounts = pd.DataFrame({"handle": ["a", "b"], "contact_key": ["k1", "k1"]})
    assert match_accounts(PEOPLE, accounts)["accepted"].all()


def test_addresses_are_hashed_with_the_secret_and_not_kept():
    people = PEOPLE.assign(contact_key=[contact_key(f"c{n}@b.org", SECRET) for n in range(1, 7)])
    accounts = pd.DataFrame({"handle": ["ana", "bo"], "email": [" C3@B.org", None]})
    found = match_accounts(people, accounts, secret=SECRET)
    assert found["customer_id"].fillna("").tolist() == ["C3", ""]
    assert "email" not in found


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
    st.lists(st.integers(0, 5), min_size=5, max_size=5),
)
def test_an_accepted_account_has_one_customer_and_each_account_is_there(claims, keys):
    people = pd.DataFrame({"customer_id": list("ABCDE"), "contact_key": [f"k{min(n, 3)}" for n in range(5)]})
    accounts = pd.DataFrame({"handle": list("vwxyz"), "contact_key": [f"k{key}" for key in keys]})
    handles = pd.DataFrame([("vwxyz"[a], "ABCDE"[c]) for a, c in claims], columns=["handle", "customer_id"])
    found = match_accounts(people, accounts, handles=handles)
    assert set(found["handle"]) == set("vwxyz")
    assert not found[["handle", "customer_id"]].duplicated().any()
    assert not found.loc[found["accepted"], "handle"].duplicated().any()
    alone = found.groupby("handle")["customer_id"].nunique() > 1
    assert not found.loc[found["handle"].map(alone), "accepted"].any()


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(DataError, match="RR205 .*: 1 values of handle in accounts"):
        match_accounts(PEOPLE, pd.DataFrame({"handle": ["ana", "@Ana"]}))
    with pytest.raises(DataError, match="RR205 .*: 1 values of customer_id in customers"):
        match_accounts(pd.concat([PEOPLE, PEOPLE.head(1)]), ACCOUNTS)
    with pytest.raises(DataError, match="customers lack the column 'customer_id'"):
        match_accounts(ACCOUNTS, ACCOUNTS)
    with pytest.raises(DataError, match=r"handles lack the columns \['customer_id'\]"):
        match_accounts(PEOPLE, ACCOUNTS, handles=ACCOUNTS)
    with pytest.raises(ArgumentError, match=r"RR402 .*: handles name 1 unknown customers \(first: 'C9'\)"):
        match_accounts(PEOPLE, ACCOUNTS, handles=pd.DataFrame({"handle": ["ana"], "customer_id": ["C9"]}))


def test_handles_are_normalised():
    assert {normalise_handle(text) for text in ("ana", "@Ana", " @ANA ")} == {"ana"}
