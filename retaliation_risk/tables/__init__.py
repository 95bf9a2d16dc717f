"""The tables: the contract, the door that reads, types and checks them, and their writing."""

from __future__ import annotations

from retaliation_risk.tables.contract import CONTRACT, Column, Table
from retaliation_risk.tables.describe import json_schema, markdown_table
from retaliation_risk.tables.read import (
    check_tables,
    read_tables,
    tables_from_frames,
    tables_from_relations,
    tables_of_part,
)
from retaliation_risk.tables.store import Source, Tables
from retaliation_risk.tables.write import write_tables

__all__ = [
    "CONTRACT",
    "Column",
    "Source",
    "Table",
    "Tables",
    "check_tables",
    "json_schema",
    "markdown_table",
    "read_tables",
    "tables_from_frames",
    "tables_from_relations",
    "tables_of_part",
    "write_tables",
]
