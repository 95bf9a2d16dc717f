"""HubSpot: what is written in its shape comes back, and each of its traps by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings

from retaliation_risk.adapters import Imported, Options, hubspot
from retaliation_risk.errors import ContractError, DataError
from tests.adapters.writers.hubspot import CONTACT, DONE, OPEN, TICKET, time, write, write_csv
from tests.adapters.writers.stories import EXPORTED, START, Event, Story, Ticket, assert_told, stories

EXPORT = Options(exported_at=EXPORTED)
A, B = TICKET.format(0), TICKET.format(1)
KINDS = ("end", "back", "message_in", "message_out", "assigned", "sla_breached")


def hour(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def ticket(*events: Event, number: int = 0) -> Ticket:
    return Ticket(number, 0, hour(1), "email", "billing", 3, None, events)


STORY = Story(
    (START - timedelta(days=9),),
    (
        ticket(
            Event(hour(2), "message_out", "agent"),
            Event(hour(3), "end", "agent"),
            Event(hour(6), "back", "bot"),
            Event(hour(7), "sla_breached", "system"),
        ),
        ticket(Event(hour(4), "end", "bot"), number=1),
    ),
)


@pytest.fixture
def account(tmp_path: Path) -> Path:
    return write(STORY, tmp_path / "account")


def edit(account: Path, change: Callable[[dict[str, Any]], object], stream: str = "tickets") -> None:
    """Change every record of a stream."""
    file = account / f"{stream}.json"
    answer = json.loads(file.read_text())
    for record in answer["results"]:
        change(record)
    file.write_text(json.dumps(answer))


def versions(name: str, *values: tuple[datetime, str]) -> Callable[[dict[str, Any]], object]:
    """Give a property these versions, newest first as HubSpot has them."""
    told = [{"value": value, "timestamp": time(at), "sourceType": "CRM_UI"} for at, value in reversed(values)]

    def change(record: dict[str, Any]) -> None:
        record["propertiesWithHistory"][name] = told
        record["properties"][name] = values[-1][1]

    return change


def read(path: Path, options: Options = EXPORT) -> Imported:
    return hubspot.read(path, options=options)


def mapped(tmp_path: Path, text: str) -> Options:
    (tmp_path / "ours.toml").write_text(text)
    return Options(exported_at=EXPORTED, mapping=tmp_path / "ours.toml")


def events(imported: Imported, kind: str) -> list[tuple[str, datetime, datetime]]:
    found = imported.tables.frame("ticket_events").query(f"event_type == '{kind}'")
    return [(row.ticket_id, row.occurred_at, row.known_at) for row in found.itertuples()]


def tickets(imported: Imported) -> pd.DataFrame:
    return imported.tables.frame("tickets").set_index("ticket_id")


@settings(max_examples=10, deadline=None)
@given(stories(kinds=KINDS))
def test_what_is_written_comes_back(story: Story) -> None:
    told = replace(story, tickets=tuple(_by_agents(each) for each in story.tickets))
    with TemporaryDirectory() as folder:
        imported = read(write(told, Path(folder)))
    assert_told(told, imported.tables, CONTACT, TICKET, without=("parent_ticket_id",))
    customers = imported.tables.frame("customers").set_index("customer_id")["first_seen_at"]
    assert customers.to_dict() == {CONTACT.format(n): at for n, at in enumerate(told.customers)}


def _by_agents(each: Ticket) -> Ticket:
    """A mail does not say that a workflow sent it."""
    sent = (replace(event, actor="agent") if event.kind == "message_out" else event for event in each.events)
    return replace(each, events=tuple(sent))


@settings(max_examples=10, deadline=None)
@given(stories(kinds=("end", "back", "sla_breached")))
def test_a_csv_gives_back_openings_and_its_ends_only_from_the_export_on(story: Story) -> None:
    with TemporaryDirectory() as folder:
        imported = read(write_csv(story, Path(folder) / "hubspot.csv"))
    assert imported.report.level == "snapshot"
    found = tickets(imported)
    assert found["opened_at"].to_dict() == {
        TICKET.format(each.number): each.opened_at for each in story.tickets
    }
    assert found["channel"].to_dict() == {TICKET.format(each.number): each.channel for each in story.tickets}
    ends = [[event for event in each.events if event.kind in ("end", "back")] for each in story.tickets]
    done = [each[-1].at for each in ends if each and each[-1].kind == "end"]
    assert sorted(at for _, at, _ in events(imported, "solved")) == sorted(done)
    assert (imported.tables.frame("ticket_events")["known_at"] == EXPORTED).all()


def test_stages_are_closed_by_what_the_pipelines_say(account: Path) -> None:
    assert (OPEN, DONE) == ("71001", "71004")
    imported = read(account)
    assert events(imported, "solved") == [(A, hour(3), hour(3)), (B, hour(4), hour(4))]
    assert events(imported, "reopened") == [(A, hour(6), hour(6))]


def test_without_pipelines_a_stage_is_refused_until_the_firm_says_what_it_is(
    account: Path, tmp_path: Path
) -> None:
    (account / "pipelines.json").unlink()
    with pytest.raises(
        ContractError, match=r"^RR180 unknown status: .*'71001' \(3 rows\), '71004' \(2 rows\)"
    ):
        read(account)
    imported = read(account, mapped(tmp_path, '[statuses]\n71001 = "open"\n71004 = "done"\n'))
    assert events(imported, "reopened") == [(A, hour(6), hour(6))]


def test_the_stages_that_every_account_starts_with_are_known(account: Path) -> None:
    (account / "pipelines.json").unlink()
    edit(
        account, versions("hs_pipeline_stage", (hour(1), "1"), (hour(2), "2"), (hour(3), "4"), (hour(5), "3"))
    )
    imported = read(account)
    assert events(imported, "solved") == [(A, hour(3), hour(3)), (B, hour(3), hour(3))]
    assert events(imported, "reopened") == [(A, hour(5), hour(5)), (B, hour(5), hour(5))]


def test_durations_are_milliseconds(account: Path) -> None:
    edit(account, lambda record: record.update(propertiesWithHistory={}))
    edit(
        account,
        lambda record: record["properties"].update(
            time_to_close="7200000", time_to_first_agent_reply="1800000"
        ),
    )
    imported = read(account)
    assert events(imported, "solved") == [(A, hour(3), EXPORTED), (B, hour(3), EXPORTED)]
    replied = [each for each in events(imported, "message_out") if each[0] == B]
    assert replied == [(B, hour(1.5), hour(1.5))]


@pytest.mark.parametrize(
    ("code", "missed"), [("0", False), ("1", True), ("2", False), ("3", False), ("4", True)]
)
def test_codes_1_and_4_of_an_sla_are_missed_deadlines(account: Path, code: str, missed: bool) -> None:
    edit(account, versions("hs_time_to_close_sla_status", (hour(1), "0"), (hour(5), code)))
    found = [each for each in events(read(account), "sla_breached") if each[0] == B]
    assert found == ([(B, hour(5), hour(5))] if missed else [])


def test_a_deadline_that_was_missed_and_then_met_late_is_missed_once(account: Path) -> None:
    edit(account, versions("hs_time_to_close_sla_status", (hour(1), "0"), (hour(5), "1"), (hour(6), "4")))
    assert [each for each in events(read(account), "sla_breached") if each[0] == B] == [(B, hour(5), hour(5))]


def test_an_sla_without_versions_is_dated_to_its_due_date_and_known_from_the_export_on(account: Path) -> None:
    def ended(record: dict[str, Any]) -> None:
        record["propertiesWithHistory"].pop("hs_time_to_close_sla_status")
        record["properties"] |= {"hs_time_to_close_sla_status": "4", "hs_time_to_close_sla_at": time(hour(9))}

    edit(account, ended)
    assert events(read(account), "sla_breached") == [(A, hour(9), EXPORTED), (B, hour(9), EXPORTED)]


def test_a_priority_raised_later_is_an_escalation_and_not_that_of_the_opening(account: Path) -> None:
    edit(account, versions("hs_ticket_priority", (hour(1), "LOW"), (hour(5), "URGENT"), (hour(6), "LOW")))
    imported = read(account)
    assert tickets(imported)["severity"].tolist() == [2, 2]
    assert events(imported, "escalated") == [(A, hour(5), hour(5)), (B, hour(5), hour(5))]


def test_what_was_first_set_after_the_opening_was_empty_at_it(account: Path) -> None:
    edit(account, versions("hs_ticket_priority", (hour(5), "URGENT")))
    edit(account, versions("hs_ticket_category", (hour(5), "PRODUCT_ISSUE")))
    found = tickets(read(account))
    assert found["severity"].isna().all()
    assert found["issue_key"].isna().all()


def test_ratings_are_not_read_until_the_firm_says_what_they_mean(account: Path, tmp_path: Path) -> None:
    edit(account, versions("hs_last_csat_rating", (hour(8), "2")))
    unread = read(account)
    assert events(unread, "csat_rated") == []
    assert {found.about: found.count for found in unread.report.left_out} == {
        "ratings without a scale, or outside it": 2
    }
    imported = read(account, mapped(tmp_path, "[csat]\nworst = 0\nbest = 2\n"))
    assert events(imported, "csat_rated") == [(A, hour(8), hour(8)), (B, hour(8), hour(8))]
    assert imported.tables.frame("ticket_events").query("event_type == 'csat_rated'")["value"].tolist() == [
        1,
        1,
    ]


def test_a_rating_outside_the_scale_is_left_out_and_counted(account: Path, tmp_path: Path) -> None:
    edit(account, versions("hs_last_csat_rating", (hour(8), "9")))
    imported = read(account, mapped(tmp_path, "[csat]\nworst = 5\nbest = 1\n"))
    assert events(imported, "csat_rated") == []
    assert [found.count for found in imported.report.left_out] == [2]


def test_a_ticket_merged_into_another_is_kept_once(account: Path) -> None:
    edit(
        account,
        lambda record: (
            record["properties"].update(hs_merged_object_ids=f"{B};12345") if record["id"] == A else None
        ),
    )
    imported = read(account)
    assert list(tickets(imported).index) == [A]
    assert [(found.count, found.ids) for found in imported.report.left_out] == [(1, (B,))]


def test_a_ticket_without_a_contact_is_left_out_and_counted(account: Path) -> None:
    edit(account, lambda record: record.update(associations=None) if record["id"] == B else None)
    imported = read(account)
    assert list(tickets(imported).index) == [A]
    assert [(found.count, found.ids) for found in imported.report.left_out] == [(1, (B,))]


def test_labels_and_internal_names_read_alike(tmp_path: Path) -> None:
    labelled = write_csv(STORY, tmp_path / "labels.csv")
    internal = pd.read_csv(labelled, dtype=str).rename(
        columns={"Create date": "createdate", "Close date": "closed_date", "Category": "hs_ticket_category",
                 "Source": "source_type", "Time to Close SLA Ticket Status": "hs_time_to_close_sla_status",
                 "Time to Close SLA Due Date": "hs_time_to_close_sla_at"}
    )  # fmt: skip
    internal["source_type"] = internal["source_type"].str.upper()
    internal["hs_time_to_close_sla_status"] = internal["hs_time_to_close_sla_status"].map(
        {"Completed late": "4", "Completed on time": "3"}
    )
    internal.to_csv(tmp_path / "names.csv", index=False)
    one, other = read(labelled), read(tmp_path / "names.csv")
    assert events(one, "sla_breached") == [(A, hour(7), EXPORTED)]
    for name in one.tables.names:
        pd.testing.assert_frame_equal(other.tables.frame(name), one.tables.frame(name))


def test_a_column_by_another_name_is_named_in_the_mapping(tmp_path: Path) -> None:
    file = write_csv(STORY, tmp_path / "hubspot.csv")
    file.write_text(file.read_text().replace("Category", "Kategorie"))
    assert tickets(read(file))["issue_key"].isna().all()
    imported = read(file, mapped(tmp_path, '[rename]\nhs_ticket_category = "Kategorie"\n'))
    assert set(tickets(imported)["issue_key"]) == {"billing"}


def test_times_of_a_csv_are_read_off_the_clock_that_the_mapping_names(tmp_path: Path) -> None:
    file = write_csv(STORY, tmp_path / "hubspot.csv")
    imported = read(file, mapped(tmp_path, 'time_zone = "America/New_York"\n'))
    assert tickets(imported)["opened_at"].tolist() == [hour(6), hour(6)]


def test_times_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    file = write_csv(STORY, tmp_path / "hubspot.csv")
    file.write_text(file.read_text().replace("2025-03-01 09:00", "1.3.2025"))
    with pytest.raises(
        ContractError, match=r"RR201 .*2 rows have a createdate that is no time .*'1\.3\.2025'"
    ):
        read(file)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("status = 1", r"has status = 1; known are statuses, csat, time_zone, rename"),
        ('[statuses]\nX = "closed"', r"the status 'X' is 'closed'; it must be 'open' or 'done'"),
        ("[csat]\nworst = 1", r"two different numbers, worst and best"),
        ('time_zone = "Mars/Olympus"', r"no zone such as 'Europe/Berlin'"),
        ("[statuses", r"ours\.toml is no TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(
    account: Path, tmp_path: Path, text: str, match: str
) -> None:
    with pytest.raises(DataError, match=rf"^RR181 bad choices: .*{match}"):
        read(account, mapped(tmp_path, text))


def test_detect(account: Path, tmp_path: Path) -> None:
    assert hubspot.detect(account)
    assert hubspot.detect(write_csv(STORY, tmp_path / "hubspot.csv"))
    (tmp_path / "other.csv").write_text("Id,Status\n1,New\n")
    assert not hubspot.detect(tmp_path / "other.csv")
