"""All customers at several moments, or over all their time, straight to Parquet: no table of all values is ever in memory.

The facts are read once; then customers are taken in parts, each of which is sorted, walked and written before the next.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from retaliation_risk._folders import fresh_folder
from retaliation_risk.histories.asked import prepare
from retaliation_risk.histories.build import Facts, Part, read_facts
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.forms import cut_intervals
from retaliation_risk.histories.histories import Histories, microseconds
from retaliation_risk.histories.staging import literal
from retaliation_risk.tables.contract import EVENT_TYPES
from retaliation_risk.tables.store import Tables

Int64 = npt.NDArray[np.int64]
Answer = Callable[[Histories], pd.DataFrame]

ROWS = 122_880
"""Rows of one file, about: one of DuckDB's row groups."""
TICKETS = 20_000
"""Tickets behind one file of intervals, about."""


def write_as_of(
    tables: Tables,
    folder: Path,
    moments: Iterable[object],
    features: Sequence[Feature],
    definitions: Definitions | None = None,
) -> int:
    """Write each feature of every customer at every moment as Parquet; return the number of rows.

    Parameters
    ----------
    tables : Tables
        Checked tables.
    folder : Path
        Must not exist; gets files ``part-00000.parquet``, ..., in the order of (customer_id, moment).
    moments : iterable of timestamp
        As in :meth:`Histories.as_of`, each for every customer.
    features : sequence of Feature
    definitions : Definitions, optional

    Returns
    -------
    int
        Customers times moments. Columns are ``customer_id``, ``moment`` and one DOUBLE per feature; missing is null. The
        files do not depend on the number of cores.
    """
    listed = list(moments)
    times = np.unique(microseconds(listed, len(listed)))
    ready = prepare(features)

    def answer(histories: Histories) -> pd.DataFrame:
        n = len(histories.customer_ids)
        codes, asked = np.repeat(np.arange(n), len(times)), np.tile(times, n)
        values = histories.values_of(codes, asked, ready)
        columns = {feature.name: values[feature.name] for feature in features}
        return _frame(histories, codes, {"moment": asked.view("datetime64[us]"), **columns})

    with fresh_folder(folder) as partial:
        facts = read_facts(tables, definitions or Definitions(), features)
        return _write_parts(facts, partial, max(1, ROWS // max(1, len(times))), answer)


def write_intervals(
    tables: Tables,
    folder: Path,
    features: Sequence[Feature],
    definitions: Definitions | None = None,
    **asked: Any,
) -> int:
    """Write the rows of :func:`retaliation_risk.histories.build_intervals` as Parquet; return their number.

    Parameters
    ----------
    tables : Tables
        Checked tables.
    folder : Path
        Must not exist; gets files ``part-00000.parquet``, ..., in the order of (customer_id, start).
    features : sequence of Feature
    definitions : Definitions, optional
    **asked
        ``outcome``, ``until``, ``recurrent``, ``every_days`` and ``origin``, as there.

    Returns
    -------
    int
        Columns are those of ``build_intervals``. The files do not depend on the number of cores.
    """

    def answer(histories: Histories) -> pd.DataFrame:
        code, head, values = cut_intervals(histories, features, **asked)
        return _frame(histories, code, {**head, **values})

    outcome = {asked.get("outcome", "")} & set(EVENT_TYPES)
    with fresh_folder(folder) as partial:
        facts = read_facts(tables, definitions or Definitions(), features, kinds=outcome)
        size = TICKETS * len(facts.customer_ids) // max(1, len(facts.tickets.opened))
        return _write_parts(facts, partial, max(1, size), answer)


def _frame(histories: Histories, codes: Int64, columns: Mapping[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """Put the customers' ids before the columns: as categories, which are written without a copy of any text."""
    ids = pd.Categorical.from_codes(codes, categories=histories.customer_ids)
    return pd.DataFrame({"customer_id": ids, **columns}, copy=False)


def _write_parts(facts: Facts, folder: Path, size: int, answer: Answer) -> int:
    """Write the answer of every part, in as many threads as there are cores; each has one connection for its parts."""
    parts = [(folder / f"part-{i:05d}.parquet", part) for i, part in enumerate(facts.parts(size))]
    jobs = max(1, min(len(parts), os.cpu_count() or 1))
    shares = [parts[job::jobs] for job in range(jobs)]
    return sum(
        Parallel(n_jobs=jobs, prefer="threads")(
            delayed(_write_share)(facts, share, answer) for share in shares
        )
    )


def _write_share(facts: Facts, share: Sequence[tuple[Path, Part]], answer: Answer) -> int:
    with duckdb.connect(config={"threads": 1}) as connection:
        return sum(_write(connection, path, answer(facts.part(*part))) for path, part in share)


def _write(connection: duckdb.DuckDBPyConnection, path: Path, frame: pd.DataFrame) -> int:
    connection.register("part", frame)
    connection.execute(
        f"""COPY (SELECT * REPLACE (customer_id::VARCHAR AS customer_id) FROM part)
            TO {literal(path)} (FORMAT parquet, COMPRESSION lz4_raw)"""
    )
    return len(frame)
