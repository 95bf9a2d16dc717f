"""The script of docs/nightly.sh, two nights running, with real commands."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "nightly.sh"
RUN = """\
outcome = "reopened"
horizon_days = 14
model = "logistic"
n_bootstrap = 20
test_moments = 2
[minimum]
events = 20
[drift]
passed_over = ["tenure_days"]
"""

pytestmark = [
    pytest.mark.skipif(os.name != "posix" or not shutil.which("bash"), reason="needs bash"),
    pytest.mark.skipif(shutil.which("date") is None, reason="needs GNU date"),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A folder for PATH in which ``retaliation-risk`` is this package, whatever else is installed."""
    place = tmp_path_factory.mktemp("bin")
    (place / "retaliation-risk").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m retaliation_risk "$@"\n')
    (place / "retaliation-risk").chmod(0o755)
    return place


def night(program, home, export, date):
    path = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", SCRIPT, "servicenow", export, home, date],
        env=path, capture_output=True, text=True, check=False, cwd=SCRIPT.parents[1],
    )  # fmt: skip
    here = home / date
    assert (done.stdout, done.stderr) == ("", "")
    steps = [json.loads(line) for line in (here / "steps.jsonl").read_text().splitlines()]
    told = json.loads((here / "night.json").read_text())
    assert told["exit_code"] == done.returncode
    return here, {step["step"]: step["exit_code"] for step in steps}, told


def read(path):
    return json.loads(path.read_text())


ALWAYS = ["import", "check", "features", "train-champion", "score", "drift", "train", "compare"]


def test_two_nights(program, tmp_path, incident_log):
    home = tmp_path / "home"
    home.mkdir()
    (home / "run.toml").write_text(RUN)
    here, codes, told = night(program, home, incident_log(tmp_path / "log.csv", "2025-12-20"), "2025-12-20")
    assert list(codes) == ALWAYS
    assert {name: code for name, code in codes.items() if code and name not in ("drift", "compare")} == {}
    assert told["exit_code"] == codes["drift"]
    assert read(here / "features.json")["copied_rows"] == 0
    scored = read(here / "score.json")
    assert scored["n_rows"] > 100
    assert (here / "scores" / "scores.csv").read_text().count("\n") == scored["n_rows"] + 1
    comparison = read(here / "comparison" / "comparison.json")
    assert codes["compare"] == (0 if comparison["better"] else 4)
    assert told["champion"] == str(here / ("challenger" if comparison["better"] else "first"))

    # Nobody but callers with new rows is computed again, and the champion is the one that the night before chose.
    again, codes, later = night(
        program, home, incident_log(tmp_path / "log2.csv", "2025-12-21"), "2025-12-21"
    )
    assert list(codes) == [name for name in ALWAYS if name != "train-champion"]
    features = read(again / "features.json")
    assert 0 < features["touched"] < features["n_customers"]
    assert features["copied_rows"] > 0
    chosen = "challenger" if comparison["better"] else "champion"
    assert read(again / "score.json")["artefact"]["digest"] == comparison[chosen]["digest"]
    assert later["night"] == "2025-12-21"


def test_a_night_without_an_export_leaves_its_code(program, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "run.toml").write_text(RUN)
    here, codes, told = night(program, home, tmp_path / "none.csv", "2025-12-20")
    assert codes == {"import": told["exit_code"]}
    assert told["exit_code"] in (2, 3)
    assert told["said"] == "the export cannot be read"
    assert (here / "import.log").read_text().startswith("RR107")
