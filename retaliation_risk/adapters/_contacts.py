"""Contact keys: e-mail addresses of an export become keyed hashes, and are not kept."""

from __future__ import annotations

import duckdb
import pandas as pd

from retaliation_risk._contact import contact_key
from retaliation_risk.errors import ArgumentError

_CHUNK = 100_000
"""Addresses held in Python at a time."""

NO_SECRET = (
    "E-mail addresses were not read: without a secret (RETALIATION_RISK_CONTACT_SECRET) there are no contact keys, and"
    " customers cannot be found by their address."
)


def contact_keys(
    connection: duckdb.DuckDBPyConnection, table: str, addresses: str, secret: bytes | None
) -> int:
    """Make a table with the columns ``address`` and ``contact_key`` from a query of addresses; drop it after its use.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
        Name of the table to make; empty without a secret.
    addresses : str
        Query with one column of text.
    secret : bytes, optional
        See :func:`~retaliation_risk._contact.contact_key`.

    Returns
    -------
    int
        Number of different texts that are no e-mail address: they have no key.

    Raises
    ------
    ArgumentError
        RR111 for a secret that is too short.
    """
    connection.execute(f"CREATE TABLE {table} (address VARCHAR, contact_key VARCHAR)")
    if secret is None:
        return 0
    contact_key("someone@example.org", secret)  # A bad secret is said here, a bad address is counted below.
    odd = 0
    (where,) = connection.execute("SELECT current_setting('search_path')").fetchall()[0]
    asked = connection.cursor()
    asked.execute(f"SET search_path = '{where}'")
    asked.execute(f"SELECT DISTINCT address FROM ({addresses}) AS asked(address) WHERE address IS NOT NULL")
    while rows := asked.fetchmany(_CHUNK):
        made = pd.DataFrame({"address": [address for (address,) in rows]}, dtype=object)
        made["contact_key"] = [_key(address, secret) for address in made["address"]]
        odd += int(made["contact_key"].isna().sum())
        connection.register("_made_keys", made)
        connection.execute(f"INSERT INTO {table} SELECT address, contact_key FROM _made_keys")
        connection.unregister("_made_keys")
    return odd


def _key(address: str, secret: bytes) -> str | None:
    try:
        return contact_key(address, secret)
    except ArgumentError:
        return None
