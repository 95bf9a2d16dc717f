"""Every hole that was thought of, tried."""

import http.client
import json
import socket
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retaliation_risk.serve import Service
from retaliation_risk.serve.headers import HEADERS
from retaliation_risk.serve.keys import SCOPES
from retaliation_risk.serve.server import switch_runs
from retaliation_risk.serve.signature import sign_generic, sign_zendesk
from tests.serve.api.conftest import address, listening

GUARDED = {
    "readout": ("POST", "/v1/readout", "read"),
    "queue": ("GET", "/v1/queue", "read"),
    "events": ("POST", "/v1/events", "write"),
    "feedback": ("POST", "/v1/feedback", "agent"),
    "erasure": ("DELETE", "/v1/customers/nobody", "admin"),
    "metrics": ("GET", "/metrics", "metrics"),
}
NARROWER = [
    (name, scope) for name, (*_, needed) in GUARDED.items() for scope in SCOPES[: SCOPES.index(needed)]
]


@pytest.fixture(scope="module")
def second(made_run, serve_settings, tmp_path_factory):
    """Two tenants with one run, and limits that a test can meet."""
    folder = tmp_path_factory.mktemp("second")
    settings = serve_settings(folder, tenant="shop", body_bytes=20_000, body_seconds=0.3, batch_events=5)
    services = {name: Service.open(serve_settings(folder, tenant=name)) for name in ("shop", "bank")}
    with listening(services, settings) as served:
        now = datetime.now(UTC)
        served.bank = served.keys.create(name="bank", tenant="bank", scope="admin", now=now)[1]
        yield served
    for service in services.values():
        service.close()


def send(port, lines, body=b""):
    """Send bytes as they are, and return the status of the answer and its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        return answer.status, answer.read()


def line_of(served, answer, seconds=30):
    """Return the log line of an answer, which is written when the answer is on its way."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in list(served.lines):
            if line["request"] == answer.headers["x-request-id"]:
                return line
        time.sleep(0.005)
    raise AssertionError("the request has no line in the log")


# Keys.


@pytest.mark.parametrize("name", GUARDED)
def test_no_page_opens_without_a_key(ask, name):
    method, path, _ = GUARDED[name]
    told = ask(method, path)
    assert (told.status_code, told.json()["code"]) == (401, "RR720")
    assert told.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("name", "scope"), NARROWER)
def test_no_page_opens_with_a_narrower_scope(ask, name, scope):
    method, path, _ = GUARDED[name]
    assert ask(method, path, scope).status_code == 403


def wrong_tokens(token, other):
    """Tokens near a good one that must not open anything."""
    key_id, secret = token.split(".")
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    return {
        "another secret": f"{key_id}.{flipped}",
        "the secret of another key": f"{key_id}.{other.split('.')[1]}",
        "no secret": f"{key_id}.",
        "no id": secret,
        "an unknown id": f"rr000000000000.{secret}",
        "upper case": token.upper(),
        "more after it": f"{token}x",
        "SQL": "' OR '1'='1",
        "SQL for an id": f"' OR 1=1 --.{secret}",
        "letters of no alphabet": "ключ",
        "nothing": "",
        "very much": "rr" + "a" * 8000,
    }


@pytest.mark.parametrize("kind", wrong_tokens("a.b", "a.b"))
def test_a_wrong_key_opens_nothing_and_is_not_repeated(api, kind):
    token = wrong_tokens(api.tokens["admin"], api.tokens["read"])[kind]
    told = api.client.get("/metrics", headers={"X-API-Key": token.encode()})
    assert (told.status_code, told.json()["code"]) == (401, "RR720")
    assert not token or token not in told.text


def test_unknown_wrong_revoked_and_expired_keys_are_answered_alike(api):
    now = datetime.now(UTC)
    revoked, gone = api.keys.create(name="gone", tenant="default", scope="admin", now=now)
    expiry = now - timedelta(days=1)
    _, late = api.keys.create(
        name="late", tenant="default", scope="admin", now=now - timedelta(days=2), expires_at=expiry
    )
    _, homeless = api.keys.create(name="homeless", tenant="nowhere", scope="admin", now=now)
    assert api.client.get("/metrics", headers={"X-API-Key": gone}).status_code == 200
    api.keys.revoke(revoked.key_id, now)
    told = [
        api.client.get("/metrics", headers={"X-API-Key": token})
        for token in (gone, late, homeless, "rr000000000000." + "a" * 43)
    ]
    assert {(each.status_code, each.text) for each in told} == {(401, told[0].text)}


def test_two_keys_at_once_are_none(api):
    read, admin = api.tokens["read"], api.tokens["admin"]
    both = [("X-API-Key", read), ("X-API-Key", admin)]
    assert api.client.get("/metrics", headers=both).status_code == 401
    mixed = {"X-API-Key": read, "Authorization": f"Bearer {admin}"}
    assert api.client.get("/metrics", headers=mixed).status_code == 401


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_a_key_may_come_as_bearer(api, word):
    headers = {"Authorization": f"{word} {api.tokens['read']}"}
    assert api.client.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize("place", ["query", "cookie", "basic"])
def test_a_key_elsewhere_is_none(api, place):
    token = api.tokens["admin"]
    told = {
        "query": lambda: api.client.get(f"/metrics?api_key={token}&X-API-Key={token}"),
        "cookie": lambda: api.client.get("/metrics", headers={"Cookie": f"X-API-Key={token}"}),
        "basic": lambda: api.client.get("/metrics", auth=("admin", token)),
    }[place]()
    assert told.status_code == 401


# Tenants and enumeration.


def test_another_tenant_sees_what_a_stranger_sees(second):
    events = [
        {
            "event_id": "n1",
            "table": "customers",
            "row": {"customer_id": "NEW-1", "first_seen_at": "2024-01-01"},
        },
        {
            "event_id": "n2",
            "table": "tickets",
            "row": {"ticket_id": "NEW-T", "customer_id": "NEW-1", "opened_at": "2024-01-02"},
        },
    ]
    shop, bank = ({"X-API-Key": token} for token in (second.tokens["admin"], second.bank))
    stored = second.client.post("/v1/events", headers=shop, json={"events": events}).json()
    assert stored["stored"] == 2, stored
    own = second.client.post("/v1/readout", headers=shop, json={"customer_id": "NEW-1"})
    assert own.status_code == 200
    asked = [
        ("POST", "/v1/readout", {"customer_id": "{}"}),
        ("POST", "/v1/feedback", {"customer_id": "{}", "kind": "disagree"}),
        ("DELETE", "/v1/customers/{}", None),
    ]
    for method, path, body in asked:
        answers = []
        for who in ("NEW-1", "NOBODY"):
            sent = None if body is None else json.loads(json.dumps(body).replace("{}", who))
            told = second.client.request(method, path.format(who), headers=bank, json=sent)
            answers.append((told.status_code, told.text, sorted(set(told.headers) - {"x-request-id"})))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert second.client.post("/v1/readout", headers=shop, json={"customer_id": "NEW-1"}).status_code == 200


def test_the_metrics_of_a_tenant_name_no_other(second):
    for token in (second.tokens["metrics"], second.bank):
        second.client.post("/v1/events", headers={"X-API-Key": token}, json={"events": []})
    assert (
        'tenant="bank"'
        not in second.client.get("/metrics", headers={"X-API-Key": second.tokens["metrics"]}).text
    )


# Paths and headers.


@pytest.mark.parametrize(
    "path",
    [
        "/../keys.sqlite", "/pages/../../keys.sqlite", "/pages/%2e%2e%2fsettings.py", "/pages/..%5c..%5ckeys.sqlite",
        "//v1/queue", "/v1//queue", "/V1/QUEUE", "/v1/queue/", "/v1/queue%00", "/v1/queue;x=1", "/v1/./queue",
        "/%76%31/queue/..", "http://127.0.0.1/../etc/passwd", "/openapi.json", "/docs", "/redoc",
    ],
)  # fmt: skip
def test_no_path_leads_around_the_guard(api, path):
    status, body = send(api.port, [f"GET {path} HTTP/1.1", "Host: x", "Connection: close"])
    assert status in (401, 404)
    assert json.loads(body)["code"] in ("RR720", "RR727")


@pytest.mark.parametrize(
    "path", ["/v1/customers/../queue", "/v1/customers/%2e%2e%2f..%2fetc", "/v1/customers/a%2Fb"]
)
def test_no_id_is_a_path(api, path):
    lines = [f"DELETE {path} HTTP/1.1", "Host: x", f"X-API-Key: {api.tokens['admin']}", "Connection: close"]
    assert send(api.port, lines)[0] == 404


def test_methods_in_headers_change_nothing(api):
    tricks = {"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/v1/queue", "X-Rewrite-URL": "/metrics"}
    headers = {"X-API-Key": api.tokens["read"], **tricks}
    assert api.client.get("/v1/customers/nobody", headers=headers).status_code == 405
    assert api.client.get("/healthz", headers=headers).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "lines",
    [
        ["POST /v1/queue HTTP/1.1", "Host: x", "Content-Length: 5", "Transfer-Encoding: chunked"],
        ["GET /v1/queue HTTP/1.1", "Host: x", "Content-Length: 1", "Content-Length: 2"],
        ["GET /v1/queue HTTP/1.1", "Host: x", "X-API-Key : a"],
        ["GET /v1/queue HTTP/1.1", "Host: x", "Bad\x00: a"],
    ],
    ids=["two lengths of a body", "two Content-Lengths", "a space before the colon", "a zero byte"],
)
def test_requests_that_two_readers_read_differently_open_nothing(api, lines):
    assert send(api.port, [*lines, "Connection: close"])[0] in (400, 401, 405)


def test_who_forges_an_address_is_not_believed(made_run, serve_settings, tmp_path):
    settings = serve_settings(tmp_path, failures_per_minute=3)
    service = Service.open(settings)
    with listening({"default": service}, settings) as served:
        told = [
            served.client.get("/metrics", headers={"X-Forwarded-For": f"203.0.113.{number}"})
            for number in range(5)
        ]
        good = served.client.get("/metrics", headers={"X-API-Key": served.tokens["read"]})
    service.close()
    assert [each.status_code for each in told] == [401, 401, 401, 429, 429]
    assert int(told[-1].headers["retry-after"]) >= 1
    assert good.status_code == 200


def test_a_key_that_asks_too_often_waits_and_others_do_not(made_run, serve_settings, tmp_path):
    settings = serve_settings(tmp_path, rate_per_minute=4)
    service = Service.open(settings)
    with listening({"default": service}, settings) as served:
        busy, calm = ({"X-API-Key": served.tokens[scope]} for scope in ("read", "admin"))
        told = [served.client.get("/metrics", headers=busy) for _ in range(6)]
        other = served.client.get("/metrics", headers=calm)
    service.close()
    assert [each.status_code for each in told] == [200] * 4 + [429] * 2
    assert 1 <= int(told[-1].headers["retry-after"]) <= 60
    assert other.status_code == 200


# Bodies.


def test_a_body_too_large_is_refused_by_its_declared_length(second):
    lines = [
        "POST /v1/events HTTP/1.1",
        "Host: x",
        f"X-API-Key: {second.tokens['write']}",
        "Content-Length: 999999999",
    ]
    status, body = send(second.port, lines)
    assert (status, json.loads(body)["code"]) == (413, "RR723")


def test_a_body_too_large_is_refused_without_a_declared_length(second):
    def parts():
        for _ in range(100):
            yield b" " * 1000

    headers = {"X-API-Key": second.tokens["write"], "Content-Type": "application/json"}
    assert second.client.post("/v1/events", headers=headers, content=parts()).status_code == 413


def test_too_many_events_are_refused(second):
    event = {"event_id": "e", "table": "tickets", "row": {"ticket_id": "t"}}
    headers = {"X-API-Key": second.tokens["write"]}
    assert second.client.post("/v1/events", headers=headers, json={"events": [event] * 6}).status_code == 413


def test_a_body_that_never_ends_is_given_up(second):
    lines = [
        "POST /v1/events HTTP/1.1", "Host: x", f"X-API-Key: {second.tokens['write']}",
        "Content-Type: application/json", "Content-Length: 50",
    ]  # fmt: skip
    status, body = send(second.port, lines, b"{")
    assert (status, json.loads(body)["code"]) == (408, "RR730")


def test_a_stranger_is_refused_before_the_body_is_read(second):
    lines = ["POST /v1/events HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 50"]
    assert send(second.port, lines, b"{")[0] == 401


BODIES = {
    "deep lists": (b"[" * 5000, 400),
    "deep objects": (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
    "deep lists in UTF-16": (('{"a": "\u2200", "b": ' + "[" * 900 + "]" * 900 + "}").encode("utf-16"), 400),
    "deep brackets in a text": (json.dumps({"customer_id": "[" * 150}).encode(), 404),
    "a quote that is never closed": (b'{"customer_id": "' + b"[" * 5000, 400),
    "escaped quotes": (b'{"customer_id": "' + b'\\"' * 5000, 400),
    "half of a pair": (b'{"customer_id": "\\ud800"}', 422),
    "no UTF-8": (b'{"customer_id": "\xff\xfe"}', 400),
    "a number of many digits": (b'{"customer_id": ' + b"9" * 5000 + b"}", 400),
    "no number": (b'{"customer_id": NaN}', 422),
    "a zero byte": (b'{"customer_id": "a\\u0000"}', 422),
    "a line end": (b'{"customer_id": "a\\n"}', 422),
    "nothing": (b"", 422),
    "no object": (b"[]", 422),
    "names of one object twice": (b'{"customer_id": "nobody", "customer_id": {}}', 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_odd_bodies_are_refused_in_words(api, name):
    body, status = BODIES[name]
    headers = {"X-API-Key": api.tokens["read"], "Content-Type": "application/json"}
    told = api.client.post("/v1/readout", headers=headers, content=body)
    assert told.status_code == status
    assert told.json()["code"].startswith("RR7")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
)  # fmt: skip
def test_what_a_form_of_another_site_can_send_is_refused(api, made_run, headers):
    body = json.dumps({"customer_id": made_run.customers[0]}).encode()
    told = api.client.post("/v1/readout", headers={"X-API-Key": api.tokens["read"], **headers}, content=body)
    assert (told.status_code, told.json()["code"]) == (415, "RR724")


def test_what_was_sent_is_not_repeated(api):
    who = address("secret-person")
    bodies = [
        {"email": who, "customer_id": who},
        {who: who},
        {"events": [{who: who, "row": {who: {who: who}}}]},
        {"customer_id": who, "kind": who},
    ]
    for path in ("/v1/readout", "/v1/events", "/v1/feedback"):
        for body in bodies:
            told = api.client.post(path, headers={"X-API-Key": api.tokens["write"]}, json=body)
            assert told.status_code == 422
            assert "secret-person" not in told.text


# Answers.


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/healthz", "GET", 200),
        ("/nothing", "GET", 404),
        ("/v1/queue", "GET", 401),
        ("/healthz", "POST", 405),
    ],
)
def test_every_answer_has_the_headers_and_no_other_site_may_read_it(api, path, method, status):
    told = api.client.request(method, path, headers={"Origin": "https://evil.example"})
    assert told.status_code == status
    assert {name: told.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "server" not in told.headers
    assert not [name for name in told.headers if name.startswith("access-control")]


def test_a_preflight_is_not_answered(api):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    told = api.client.options("/v1/readout", headers=asked)
    assert told.status_code == 405
    assert not [name for name in told.headers if name.startswith("access-control")]


def test_a_bug_shows_neither_its_trace_nor_what_was_sent(api, made_run, monkeypatch):
    who = address(made_run.customers[0])

    def broken(**asked):
        raise RuntimeError(f"cannot find {asked['email']}")

    monkeypatch.setattr(api.app.state.desk.services["default"], "find", broken)
    told = api.client.post("/v1/readout", headers={"X-API-Key": api.tokens["read"]}, json={"email": who})
    assert (told.status_code, told.json()["code"]) == (500, "RR729")
    assert {name: told.headers[name] for name in HEADERS} == dict(HEADERS)
    assert told.headers["x-request-id"] in told.json()["message"]
    line = line_of(api, told)
    assert line["error"] == "RuntimeError"
    assert any("test_security.py" in place for place in line["where"])
    assert "@" not in told.text + json.dumps(line)


# Signatures.


def asked_with_a_broken(store, table, made_run, serve_settings, tmp_path):
    """The answer to a readout after a table of a store is gone, and its line in the service's log."""
    settings = serve_settings(tmp_path)
    service = Service.open(settings)
    with listening({"default": service}, settings) as served:
        with sqlite3.connect(getattr(settings, store)) as other:
            other.execute(f"DROP TABLE {table}")
        told = served.client.post(
            "/v1/readout",
            headers={"X-API-Key": served.tokens["read"]},
            json={"customer_id": made_run.customers[0]},
        )
        line = line_of(served, told)
    service.close()
    assert str(tmp_path) not in told.text
    return told, line


def test_broken_keys_are_said_with_their_place_in_the_log_and_without_in_the_answer(
    made_run, serve_settings, tmp_path
):
    told, line = asked_with_a_broken("keys", "api_key", made_run, serve_settings, tmp_path)
    assert (told.status_code, told.json()["code"]) == (503, "RR732")
    assert str(tmp_path) in line["trouble"]


def test_with_a_broken_event_log_readouts_go_on_and_say_so(made_run, serve_settings, tmp_path):
    told, _ = asked_with_a_broken("log", "entries", made_run, serve_settings, tmp_path)
    assert told.status_code == 200
    assert told.json()["stale"]


def test_a_run_that_cannot_be_opened_puts_no_address_in_the_log(api, capsys):
    switch_runs(api.app.state.desk, {"default": replace(api.settings, run=Path("ana@example.org"))})
    said = capsys.readouterr().err
    assert '"switched": false' in said
    assert "RR710" in said
    assert "ana@" not in said


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_in_utc_is_no_time(ask, made_run, until):
    said = {"customer_id": made_run.customers[0], "kind": "snooze", "until": until}
    assert ask("POST", "/v1/feedback", "write", json=said).status_code == 422
    row = {"customer_id": "N9", "first_seen_at": "2024-01-01"}
    event = {"event_id": until, "table": "customers", "row": row, "known_at": until}
    assert ask("POST", "/v1/events", "write", json=event).status_code == 422


def test_where_there_is_a_secret_events_must_be_signed_with_it(serve_settings, tmp_path):
    settings = serve_settings(tmp_path, webhook_secret=b"another secret of the firm")
    service = Service.open(settings)
    body = json.dumps({"event_id": "e", "table": "tickets", "row": {"ticket_id": "T"}}).encode()
    now, before = (datetime.now(UTC) - timedelta(seconds=seconds) for seconds in (0, 3600))
    signed = {
        "nothing": (b"", now),
        "another secret": (b"some secret of nobody here", now),
        "an hour ago": (settings.webhook_secret, before),
        "right": (settings.webhook_secret, now),
    }
    with listening({"default": service}, settings) as served:

        def post(secret, moment, sent=body):
            time = moment.isoformat()
            shown = (
                {"X-Signature": sign_generic(secret, time, body), "X-Signature-Timestamp": time}
                if secret
                else {}
            )
            own = {"X-API-Key": served.tokens["write"], "Content-Type": "application/json"}
            return served.client.post("/v1/events", headers={**own, **shown}, content=sent)

        told = {name: post(*how) for name, how in signed.items()}
        changed = post(settings.webhook_secret, now, body.replace(b'"T"', b'"U"'))
    service.close()
    assert {name: each.status_code for name, each in told.items()} == {
        "nothing": 401, "another secret": 401, "an hour ago": 401, "right": 200,
    }  # fmt: skip
    assert (changed.status_code, changed.json()["code"]) == (401, "RR707")


def test_zendesk_is_believed_by_its_signature_alone(made_run, serve_settings, tmp_path):
    settings = serve_settings(tmp_path, zendesk_secret=b"signing secret of zendesk")
    service = Service.open(settings)
    sent = {
        "event_id": "z1", "event": "created", "ticket_id": "Z-1", "occurred_at": "2024-01-01T00:00:00Z",
        "requester_id": 77, "requester_email": address(made_run.customers[0]),
    }  # fmt: skip
    body, time = json.dumps(sent).encode(), datetime.now(UTC).isoformat()

    def headers(secret):
        return {
            "X-API-Key": served.tokens["write"],
            "Content-Type": "application/json",
            "X-Zendesk-Webhook-Signature": sign_zendesk(secret, time, body),
            "X-Zendesk-Webhook-Signature-Timestamp": time,
        }

    with listening({"default": service}, settings) as served:
        forged = served.client.post("/v1/webhooks/zendesk", headers=headers(b"x" * 16), content=body)
        taken = served.client.post(
            "/v1/webhooks/zendesk", headers=headers(settings.zendesk_secret), content=body
        )
        who = {"customer_id": made_run.customers[0]}
        told = served.client.post(
            "/v1/readout", headers={"X-API-Key": served.tokens["read"]}, json=who
        ).json()
    service.close()
    assert (forged.status_code, forged.json()["code"]) == (401, "RR707")
    assert (taken.status_code, taken.json()["stored"]) == (200, 1)
    assert "Z-1" in [each["ticket_id"] for each in told["history"]["experiences"]]


def test_without_a_secret_nothing_of_zendesk_is_taken(ask):
    told = ask("POST", "/v1/webhooks/zendesk", "write", json={"ticket_id": "Z-2", "event": "created"})
    assert (told.status_code, told.json()["code"]) == (401, "RR707")
