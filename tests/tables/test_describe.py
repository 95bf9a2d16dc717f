"""The contract and the messages as documents; the files in docs/ are what the code makes."""

import json
from pathlib import Path

from retaliation_risk.errors import MESSAGES
from retaliation_risk.tables import CONTRACT, json_schema, markdown_table
from retaliation_risk.tables.describe import write_docs

DOCS = Path(__file__).parents[2] / "docs"


def test_the_documents_are_what_the_code_makes(tmp_path):
    write_docs(tmp_path)
    for made in sorted(tmp_path.iterdir()):
        written = (DOCS / made.name).read_text(encoding="utf-8")
        assert written == made.read_text(encoding="utf-8"), f"{made.name} is old: call write_docs('docs')"


def test_every_message_has_its_section():
    text = (DOCS / "messages.md").read_text(encoding="utf-8")
    assert [line.split()[1] for line in text.splitlines() if line.startswith("## ")] == list(MESSAGES)


def test_schema_has_every_table_and_column():
    rows = json.loads(json.dumps(json_schema()))["$defs"]
    assert {name: tuple(row["properties"]) for name, row in rows.items()} == {
        n: t.names for n, t in CONTRACT.items()
    }
    assert rows["tickets"]["required"] == ["ticket_id", "customer_id", "opened_at"]
    assert rows["tickets"]["properties"]["severity"] == {
        "description": "1 (mild) to 5 (grave), as at opening",
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 5,
    }


def test_markdown_has_a_line_for_every_column():
    lines = markdown_table().splitlines()[2:]
    assert len(lines) == sum(len(table.columns) for table in CONTRACT.values())
    assert all(line.count(" | ") == 3 for line in lines)
