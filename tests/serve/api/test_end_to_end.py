"""From a typed address to a changed risk: the real service as a process of its own, in a real browser.

With READOUT_PICTURES=docs/images it also takes the pictures of the docs.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.browser.opening import asked_axe, breaches
from tests.parquet import read_parquet
from tests.serve._process import served, settings_of
from tests.serve.api.conftest import SECRET, address

PICTURES = os.environ.get("READOUT_PICTURES")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def running(made_run, tmp_path_factory):
    with served(settings_of(made_run, tmp_path_factory.mktemp("state"), SECRET)) as service:
        yield service


@pytest.fixture(scope="module")
def page(browser):
    opened = browser.new_page(viewport={"width": 340, "height": 720}, device_scale_factor=2)
    opened.complaints = []
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    return opened


def content_customer(running, made_run):
    """Somebody who called twice and was never let down: her readout, and her last ticket."""
    last = read_parquet(made_run.tables / "tickets.parquet").sort_values("opened_at").groupby("customer_id")
    for customer_id, ticket_id in last["ticket_id"].last().items():
        status, told = running.ask("POST", "/v1/readout", {"customer_id": customer_id})
        history = told.get("history", {})
        if status == 200 and told["risk"] and history["calls"] >= 2 and not history["failed_recoveries"]:
            return told, ticket_id
    raise AssertionError("nobody like that in this world")


def changed(ticket, kind, at):
    return {"ticket_id": ticket, "occurred_at": at.isoformat(), "event_type": kind}


def picture(page, name, **options):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / name, **options)


def test_an_agent_sees_a_failed_recovery_change_the_readout_and_disagrees(running, made_run, page):
    before, ticket = content_customer(running, made_run)
    page.goto(f"{running.url}/agent")
    page.get_by_label("Your API key").fill(running.key)
    page.keyboard.press("Enter")
    page.get_by_label("E-mail address or customer id").fill(address(before["customer_id"]))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=before["customer_id"]).wait_for()
    assert "No recovery has failed." in page.get_by_role("article").inner_text()

    known = datetime.fromisoformat(before["moment"]) - DAY
    changes = {"solved": known - DAY, "reopened": known - DAY / 2, "escalated": known}
    events = [
        {"event_id": f"{kind}-1", "table": "ticket_events", "row": changed(ticket, kind, at)}
        for kind, at in changes.items()
    ]
    status, answer = running.ask("POST", "/v1/events", {"events": events})
    assert (status, answer["stored"]) == (200, len(events)), answer

    page.locator(".changed").wait_for()  # by itself, within a look
    assert "1 recovery failed." in page.get_by_role("article").inner_text()
    _, after = running.ask("POST", "/v1/readout", {"customer_id": before["customer_id"]})
    assert after["risk"] > before["risk"]
    assert after["reasons"] != before["reasons"]
    assert after["reasons"][0]["sentence"] in page.get_by_role("article").inner_text()
    assert ticket in page.locator(".experiences .failed").inner_text()

    page.keyboard.press("d")
    page.locator("button[aria-pressed=true]", has_text="Disagree").wait_for()
    assert breaches(asked_axe(page)) == []
    assert page.complaints == []


def test_a_lead_sees_the_call_list_and_what_was_said_of_it(running, page):
    _, queue = running.ask("GET", "/v1/queue?limit=50")
    first = queue["rows"][0]["customer_id"]
    page.set_viewport_size({"width": 1000, "height": 720})
    page.goto(f"{running.url}/queue")
    page.get_by_role("button", name=f"1. {first}").focus()
    page.keyboard.press("a")
    page.locator(".card .state", has_text="Acknowledged").wait_for()
    _, queue = running.ask("GET", "/v1/queue?limit=50")
    assert next(row for row in queue["rows"] if row["customer_id"] == first)["acknowledged_at"]
    picture(page, "queue.png")
    page.get_by_role("button", name=f"1. {first}").press("Enter")
    page.get_by_role("heading", name=first).wait_for()
    page.set_viewport_size({"width": 340, "height": 720})
    picture(page, "agent.png", full_page=True)
    assert page.complaints == []
