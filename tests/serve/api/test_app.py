"""The API as a helpdesk meets it: readouts, events, feedback, the queue, and one shape for all refusals."""

import re
from contextlib import closing
from datetime import timedelta

import pandas as pd
import pytest

from retaliation_risk.influence import contact_key
from retaliation_risk.serve import Service
from retaliation_risk.serve.refusals import STATUS
from tests.serve.api.conftest import SECRET, address, listening


def failed_recovery(ticket, customer, moment):
    """A complaint that was solved and opened again, as events."""
    at = [(moment - timedelta(hours=hours)).isoformat() for hours in (30, 20, 10)]
    row = {
        "ticket_id": ticket,
        "customer_id": customer,
        "opened_at": at[0],
        "channel": "phone",
        "severity": 4,
    }
    steps = [("solved", at[1]), ("reopened", at[2])]
    return [
        {"event_id": f"{ticket}-opened", "table": "tickets", "row": row},
        *(
            {
                "event_id": f"{ticket}-{kind}",
                "table": "ticket_events",
                "row": {"ticket_id": ticket, "occurred_at": time, "event_type": kind},
            }
            for kind, time in steps
        ),
    ]


def test_the_three_names_of_a_customer_lead_to_one_readout(ask, made_run):
    who = made_run.customers[0]
    told = [
        ask("POST", "/v1/readout", "read", json=body)
        for body in (
            {"customer_id": who},
            {"email": f" {address(who).upper()}"},
            {"contact_key": contact_key(address(who), SECRET)},
        )
    ]
    assert [each.status_code for each in told] == [200, 200, 200]
    first, *others = (each.json() for each in told)
    assert first["customer_id"] == who
    assert 0 <= first["low"] <= first["risk"] <= first["high"] <= 1
    assert first["influence_used"] is False
    assert all({**each, "computed_at": None} == {**first, "computed_at": None} for each in others)


def test_who_opted_out_has_a_history_and_no_risk(ask, made_run):
    told = ask("POST", "/v1/readout", "read", json={"customer_id": made_run.opted_out}).json()
    assert (told["risk"], told["band"], told["reasons"]) == (None, None, [])
    assert told["caveats"]
    assert told["history"]["tenure_days"] > 0


def test_an_event_is_in_the_next_readout(ask, made_run):
    who = made_run.customers[1]
    before = ask("POST", "/v1/readout", "read", json={"customer_id": who}).json()
    events = failed_recovery("LIVE-1", who, pd.Timestamp(before["moment"]))
    stored = ask("POST", "/v1/events", "write", json={"events": events})
    assert stored.status_code == 200
    assert stored.json()["stored"] == 3
    after = ask("POST", "/v1/readout", "read", json={"customer_id": who}).json()
    assert after["history"]["failed_recoveries"] == before["history"]["failed_recoveries"] + 1
    assert "LIVE-1" in [each["ticket_id"] for each in after["history"]["experiences"]]
    assert after["risk"] > before["risk"]


def test_the_same_event_twice_is_one(ask, made_run):
    who = made_run.customers[2]
    moment = pd.Timestamp(ask("POST", "/v1/readout", "read", json={"customer_id": who}).json()["moment"])
    event = failed_recovery("LIVE-2", who, moment)[0]
    words = [ask("POST", "/v1/events", "write", json=event).json()["results"][0]["status"] for _ in range(2)]
    assert words == ["stored", "duplicate"]


def test_a_bad_event_is_refused_by_itself_with_its_code(ask, made_run):
    moment = pd.Timestamp(
        ask("POST", "/v1/readout", "read", json={"customer_id": made_run.customers[0]}).json()["moment"]
    )
    good, bad, _ = failed_recovery("LIVE-3", made_run.customers[0], moment)
    bad["row"]["event_type"] = "danced"
    told = ask("POST", "/v1/events", "write", json={"events": [good, bad]}).json()
    assert [each["status"] for each in told["results"]] == ["stored", "refused"]
    assert told["results"][1]["code"] == "RR206"


@pytest.mark.parametrize("kind", ["acknowledged", "disagree"])
def test_feedback_is_taken_and_leaves_no_body(ask, made_run, kind):
    told = ask("POST", "/v1/feedback", "agent", json={"customer_id": made_run.customers[0], "kind": kind})
    assert (told.status_code, told.content) == (204, b"")


def test_the_metrics_count_what_was_asked(ask, made_run):
    def readouts():
        text = ask("GET", "/metrics", "metrics").text
        return int(re.search(r'readouts_total\{tenant="default"\} (\d+)', text)[1])

    ask("POST", "/v1/readout", "read", json={"customer_id": made_run.customers[0]})
    before = readouts()
    ask("POST", "/v1/readout", "read", json={"customer_id": made_run.customers[0]})
    assert readouts() == before + 1


def test_health_and_readiness_need_no_key(ask):
    assert ask("GET", "/healthz").json() == {"status": "ok"}
    assert ask("GET", "/readyz").json() == {"status": "ok"}


def test_who_does_not_answer_is_not_ready_and_the_process_is_well(serve_settings, tmp_path):
    with (
        closing(Service.open(serve_settings(tmp_path))) as service,
        listening({"default": service, "other": service}, service.settings) as served,
    ):
        with service._following._lock:
            told = served.client.get("/readyz")
            assert (told.status_code, told.json()["code"]) == (503, "RR731")
            assert served.client.get("/healthz").status_code == 200
        assert served.client.get("/readyz").status_code == 200


REFUSED = {
    "an unknown page": (("GET", "/v1/nothing"), 404, "RR727"),
    "a page with a slash too many": (("GET", "/healthz/"), 404, "RR727"),
    "a wrong method": (("PUT", "/v1/readout", "read"), 405, "RR728"),
    "a customer nobody knows": (("POST", "/v1/readout", "read", {"customer_id": "nobody"}), 404, "RR727"),
    "an address nobody has": (("POST", "/v1/readout", "read", {"email": "no@body.example"}), 404, "RR727"),
    "two names at once": (("POST", "/v1/readout", "read", {"customer_id": "a", "email": "b@c.de"}), 422, "RR725"),
    "feedback of another kind": (("POST", "/v1/feedback", "agent", {"customer_id": "a", "kind": "x"}), 422, "RR725"),
    "feedback on nobody": (("POST", "/v1/feedback", "agent", {"customer_id": "a", "kind": "disagree"}), 404, "RR727"),
    "a queue of no rows": (("GET", "/v1/queue?limit=0", "read"), 422, "RR725"),
    "an erasure of nobody": (("DELETE", "/v1/customers/nobody", "admin"), 404, "RR727"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_have_one_shape(ask, name):
    (method, path, *more), status, code = REFUSED[name]
    scope, body = (*more, None, None)[:2]
    told = ask(method, path, scope, **({} if body is None else {"json": body}))
    assert (told.status_code, told.json()["code"]) == (status, code)
    assert told.json()["message"].startswith(code)
    assert STATUS[code] == status


def test_with_a_full_disk_events_are_refused_and_readouts_answered(serve_settings, made_run, tmp_path):
    with closing(Service.open(serve_settings(tmp_path))) as service:
        service._following.log.store._connection.execute("PRAGMA max_page_count = 12")
        with listening({"default": service}, service.settings) as served:

            def ask(path, scope, body):
                headers = {"X-API-Key": served.tokens[scope]}
                told = served.client.post(path, headers=headers, json=body)
                return told.status_code, told.json()

            row = {"customer_id": made_run.customers[0], "ordered_at": "2025-01-01"}
            events = [{"event_id": f"full-{n}", "table": "orders", "row": row} for n in range(200)]
            status, refused = ask("/v1/events", "write", {"events": events})
            assert (status, refused["code"]) == (503, "RR703")
            status, told = ask("/v1/readout", "read", {"customer_id": made_run.customers[0]})
            assert (status, told["customer_id"]) == (200, made_run.customers[0])
            assert ask("/v1/events", "write", events[0])[1]["stored"] == 1
