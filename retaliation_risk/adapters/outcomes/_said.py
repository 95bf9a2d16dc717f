"""What only this import knows, for its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from retaliation_risk.adapters._contacts import NO_SECRET
from retaliation_risk.adapters._report import HISTORY, MAX_IDS, Ask, Finding, import_notes, imported_report
from retaliation_risk.adapters.outcomes._posts import Made
from retaliation_risk.adapters.outcomes._ways import APART, UNMATCHED


def said(
    connection: duckdb.DuckDBPyConnection,
    matches: pd.DataFrame,
    made: Made,
    there: Sequence[str],
    *,
    folder: Path,
    secret: bytes | None,
) -> dict[str, Any]:
    """Return the fields of the report that are not counted from the tables; the notes and level of the tables go on.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    matches : DataFrame
        From :func:`~retaliation_risk.adapters.outcomes._ways.match_posts`.
    made : Made
    there : sequence of str
        Posts that were among the outcomes already.
    folder : Path
        Of the tables.
    secret : bytes, optional
    """
    left = {"its kind means nothing": made.nothing, "already among the outcomes": there}
    apart = matches.drop_duplicates("post")
    left |= {
        way: apart.loc[apart["way"] == way, "post_id"].astype(str).tolist() for way in (*APART, *UNMATCHED)
    }
    notes = [*import_notes(folder), *_notes(Ask(connection), made, secret)]
    return {
        "level": imported_report(folder).get("level", HISTORY),
        "duplicates": made.duplicates,
        "left_out": tuple(
            Finding("outcomes", about, len(ids), tuple(ids[:MAX_IDS])) for about, ids in left.items() if ids
        ),
        "notes": tuple(dict.fromkeys(notes)),
    }


def _notes(ask: Ask, made: Made, secret: bytes | None) -> Iterator[str]:
    """Say what a reader must know of customers whose posts could not be found."""
    customers = ask.count("FROM customers")
    if made.has_addresses:
        if secret is None:
            yield NO_SECRET
        without = ask.count("FROM customers WHERE contact_key IS NULL")
        if without:
            yield f"Customers without a contact key, whose posts are not found by address: {without:,} of {customers:,}."
    if made.odd_addresses:
        yield f"Different texts in the column of addresses that are no e-mail address: {made.odd_addresses:,}."
    if _is_there(ask, "people") and (apart := customers - ask.count("FROM people")):
        yield f"Customers who are not in the contacts, whom a probable match never finds: {apart:,} of {customers:,}."
    yield (
        "A customer whose posts cannot be found looks like one who never acted; so what differs in being found must not be"
        " taken for a difference in acting. The table observation says when somebody could be seen."
    )


def _is_there(ask: Ask, table: str) -> bool:
    return ask.count(f"FROM duckdb_tables() WHERE table_name = '{table}'") > 0
