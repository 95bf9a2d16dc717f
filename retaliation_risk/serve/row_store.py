"""The rows of the tables, sorted by customer, so that those of one are found at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from retaliation_risk.tables import CONTRACT, Tables

Row = tuple[Any, ...]
_CODES = "SELECT customer_id, row_number() OVER (ORDER BY customer_id) - 1 AS code FROM customers"


@dataclass(frozen=True)
class RowStore:
    """Rows by customer, contact key and ticket; DuckDB skips what does not hold the one asked for."""

    connection: duckdb.DuckDBPyConnection
    names: tuple[str, ...]

    @classmethod
    def take(cls, tables: Tables) -> RowStore:
        """Sort the rows of the tables by customer; the tables are given up, since nobody may hold them twice."""
        connection = tables.connection.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE _served_codes AS {_CODES}")
        for name in tables.names:
            connection.execute(f"CREATE TABLE _served_{name} AS {_sorted(name)}")
        connection.execute(
            """CREATE TABLE _served_owners AS
               SELECT ticket_id, customer_id, epoch_us(opened_at) AS opened FROM tickets ORDER BY ticket_id;
               CREATE TABLE _served_contacts AS
               SELECT contact_key, customer_id FROM customers WHERE contact_key IS NOT NULL ORDER BY contact_key"""
        )
        for name in (*tables.names, "_served_codes"):
            connection.execute(f"DROP TABLE {name}")
        return cls(connection, tables.names)

    def of(self, code: int) -> dict[str, list[Row]]:
        """Return the rows of one customer by table, cells in contract order, times in microseconds."""
        cursor = self.connection.cursor()
        found = {}
        for name in self.names:
            columns = ", ".join(f'"{column}"' for column in CONTRACT[name].names)
            found[name] = cursor.execute(
                f"SELECT {columns} FROM _served_{name} WHERE code = ?", [code]
            ).fetchall()
        return found

    def owner(self, ticket_id: str) -> tuple[str, int] | None:
        """Return whose ticket it is and when it was opened; None for an unknown one."""
        sql = "SELECT customer_id, opened FROM _served_owners WHERE ticket_id = ?"
        found = self.connection.cursor().execute(sql, [ticket_id]).fetchall()
        return found[0] if found else None

    def with_contact(self, contact_key: str) -> set[str]:
        """Return the customers who have this contact key."""
        sql = "SELECT customer_id FROM _served_contacts WHERE contact_key = ?"
        return {row[0] for row in self.connection.cursor().execute(sql, [contact_key]).fetchall()}


def _sorted(name: str) -> str:
    """Return SQL of a table's rows in the order of its customers; times become microseconds."""
    cells = [
        f'epoch_us(r."{column.name}") AS "{column.name}"' if column.kind == "time" else f'r."{column.name}"'
        for column in CONTRACT[name].columns
    ]
    owner = "r" if "customer_id" in CONTRACT[name].names else "t"
    via = "JOIN tickets t USING (ticket_id)" if owner == "t" else ""
    return (
        f"SELECT c.code, {', '.join(cells)} FROM {name} r {via} "
        f"JOIN _served_codes c ON c.customer_id = {owner}.customer_id ORDER BY c.code"
    )
