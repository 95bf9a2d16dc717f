"""Zendesk: what is written in its shape comes back, and each of its traps by name."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings

from retaliation_risk.adapters import Options, detect, zendesk
from retaliation_risk.errors import ArgumentError, ContractError, DataError
from tests.adapters.round_trip import end_of, same_world
from tests.adapters.worlds import Shape, worlds
from tests.adapters.writers import zendesk as writer

SHAPE = Shape(channels=("web", "email", "phone", "chat"), severities=(None, 1, 2, 4, 5))
SURVEYED = Shape(channels=("web",), severities=(None, 1), scores=(0.0, 0.5, 1.0))
ISSUE = Options(rename={"issue": writer.ISSUE_FIELD})


@settings(max_examples=12)
@given(world=worlds(SHAPE))
def test_what_was_written_comes_back(world, tmp_path_factory):
    folder = writer.write(tmp_path_factory.mktemp("zendesk"), world)
    same_world(zendesk.read(folder, options=ISSUE).tables, world)


@settings(max_examples=6)
@given(world=worlds(SURVEYED))
def test_ratings_of_the_newer_surveys_come_back(world, tmp_path_factory):
    folder = writer.write(tmp_path_factory.mktemp("zendesk"), world, survey=True)
    same_world(zendesk.read(folder, options=ISSUE).tables, world)


# One account by hand: ticket 1 is solved, reopened and closed; ticket 2 follows it up.

TICKETS = [
    {"id": 1, "requester_id": 7, "created_at": "2025-03-01T10:00:00Z", "updated_at": "2025-03-09T10:00:00Z",
     "status": "closed", "via": {"channel": "email", "source": {"rel": None}}, "tags": ["vip"]},
    {"id": 2, "requester_id": 7, "created_at": "2025-03-20T10:00:00Z", "updated_at": "2025-03-21T10:00:00Z",
     "status": "open", "via": {"channel": "email", "source": {"from": {"ticket_id": 1}, "rel": "follow_up"}},
     "tags": ["vip"]},
]  # fmt: skip
USERS = [
    {"id": 7, "role": "end-user", "created_at": "2024-01-01T00:00:00Z", "email": "ana@example.org"},
    {"id": 1, "role": "agent", "created_at": "2020-01-01T00:00:00Z", "email": "desk@example.org"},
]


def audit(number, ticket, at, *events, author=1, channel="web"):
    return {"id": number, "ticket_id": ticket, "created_at": at, "author_id": author, "via": {"channel": channel},
            "events": list(events)}  # fmt: skip


def change(name, value, before=None):
    return {"type": "Change", "field_name": name, "value": value, "previous_value": before}


AUDITS = [
    audit(
        10, 1, "2025-03-01T10:00:00Z", {"type": "Create", "field_name": "status", "value": "new"}, author=7
    ),
    audit(11, 1, "2025-03-02T10:00:00Z", change("status", "solved", "new")),
    audit(12, 1, "2025-03-03T10:00:00Z", change("status", "open", "solved"), author=7),
    audit(13, 1, "2025-03-04T10:00:00Z", change("status", "solved", "open")),
    audit(14, 1, "2025-03-09T10:00:00Z", change("status", "closed", "solved"), author=-1, channel="rule"),
    audit(
        20, 2, "2025-03-20T10:00:00Z", {"type": "Create", "field_name": "status", "value": "new"}, author=7
    ),
]


def read(folder, options=ISSUE, **streams):
    everything = {"tickets": TICKETS, "users": USERS, "ticket_audits": AUDITS, **streams}
    folder.mkdir(exist_ok=True)
    for name, rows in everything.items():
        if rows:
            writer.write_lines(folder / f"{name}.jsonl", rows)
    return zendesk.read(folder, options=options)


def events(imported, *columns):
    return imported.tables.query(
        f"SELECT {', '.join(columns or ('ticket_id', 'event_type'))} FROM ticket_events ORDER BY occurred_at, event_type"
    ).to_numpy().tolist()  # fmt: skip


EVERYTHING = (
    "ticket_id",
    "occurred_at::VARCHAR",
    "event_type",
    "known_at::VARCHAR",
    "actor_type",
    "value::VARCHAR",
)


def about(findings):
    return {found.about.split(":")[0]: found.count for found in findings}


def test_a_reply_to_a_closed_ticket_is_a_follow_up_and_no_reopening(tmp_path):
    imported = read(tmp_path / "z")
    assert events(imported) == [["1", "solved"], ["1", "reopened"], ["1", "solved"], ["1", "closed"]]
    parents = imported.tables.query(
        "SELECT ticket_id, parent_ticket_id FROM tickets WHERE parent_ticket_id IS NOT NULL"
    )
    assert parents.to_numpy().tolist() == [["2", "1"]]


@pytest.mark.parametrize("said", [{"via_followup_source_id": 1}, {"first": {"followup_ids": [2]}}])
def test_a_follow_up_is_known_by_either_end(tmp_path, said):
    plain = {**TICKETS[1], "via": {"channel": "email"}}
    first = {**TICKETS[0], **said.get("first", {})}
    imported = read(
        tmp_path / "z", tickets=[first, {**plain, **{k: v for k, v in said.items() if k != "first"}}]
    )
    assert (
        imported.tables.query("SELECT parent_ticket_id FROM tickets WHERE ticket_id = '2'").iat[0, 0] == "1"
    )


def test_inherited_tags_change_nothing(tmp_path):
    inherited = [TICKETS[0], {**TICKETS[1], "tags": ["vip", "refund", "closed_by_merge"]}]
    created = audit(20, 2, "2025-03-20T10:00:00Z", {"type": "Create", "field_name": "tags", "value": ["closed_by_merge"]},
                    author=7)  # fmt: skip
    one, two = (
        read(tmp_path / "one"),
        read(tmp_path / "two", tickets=inherited, ticket_audits=[*AUDITS[:-1], created]),
    )
    for name in ("tickets", "ticket_events", "customers"):
        assert one.tables.frame(name).equals(two.tables.frame(name))


def test_ratings_after_the_change_to_surveys_are_read(tmp_path):
    given = {
        "type": "closed_ended",
        "rating": 2,
        "rating_category": "bad",
        "created_at": "2025-03-05T10:00:00Z",
    }
    subject = {"id": "1", "type": "ticket", "zrn": "zen:ticket:1"}
    answer = {"id": "r1", "subjects": [subject], "answers": [{"type": "open_ended", "value": "slow"}, given]}
    echo = audit(
        15,
        1,
        "2025-03-05T10:00:01Z",
        {"type": "SurveyResponseSubmitted"},
        change("satisfaction_score", "bad"),
    )
    imported = read(tmp_path / "z", csat_survey_responses=[answer], ticket_audits=[*AUDITS, echo])
    rated = imported.tables.query(
        "SELECT occurred_at, value FROM ticket_events WHERE event_type = 'csat_rated'"
    )
    assert [(str(at), value) for at, value in rated.to_numpy()] == [("2025-03-05 10:00:00", 0.0)]


def test_answers_to_surveys_that_were_not_exported_are_said(tmp_path):
    submitted = audit(15, 1, "2025-03-05T10:00:00Z", {"type": "Survey response submitted"})
    found = read(tmp_path / "z", ticket_audits=[*AUDITS, submitted]).report.left_out
    assert about(found)["answers to a survey whose rating is not in the export"] == 1


def test_a_rating_that_was_changed_is_known_from_the_change_on(tmp_path):
    asked = {
        "ticket_id": 1,
        "score": "good",
        "created_at": "2025-03-05T10:00:00Z",
        "updated_at": "2025-03-06T10:00:00Z",
    }
    imported = read(tmp_path / "z", satisfaction_ratings=[asked])
    assert imported.tables.query(
        "SELECT known_at::VARCHAR FROM ticket_events WHERE event_type = 'csat_rated'"
    ).to_numpy().tolist() == [["2025-03-06 10:00:00"]]


def test_who_asked_before_the_helpdesk_created_them_was_seen_by_then(tmp_path):
    moved = [{**USERS[0], "created_at": "2025-03-10T00:00:00Z"}, USERS[1]]
    imported = read(tmp_path / "z", users=moved)
    assert (
        imported.tables.query("SELECT first_seen_at::VARCHAR FROM customers").iloc[0, 0]
        == "2025-03-01 10:00:00"
    )
    assert any(
        note.startswith("Customers who asked before") and note.endswith(": 1.")
        for note in imported.report.notes
    )


def test_when_no_ticket_is_left_one_line_says_why(tmp_path):
    with pytest.raises(
        DataError, match="^RR104 headers only: no ticket is left of 2: 2 asked for by an agent"
    ) as raised:
        read(tmp_path / "z", users=[{**USERS[0], "role": "agent"}])
    assert str(raised.value).count("RR") == 1


def test_no_rating_is_no_opinion(tmp_path):
    offered = audit(15, 1, "2025-03-05T10:00:00Z", {"type": "SatisfactionRating", "score": "offered"})
    tickets = [
        {**ticket, "satisfaction_rating": {"score": score}}
        for ticket, score in zip(TICKETS, ("offered", "unoffered"), strict=True)
    ]
    imported = read(tmp_path / "z", tickets=tickets, ticket_audits=[*AUDITS, offered])
    assert "csat_rated" not in dict(events(imported)).values()
    assert any("asked for 1 times and given 0 times" in note for note in imported.report.notes)


def test_a_rating_of_the_ticket_alone_is_known_at_the_export(tmp_path):
    tickets = [{**TICKETS[0], "satisfaction_rating": {"score": "bad"}}, TICKETS[1]]
    imported = read(tmp_path / "z", tickets=tickets)
    known = imported.tables.query("SELECT known_at FROM ticket_events WHERE event_type = 'csat_rated'").iat[
        0, 0
    ]
    assert str(known) == "2025-03-21 10:00:00"
    assert about(imported.report.changed)["ratings whose time is not in the export"] == 1


SNAPSHOT = {
    "ticket_metrics": [{"ticket_id": 1, "solved_at": "2025-03-04T10:00:00Z", "reopens": 1}],
    "ticket_audits": [],
}


def test_ticket_metrics_say_nothing_before_the_export(tmp_path):
    imported = read(tmp_path / "z", **SNAPSHOT)
    assert imported.report.level == "snapshot"
    said = events(imported, "event_type", "occurred_at::VARCHAR", "known_at::VARCHAR")
    assert said == [["solved", "2025-03-04 10:00:00", "2025-03-21 10:00:00"]]


def test_the_time_of_the_export_can_be_said(tmp_path):
    exported = Options(exported_at=datetime.fromisoformat("2025-04-01T02:00:00+02:00"))
    imported = read(tmp_path / "z", exported, **SNAPSHOT)
    assert events(imported, "known_at::VARCHAR") == [["2025-04-01 00:00:00"]]
    assert imported.report.observed_to == "2025-04-01T00:00:00Z"


def test_side_loaded_metric_sets_are_read_like_ticket_metrics(tmp_path):
    loaded = [{**TICKETS[0], "metric_set": {"solved_at": "2025-03-04T10:00:00Z"}}, TICKETS[1]]
    one, two = read(tmp_path / "one", **SNAPSHOT), read(tmp_path / "two", tickets=loaded, ticket_audits=[])
    assert events(one, *EVERYTHING) == events(two, *EVERYTHING)


def test_metrics_beside_audits_change_nothing(tmp_path):
    loaded = [{**ticket, "metric_set": {"solved_at": "2025-03-01T12:00:00Z"}} for ticket in TICKETS]
    both = read(tmp_path / "two", tickets=loaded, ticket_metrics=SNAPSHOT["ticket_metrics"])
    assert events(read(tmp_path / "one"), *EVERYTHING) == events(both, *EVERYTHING)


def test_agents_who_ask_are_no_customers(tmp_path):
    asked = {**TICKETS[1], "id": 3, "requester_id": 1, "via": {"channel": "web"}}
    imported = read(tmp_path / "z", tickets=[*TICKETS, asked])
    assert imported.tables.query("SELECT customer_id FROM customers").to_numpy().tolist() == [["7"]]
    assert about(imported.report.left_out)["asked for by an agent or administrator, who is no customer"] == 1


def test_a_ticket_keeps_the_requester_priority_and_issue_of_its_opening(tmp_path):
    firsts = [{"type": "Create", "field_name": name, "value": value}
              for name, value in (("requester_id", "8"), ("priority", "low"), (writer.ISSUE_FIELD, "billing"))]  # fmt: skip
    later = audit(21, 2, "2025-03-21T10:00:00Z", change("requester_id", "7", "8"), change("priority", "urgent", "low"),
                  change(writer.ISSUE_FIELD, "delivery", "billing"))  # fmt: skip
    opened = audit(20, 2, "2025-03-20T10:00:00Z", *firsts, author=8)
    imported = read(tmp_path / "z", ticket_audits=[*AUDITS[:-1], opened, later])
    ticket = imported.tables.query(
        "SELECT customer_id, severity, issue_key FROM tickets WHERE ticket_id = '2'"
    )
    assert ticket.to_numpy().tolist() == [["8", 1, "billing"]]
    assert about(imported.report.changed) == {"the requester changes later on; the first is kept": 1}


def test_merged_and_deleted_tickets_are_left_out_and_counted(tmp_path):
    merged = audit(
        21,
        2,
        "2025-03-21T10:00:00Z",
        change("tags", ["vip", "closed_by_merge"], ["vip"]),
        change("status", "closed", "new"),
    )
    gone = {**TICKETS[1], "id": 3, "status": "deleted"}
    imported = read(tmp_path / "z", tickets=[*TICKETS, gone], ticket_audits=[*AUDITS, merged])
    assert imported.tables.query("SELECT ticket_id FROM tickets").to_numpy().tolist() == [["1"]]
    assert about(imported.report.left_out)["merged into another ticket, which is kept"] == 1
    assert about(imported.report.left_out)["deleted in the helpdesk"] == 1


def test_private_notes_are_not_messages_and_rules_are_bots(tmp_path):
    said = {"type": "Comment", "public": True}
    talk = [
        audit(15, 1, "2025-03-01T11:00:00Z", {**said, "public": False}),
        audit(16, 1, "2025-03-01T12:00:00Z", said, author=-1, channel="rule"),
        audit(17, 1, "2025-03-01T13:00:00Z", {**said, "type": "VoiceComment"}),
        audit(18, 1, "2025-03-01T14:00:00Z", said, author=7),
    ]
    imported = read(tmp_path / "z", ticket_audits=[*AUDITS, *talk])
    spoken = imported.tables.query(
        "SELECT event_type, actor_type FROM ticket_events WHERE starts_with(event_type, 'message') ORDER BY occurred_at"
    )
    assert spoken.to_numpy().tolist() == [
        ["message_out", "bot"],
        ["message_out", "agent"],
        ["message_in", "customer"],
    ]


def test_breaches_that_were_taken_back_or_lie_ahead_do_not_count(tmp_path):
    breach = {
        "ticket_id": 2,
        "metric": "reply_time",
        "instance_id": 1,
        "type": "breach",
        "time": "2025-03-20T14:00:00Z",
    }
    breaches = [
        breach,
        {**breach, "instance_id": 2, "deleted": True},
        {**breach, "instance_id": 3, "time": "2026-01-01T00:00:00Z"},
    ]
    imported = read(tmp_path / "z", ticket_metric_events=breaches)
    assert [kind for _, kind in events(imported)].count("sla_breached") == 1
    assert about(imported.report.left_out)["breaches that lie after the export"] == 1


def test_an_incremental_export_that_repeats_a_ticket_keeps_its_last_row(tmp_path):
    stale = {**TICKETS[0], "status": "new", "updated_at": "2025-03-01T10:00:00Z", "requester_id": 8}
    imported = read(tmp_path / "z", tickets=[*TICKETS, stale])
    assert imported.report.rows_out["tickets"] == 2
    assert imported.report.duplicates == 1
    assert imported.tables.query("SELECT DISTINCT customer_id FROM tickets").to_numpy().tolist() == [["7"]]


def test_nothing_is_dropped_silently(tmp_path):
    stray = audit(30, 9, "2025-03-04T10:00:00Z", change("status", "solved", "open"))
    imported = read(tmp_path / "z", ticket_audits=[*AUDITS[:-1], stray])
    assert about(imported.report.left_out) == {
        "tickets that have audits and are not in the export themselves": 1
    }
    assert about(imported.report.changed) == {"tickets without audits among others that have them": 1}
    with pytest.raises(ContractError, match="RR202 .* ticket_audits: 1 rows have no id"):
        read(tmp_path / "z", ticket_audits=[*AUDITS, {**stray, "id": None}])


def test_an_unknown_status_is_an_error_that_names_it(tmp_path):
    odd = audit(21, 2, "2025-03-21T10:00:00Z", change("status", "parked", "new"))
    with pytest.raises(
        ContractError, match=r"RR206 unknown type: ticket_audits: 1 changes have an unknown status .*'parked'"
    ):
        read(tmp_path / "z", ticket_audits=[*AUDITS, odd])


def test_times_that_are_none_are_said_all_at_once(tmp_path):
    odd = [{**TICKETS[0], "created_at": "yesterday"}, {**TICKETS[1], "created_at": None}]
    with pytest.raises(ContractError, match=r"created_at that is no time .*'yesterday'") as said:
        read(tmp_path / "z", tickets=odd)
    assert [problem.code for problem in said.value.problems] == ["RR201", "RR202"]


def test_addresses_become_keys_with_a_secret_and_are_nowhere_without(tmp_path):
    without = read(tmp_path / "one")
    assert without.tables.frame("customers")["contact_key"].isna().all()
    assert any("RETALIATION_RISK_CONTACT_SECRET" in note for note in without.report.notes)
    keyed = read(tmp_path / "two", Options(secret=b"a secret of the firm")).tables.frame("customers")
    assert keyed["contact_key"].str.fullmatch("[0-9a-f]{64}").all()


def test_singer_messages_in_one_file_say_what_the_folder_says(tmp_path):
    streams = {"tickets": TICKETS, "users": USERS, "ticket_audits": AUDITS}
    messages = [
        {"type": "RECORD", "stream": name, "record": row} for name, rows in streams.items() for row in rows
    ]
    writer.write_lines(
        tmp_path / "tap.jsonl", [{"type": "SCHEMA", "stream": "tickets", "schema": {}}, *messages]
    )
    one, two = read(tmp_path / "z"), zendesk.read(tmp_path / "tap.jsonl", options=ISSUE)
    assert events(one, *EVERYTHING) == events(two, *EVERYTHING)


# The CSV of the user interface.

FROM_INTERFACE = Shape(channels=("web", "email", "phone", "chat"), lacks=("sla_breached",))


@settings(max_examples=6)
@given(world=worlds(FROM_INTERFACE))
def test_the_csv_of_the_interface_gives_openings_and_ends_known_at_the_export(world, tmp_path_factory):
    imported = zendesk.read(writer.write_csv(tmp_path_factory.mktemp("zendesk") / "export.csv", world))
    tables = imported.tables
    assert imported.report.level == "snapshot"
    opened = tables.query(
        "SELECT ticket_id, opened_at, channel, severity, issue_key, parent_ticket_id FROM tickets"
    )
    assert opened[["severity", "issue_key", "parent_ticket_id"]].isna().all(axis=None)
    assert dict(opened[["ticket_id", "channel"]].to_numpy()) == {
        t["ticket_id"]: t["channel"] for t in world["tickets"]
    }
    ends = tables.query("SELECT event_type, known_at FROM ticket_events")
    assert set(ends["event_type"]) <= {"solved", "csat_rated"}
    assert (ends["known_at"] == end_of(world)).all()


def test_headers_in_another_language_are_renamed(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Id,Anfrager-ID,Via,Created at\n1,7,Mail,2025-03-01 10:00\n", encoding="utf-8")
    assert (
        zendesk.read(path, options=Options(rename={"Requester id": "Anfrager-ID"})).report.rows_out["tickets"]
        == 1
    )
    with pytest.raises(DataError, match=r"RR101 .* lacks 'Requester id'"):
        zendesk.read(path)
    with pytest.raises(ArgumentError, match="rename has 'Anfrager'; it must be one of issue, Id"):
        zendesk.read(path, options=Options(rename={"Anfrager": "x"}))


def test_no_tickets_is_said(tmp_path):
    writer.write_lines(tmp_path / "users.jsonl", USERS)
    with pytest.raises(DataError, match="RR104 headers only: .* has no tickets"):
        zendesk.read(tmp_path)


def test_each_form_is_recognised(tmp_path):
    read(tmp_path / "z")
    world = {"customers": [], "tickets": [], "ticket_events": []}
    assert detect(tmp_path / "z") == detect(writer.write_csv(tmp_path / "e.csv", world)) == "zendesk"
