"""The description of the API is whole, is the one in docs, and the service keeps it under fire."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from retaliation_risk.errors import MESSAGES
from retaliation_risk.serve.openapi import describe

DOCS = Path(__file__).parents[2] / "docs" / "openapi.json"
OPEN = {"/healthz", "/readyz"}


def operations():
    for path, methods in describe()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = dict(operations())


def test_the_description_in_docs_is_the_service():
    assert json.loads(DOCS.read_text(encoding="utf-8")) == json.loads(json.dumps(describe()))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_page_says_what_it_is_what_it_answers_and_what_opens_it(name):
    operation = OPERATIONS[name]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert (operation["security"] == []) == (name.split()[1] in OPEN)
    for status, response in operation["responses"].items():
        assert response["description"]
        if int(status) >= 400:
            assert response["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal")
            assert response["content"]["application/json"]["example"]["code"] in MESSAGES
    if "requestBody" in operation:
        assert {"400", "408", "413", "415", "422"} <= set(operation["responses"])
    if operation["security"]:
        assert {"401", "403", "405", "429", "500", "503"} <= set(operation["responses"])


@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="needs schemathesis (extra browser)"
)
def test_no_request_that_schemathesis_makes_finds_a_failure(api, tmp_path):
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(describe()))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(described)),
        *("--url", f"http://127.0.0.1:{api.port}", "--header", f"X-API-Key: {api.tokens['admin']}"),
        *("--checks", "all", "--max-examples", "6", "--seed", "1", "--continue-on-failure", "--no-color"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"{len(OPERATIONS)} selected / {len(OPERATIONS)} total" in done.stdout
    answered = {line["status"] for line in api.lines}
    assert {200, 204, 400, 401, 404, 405, 415, 422} <= answered
    assert not [line for line in api.lines if line["status"] >= 500]
