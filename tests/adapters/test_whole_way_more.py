"""Salesforce, Jira and HubSpot the whole way: an export in their shape, import, check, run, and a report to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.simulate import simulate
from tests.adapters.writers import hubspot, jira, salesforce
from tests.adapters.writers.stories import CHANNELS, Event, Story, Ticket

# The adapter, how its export is written, and the level that the import must state.
EXPORTS = {
    "salesforce": ("salesforce", salesforce.write, "history"),
    "jira": ("jira", jira.write, "history"),
    "jira from the navigator": ("jira", jira.write_csv, "snapshot"),
    "hubspot": ("hubspot", hubspot.write, "history"),
    "hubspot from the interface": ("hubspot", hubspot.write_csv, "snapshot"),
}


@pytest.fixture(scope="module")
def story() -> Story:
    """Forty customers over two years: enough for a queue, too few for a model."""
    return story_of(simulate(40, seed=1).frames)


def story_of(frames: dict[str, pd.DataFrame]) -> Story:
    """Return a simulated world as its tickets tell it."""
    customers = frames["customers"].reset_index(drop=True)
    numbers = {key: number for number, key in enumerate(customers["customer_id"])}
    events = dict(list(frames["ticket_events"].sort_values("occurred_at").groupby("ticket_id")))
    tickets = [
        _ticket(number, numbers[row.customer_id], row, events.get(row.ticket_id))
        for number, row in enumerate(frames["tickets"].itertuples())
    ]
    return Story(tuple(at.to_pydatetime() for at in customers["first_seen_at"]), tuple(tickets))


def _ticket(number: int, customer: int, row: object, events: pd.DataFrame | None) -> Ticket:
    opened_at: datetime = row.opened_at.to_pydatetime().replace(microsecond=0)
    channel = row.channel if row.channel in CHANNELS else "email"
    told = () if events is None else tuple(_told(events, opened_at))
    return Ticket(number, customer, opened_at, channel, row.issue_key, 3, None, told)


def _told(events: pd.DataFrame, opened_at: datetime) -> Iterator[Event]:
    """Events that a helpdesk with one end can hold."""
    names, ended = {"solved": "end", "reopened": "back"}, False
    for row in events.itertuples():
        kind = names.get(row.event_type, row.event_type)
        if (kind, ended) in (("end", True), ("back", False)) or kind not in (
            *names.values(),
            "message_in",
            "message_out",
        ):
            continue
        ended = kind == "end" or (ended and kind != "back")
        at = max(row.occurred_at.to_pydatetime().replace(microsecond=0), opened_at)
        yield Event(at, kind, "customer" if kind == "message_in" else "agent")


def call(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", EXPORTS)
def test_from_an_export_to_a_report(name: str, story: Story, tmp_path: Path) -> None:
    kind, write, level = EXPORTS[name]
    source = write(story, tmp_path / f"export{'.csv' if level == 'snapshot' else ''}")
    said = json.loads(call("import", kind, source, "--out", tmp_path / "tables", "--json"))
    assert said["level"] == level
    assert said["rows_out"]["tickets"] == len(story.tickets)
    assert json.loads(call("check", tmp_path / "tables", "--json"))["ok"]
    outcome = "reopened" if level == "history" else "solved"
    call("run", tmp_path / "tables", "--out", tmp_path / "run", "--outcome", outcome, "--bootstraps", 20)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert all(note[:40] in page for note in said["notes"] if "'" not in note[:40])
    assert "example.org" not in page
