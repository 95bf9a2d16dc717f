"""The service's commands: keys, audit, forget, serve."""

import json
import shutil
import subprocess
import sys

import pytest

from retaliation_risk.cli import main
from retaliation_risk.cli.serve import SCOPES as OFFERED
from retaliation_risk.serve.audit import verify_audit
from retaliation_risk.serve.keys import SCOPES
from tests.serve.api.conftest import SECRET


@pytest.fixture
def cli(capsys, monkeypatch, tmp_path, made_run):
    """Call the program with the settings of a folder: exit code, stdout, stderr."""
    shutil.copytree(made_run.tables, tmp_path / "tables")
    shutil.copytree(made_run.run, tmp_path / "run")
    names = {"keys": "keys.sqlite", "audit": "audit", "run": "run", "tables": "tables", "log": "live.sqlite"}
    for name, file in names.items():
        monkeypatch.setenv(f"RETALIATION_RISK_SERVE_{name.upper()}", str(tmp_path / file))
    monkeypatch.setenv("RETALIATION_RISK_SERVE_SECRETS", SECRET.decode())

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments], prog_name="retaliation-risk")
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return call


def test_a_key_is_made_shown_once_listed_and_revoked(cli):
    code, token, said = cli("keys", "create", "--name", "the desk", "--days", "30")
    key_id, secret = token.strip().split(".")
    assert (code, key_id in said, secret in said) == (0, True, False)
    _, listed, _ = cli("keys")
    assert key_id in listed
    assert secret not in listed
    assert cli("keys", "revoke", key_id)[0] == 0
    (told,) = json.loads(cli("keys", "list", "--json")[1])
    assert (told["scope"], told["tenant"], told["name"]) == ("read", "default", "the desk")
    assert told["revoked_at"] < told["expires_at"]


def test_an_unknown_key_leaves_with_its_code(cli):
    code, out, said = cli("keys", "revoke", "rr0")
    assert (code, out) == (2, "")
    assert said.startswith("RR732 key store: no key has the id 'rr0'.")


def test_keys_are_made_without_loading_what_computes():
    asked = (
        "import sys, retaliation_risk.serve.keys; print({'numpy', 'pandas', 'fastapi'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_scopes_that_are_offered_are_all_there_are():
    assert OFFERED == SCOPES


def test_a_customer_is_forgotten_and_the_audit_log_says_so(cli, made_run, tmp_path):
    who = made_run.customers[5]
    code, out, _ = cli("forget", who, "--json")
    told = json.loads(out)
    assert code == 0
    assert sum(told["erased"].values()) > 0
    assert told["remains"]
    assert cli("forget", who)[0] == 2
    lines = [
        json.loads(line)
        for path in (tmp_path / "audit").glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert [line["kind"] for line in lines] == ["forget", "forgotten"]
    assert who not in json.dumps(lines)
    code, head, _ = cli("audit")
    assert (code, head.strip()) == (0, verify_audit(tmp_path / "audit").head)


def test_a_broken_audit_log_leaves_with_its_code(cli, made_run, tmp_path):
    cli("forget", made_run.customers[6])
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    path.write_text(path.read_text().replace('"command line"', '"nobody"', 1))
    code, _, said = cli("audit")
    assert code == 3
    assert said.startswith("RR733 audit log broken: line 2 of audit-")


def test_serve_refuses_tables_of_no_run_before_it_listens(cli):
    code, _, said = cli("serve", "--run", "shop=a", "--tables", "bank=b")
    assert code == 2
    assert "'bank'" in said
