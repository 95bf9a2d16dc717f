"""What passes through the door: one DuckDB connection with the typed tables, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pandas as pd

from retaliation_risk._validate import one_of
from retaliation_risk.errors import Problem
from retaliation_risk.tables._sql import name as quoted
from retaliation_risk.tables.contract import CONTRACT

_DTYPES = {"float": "float64", "int": "Int64", "bool": "boolean", "time": "datetime64[us]"}


@dataclass(frozen=True)
class Source:
    """One input file: its name, the sha256 of its bytes (empty for a frame) and the rows read from it."""

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Tables:
    """The canonical tables, typed, complete in their columns and checked.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Holds one table per name, with all contract columns in contract order; what was not delivered is NULL.
    names : tuple of str
        The tables present, in contract order.
    warnings : tuple of Problem
        What was found but does not stand in the way.
    sources : tuple of Source
        The files behind the tables.

    Examples
    --------
    >>> from retaliation_risk.tables import tables_from_frames
    >>> customers = pd.DataFrame({"customer_id": ["C1"], "first_seen_at": ["2025-01-01T09:00:00Z"]})
    >>> tickets = pd.DataFrame(
    ...     {"ticket_id": [7], "customer_id": ["C1"], "opened_at": ["2025-02-01T10:00:00+02:00"]}
    ... )
    >>> tables = tables_from_frames({"customers": customers, "tickets": tickets})
    >>> tables.names
    ('customers', 'tickets')
    >>> tables.query("SELECT ticket_id, opened_at, is_complaint FROM tickets")
      ticket_id           opened_at  is_complaint
    0         7 2025-02-01 08:00:00          True
    """

    connection: duckdb.DuckDBPyConnection
    names: tuple[str, ...]
    warnings: tuple[Problem, ...] = ()
    sources: tuple[Source, ...] = ()

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table, sorted by its columns in order.

        Parameters
        ----------
        name : str
            One of ``names``.

        Returns
        -------
        pandas.DataFrame
            Text as ``object`` (missing is None), times as ``datetime64[us]`` in UTC, the others as
            ``float64``, ``Int64`` and ``boolean``.
        """
        one_of("name", name, self.names)
        frame = self.query(f"SELECT * FROM {quoted(name)} ORDER BY ALL NULLS FIRST")
        kinds = {column.name: column.kind for column in CONTRACT[name].columns}
        return frame.astype({column: _DTYPES[kind] for column, kind in kinds.items() if kind in _DTYPES})

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of a query over the tables, with DuckDB's own dtypes."""
        result: pd.DataFrame = self.connection.execute(sql).df()
        return result

    def rows(self) -> dict[str, int]:
        """Return the number of rows of each table."""
        counts = {name: f"SELECT count(*) FROM {quoted(name)}" for name in self.names}
        return {name: int(self.connection.execute(sql).fetchall()[0][0]) for name, sql in counts.items()}
