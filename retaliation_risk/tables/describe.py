"""The contract and the messages, told: README's table, the JSON Schema, docs/messages.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retaliation_risk.errors import MESSAGES, Message
from retaliation_risk.tables.contract import CONTRACT, Column, Table

_JSON: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "minLength": 1},
    "str": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "float": {"type": "number"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
}


def json_schema() -> dict[str, Any]:
    """Return the contract as a JSON Schema (draft 2020-12): one object, with an array of rows for each table.

    Examples
    --------
    >>> schema = json_schema()
    >>> schema["required"]
    ['customers', 'tickets']
    >>> schema["$defs"]["orders"]["required"]
    ['customer_id', 'ordered_at']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tables of retaliation-risk",
        "type": "object",
        "properties": {name: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}} for name in CONTRACT},
        "required": [name for name, table in CONTRACT.items() if table.required],
        "additionalProperties": False,
        "$defs": {name: _row_schema(table) for name, table in CONTRACT.items()},
    }


def markdown_table() -> str:
    """Return the contract as a Markdown table, one line per column, required columns in bold.

    Examples
    --------
    >>> print(markdown_table().splitlines()[2])
    | customers | **customer_id** | id | the customer, as text |
    """
    lines = ["| table | column | kind | meaning |", "|---|---|---|---|"]
    lines += [_line(table, column) for table in CONTRACT.values() for column in table.columns]
    return "\n".join(lines) + "\n"


def messages_markdown() -> str:
    """Return docs/messages.md: every message of the package, with its cure.

    Examples
    --------
    >>> print(messages_markdown().splitlines()[0])
    # Messages
    """
    intro = "Every error and warning starts with one of these codes. A code never changes its meaning."
    return "\n".join(["# Messages", "", intro, "", *map(_section, MESSAGES.values())])


def write_docs(folder: Path | str) -> None:
    """Write messages.md and schema.json, as they stand in docs/."""
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    for name, content in {"messages.md": messages_markdown(), "schema.json": schema}.items():
        (Path(folder) / name).write_text(content, encoding="utf-8", newline="\n")


def _row_schema(table: Table) -> dict[str, Any]:
    return {
        "description": table.about,
        "type": "object",
        "properties": {column.name: _cell_schema(column) for column in table.columns},
        "required": [column.name for column in table.columns if column.required],
    }


def _cell_schema(column: Column) -> dict[str, Any]:
    cell: dict[str, Any] = {"description": column.about, **_JSON[column.kind]}
    if column.allowed:
        cell["enum"] = list(column.allowed)
    if column.low is not None:
        cell["minimum"] = column.low
    if column.high is not None:
        cell["maximum"] = column.high
    if column.required:
        return cell
    cell["type"] = [cell["type"], "null"]
    if column.allowed:
        cell["enum"].append(None)
    return cell


def _line(table: Table, column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    allowed = f": {', '.join(column.allowed)}" if column.allowed else ""
    return f"| {table.name} | {name} | {column.kind} | {column.about}{allowed} |"


def _section(message: Message) -> str:
    return f"## {message.code} {message.name}\n\n*{message.level}* · {message.about}\n\n{message.cure}\n"
