"""The tutorials' commands, run as they are written, in order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs" / "tutorials"
# The agent's tutorial starts a server, and has a test of its own.
PAGES = sorted(path.name for path in DOCS.glob("*.md") if path.name != "agent.md")


def script(page):
    """All shell blocks of a page, as one script that stops at the first command that fails."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    return "set -euo pipefail\n" + "\n".join(blocks)


@pytest.mark.parametrize("page", PAGES)
def test_a_tutorial_runs_as_it_stands(page, tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr


def test_there_is_a_tutorial_for_each_of_the_four_users():
    assert sorted(path.stem for path in DOCS.glob("*.md")) == [
        "agent",
        "analyst",
        "researcher",
        "training_script",
    ]
