"""Whether two tables hold the same rows and the same values."""

from __future__ import annotations

import duckdb

from benchmarks.histories.asked import REAL


def differences(ours: str, peer: str, keys: tuple[str, ...], columns: tuple[str, ...]) -> dict[str, int]:
    """Return for each column the rows that differ (exactly, or beyond 1e-9 for real numbers); empty if none.

    Rows are matched by their keys. One that a table has and the other has not is counted under ``rows``.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET memory_limit = '8GB'")
    counts = ", ".join(f"count(*) FILTER (NOT ({_same(name)}))" for name in columns)
    n_both, *found = connection.execute(
        f"SELECT count(*), {counts} FROM '{_files(ours)}' a JOIN '{_files(peer)}' b USING ({', '.join(keys)})"
    ).fetchall()[0]
    rows = [
        connection.execute(f"SELECT count(*) FROM '{_files(path)}'").fetchall()[0][0] for path in (ours, peer)
    ]
    found = {"rows": sum(rows) - 2 * n_both, **dict(zip(columns, found, strict=True))}
    return {name: n for name, n in found.items() if n}


def _files(path: str) -> str:
    return path if path.endswith(".parquet") else f"{path}/*.parquet"


def _same(name: str) -> str:
    if name in ("stop", "event"):
        return f"a.{name} IS NOT DISTINCT FROM b.{name}"
    a, b = (f"CASE WHEN NOT isnan({side}.{name}::DOUBLE) THEN {side}.{name}::DOUBLE END" for side in "ab")
    if name not in REAL:
        return f"{a} IS NOT DISTINCT FROM {b}"
    return f"({a} IS NULL AND {b} IS NULL) OR coalesce(abs({a} - {b}) <= 1e-9 * greatest(1, abs({b})), false)"
