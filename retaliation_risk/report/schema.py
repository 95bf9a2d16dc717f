"""The shape of report.json, declared once: docs/report.schema.json is made from it (``python -m ...report.schema docs``)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from retaliation_risk.report.formats import FORMATS, LOCALES
from retaliation_risk.report.words import SECTIONS

Schema = dict[str, Any]

SCALAR = {"type": ["string", "number", "boolean", "null"]}
NUMBER = {"type": ["number", "null"]}
TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
VERDICTS = ("lead", "against", "undecided", "few", "unjudged", "no_influence", "nothing")


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(about: str, properties: Schema, more: Schema | None = None) -> Schema:
    """Return an object that has all of ``properties``; ``more`` may be there, nothing else."""
    return {
        "description": about,
        "type": "object",
        "properties": properties | (more or {}),
        "required": list(properties),
        "additionalProperties": False,
    }


# What only some sections have: the name of the section, and its own keys.
_OWN: dict[str, Schema] = {
    "answer": {
        "verdict": {"enum": list(VERDICTS), "description": "who reaches more retaliations: lead or against"},
        "verdict_reach": {"enum": list(VERDICTS), "description": "the same for their audience"},
        "sentence": TEXT,
        "sentence_reach": TEXT,
        "numbers": _list(_ref("number")),
        "beats_baselines": {"type": ["boolean", "null"]},
    },
    "queue": {
        "policy": TEXT,
        "total": {"type": "integer", "minimum": 0, "description": "customers in the queue, shown or not"},
        "pseudonymised": {"type": "boolean"},
    },
    "since": {"before": MAYBE | {"description": "name of the earlier run; null without one"}},
}

_DEFS: Schema = {
    "about": _object(
        "The run, in short.",
        {
            "run": TEXT,
            "now": MAYBE | {"description": "the moment of the queue, ISO 8601, UTC"},
            "outcome": MAYBE,
            "horizon_days": NUMBER,
            "capacity": NUMBER | {"description": "customers that can be answered a period"},
            "period": TEXT,
            "model": TEXT,
            "lead": MAYBE | {"description": "the policy that is compared; null where none was scored"},
            "against": MAYBE,
            "n_customers": {"type": ["integer", "null"]},
            "n_events": {"type": ["integer", "null"], "description": "null where none can be on record"},
        },
    ),
    "column": _object(
        "A column of a table.",
        {
            "key": TEXT | {"description": "where it stands in each row"},
            "label": TEXT,
            "kind": {
                "enum": list(FORMATS),
                "description": "how a person reads it; percent: a share times 100",
            },
            "interval": {
                "type": "boolean",
                "description": "key_low and key_high (or low and high) stand in the row",
            },
        },
    ),
    "table": _object(
        "A table; rows hold numbers as they stand in the run folder, not rounded.",
        {
            "id": TEXT,
            "caption": TEXT,
            "columns": _list(_ref("column")),
            "rows": _list({"type": "object", "additionalProperties": {"anyOf": [SCALAR, _list(SCALAR)]}}),
            "note": TEXT,
            "beneath": TEXT | {"description": "key of the lines under each row; empty for none"},
        },
    ),
    "figure": _object(
        "A chart, and the table that it is drawn from.",
        {"name": TEXT, "title": TEXT, "alt": TEXT, "how": TEXT, "data": _ref("table")},
        {"at": NUMBER, "metric": TEXT, "chance": NUMBER},
    ),
    "number": _object(
        "A key number with its 95 % interval; null ends where there are too few events for one.",
        {
            "label": TEXT,
            "kind": {"enum": list(FORMATS)},
            "unit": TEXT,
            "policy": TEXT,
            "metric": TEXT,
            **dict.fromkeys(("value", "low", "high", "n", "n_events"), NUMBER),
        },
    ),
}


def report_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of report.json.

    Examples
    --------
    >>> report_schema()["required"]
    ['schema_version', 'language', 'locale', 'about', 'sections']
    """
    whole = _object(
        "What a run has to say, section by section, in the order of the page.",
        {
            "schema_version": {"const": 1},
            "language": TEXT | {"description": "of the words"},
            "locale": {"enum": list(LOCALES), "description": "whose marks numbers and dates have"},
            "about": _ref("about"),
            "sections": _list({"anyOf": [_ref(f"section_{name}") for name in SECTIONS]}),
        },
    )
    sections = {f"section_{name}": _section(name, title) for name, title in SECTIONS.items()}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "report.json of retaliation-risk",
    }
    return head | whole | {"$defs": _DEFS | sections}


def _section(name: str, title: str) -> Schema:
    own = _OWN.get(name, {})
    parts = {
        "id": {"const": name},
        "title": TEXT,
        "paragraphs": _list(TEXT),
        "figures": _list(_ref("figure")),
        "tables": _list(_ref("table")),
        "folded": _list(_ref("table")),
        "lists": _list(_object("Points under a title.", {"title": TEXT, "items": _list(TEXT)})),
        "missing": _list(TEXT | {"description": "what is not there, and why"}),
    }
    # A section that could not be made says only why.
    return _object(title, parts | (own if name != "queue" else {}), own)


def write_schema(folder: Path) -> None:
    """Write report.schema.json, as it stands in docs/."""
    schema = json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"
    (Path(folder) / "report.schema.json").write_text(schema, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_schema(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
