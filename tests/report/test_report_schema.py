"""report.json keeps to its published schema, and the schema is the one that is published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from report_folder import write_run_folder

from retaliation_risk.report import summarise
from retaliation_risk.report.schema import report_schema, write_schema

DOCS = Path(__file__).parents[2] / "docs"
KINDS = {
    "full": {"truth": True},
    "no influence": {"influence": False},
    "no model": {"model": False},
    "neither": {"influence": False, "model": False},
}


def complaints(report: object) -> list[str]:
    return [error.message for error in Draft202012Validator(report_schema()).iter_errors(report)]


def test_the_published_schema_is_current_and_a_schema(tmp_path):
    write_schema(tmp_path)
    name = "report.schema.json"
    assert (tmp_path / name).read_text(encoding="utf-8") == (DOCS / name).read_text(encoding="utf-8")
    Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("kind", KINDS)
def test_reports_keep_to_the_schema(tmp_path, kind):
    folder = write_run_folder(tmp_path / "run", **KINDS[kind])
    assert complaints(json.loads(json.dumps(summarise(folder)))) == []


def test_a_report_of_almost_nothing_keeps_to_the_schema(tmp_path):
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    assert complaints(summarise(tmp_path)) == []


def test_what_is_not_in_the_schema_is_refused(full):
    summary = summarise(full)
    assert complaints(summary | {"more": 1})
    summary["sections"][0].pop("verdict")
    assert complaints(summary)
