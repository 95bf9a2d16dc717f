"""Whose post it is: by id, by key, by a probable match; and what stays apart."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk.adapters._records import utc
from retaliation_risk.adapters._report import Ask
from retaliation_risk.adapters.outcomes._file import Field, OutcomesMapping
from retaliation_risk.adapters.outcomes._pairs import compare, listed, make_people
from retaliation_risk.adapters.outcomes.linkage import fit_linkage, weights
from retaliation_risk.tables.contract import CONTRACT

#: How a post came to its customer, from the surest; what is not certain of anybody stays apart, and is joined to nobody.
JOINED = ("customer id", "exact key", "probable match")
APART = ("conflict", "key of several customers", "opted out", "ambiguous", "below confidence")
UNMATCHED = ("unknown id", "no match")

COLUMNS = ["post_id", "customer_id", "way", "probability", "weight", "joined"]


def by_fact(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return what ids and keys say of each of ``posts``: ``post``, ``customer_id``, ``way``.

    A post whose id is of one customer and whose key is of another is a ``conflict``; one whose id nobody has is an
    ``unknown id``, and is compared no further. ``way`` is missing where neither says anything.
    """
    found: pd.DataFrame = connection.execute(
        """
        WITH keys AS (
            SELECT contact_key, count(*) AS customers, min(customer_id) AS customer_id
            FROM customers WHERE contact_key IS NOT NULL GROUP BY contact_key
        ), said AS (
            SELECT post, posts.customer_id AS told, named.customer_id, keys.customers, keys.customer_id AS of_key,
                keys.customers > 0 AND named.contact_key IS DISTINCT FROM posts.contact_key AS differs
            FROM posts
            LEFT JOIN customers AS named USING (customer_id)
            LEFT JOIN keys ON keys.contact_key = posts.contact_key
        )
        SELECT post, CASE way WHEN 'exact key' THEN of_key WHEN 'customer id' THEN customer_id END AS customer_id, way
        FROM (SELECT *, CASE
            WHEN told IS NOT NULL AND customer_id IS NULL THEN 'unknown id'
            WHEN told IS NOT NULL AND differs THEN 'conflict'
            WHEN told IS NOT NULL THEN 'customer id'
            WHEN customers = 1 THEN 'exact key'
            WHEN customers > 1 THEN 'key of several customers'
            END AS way FROM said)
        ORDER BY post
        """
    ).df()
    return found


def by_likelihood(
    posts: pd.Series[int], listed: pd.DataFrame, opted_out: set[str], *, confidence: float
) -> pd.DataFrame:
    """Decide on the pairs of some likelihood.

    Parameters
    ----------
    posts : Series of int
        All posts that were compared.
    listed : DataFrame
        ``post``, ``customer_id``, ``probability``, ``weight``.
    opted_out : set of str
        Customers who must not be profiled.
    confidence : float
        Above 0.5, so that it has one customer at most.

    Returns
    -------
    DataFrame
        The pairs, and a row for each post without any, with ``way``: ``probable match`` where the likeliest customer
        reaches the confidence (``opted out`` if that customer did), ``ambiguous`` where only several together do, else
        ``below confidence``; ``no match`` where no customer is likely at all. ``joined`` is true of one row of a post.

    Examples
    --------
    >>> pairs = pd.DataFrame({"post": [0, 1, 1], "customer_id": ["A", "A", "B"], "probability": [0.99, 0.5, 0.49],
    ...                       "weight": [20.0, 9.0, 9.0]})
    >>> by_likelihood(pd.Series([0, 1, 2]), pairs, set(), confidence=0.9)["way"].tolist()
    ['probable match', 'ambiguous', 'ambiguous', 'no match']
    """
    pairs = pd.DataFrame({"post": posts}).merge(listed, on="post", how="left")
    of_post = pairs.groupby("post")["probability"]
    sure = pairs["probability"] >= confidence
    excluded = sure & pairs["customer_id"].isin(opted_out)
    way = pd.Series("below confidence", pairs.index)
    way[of_post.transform("sum") >= confidence] = "ambiguous"
    way[sure.groupby(pairs["post"]).transform("any")] = "probable match"
    way[excluded.groupby(pairs["post"]).transform("any")] = "opted out"
    way[pairs["probability"].isna()] = "no match"
    return pairs.assign(way=way, joined=sure & ~excluded)


def match_posts(
    connection: duckdb.DuckDBPyConnection, mapping: OutcomesMapping
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Find the customer of each of ``posts``: by what is a fact, then by what is likely.

    Returns
    -------
    matches : DataFrame
        ``post`` and :data:`COLUMNS`, a row per post and customer it may belong to; as CSV beside the tables.
    matching : dict
        For the report: ``confidence``, ``ways`` (posts of each), ``share`` and ``fields`` of the probable match.
    """
    facts = by_fact(connection)
    open_posts = facts.loc[facts["way"].isna(), ["post"]]
    likely, weighed = _likely(connection, open_posts, mapping)
    known = facts[facts["way"].notna()]
    matches = pd.concat([known.assign(joined=known["way"].isin(JOINED)), likely], ignore_index=True)
    ids = connection.execute("SELECT post, post_id FROM posts").df()
    matches = matches.merge(ids, on="post").sort_values(["post", "probability"], ascending=[True, False])
    posts = matches.drop_duplicates("post")["way"].value_counts()
    ways = {way: int(posts.get(way, 0)) for way in (*JOINED, *APART, *UNMATCHED)}
    return matches.reset_index(drop=True), {"confidence": mapping.confidence, "ways": ways, **weighed}


def add_outcomes(connection: duckdb.DuckDBPyConnection, matches: pd.DataFrame) -> list[str]:
    """Add the joined posts to ``outcomes``, but those that stand there already; return the ``post_id`` of these."""
    connection.register("_joined", matches.loc[matches["joined"], ["post", "customer_id"]])
    connection.execute(
        "CREATE TABLE added AS SELECT post_id, _joined.customer_id, occurred_at, outcome_type, known_at, reach"
        " FROM posts JOIN _joined USING (post) ORDER BY post"
    )
    connection.unregister("_joined")
    columns = ", ".join(CONTRACT["outcomes"].names)
    if (
        Ask(connection).count("FROM duckdb_tables() WHERE schema_name = 'made' AND table_name = 'outcomes'")
        == 0
    ):
        connection.execute(f"CREATE TABLE outcomes AS SELECT {columns} FROM added")
        return []
    same = (
        f"SEMI JOIN outcomes AS o ON o.customer_id = a.customer_id AND o.occurred_at = {utc('a.occurred_at')}"
        " AND o.outcome_type = a.outcome_type"
    )
    there = connection.execute(f"SELECT post_id FROM added AS a {same} ORDER BY post_id").fetchall()
    old = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in CONTRACT["outcomes"].names)
    connection.execute(
        f"CREATE TABLE together AS SELECT {old} FROM outcomes UNION ALL"
        f" SELECT {columns} FROM added AS a {same.replace('SEMI', 'ANTI', 1)}"
    )
    connection.execute("DROP TABLE outcomes")
    connection.execute("ALTER TABLE together RENAME TO outcomes")
    return [str(post) for (post,) in there]


def _likely(
    connection: duckdb.DuckDBPyConnection, posts: pd.DataFrame, mapping: OutcomesMapping
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Compare posts that no fact joins; with nothing to compare, all are without a match."""
    nothing = pd.DataFrame({"post": [], "customer_id": [], "probability": [], "weight": []})
    number = pd.Series(range(len(posts)), dtype="int64")
    if not (mapping.match and len(posts)):
        found = nothing.astype({"post": "int64", "customer_id": object})
        told: dict[str, Any] = {"share": None, "fields": {}}
    else:
        found, told = _weighed(connection, posts.assign(number=number.to_numpy()), mapping)
    opted_out = connection.execute("SELECT customer_id FROM customers WHERE profiling_opt_out").fetchall()
    decided = by_likelihood(number, found, {name for (name,) in opted_out}, confidence=mapping.confidence)
    return decided.assign(post=posts["post"].to_numpy()[decided["post"]]), told


def _weighed(
    connection: duckdb.DuckDBPyConnection, posts: pd.DataFrame, mapping: OutcomesMapping
) -> tuple[pd.DataFrame, dict[str, Any]]:
    fields = mapping.match
    connection.register("_open", posts)
    cells = ", ".join(f"f{k}" for k in range(len(fields)))
    connection.execute(
        f"CREATE TABLE asked AS SELECT number AS post, {cells} FROM posts JOIN _open USING (post)"
    )
    connection.unregister("_open")
    make_people(connection, mapping)
    pairs = compare(connection, fields)
    names = [field.name for field in fields]
    found = fit_linkage(pairs, m=[field.m for field in fields], u=[field.u for field in fields], names=names)
    told = {field.name: _worth(field, found.m[k], found.u[k]) for k, field in enumerate(fields)}
    return listed(connection, pairs, found), {"share": found.share, "fields": told}


def _worth(field: Field, m: float, u: float) -> dict[str, Any]:
    """Say how a field was compared and what it was worth."""
    agrees, disagrees = weights(np.array([[1], [0]], np.int8), np.array([m]), np.array([u]))
    chances = {
        key: {"value": float(used), "from": "estimated" if getattr(field, key) is None else "given"}
        for key, used in (("m", m), ("u", u))
    }
    how = field.model_dump(include={"compare", "at_least", "within_days", "block"}, exclude_none=True)
    return {**how, **chances, "agrees": float(agrees), "disagrees": float(disagrees)}
