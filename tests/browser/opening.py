"""How the browser is started: the system's Chromium, headless, with nothing in the background."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

AXE = Path(
    os.environ.get("RETALIATION_RISK_AXE") or Path(__file__).parent / "node_modules/axe-core/axe.min.js"
)
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium():
    """Path of the browser: the one that is named, else the system's; None without."""
    named = os.environ.get("RETALIATION_RISK_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def open_browser():
    """Yield the browser, with an empty profile of its own; only one can be open at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        try:
            yield found
        finally:
            found.close()


def asked_axe(page):
    """What axe-core says of the page; skips without axe-core."""
    if not AXE.is_file():
        pytest.skip(f"no axe-core at {AXE} (npm ci in tests/browser, or RETALIATION_RISK_AXE)")
    # Evaluated and not loaded: the page's own policy lets no script of a stranger in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate("axe.run()")


def breaches(found):
    """What axe-core found wrong, as rule, place and what to mend."""
    return [
        (each["id"], node["target"], node["failureSummary"])
        for each in found["violations"]
        for node in each["nodes"]
    ]
