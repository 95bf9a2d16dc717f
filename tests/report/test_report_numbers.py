"""No number on the page is the page's own: each stands in a file of the run folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_folder import write_run_folder

from retaliation_risk.report import write_report
from tests.traced import untraced

KINDS = {"full": {"truth": True}, "no influence": {"influence": False}, "no model": {"model": False}}


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_on_the_page_stands_in_the_run_folder(tmp_path, kind):
    folder = write_run_folder(tmp_path / "run", **KINDS[kind])
    page = write_report(folder, show_contacts=True).read_text(encoding="utf-8")
    assert untraced(folder, page, also=["5"]) == []


def test_a_number_of_the_pages_own_is_found(full: Path):
    page = write_report(full, show_contacts=True).read_text(encoding="utf-8")
    for true, false in (
        ("31 of 100", "47.31 of 100"),
        ("15 to 29", "15 to 92.917"),
        ("5,321 people", "5,322 people"),
    ):
        assert true in page
        found = untraced(full, page.replace(true, false), also=["5"])
        assert {token.split()[0] for token in found} <= {"47.31", "92.917", "5,322"}, found
        assert found
