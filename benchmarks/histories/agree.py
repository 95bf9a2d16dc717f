"""Whether two files of features hold the same values."""

from __future__ import annotations

import duckdb

from benchmarks.histories.asked import NAMES, REAL


def differences(ours: str, peer: str, names: tuple[str, ...] = NAMES) -> dict[str, int]:
    """Return for each feature the rows that differ (exactly, or beyond 1e-9 for real numbers); empty if none.

    A row that one file has and the other has not is counted under ``rows``.
    """
    different = {name: f"NOT ({_same(name)})" for name in names}
    counts = ", ".join(f"count(*) FILTER ({test})" for test in different.values())
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    n_both, *found = connection.execute(
        f"SELECT count(*), {counts} FROM '{_files(ours)}' a JOIN '{_files(peer)}' b USING (customer_id, moment)"
    ).fetchall()[0]
    rows = [
        connection.execute(f"SELECT count(*) FROM '{_files(path)}'").fetchall()[0][0] for path in (ours, peer)
    ]
    found = {"rows": sum(rows) - 2 * n_both, **dict(zip(different, found, strict=True))}
    return {name: n for name, n in found.items() if n}


def _files(path: str) -> str:
    return path if path.endswith(".parquet") else f"{path}/*.parquet"


def _same(name: str) -> str:
    a, b = (f"CASE WHEN NOT isnan({side}.{name}::DOUBLE) THEN {side}.{name}::DOUBLE END" for side in "ab")
    if name not in REAL:
        return f"{a} IS NOT DISTINCT FROM {b}"
    return f"({a} IS NULL AND {b} IS NULL) OR coalesce(abs({a} - {b}) <= 1e-9 * greatest(1, abs({b})), false)"
