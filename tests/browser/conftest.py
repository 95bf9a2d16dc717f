"""A page of the report in a real browser; without one, tests skip and say what is missing."""

import os
from pathlib import Path

import pytest

from retaliation_risk.report import render_html, summarise, write_report
from tests.browser.opening import browser, chromium
from tests.report.report_folder import write_run_folder

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "reports" / "sample"
AXE = Path(os.environ.get("RETALIATION_RISK_AXE", HERE / "node_modules" / "axe-core" / "axe.min.js"))


@pytest.fixture(scope="session")
def opened():
    pytest.importorskip("playwright", reason="playwright is not installed (pip install '.[browser]')")
    if chromium() is None:
        pytest.skip("no chromium on this machine (RETALIATION_RISK_CHROMIUM or apt install chromium)")
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def axe():
    if not AXE.is_file():
        pytest.skip(f"no axe-core at {AXE} (npm ci in tests/browser, or RETALIATION_RISK_AXE)")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session", params=["sample", "hostile"])
def page_file(request, tmp_path_factory):
    """The sample's page, made again by this code; and one with hostile names of every kind."""
    folder = tmp_path_factory.mktemp("browser")
    if request.param == "hostile":
        return write_report(write_run_folder(folder / "run", truth=True), show_contacts=True)
    (folder / "report.html").write_text(render_html(summarise(SAMPLE)), encoding="utf-8")
    return folder / "report.html"
