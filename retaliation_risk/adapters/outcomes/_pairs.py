"""Pairs of posts and customers, compared field by field in DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk.adapters._mapping_sql import value
from retaliation_risk.adapters._records import utc
from retaliation_risk.adapters._report import Ask
from retaliation_risk.adapters.outcomes._file import Field, OutcomesMapping
from retaliation_risk.adapters.outcomes.linkage import AGREES, DISAGREES, MISSING, Compared, Floats, Linkage
from retaliation_risk.errors import DataError
from retaliation_risk.tables._sql import literal
from retaliation_risk.tables._sql import name as quoted

MOST_PAIRS = 20_000_000
"""Pairs that one import compares."""

_SAMPLED_PAIRS, _SAMPLED_POSTS = 2_000_000, 2000
_SHOWN = 0.01
"""Probability from which on a pair is listed."""

_NO_LETTER = r"[^\p{L}\p{N}]+"


def post_cell(field: Field, mapping: OutcomesMapping) -> str:
    """Return SQL for what a post says in a field, in the form in which it is compared."""
    words = value(field.post, "time" if field.compare == "order" else "str", mapping)
    return _local_day(utc(f"({words})"), mapping.zone) if field.compare == "order" else _plain(words, field)


def make_people(connection: duckdb.DuckDBPyConnection, mapping: OutcomesMapping) -> None:
    """Make ``people`` of ``customers``, ``contacts`` and ``orders``: who can be compared, with a column per field."""
    cells = "".join(f", {_person_cell(field, mapping)} AS f{k}" for k, field in enumerate(mapping.match))
    contacts = " JOIN contacts USING (customer_id)" if mapping.contact_columns else ""
    connection.execute(f"CREATE TABLE people AS SELECT customer_id{cells} FROM customers{contacts}")


def compare(connection: duckdb.DuckDBPyConnection, fields: Sequence[Field]) -> Compared:
    """Make ``pairs`` of ``asked`` (posts, numbered from 0) and ``people``, and return them put together.

    Raises
    ------
    DataError
        RR155 if there are more than :data:`MOST_PAIRS`.
    """
    ask = Ask(connection)
    posts, people = ask.count("FROM asked"), ask.count("FROM people")
    blocks = [f"p.f{k} = c.f{k}" for k, field in enumerate(fields) if field.block]
    source = f"FROM asked p JOIN people c ON {' OR '.join(blocks) or 'true'}"
    count = ask.count(source) if blocks else posts * people
    if count > MOST_PAIRS:
        raise DataError(
            "RR155", f"{posts:,} posts and {people:,} customers make {count:,} pairs, over {MOST_PAIRS:,}."
        )
    results = ", ".join(f"{_result(field, k)} AS a{k}" for k, field in enumerate(fields))
    connection.execute(f"CREATE TABLE pairs AS SELECT p.post, c.customer_id, {results} {source}")
    names = [f"a{k}" for k in range(len(fields))]
    columns = ", ".join(["post", *names])
    groups = connection.execute(
        f"SELECT {columns}, count(*) AS n FROM pairs GROUP BY {columns} ORDER BY {columns}"
    ).df()
    return Compared(
        post=groups["post"].to_numpy(np.int64),
        fields=groups[names].to_numpy(np.int8),
        count=groups["n"].to_numpy(np.float64),
        all_pairs=_all_pairs(ask, results, len(fields), posts * people),
        n_posts=posts,
        n_customers=max(people, 1),
        block=tuple(field.block for field in fields),
    )


def listed(connection: duckdb.DuckDBPyConnection, pairs: Compared, found: Linkage) -> pd.DataFrame:
    """Return the pairs of some likelihood: ``post``, ``customer_id``, ``probability``, ``weight`` (bits)."""
    names = [f"a{k}" for k in range(pairs.fields.shape[1])]
    groups = pd.DataFrame(pairs.fields, columns=names).assign(
        post=pairs.post, probability=found.probability, weight=found.weight
    )
    connection.register("_groups", groups[groups["probability"] >= _SHOWN])
    rows: pd.DataFrame = connection.execute(
        f"SELECT post, customer_id, probability, weight FROM pairs JOIN _groups USING ({', '.join(['post', *names])})"
        " ORDER BY post, probability DESC, customer_id"
    ).df()
    connection.unregister("_groups")
    return rows


def _all_pairs(ask: Ask, results: str, n_fields: int, total: int) -> Floats:
    """Of all pairs, in how many each field is there and in how many it agrees; scaled up from a sample where there are many.

    Who is in the sample depends on a hash of the ids only, so the same files give the same numbers.
    """
    some = f"FROM (FROM asked ORDER BY md5(CAST(post AS VARCHAR)) LIMIT {_SAMPLED_POSTS}) p"
    customers = _SAMPLED_PAIRS // max(min(ask.count("FROM asked"), _SAMPLED_POSTS), 1)
    source = f"{some} CROSS JOIN (FROM people ORDER BY md5(customer_id) LIMIT {customers}) c"
    counts = ", ".join(
        f"count(*) FILTER (a{k} <> {MISSING}), count(*) FILTER (a{k} = {AGREES})" for k in range(n_fields)
    )
    sampled, *found = ask.row(f"SELECT count(*), {counts} FROM (SELECT {results} {source})")
    counted: Floats = np.array(found, dtype=np.float64).reshape(n_fields, 2)
    share = total / max(int(sampled), 1)
    return counted * share


def _result(field: Field, k: int) -> str:
    post, customer = f"p.f{k}", f"c.f{k}"
    agree = {
        "exact": f"{post} = {customer}",
        "similar": f"jaro_winkler_similarity({post}, {customer}) >= {field.at_least}",
        "order": f"len(list_filter({customer}, lambda day: abs(day - {post}) <= {field.within_days})) > 0",
    }[field.compare]
    return (
        f"CAST(CASE WHEN {post} IS NULL OR {customer} IS NULL THEN {MISSING} WHEN {agree} THEN {AGREES}"
        f" ELSE {DISAGREES} END AS TINYINT)"
    )


def _person_cell(field: Field, mapping: OutcomesMapping) -> str:
    if field.compare != "order":
        return _plain(f"contacts.{quoted(field.contact or '')}", field)
    days = f"SELECT list(DISTINCT {_local_day('ordered_at', mapping.zone)}) FROM orders"
    return f"coalesce(({days} WHERE orders.customer_id = customers.customer_id), [])"


def _plain(words: str, field: Field) -> str:
    """Lower case without accents; words sorted where they may come in any order, all in one where they must be equal."""
    folded = f"lower(strip_accents({words}))"
    if field.compare == "exact":
        return f"nullif(regexp_replace({folded}, '{_NO_LETTER}', '', 'g'), '')"
    return f"nullif(trim(array_to_string(list_sort(string_split_regex({folded}, '{_NO_LETTER}')), ' ')), '')"


def _local_day(time: str, zone: str) -> str:
    return f"CAST(timezone({literal(zone)}, timezone('UTC', {time})) AS DATE)"
