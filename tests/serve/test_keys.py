"""Keys: shown once, kept as hashes, closed for every process at once."""

import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.serve.keys import SCOPES, KeyStore

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    """An empty store of keys."""
    opened = KeyStore(tmp_path / "keys.sqlite")
    yield opened
    opened.close()


def made(store, **more):
    return store.create(**{"name": "desk", "tenant": "shop", "scope": "read", "now": NOW, **more})


def test_a_token_finds_its_key(store):
    key, token = made(store)
    assert store.authenticate(token, NOW) == key
    assert token.startswith(f"{key.key_id}.")


def test_no_two_tokens_are_alike(store):
    assert len({made(store)[1].split(".")[1] for _ in range(50)}) == 50


def test_no_file_holds_a_token(store, tmp_path):
    _, token = made(store)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"desk" in kept
    assert token.split(".")[1].encode() not in kept


def test_the_file_is_its_owners_alone(store):
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_key_that_another_process_revokes_is_closed_at_once(store):
    key, token = made(store)
    other = KeyStore(store.path)
    other.revoke(key.key_id, NOW)
    other.close()
    assert store.authenticate(token, NOW) is None


def test_a_key_expires(store):
    _, token = made(store, expires_at=NOW + timedelta(days=1))
    assert store.authenticate(token, NOW + timedelta(hours=23)) is not None
    assert store.authenticate(token, NOW + timedelta(days=1)) is None


def test_the_second_revocation_keeps_the_time_of_the_first(store):
    key, _ = made(store)
    store.revoke(key.key_id, NOW)
    assert store.revoke(key.key_id, NOW + timedelta(days=9)).revoked_at == NOW
    assert [each.revoked_at for each in store.listed()] == [NOW]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_includes_those_before_it_and_no_other(store, scope):
    key, _ = made(store, scope=scope)
    allowed = [other for other in SCOPES if key.allows(other)]
    assert allowed == list(SCOPES[: SCOPES.index(scope) + 1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scope": "root"}, "root"),
        ({"tenant": "../shop"}, "tenant"),
        ({"name": ""}, "name"),
        ({"name": "ana@example.org"}, "name"),
        ({"expires_at": NOW}, "expires_at"),
    ],
)
def test_what_no_key_can_be_is_refused(store, change, words):
    with pytest.raises(ArgumentError, match=f"RR111.*{words}") as refused:
        made(store, **change)
    assert "ana" not in str(refused.value)
    assert store.listed() == []


def test_an_unknown_id_is_refused(store):
    with pytest.raises(ArgumentError, match="RR732.*'rr1'"):
        store.revoke("rr1", NOW)


def test_a_file_that_is_no_store_is_refused(tmp_path):
    path = tmp_path / "keys.sqlite"
    path.write_text("this is a text, and long enough to be told from a database file" * 20)
    with pytest.raises(DataError, match=r"RR732.*keys\.sqlite"):
        KeyStore(path)


def test_unknown_and_known_ids_cost_one_look_and_one_comparison(store, monkeypatch):
    _, token = made(store)
    compared = []
    monkeypatch.setattr(
        "retaliation_risk.serve.keys.hmac.compare_digest", lambda *two: compared.append(two) or False
    )
    for shown in (token, "rr000000000000." + "a" * 43, "nonsense", ""):
        assert store.authenticate(shown, NOW) is None
    assert len(compared) == 4
    assert {len(text) for two in compared for text in two} == {64}


def test_a_store_that_vanishes_under_the_service_is_an_error_in_words(tmp_path):
    store = KeyStore(tmp_path / "keys.sqlite")
    _, token = made(store)
    other = sqlite3.connect(store.path)
    other.execute("DROP TABLE api_key")
    other.close()
    with pytest.raises(DataError, match="RR732.*no such table"):
        store.authenticate(token, NOW)
    store.close()
