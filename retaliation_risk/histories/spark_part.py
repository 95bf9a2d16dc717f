"""What a Spark worker does with one partition: its rows become tables again, and the one ``as_of`` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd

from retaliation_risk._version import __version__
from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories.question import Question
from retaliation_risk.histories.shards import answer
from retaliation_risk.histories.staging import refuse_unknown
from retaliation_risk.tables import tables_of_part

ASKED = "asked"
_BATCH = 10_000
"""Rows of the result that go back to Spark at a time."""


@dataclass(frozen=True)
class Part:
    """What a worker does with the rows of one partition: tables again, histories, ``as_of``."""

    question: Question
    columns: Mapping[str, list[str]]
    package: str = __version__

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Take Arrow batches of tagged rows, yield Arrow batches of the result."""
        if self.package != __version__:
            raise ArgumentError(
                "RR111", f"the driver has version {self.package}, a worker has {__version__}."
            )
        with TemporaryDirectory() as spill:
            connection = duckdb.connect(config={"threads": 1, "temp_directory": spill})
            connection.execute("SET TimeZone = 'UTC'")
            if self._load(connection, batches):
                yield from _batches(self._answer(connection))
            connection.close()

    def _load(self, connection: duckdb.DuckDBPyConnection, batches: Iterator[Any]) -> int:
        """Insert the rows of each table into a table of its own; return how many there were."""
        loaded = 0
        for batch in batches:
            for name, columns in self.columns.items():
                connection.register("_batch", _of_table(batch, name, columns))
                if not loaded:
                    connection.execute(f"CREATE TABLE _part_{name} AS FROM _batch LIMIT 0")
                connection.execute(f"INSERT INTO _part_{name} FROM _batch")
                connection.unregister("_batch")
            loaded += batch.num_rows
        return loaded

    def _answer(self, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
        parts = {name: f"_part_{name}" for name in self.columns if name != ASKED}
        tables = tables_of_part(connection, parts)
        if ASKED in self.columns:
            pairs = "SELECT DISTINCT CAST(customer_id AS VARCHAR) AS customer_id, CAST(moment AS TIMESTAMP) AS moment"
            connection.execute(f"CREATE VIEW {ASKED} AS {pairs} FROM _part_{ASKED}")
            refuse_unknown(connection, ASKED)
        return answer(connection, tables, self.question, ASKED)


def _of_table(batch: Any, name: str, columns: Sequence[str]) -> Any:
    """Return the rows of one table in an Arrow batch, times as UTC without a zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    mine = batch.filter(pc.equal(batch.column("_table"), name))
    return pa.table({column.split("__", 1)[1]: _plain(mine.column(column)) for column in columns})


def _plain(column: Any) -> Any:
    """Drop the zone of a time: the number behind it is UTC whatever the session's zone is."""
    import pyarrow as pa

    return column.cast(pa.int64()).cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column


def _batches(frame: pd.DataFrame) -> Iterator[Any]:
    import pyarrow as pa

    kinds = {"customer_id": pa.string(), "moment": pa.timestamp("us")}
    columns = {
        name: pa.array(frame[name].to_numpy(), kinds.get(str(name), pa.float64()), from_pandas=True)
        for name in frame
    }
    yield from pa.table(columns).to_batches(max_chunksize=_BATCH)
