"""A browser for the tests of the pages: Chromium without a head, or a reason why there is none."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

AXE = os.environ.get("RETALIATION_RISK_AXE") or str(
    Path(__file__).parents[1] / "browser/node_modules/axe-core/axe.min.js"
)
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def chromium():
    """Give a browser of playwright that runs the system's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=binary, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def breaches(page):
    """What axe-core finds wrong with the page, as rule and place; skips without axe-core."""
    if not Path(AXE).exists():
        pytest.skip("no axe-core: set RETALIATION_RISK_AXE to axe.min.js")
    page.evaluate(
        Path(AXE).read_text(encoding="utf-8")
    )  # the page's own policy lets no script of a stranger in
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (each["id"], node["target"], node["failureSummary"])
        for each in found["violations"]
        for node in each["nodes"]
    ]
