"""How the browser is started: Debian's chromium, headless, with nothing in the background."""

import os
import shutil
from contextlib import contextmanager

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
    return os.environ.get("RETALIATION_RISK_CHROMIUM") or shutil.which("chromium")


@contextmanager
def browser():
    """Yield the browser, with an empty profile of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        try:
            yield found
        finally:
            found.close()
