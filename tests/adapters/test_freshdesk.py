"""Freshdesk: what is written in its shape comes back, and each of its traps by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings

from retaliation_risk.adapters import Options, detect, freshdesk
from retaliation_risk.errors import ContractError
from tests.adapters.round_trip import end_of, same_world
from tests.adapters.worlds import Shape, worlds
from tests.adapters.writers import freshdesk as writer
from tests.adapters.writers.zendesk import write_lines

SHAPE = Shape(
    channels=("email", "portal", "phone", "chat"),
    severities=(None, 1, 2, 4, 5),
    scores=(0.0, 0.5, 1.0),
    has_parents=False,
    always_greets=True,
)
ISSUE = Options(rename={"issue": "ticket_type"})


def known_late(world, kinds):
    """The world as it is known from an export: what these kinds of events tell is known from its end on."""
    end = end_of(world)
    events = [{**e, "known_at": end} if e["event_type"] in kinds else e for e in world["ticket_events"]]
    return {**world, "ticket_events": events}


@settings(max_examples=12)
@given(world=worlds(SHAPE))
def test_what_was_written_comes_back(world, tmp_path_factory):
    folder = writer.write(tmp_path_factory.mktemp("freshdesk"), world)
    same_world(freshdesk.read(folder, options=ISSUE).tables, known_late(world, ("sla_breached",)))


@settings(max_examples=5)
@given(world=worlds(SHAPE))
def test_conversations_inside_their_tickets_come_back_too(world, tmp_path_factory):
    folder = writer.write(tmp_path_factory.mktemp("freshdesk"), world, inside=True)
    same_world(freshdesk.read(folder, options=ISSUE).tables, known_late(world, ("sla_breached",)))


# One ticket by hand.

TICKET = {"id": 1, "requester_id": 7, "created_at": "2025-03-01T10:00:00Z", "updated_at": "2025-03-09T10:00:00Z",
          "source": 1, "is_escalated": False, "fr_escalated": False}  # fmt: skip


def read(folder, options=ISSUE, **streams):
    folder.mkdir(exist_ok=True)
    for name, rows in {"tickets": [TICKET], **streams}.items():
        write_lines(folder / f"{name}.jsonl", rows)
    return freshdesk.read(folder, options=options)


def events(imported, *columns):
    asked = ", ".join(columns or ("event_type", "occurred_at::VARCHAR", "known_at::VARCHAR"))
    return (
        imported.tables.query(f"SELECT {asked} FROM ticket_events ORDER BY occurred_at, event_type")
        .to_numpy()
        .tolist()
    )


def about(findings):
    return {found.about.split(":")[0]: found.count for found in findings}


def test_escalated_flags_are_missed_deadlines_known_at_the_export(tmp_path):
    late = {
        **TICKET,
        "is_escalated": True,
        "due_by": "2025-03-03T10:00:00Z",
        "fr_escalated": True,
        "fr_due_by": "2025-03-02T10:00:00Z",
    }
    assert events(read(tmp_path / "f", tickets=[late])) == [
        ["message_in", "2025-03-01 10:00:00", "2025-03-01 10:00:00"],
        ["sla_breached", "2025-03-02 10:00:00", "2025-03-09 10:00:00"],
        ["sla_breached", "2025-03-03 10:00:00", "2025-03-09 10:00:00"],
    ]


def test_without_activities_the_last_states_are_known_at_the_export(tmp_path):
    stats = {"resolved_at": "2025-03-05T10:00:00Z", "reopened_at": "2025-03-04T10:00:00Z", "closed_at": None}
    imported = read(tmp_path / "f", tickets=[{**TICKET, "stats": stats}])
    assert imported.report.level == "snapshot"
    assert events(imported)[1:] == [
        ["reopened", "2025-03-04 10:00:00", "2025-03-09 10:00:00"],
        ["solved", "2025-03-05 10:00:00", "2025-03-09 10:00:00"],
    ]


def activity(at, **done):
    return {"ticket_id": 1, "performed_at": at, "performer_type": "user", "performer_id": 1, "activity": done}


def test_activities_replace_the_last_states(tmp_path):
    stats = {"resolved_at": "2025-03-05T10:00:00Z"}
    done = [
        activity("02-03-2025 10:00:00 +0000", status="Resolved"),
        activity("02-03-2025 14:00:00 +0200", status="Open"),
    ]
    imported = read(tmp_path / "f", tickets=[{**TICKET, "stats": stats}], ticket_activities=done)
    assert imported.report.level == "history"
    assert events(imported)[1:] == [
        ["solved", "2025-03-02 10:00:00", "2025-03-02 10:00:00"],
        ["reopened", "2025-03-02 12:00:00", "2025-03-02 12:00:00"],
    ]


def test_without_a_named_issue_nothing_of_an_activity_is_kept(tmp_path):
    said = activity("01-03-2025 10:00:00 +0000", status="Open", note="My card was charged twice")
    imported = read(tmp_path / "f", Options(), ticket_activities=[said])
    assert imported.tables.frame("tickets")["issue_key"].isna().all()


def test_a_status_of_your_own_must_be_named(tmp_path):
    done = [
        activity("02-03-2025 10:00:00 +0000", status="Resolved"),
        activity("03-03-2025 10:00:00 +0000", status="Waiting for parts"),
    ]
    with pytest.raises(
        ContractError, match=r"RR180 .* 1 activities set a status .*'waiting for parts'.* \[statuses\]"
    ):
        read(tmp_path / "f", ticket_activities=done)
    (tmp_path / "firm.toml").write_text('[statuses]\n"Waiting for parts" = "open"\n')
    named = Options(mapping=tmp_path / "firm.toml")
    found = events(read(tmp_path / "f", named, ticket_activities=done), "event_type")
    assert found == [["message_in"], ["solved"], ["reopened"]]


def test_ratings_become_shares_of_the_scale_in_either_form(tmp_path):
    scale = {103: 1.0, 102: 5 / 6, 101: 2 / 3, 100: 0.5, -101: 1 / 3, -102: 1 / 6, -103: 0.0}
    tickets = [{**TICKET, "id": place} for place in range(2 * len(scale))]
    forms = [{"default_question": score, "question_2": 103} for score in scale]
    forms += [
        [{"question": "question_2", "value": 103}, {"question": "default_question", "value": score}]
        for score in scale
    ]
    rated = [
        {"id": 50 + place, "ticket_id": place, "ratings": form, "created_at": "2025-03-05T10:00:00Z"}
        for place, form in enumerate(forms)
    ]
    imported = read(tmp_path / "f", tickets=tickets, satisfaction_ratings=rated)
    given = imported.tables.query(
        "SELECT value FROM ticket_events WHERE event_type = 'csat_rated' ORDER BY ticket_id::INT"
    )
    assert given["value"].to_list() == pytest.approx([*scale.values(), *scale.values()])


def test_a_rating_off_the_scale_is_left_out_and_counted(tmp_path):
    rating = {
        "id": 3,
        "ticket_id": 1,
        "ratings": {"default_question": 5},
        "created_at": "2025-03-05T10:00:00Z",
    }
    imported = read(tmp_path / "f", satisfaction_ratings=[rating])
    assert "csat_rated" in imported.report.missing_events
    assert about(imported.report.left_out) == {"ratings outside Freshdesk's scale of -103 to 103": 1}


def test_a_ticket_that_the_firm_opened_is_no_complaint(tmp_path):
    imported = read(tmp_path / "f", tickets=[{**TICKET, "source": 10}])
    opened = imported.tables.query("SELECT channel, is_complaint FROM tickets").to_numpy().tolist()
    assert opened == [["outbound_email", False]]
    assert events(imported, "event_type", "actor_type") == [["message_out", "agent"]]


def test_private_notes_are_not_read_and_what_comes_in_after_the_end_is(tmp_path):
    letter = {
        "id": 1,
        "ticket_id": 1,
        "incoming": True,
        "private": False,
        "created_at": "2025-03-06T10:00:00Z",
    }
    note = {**letter, "id": 2, "incoming": False, "private": True}
    done = [activity("02-03-2025 10:00:00 +0000", status="Resolved")]
    imported = read(tmp_path / "f", conversations=[letter, note], ticket_activities=done)
    assert events(imported, "event_type") == [["message_in"], ["solved"], ["message_in"]]


def test_a_source_of_another_number_is_kept_and_told(tmp_path):
    imported = read(tmp_path / "f", tickets=[{**TICKET, "source": 101}])
    assert imported.report.unmapped == {"channel": {"source_101": 1}}


def test_agents_spam_and_deleted_tickets_are_left_out_and_counted(tmp_path):
    tickets = [
        TICKET,
        {**TICKET, "id": 2, "spam": True},
        {**TICKET, "id": 3, "deleted": True},
        {**TICKET, "id": 4, "requester_id": 1},
    ]
    imported = read(tmp_path / "f", tickets=tickets, agents=[{"id": 1}])
    assert imported.report.rows_out["tickets"] == 1
    assert sorted(about(imported.report.left_out).values()) == [1, 1, 1]


# The CSV of the user interface.


@settings(max_examples=6)
@given(world=worlds(SHAPE))
def test_the_csv_of_the_interface_gives_openings_and_ends_known_at_the_export(world, tmp_path_factory):
    imported = freshdesk.read(writer.write_csv(tmp_path_factory.mktemp("freshdesk") / "export.csv", world))
    assert imported.report.level == "snapshot"
    solved = imported.tables.query(
        "SELECT ticket_id, occurred_at, known_at FROM ticket_events WHERE event_type = 'solved'"
    )
    ends = {e["ticket_id"]: e["occurred_at"] for e in world["ticket_events"] if e["event_type"] == "solved"}
    assert dict(solved[["ticket_id", "occurred_at"]].to_numpy()) == ends
    assert imported.tables.query("SELECT ticket_id, channel FROM tickets ORDER BY 1").to_numpy().tolist() == [
        [ticket["ticket_id"], ticket["channel"]] for ticket in world["tickets"]
    ]


CSV = "Ticket ID,Source,Created time,Last update time,Resolved time,Resolution time (in hrs),Survey results,Contact ID\n"


def test_durations_have_more_hours_than_a_day(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        CSV
        + "1,Email,2025-03-01 10:00:00,2025-03-09 10:00:00,,58:22:50,,7\n2,Email,2025-03-02 10:00:00,,,,,7\n"
    )
    imported = freshdesk.read(path)
    solved = imported.tables.query(
        "SELECT ticket_id, occurred_at FROM ticket_events WHERE event_type = 'solved'"
    )
    opened = imported.tables.query("SELECT opened_at FROM tickets WHERE ticket_id = '1'").iat[0, 0]
    assert solved.to_numpy().tolist() == [["1", opened + timedelta(hours=58, minutes=22, seconds=50)]]
    assert (
        about(imported.report.changed)[
            "the time of resolution is computed from its duration, which may count business hours only"
        ]
        == 1
    )


def test_a_time_is_preferred_to_a_duration_and_the_difference_is_told(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(CSV + "1,Email,2025-03-01 10:00:00,2025-03-09 10:00:00,2025-03-04 10:00:00,24:00:00,,7\n")
    imported = freshdesk.read(path)
    assert ["solved", "2025-03-04 10:00:00", "2025-03-09 10:00:00"] in events(imported)
    assert [found.ids for found in imported.report.changed] == [("1",)]


def test_the_clock_of_the_file_can_be_named(tmp_path):
    (tmp_path / "firm.toml").write_text('time_zone = "Europe/Berlin"\n')
    path = tmp_path / "export.csv"
    path.write_text(
        CSV + "1,Email,2025-07-01 10:00:00,,,,,7\n2,Email,2025-12-01 10:00:00,2025-12-02T10:00:00Z,,,,7\n"
    )
    imported = freshdesk.read(path, options=Options(mapping=tmp_path / "firm.toml"))
    opened = imported.tables.query("SELECT opened_at::VARCHAR FROM tickets ORDER BY 1").to_numpy().tolist()
    assert opened == [["2025-07-01 08:00:00"], ["2025-12-01 09:00:00"]]
    assert imported.report.observed_to == "2025-12-02T10:00:00Z"
    assert any("off a clock in Europe/Berlin" in note for note in imported.report.notes)


def test_answers_in_unknown_words_are_left_out_and_counted(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        CSV + "1,Email,2025-03-01 10:00:00,,,,Extremely Unhappy,7\n2,Email,2025-03-02 10:00:00,,,,Meh,7\n"
    )
    imported = freshdesk.read(path)
    assert imported.tables.query(
        "SELECT ticket_id, value FROM ticket_events WHERE event_type = 'csat_rated'"
    ).to_numpy().tolist() == [["1", 0.0]]
    assert [found.ids for found in imported.report.left_out if "words" in found.about] == [("2",)]


def test_each_form_is_recognised(tmp_path):
    read(tmp_path / "f")
    world = {"customers": [], "tickets": [], "ticket_events": []}
    assert detect(tmp_path / "f") == detect(writer.write_csv(tmp_path / "e.csv", world)) == "freshdesk"
