"""The committed sample: made of its own tables by this code, and what the demo gives today.

Bytes are compared where Python and the libraries are those that it was made with, else numbers.
"""

from __future__ import annotations

import json
import math
import re
import runpy
from pathlib import Path

import pytest

from retaliation_risk.report import render_html, summarise

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "reports" / "sample"
MAKE = runpy.run_path(str(SAMPLE / "make.py"))


def text_of(path):
    return path.read_text(encoding="utf-8")


def same_versions():
    return json.loads(text_of(SAMPLE / "versions.json")) == MAKE["versions"]()


def numbers(value, place=""):
    """Every number of nested JSON, by its place; versions of libraries are no numbers."""
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "versions"}
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        return {k: v for name, item in inside for k, v in numbers(item, f"{place}/{name}").items()}
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return {place: float(value)} if real else {}


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The sample, made anew by its command."""
    folder = tmp_path_factory.mktemp("again") / "sample"
    MAKE["make"](folder)
    return folder


def test_the_sample_says_what_its_tables_say():
    assert summarise(SAMPLE) == json.loads(text_of(SAMPLE / "report.json"))


def test_the_page_of_the_sample_is_made_by_this_code():
    page, committed = render_html(summarise(SAMPLE)), text_of(SAMPLE / "report.html")
    if not same_versions():
        # Another matplotlib may draw otherwise; all the rest must be the same.
        page, committed = (re.sub(r'<img src="[^"]*"', "<img", text) for text in (page, committed))
    assert page == committed


def test_the_sample_is_small_and_holds_no_more_than_it_says():
    assert {path.name for path in SAMPLE.iterdir() if path.is_file()} == {
        *MAKE["KEPT"],
        "make.py",
        "versions.json",
    }
    assert sum(path.stat().st_size for path in SAMPLE.iterdir() if path.is_file()) < 1_800_000


@pytest.mark.slow
def test_the_demo_gives_the_sample_byte_for_byte(again):
    if not same_versions():
        pytest.skip("other versions than in reports/sample/versions.json: numbers are compared instead")
    assert [
        name for name in MAKE["KEPT"] if (again / name).read_bytes() != (SAMPLE / name).read_bytes()
    ] == []


@pytest.mark.slow
def test_the_demo_gives_the_numbers_of_the_sample(again):
    """Also with other versions, whose trees and last digits may differ: the answer, and nearly all other numbers."""
    made, committed = (json.loads(text_of(folder / "report.json")) for folder in (again, SAMPLE))
    for ours, theirs in zip(made["sections"][0]["numbers"], committed["sections"][0]["numbers"], strict=True):
        assert (ours["policy"], ours["metric"]) == (theirs["policy"], theirs["metric"])
        assert ours["value"] == pytest.approx(theirs["value"], abs=0.02)
    found, wanted = numbers(made), numbers(committed)
    same = [
        place
        for place, value in wanted.items()
        if math.isclose(found.get(place, math.inf), value, rel_tol=0.01, abs_tol=1e-6)
    ]
    assert len(wanted) > 3000
    assert len(same) >= 0.95 * len(wanted)
