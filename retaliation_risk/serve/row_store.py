"""The rows of the tables, sorted by customer, so that those of one are found at once."""

from __future__ import annotations

from collections.abc import Collection
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

    def owners(self, ticket_ids: Collection[str]) -> dict[str, tuple[str, int]]:
        """Return whose each ticket is and when it was opened, of those tickets that the tables hold."""
        one = "ticket_id = ?" if len(ticket_ids) == 1 else "ticket_id IN (SELECT unnest(?))"
        asked = next(iter(ticket_ids)) if len(ticket_ids) == 1 else list(ticket_ids)
        rows = (
            self.connection.cursor().execute(f"SELECT * FROM _served_owners WHERE {one}", [asked]).fetchall()
        )
        return {ticket: (customer, opened) for ticket, customer, opened in rows}

    def erase(self, customer_id: str, code: int) -> None:
        """Let go of a customer's rows."""
        cursor = self.connection.cursor()
        for name in ("owners", "contacts"):
            cursor.execute(f"DELETE FROM _served_{name} WHERE customer_id = ?", [customer_id])
        for name in self.names:
            cursor.execute(f"DELETE FROM _served_{name} WHERE code = ?", [code])

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
