"""All customers at several moments, straight to Parquet: no table of all values is ever in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.histories import Histories, microseconds

Int64 = npt.NDArray[np.int64]

ROWS = 122_880
"""Rows of one file, about: one of DuckDB's row groups."""


def write_as_of(
    histories: Histories, folder: Path, moments: Iterable[object], features: Sequence[Feature]
) -> int:
    """Write each feature of every customer at every moment as Parquet; return the number of rows.

    Parameters
    ----------
    histories : Histories
    folder : Path
        Must not exist; gets files ``part-00000.parquet``, ..., in the order of (customer_id, moment).
    moments : iterable of timestamp
        As in :meth:`Histories.as_of`, each for every customer.
    features : sequence of Feature

    Returns
    -------
    int
        Customers times moments. Columns are ``customer_id``, ``moment`` and one DOUBLE per feature; missing is null. The
        files do not depend on the number of cores.
    """
    folder = Path(folder)
    if folder.exists():
        raise ArgumentError("RR108", f"{str(folder)!r} exists already.")
    listed = list(moments)
    times = np.unique(microseconds(listed, len(listed)))
    folder.mkdir(parents=True)
    step = max(1, ROWS // max(1, len(times)))
    starts = range(0, len(histories.customer_ids), step)
    parts = [
        (folder / f"part-{number:05d}.parquet", slice(start, start + step))
        for number, start in enumerate(starts)
    ]
    jobs = max(1, min(len(parts), os.cpu_count() or 1))
    shares = [parts[job::jobs] for job in range(jobs)]
    return sum(
        Parallel(n_jobs=jobs, prefer="threads")(
            delayed(_write_parts)(histories, share, times, features) for share in shares
        )
    )


def _write_parts(
    histories: Histories, parts: list[tuple[Path, slice]], times: Int64, features: Sequence[Feature]
) -> int:
    """Write some parts, one after the other by one connection, which keeps its memory from part to part."""
    with duckdb.connect(config={"threads": 1}) as connection:
        return sum(_write_part(connection, histories, *part, times, features) for part in parts)


def _write_part(
    connection: duckdb.DuckDBPyConnection,
    histories: Histories,
    path: Path,
    customers: slice,
    times: Int64,
    features: Sequence[Feature],
) -> int:
    """Write the customers at these positions, as far as there are so many."""
    ids = histories.customer_ids.to_numpy()[customers]
    codes = np.repeat(np.arange(customers.start, customers.start + len(ids)), len(times))
    asked = np.tile(times, len(ids))
    values = histories.values_of(codes, asked, features)
    chosen = {feature.name: values[feature.name] for feature in features}
    connection.register("owners", {"customer_id": ids})
    connection.register("part", {"moment": asked.view("datetime64[us]"), **chosen})
    names = "".join(f', "{name}"' for name in chosen)
    escaped = str(path).replace("'", "''")
    connection.execute(
        f"""COPY (SELECT customer_id::VARCHAR AS customer_id, moment{names}
                  FROM (SELECT customer_id, unnest(range({len(times)})) FROM owners) POSITIONAL JOIN part)
            TO '{escaped}' (FORMAT parquet, COMPRESSION lz4_raw)"""
    )
    return len(codes)
