"""Pages of the report for a real browser."""

from pathlib import Path

import pytest

from retaliation_risk.report import render_html, summarise, write_report
from tests.report.report_folder import write_run_folder

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


@pytest.fixture(scope="session", params=["sample", "hostile"])
def page_file(request, tmp_path_factory):
    """The sample's page, made again by this code; and one with hostile names of every kind."""
    folder = tmp_path_factory.mktemp("browser")
    if request.param == "hostile":
        return write_report(write_run_folder(folder / "run", truth=True), show_contacts=True)
    (folder / "report.html").write_text(render_html(summarise(SAMPLE)), encoding="utf-8")
    return folder / "report.html"
