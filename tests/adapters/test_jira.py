"""Jira Service Management: what is written in its shape comes back, and each of its traps by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings

from retaliation_risk.adapters import Imported, Options, jira
from retaliation_risk.errors import ContractError, DataError
from tests.adapters.writers.jira import ACCOUNT, AUTHORS, ISSUE, time, write, write_csv
from tests.adapters.writers.stories import EXPORTED, START, Event, Story, Ticket, assert_told, stories

EXPORT = Options(exported_at=EXPORTED)
A, B = ISSUE.format(0), ISSUE.format(1)
SEVERITIES = (1, 2, 3, 4, 5)


def hour(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def ticket(*events: Event, number: int = 0) -> Ticket:
    return Ticket(number, 0, hour(1), "email", "billing", 4, None, events)


STORY = Story(
    (START,),
    (
        ticket(
            Event(hour(2), "message_out", "agent"),
            Event(hour(3), "end", "agent"),
            Event(hour(5), "message_in", "customer"),
            Event(hour(6), "back", "customer"),
            Event(hour(7), "sla_breached", "system"),
        ),
        ticket(Event(hour(4), "end", "bot"), Event(hour(8), "csat_rated", "customer", 0.25), number=1),
    ),
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write(STORY, tmp_path / "site")


def edit(site: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change every issue."""
    issues = [json.loads(line) for line in (site / "issues.jsonl").read_text().splitlines()]
    for issue in issues:
        change(issue)
    (site / "issues.jsonl").write_text("".join(json.dumps(issue) + "\n" for issue in issues))


def read(path: Path, options: Options = EXPORT) -> Imported:
    return jira.read(path, options=options)


def events(imported: Imported, kind: str) -> list[tuple[str, datetime, datetime]]:
    found = imported.tables.frame("ticket_events").query(f"event_type == '{kind}'")
    return [(row.ticket_id, row.occurred_at, row.known_at) for row in found.itertuples()]


def tickets(imported: Imported) -> pd.DataFrame:
    return imported.tables.frame("tickets").set_index("ticket_id")


def left_out(imported: Imported) -> dict[str, int]:
    return {found.about: found.count for found in imported.report.left_out}


@settings(max_examples=10, deadline=None)
@given(stories(severities=SEVERITIES))
def test_what_is_written_comes_back(story: Story) -> None:
    issues = tuple(replace(each, issue=each.issue or "Service request") for each in story.tickets)
    told = replace(story, tickets=issues)
    with TemporaryDirectory() as folder:
        imported = read(write(told, Path(folder)))
    assert_told(told, imported.tables, ACCOUNT, ISSUE, without=("channel", "parent_ticket_id"))


# A CSV knows minutes, and of a ticket only its end; comments keep their times.


@settings(max_examples=10, deadline=None)
@given(stories(kinds=("end", "back", "message_in", "message_out")))
def test_a_csv_gives_back_openings_and_messages_and_its_ends_only_from_the_export_on(story: Story) -> None:
    with TemporaryDirectory() as folder:
        imported = read(write_csv(story, Path(folder) / "issues.csv"))
    assert imported.report.level == "snapshot"
    assert tickets(imported)["opened_at"].to_dict() == {
        ISSUE.format(each.number): each.opened_at for each in story.tickets
    }
    assert tickets(imported)["severity"].isna().all()
    told = imported.tables.frame("ticket_events")
    messages = [event for each in story.tickets for event in each.events if event.kind.startswith("message")]
    known = told[told["event_type"].str.startswith("message")]["known_at"]
    assert sorted(known) == sorted(event.at for event in messages)
    ends = [[event for event in each.events if event.kind in ("end", "back")] for each in story.tickets]
    done = [each[-1].at for each in ends if each and each[-1].kind == "end"]
    solved = told[told["event_type"] == "solved"]
    assert sorted(solved["occurred_at"]) == sorted(done)
    assert (solved["known_at"] == EXPORTED).all()


def test_done_to_not_done_is_reopened_and_done_to_done_is_nothing(site: Path) -> None:
    def closed_after(issue: dict[str, Any]) -> None:
        item = {
            "field": "status",
            "from": "10003",
            "fromString": "Resolved",
            "to": "10004",
            "toString": "Closed",
        }
        entry = {"created": time(hour(9)), "author": AUTHORS["bot"], "items": [item]}
        issue["changelog"]["histories"].append(entry)
        issue["changelog"]["total"] += 1

    edit(site, closed_after)
    imported = read(site)
    assert events(imported, "reopened") == [(A, hour(6), hour(6))]
    assert events(imported, "solved") == [(A, hour(3), hour(3)), (B, hour(4), hour(4))]


def test_a_renamed_status_is_known_by_its_number(site: Path) -> None:
    def renamed(issue: dict[str, Any]) -> None:
        for entry in issue["changelog"]["histories"]:
            for item in entry["items"]:
                item["toString"] = item["toString"].replace("Resolved", "Erledigt")

    edit(site, renamed)
    assert [each[0] for each in events(read(site), "solved")] == [A, B]


def test_a_status_that_nobody_explained_is_refused_until_the_firm_says_what_it_is(
    site: Path, tmp_path: Path
) -> None:
    def gone(issue: dict[str, Any]) -> None:
        for entry in issue["changelog"]["histories"]:
            for item in entry["items"]:
                if item["to"] == "10003":
                    item |= {"to": "10999", "toString": "Parked"}

    edit(site, gone)
    with pytest.raises(ContractError, match=r"^RR180 unknown status: .*: 'Parked' \(2 rows\)"):
        read(site)
    (tmp_path / "ours.toml").write_text('[statuses]\nParked = "done"\n')
    imported = read(site, Options(exported_at=EXPORTED, mapping=tmp_path / "ours.toml"))
    assert [each[0] for each in events(imported, "solved")] == [A, B]


def test_the_account_id_is_the_customer_not_the_name(site: Path) -> None:
    edit(site, lambda issue: issue["fields"]["reporter"].update(displayName="Ana Lima"))
    assert set(tickets(read(site))["customer_id"]) == {ACCOUNT.format(0)}


def test_a_reporter_who_works_there_is_no_customer(site: Path) -> None:
    def own(issue: dict[str, Any]) -> None:
        if issue["key"] == B:
            issue["fields"]["reporter"] = AUTHORS["agent"]
        issue["fields"]["assignee"] = AUTHORS["agent"]

    edit(site, own)
    imported = read(site)
    assert list(tickets(imported).index) == [A]
    assert list(left_out(imported).values()) == [1]


def test_an_issue_without_a_reporter_is_left_out(site: Path) -> None:
    edit(
        site,
        lambda issue: issue["fields"].update(
            reporter=None if issue["key"] == A else issue["fields"]["reporter"]
        ),
    )
    imported = read(site)
    assert list(tickets(imported).index) == [B]
    assert left_out(imported) == {"without a requester": 1}


def test_a_priority_raised_later_is_an_escalation_and_not_that_of_the_opening(site: Path) -> None:
    def raised(issue: dict[str, Any]) -> None:
        item = {"field": "priority", "from": "5", "fromString": "Lowest", "to": "2", "toString": "High"}
        issue["changelog"]["histories"].append(
            {"created": time(hour(9)), "author": AUTHORS["agent"], "items": [item]}
        )
        issue["changelog"]["total"] += 1

    edit(site, raised)
    imported = read(site)
    assert events(imported, "escalated") == [(A, hour(9), hour(9)), (B, hour(9), hour(9))]
    assert tickets(imported)["severity"].tolist() == [4, 4]


def test_a_changelog_cut_short_is_said_and_its_priority_is_not_read(site: Path) -> None:
    edit(site, lambda issue: issue["changelog"].update(total=140 if issue["key"] == A else 2))
    imported = read(site)
    assert tickets(imported)["severity"].isna().tolist() == [True, False]
    assert any("cut short" in found.about and found.ids == (A,) for found in imported.report.changed)


def test_internal_comments_are_no_messages(site: Path) -> None:
    def hide(issue: dict[str, Any]) -> None:
        for comment in issue["fields"]["comment"]["comments"]:
            comment["jsdPublic"] = comment["author"]["accountType"] == "customer"

    edit(site, hide)
    imported = read(site)
    assert events(imported, "message_out") == []
    assert events(imported, "message_in") == [(A, hour(5), hour(5))]


def test_an_sla_cycle_counts_by_its_own_flag_at_its_own_breach_time(site: Path) -> None:
    def ongoing(issue: dict[str, Any]) -> None:
        cycle = {"breached": issue["key"] == B, "paused": False, "breachTime": {"iso8601": time(hour(12))}}
        issue["fields"]["customfield_10021"] = {
            "name": "Time to first response",
            "completedCycles": [],
            "ongoingCycle": cycle,
        }

    edit(site, ongoing)
    assert events(read(site), "sla_breached") == [(A, hour(7), hour(7)), (B, hour(12), hour(12))]


def test_answers_of_the_sla_endpoint_read_beside_the_issues(site: Path) -> None:
    metric = {
        "name": "Time to resolution",
        "completedCycles": [{"breached": True, "breachTime": {"iso8601": time(hour(5))}}],
    }
    (site / "slas.jsonl").write_text(json.dumps({"issueKey": B, "sla": [metric]}) + "\n")
    assert (B, hour(5), hour(5)) in events(read(site), "sla_breached")


def test_a_changelog_beside_the_issues_is_the_same(site: Path) -> None:
    whole = read(site)
    entries: list[dict[str, Any]] = []

    def split(issue: dict[str, Any]) -> None:
        entries.extend({"issueId": issue["id"], **entry} for entry in issue.pop("changelog")["histories"])

    edit(site, split)
    (site / "changelogs.json").write_text(json.dumps(entries))
    again = read(site)
    for name in whole.tables.names:
        pd.testing.assert_frame_equal(again.tables.frame(name), whole.tables.frame(name))


def test_stars_become_shares_at_the_satisfaction_date(site: Path) -> None:
    rated = read(site).tables.frame("ticket_events").query("event_type == 'csat_rated'")
    assert rated[["ticket_id", "occurred_at", "known_at", "value"]].values.tolist() == [
        [B, hour(8), hour(8), 0.25]
    ]


def test_without_the_list_of_fields_a_rating_is_known_from_the_export_on(site: Path) -> None:
    (site / "fields.json").unlink()
    assert events(read(site), "csat_rated") == [(B, EXPORTED, EXPORTED)]


# The CSV of the issue navigator.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_csv(STORY, tmp_path / "Jira.csv")


def test_repeated_headers_are_all_read(file: Path) -> None:
    assert file.read_text().splitlines()[0].split(",").count("Comment") == 2
    imported = read(file)
    assert events(imported, "message_out") == [(A, hour(2), hour(2))]
    assert events(imported, "message_in") == [(A, hour(5), hour(5))]


def test_a_deadline_cell_below_zero_was_missed_and_is_known_from_the_export_on(file: Path) -> None:
    assert events(read(file), "sla_breached") == [(A, EXPORTED, EXPORTED)]


def test_a_rating_in_a_csv_is_known_from_the_export_on(file: Path) -> None:
    assert events(read(file), "csat_rated") == [(B, hour(8), EXPORTED)]


@pytest.mark.parametrize(
    "written", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%b %d, %Y %I:%M %p", "%d/%b/%y %H:%M:%S"]
)
def test_dates_of_another_locale_are_told_from_all_the_cells(tmp_path: Path, written: str) -> None:
    imported = read(write_csv(STORY, tmp_path / "Jira.csv", written))
    assert tickets(imported)["opened_at"].tolist() == [hour(1), hour(1)]


def test_dates_that_may_be_two_days_are_refused_until_the_format_is_named(tmp_path: Path) -> None:
    file = write_csv(STORY, tmp_path / "Jira.csv", "%m/%d/%y %H:%M")
    with pytest.raises(
        DataError, match=r"^RR182 unclear dates: '03/01/25 .*' is a time of %d/%m/%y %H:%M and another"
    ):
        read(file)
    named = read(file, Options(exported_at=EXPORTED, time_format="%m/%d/%y %H:%M"))
    assert tickets(named)["opened_at"].tolist() == [hour(1), hour(1)]


def test_months_in_another_language_are_refused(tmp_path: Path) -> None:
    file = write_csv(STORY, tmp_path / "Jira.csv")
    file.write_text(file.read_text().replace("/Mar/", "/Mrz/"))
    with pytest.raises(DataError, match=r"^RR182 .*'01/Mrz/25 09:00 AM' is no time of a known format"):
        read(file)


def test_the_clock_of_whoever_exported_is_named_in_the_mapping(file: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('time_zone = "Europe/Berlin"\n')
    imported = read(file, Options(exported_at=EXPORTED, mapping=tmp_path / "ours.toml"))
    assert tickets(imported)["opened_at"].tolist() == [hour(0), hour(0)]


def test_without_account_ids_a_digest_of_the_name_is_the_customer(file: Path) -> None:
    only_names(file).to_csv(file, index=False)
    imported = read(file)
    assert set(tickets(imported)["customer_id"]) == {"name-" + sha256(b"Ana Lima").hexdigest()[:16]}
    assert any("2 issues have a reporter's name and no Reporter Id" in note for note in imported.report.notes)


def only_names(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str).drop(columns="Reporter Id")


def test_comments_signed_with_ids_say_nothing_of_reporters_with_names(file: Path) -> None:
    only_names(file).to_csv(file, index=False)
    imported = read(file)
    assert events(imported, "message_in") == events(imported, "message_out") == []
    (count,) = (n for about, n in left_out(imported).items() if about.startswith("comments signed with ids"))
    assert count == 2


def test_comments_signed_with_names_are_read(file: Path) -> None:
    only_names(file).to_csv(file, index=False)
    file.write_text(re.sub(";712020:customer-[0-9]+;", ";Ana Lima;", file.read_text()))
    assert events(read(file), "message_in") == [(A, hour(5), hour(5))]


def test_a_reporter_who_is_assigned_issues_by_name_works_there(file: Path) -> None:
    frame = only_names(file).drop(columns="Assignee Id", errors="ignore")
    frame["Assignee"] = ["Ana Lima", None]
    frame.to_csv(file, index=False)
    with pytest.raises(DataError, match="no ticket is left of 2: 2 asked for by an agent"):
        read(file)


def test_a_category_in_another_language_leaves_it_to_the_status(file: Path) -> None:
    frame = pd.read_csv(file, dtype=str)
    frame["Status Category"] = "Fertig"
    frame.to_csv(file, index=False)
    assert [each[0] for each in events(read(file), "solved")] == [B]


def test_detect(site: Path, file: Path, tmp_path: Path) -> None:
    assert jira.detect(site)
    assert jira.detect(file)
    (tmp_path / "other.csv").write_text("Id,Status\n1,New\n")
    assert not jira.detect(tmp_path / "other.csv")
