"""The survey and the numbers that R found in it."""

import json
from pathlib import Path

import pytest

from retaliation_risk.studies.survey import read_survey

GOLDEN = Path(__file__).parents[1] / "golden"
CODEBOOK = """
scale = [1, 7]
missing = [-99]

[constructs.unfairness]
items = ["u1", "u2", "u3"]

[constructs.quality]
items = ["q1", "q2", "q3"]
reversed = ["q3"]

[constructs.betrayal]
items = ["b1", "b2", "b3"]

[constructs.revenge]
items = ["r1", "r2", "r3"]

[constructs.avoidance]
items = ["a1", "a2", "a3"]
"""


@pytest.fixture(scope="session")
def golden():
    return json.loads((GOLDEN / "path.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def codebook(tmp_path_factory):
    path = tmp_path_factory.mktemp("codebook") / "survey.toml"
    path.write_text(CODEBOOK, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def survey(codebook):
    return read_survey(GOLDEN / "survey.csv", codebook)
