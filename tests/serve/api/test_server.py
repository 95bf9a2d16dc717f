"""The server as a process: a whole session that leaves no address anywhere, an orderly stop, a switch of runs."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from retaliation_risk.serve.audit import verify_audit
from retaliation_risk.serve.keys import SCOPES, KeyStore
from tests.serve.api.conftest import SECRET, address

LISTENS = re.compile(r"Uvicorn running on (http://[\d.:]+)")


def environment(folder):
    own = {
        "SECRETS": SECRET.decode(),
        "KEYS": folder / "keys.sqlite",
        "LOG": folder / "live.sqlite",
        "AUDIT": folder / "audit",
        "RUN": folder / "run",
        "TABLES": folder / "tables",
        "RATE_PER_MINUTE": 1_000_000,
        "CLOCK": "run",
    }
    return {**os.environ, **{f"RETALIATION_RISK_SERVE_{name}": str(value) for name, value in own.items()}}


@contextmanager
def serving(folder):
    """Serve the run of a folder in a process of its own: process, client, keys, tokens, the file of its log."""
    keys, now = KeyStore(folder / "keys.sqlite"), datetime.now(UTC)
    tokens = {scope: keys.create(name=scope, tenant="default", scope=scope, now=now)[1] for scope in SCOPES}
    log = folder / "stderr.jsonl"
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "retaliation_risk", "serve", "--port", "0"],
            stderr=stderr,
            env=environment(folder),
        )
    try:
        with httpx.Client(
            base_url=until(lambda: LISTENS.search(log.read_text()), process)[1], timeout=30
        ) as client:
            yield SimpleNamespace(process=process, client=client, keys=keys, tokens=tokens, log=log)
    finally:
        process.kill()
        process.wait()
        keys.close()


def until(look, process, seconds=120):
    """Look again and again until there is something to see; the process must live meanwhile."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert process.poll() is None, "the server has died"
        assert time.monotonic() < end, "nothing came of waiting"
        time.sleep(0.02)
    return found


def laid_out(made_run, folder):
    """Fill a folder with copies of a run and its tables, and a link to the run."""
    shutil.copytree(made_run.run, folder / "first")
    shutil.copytree(made_run.tables, folder / "tables")
    (folder / "run").symlink_to("first")
    return folder


def session(served, people):
    """Do everything that can be done, rightly and wrongly, with addresses wherever one fits; the statuses."""

    def ask(method, path, scope, body=None, headers=None):
        shown = {"X-API-Key": served.tokens[scope], **(headers or {})}
        return served.client.request(method, path, headers=shown, json=body).status_code

    row = {"ticket_id": people["ticket"], "customer_id": people["row"], "opened_at": "2025-01-01"}
    return [
        ask("POST", "/v1/readout", "read", {"email": people["known"]}),
        ask("POST", "/v1/readout", "read", {"email": people["unknown"]}),
        ask("POST", "/v1/readout", "read", {"email": people["two"], "customer_id": people["two"]}),
        ask("POST", "/v1/readout", "read", {people["field"]: 1}),
        ask("POST", "/v1/events", "write", {"event_id": people["event"], "table": "tickets", "row": row}),
        ask(
            "POST",
            "/v1/events",
            "write",
            {"event_id": "e", "table": people["table"], "row": {"a": people["cell"]}},
        ),
        ask(
            "POST", "/v1/events", "write", {"event_id": "f", "table": "tickets", "row": {people["column"]: 1}}
        ),
        ask("POST", "/v1/feedback", "agent", {"customer_id": people["feedback"], "kind": "disagree"}),
        ask("DELETE", f"/v1/customers/{people['path']}", "admin"),
        ask("GET", f"/v1/queue?limit={people['query']}", "read"),
        ask("GET", f"/{people['page']}?{people['page']}", "read"),
        ask("GET", "/healthz", "read", headers={"User-Agent": people["header"], "Referer": people["header"]}),
        served.client.get("/metrics", headers={"X-API-Key": people["key"]}).status_code,
    ]


def forms(text):
    """How an address may stand in a file: as it is, percent-encoded, or in base64 at any offset."""
    yield from (text.encode(), urllib.parse.quote(text).encode(), text.replace("@", "%40").encode())
    for offset in range(3):
        whole = base64.b64encode(b" " * offset + text.encode())
        yield whole[4 if offset else 0 : -4]


PLACES = (
    "known", "unknown", "two", "field", "ticket", "row", "event", "table", "cell", "column", "feedback", "path", "query",
    "page", "header", "key",
)  # fmt: skip


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def ended(made_run, tmp_path_factory):
    """A whole session with a server that was told to stop while a request was under way: all that it left."""
    folder = laid_out(made_run, tmp_path_factory.mktemp("session"))
    people = {place: f"person.of.the.{place}@distinct-{place}.example" for place in PLACES}
    people["known"] = address(made_run.customers[0])
    with serving(folder) as served:
        statuses = session(served, people)
        headers = {"X-API-Key": served.tokens["read"], "Content-Type": "application/json"}
        cut = json.dumps({"email": people["cell"]})[:-1]
        statuses.append(served.client.post("/v1/readout", content=cut, headers=headers).status_code)
        metrics = served.client.get("/metrics", headers={"X-API-Key": served.tokens["metrics"]}).content
        running = contents(folder)
        last = asked_while_stopping(served, headers, {"customer_id": made_run.customers[0]})
        code = served.process.wait(timeout=30)
    return SimpleNamespace(
        folder=folder, people=people, statuses=statuses, last=last, code=code, tokens=served.tokens,
        everything=[metrics, *running.values(), *contents(folder).values()],
    )  # fmt: skip


def asked_while_stopping(served, headers, body):
    """Send the first half of a body, tell the server to stop, and send the other half when it says that it stops."""
    sent = json.dumps(body).encode()

    def halves():
        yield sent[:5]
        served.process.send_signal(signal.SIGTERM)
        until(lambda: "Shutting down" in served.log.read_text(), served.process)
        yield sent[5:]

    return served.client.post("/v1/readout", headers=headers, content=halves())


def test_a_whole_session_leaves_no_address_anywhere(ended):
    assert ended.statuses == [200, 404, 422, 422, 200, 200, 200, 422, 422, 422, 404, 200, 401, 400]
    found = {
        (person, form)
        for person in ended.people.values()
        for form in forms(person)
        if any(form in each for each in ended.everything)
    }
    assert found == set()


def test_the_files_of_a_session_are_those_that_are_searched(ended):
    names = {path.name for path in contents(ended.folder)}
    assert {"live.sqlite", "keys.sqlite", "stderr.jsonl", "audit.lock"} <= names
    assert any(name.startswith("audit-") for name in names)
    assert any(b"requests_total" in each for each in ended.everything)


def test_the_search_for_addresses_finds_them():
    hidden = b"GET /?q=" + base64.b64encode(b"to: ana.lima@example.org, please")
    assert any(form in hidden for form in forms("ana.lima@example.org"))
    assert any(form in b"x=ana.lima%40example.org" for form in forms("ana.lima@example.org"))


def test_the_log_has_a_line_for_each_request_and_no_customer_in_clear(ended, made_run):
    text = (ended.folder / "stderr.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["status"] for line in lines if "status" in line][: len(ended.statuses)] == ended.statuses
    assert made_run.customers[0] not in text


def test_the_audit_log_says_who_saw_what(ended):
    checked = verify_audit(ended.folder / "audit")
    text = "".join(path.read_text() for path in (ended.folder / "audit").glob("*.jsonl"))
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == checked.lines
    assert [line["kind"] for line in lines] == ["readout", "readout", "events", "events", "events", "readout"]
    seen, missed, *_, last = lines
    told = ended.last.json()
    assert (last["found"], last["band"], last["model_version"]) == (True, told["band"], told["model_version"])
    assert last["features"] == [reason["feature"] for reason in told["reasons"]]
    assert last["subject"] == seen["subject"]
    assert ended.tokens["read"].startswith(last["key"])
    assert missed["found"] is False


def test_a_request_under_way_is_answered_before_the_server_stops(ended):
    assert ended.last.status_code == 200
    assert ended.code == 0


# Without stopping.


@pytest.fixture(scope="module")
def running(made_run, tmp_path_factory):
    """A server of a run that is reached by a link."""
    folder = laid_out(made_run, tmp_path_factory.mktemp("running"))
    with serving(folder) as served:
        served.folder = folder
        yield served


def test_a_switch_of_runs_under_load_fails_no_request(running, made_run):
    shutil.copytree(made_run.run, running.folder / "second")
    headers, body = {"X-API-Key": running.tokens["read"]}, {"customer_id": made_run.customers[0]}
    answers, done = [], threading.Event()

    def load():
        with httpx.Client(base_url=running.client.base_url, timeout=30) as client:
            while not done.is_set():
                told = client.post("/v1/readout", headers=headers, json=body)
                answers.append((told.status_code, told.json()["risk"]))

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) > 20, running.process)
    (running.folder / "next").symlink_to("second")
    (running.folder / "next").replace(running.folder / "run")
    running.process.send_signal(signal.SIGHUP)
    until(lambda: '"switched": true' in running.log.read_text(), running.process)
    before = len(answers)
    until(lambda: len(answers) > before + 20, running.process)
    done.set()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0][0] == 200


def test_a_run_that_cannot_be_opened_changes_nothing(running, made_run):
    asked = {"headers": {"X-API-Key": running.tokens["read"]}, "json": {"customer_id": made_run.customers[0]}}
    before = running.client.post("/v1/readout", **asked).json()
    (running.folder / "run").unlink()
    running.process.send_signal(signal.SIGHUP)
    until(lambda: '"switched": false' in running.log.read_text(), running.process)
    after = running.client.post("/v1/readout", **asked).json()
    assert (after["risk"], after["run"]) == (before["risk"], before["run"])


def test_a_revoked_key_is_refused_by_the_running_server(running):
    headers = {"X-API-Key": running.tokens["metrics"]}
    assert running.client.get("/metrics", headers=headers).status_code == 200
    running.keys.revoke(running.tokens["metrics"].split(".")[0], datetime.now(UTC))
    assert running.client.get("/metrics", headers=headers).status_code == 401
