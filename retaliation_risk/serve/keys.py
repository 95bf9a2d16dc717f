"""API keys: made once, kept as hashes, each for one tenant and one scope."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from retaliation_risk._validate import one_of
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.serve.settings import TENANT

#: What a key may do; each scope includes those before it.
SCOPES = ("metrics", "read", "agent", "write", "admin")
SECRET_BYTES = 32
_TOKEN = re.compile(r"(rr[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")
_COLUMNS = "key_id, name, tenant, scope, created_at, expires_at, revoked_at"
_SCHEMA = """CREATE TABLE IF NOT EXISTS api_key (
    key_id TEXT PRIMARY KEY, name TEXT NOT NULL, tenant TEXT NOT NULL, scope TEXT NOT NULL, created_at TEXT NOT NULL,
    expires_at TEXT, revoked_at TEXT, hash TEXT NOT NULL)"""
# What the secret of an unknown key is compared with, so that it costs what a known one costs.
_NOBODY = hashlib.sha256(secrets.token_bytes(SECRET_BYTES)).hexdigest()


@dataclass(frozen=True)
class ApiKey:
    """A key as it is stored, without its secret.

    Parameters
    ----------
    key_id : str
        The first part of the token; not secret, and what logs say.
    name : str
        Who has the key, in words.
    tenant : str
        Whose customers it sees; no others exist for it.
    scope : str
        Of :data:`SCOPES`.
    created_at : datetime
    expires_at, revoked_at : datetime or None
        From then on the key opens nothing.
    """

    key_id: str
    name: str
    tenant: str
    scope: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def allows(self, scope: str) -> bool:
        """Whether the key may do what ``scope`` is needed for."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)

    def valid(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class KeyStore:
    """A SQLite file of keys; a key that another process makes or revokes counts at the next request.

    The secret of a key is 32 random bytes, and its plain SHA-256 is stored. A slow, salted hash protects a secret that can
    be guessed; nobody guesses 256 random bits, so it would only slow every request down.

    Parameters
    ----------
    path : Path
        Made where it is missing, readable by its owner only.

    Raises
    ------
    DataError
        RR732, a file that is no store of keys or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._lock = Lock()
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise DataError("RR732", f"{str(self.path)!r} cannot be used: {error}.") from error

    def create(
        self, *, name: str, tenant: str, scope: str, now: datetime, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key; its token is returned once and stored nowhere.

        Parameters
        ----------
        name : str
            1 to 100 characters, without an e-mail address in it.
        tenant : str
            As :data:`retaliation_risk.serve.settings.TENANT` allows.
        scope : str
            Of :data:`SCOPES`.
        now : datetime
        expires_at : datetime, optional
            After ``now``.

        Returns
        -------
        tuple of ApiKey, str

        Raises
        ------
        ArgumentError
            RR111, a value out of its range.
        """
        one_of("scope", scope, SCOPES)
        _named(name, tenant)
        if expires_at is not None and expires_at <= now:
            raise ArgumentError("RR111", f"expires_at is {expires_at.isoformat()}, which is past.")
        key = ApiKey(f"rr{secrets.token_hex(6)}", name, tenant, scope, now, expires_at)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = (*_values(key), _hashed(secret))
        self._run(f"INSERT INTO api_key VALUES ({', '.join('?' * len(row))})", row)
        return key, f"{key.key_id}.{secret}"

    def authenticate(self, token: str, now: datetime) -> ApiKey | None:
        """Return the valid key of a token, or None; the work is the same whether its id is known or not."""
        told = _TOKEN.fullmatch(token)
        key_id, secret = told.groups() if told else ("", token)
        rows = self._run(f"SELECT {_COLUMNS}, hash FROM api_key WHERE key_id = ?", (key_id,))
        kept = rows[0][-1] if rows else _NOBODY
        same = hmac.compare_digest(_hashed(secret), kept)
        key = _key(rows[0][:-1]) if rows else None
        return key if key and same and key.valid(now) else None

    def listed(self) -> list[ApiKey]:
        """Return all keys, the oldest first; revoked and expired ones too."""
        return [_key(row) for row in self._run(f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, key_id")]

    def revoke(self, key_id: str, now: datetime) -> ApiKey:
        """Close a key for good; one that is revoked already keeps its time.

        Raises
        ------
        ArgumentError
            RR732, an id that no key has.
        """
        self._run(
            "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE key_id = ?",
            (now.isoformat(), key_id),
        )
        for key in self.listed():
            if key.key_id == key_id:
                return key
        raise ArgumentError("RR732", f"no key has the id {key_id!r}.")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _run(self, statement: str, values: tuple[str | None, ...] = ()) -> list[tuple[str, ...]]:
        try:
            with self._lock:
                return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise DataError("RR732", f"{str(self.path)!r} cannot be used: {error}.") from error


def _named(name: str, tenant: str) -> None:
    if not 1 <= len(name) <= 100 or "@" in name:
        raise ArgumentError("RR111", "name must have 1 to 100 characters, and no e-mail address among them.")
    if not TENANT.fullmatch(tenant):
        raise ArgumentError(
            "RR111", f"tenant is {tenant!r}; allowed are lower-case letters, digits, - and _."
        )


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _values(key: ApiKey) -> tuple[str | None, ...]:
    times = (key.created_at, key.expires_at, key.revoked_at)
    return (
        key.key_id, key.name, key.tenant, key.scope, *(time.astimezone(UTC).isoformat() if time else None for time in times)
    )  # fmt: skip


def _key(row: tuple[str, ...]) -> ApiKey:
    key_id, name, tenant, scope, created, *closed = row
    expires, revoked = (datetime.fromisoformat(text) if text else None for text in closed)
    return ApiKey(key_id, name, tenant, scope, datetime.fromisoformat(created), expires, revoked)
