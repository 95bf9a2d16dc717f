"""Intercom: what is written in its shape comes back, and each of its traps by name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from retaliation_risk.adapters import detect, intercom
from retaliation_risk.errors import ContractError
from tests.adapters.round_trip import same_world
from tests.adapters.worlds import Shape, worlds
from tests.adapters.writers import intercom as writer
from tests.adapters.writers.zendesk import write_lines

SHAPE = Shape(
    channels=("chat", "email", "whatsapp"),
    scores=(0.0, 0.25, 0.5, 0.75, 1.0),
    lacks=("escalated", "sla_breached", "closed"),
    has_parents=False,
    has_issues=False,
    always_greets=True,
)


@settings(max_examples=12)
@given(world=worlds(SHAPE))
def test_what_was_written_comes_back(world, tmp_path_factory):
    folder = writer.write(tmp_path_factory.mktemp("intercom"), world)
    same_world(intercom.read(folder).tables, world)


@settings(max_examples=5)
@given(world=worlds(SHAPE))
def test_parts_as_a_stream_of_their_own_come_back_too(world, tmp_path_factory):
    folder = writer.write(tmp_path_factory.mktemp("intercom"), world, apart=True)
    same_world(intercom.read(folder).tables, world)


# One conversation by hand. 1740823200 is 1 March 2025, 10:00.

MARCH_1 = 1740823200
CONVERSATION = {"id": "1", "created_at": MARCH_1, "updated_at": MARCH_1 + 86_400,
                "source": {"type": "conversation", "author": {"type": "user", "id": "7"}},
                "contacts": {"contacts": [{"id": "7"}]}}  # fmt: skip


def part(number, kind, seconds, author="admin", **more):
    return {
        "id": str(number),
        "part_type": kind,
        "created_at": MARCH_1 + seconds,
        "author": {"type": author, "id": "1"},
        **more,
    }


def read(folder, *parts, **more):
    folder.mkdir(exist_ok=True)
    held = {"conversation_parts": {"conversation_parts": list(parts), "total_count": len(parts)}}
    write_lines(folder / "conversations.jsonl", [{**CONVERSATION, **held, **more}])
    return intercom.read(folder)


def events(imported, *columns):
    asked = ", ".join(columns or ("event_type", "actor_type"))
    return (
        imported.tables.query(f"SELECT {asked} FROM ticket_events ORDER BY occurred_at, event_type")
        .to_numpy()
        .tolist()
    )


def about(findings):
    return {found.about.split(":")[0]: found.count for found in findings}


@pytest.mark.parametrize("opened", [MARCH_1, str(MARCH_1), "2025-03-01T10:00:00.000000Z"])
def test_times_are_seconds_since_1970_or_iso(tmp_path, opened):
    imported = read(tmp_path / "i", created_at=opened)
    assert imported.tables.query("SELECT opened_at::VARCHAR FROM tickets").to_numpy().tolist() == [
        ["2025-03-01 10:00:00"]
    ]


def test_a_message_to_a_closed_conversation_reopens_it_though_no_part_says_so(tmp_path):
    imported = read(
        tmp_path / "i",
        part(1, "close", 60),
        part(2, "comment", 120, "user"),
        part(3, "close", 180),
        part(4, "open", 240),
    )
    assert events(imported) == [
        ["message_in", "customer"], ["solved", "agent"], ["message_in", "customer"], ["reopened", "customer"],
        ["solved", "agent"], ["reopened", "agent"],
    ]  # fmt: skip
    assert any(
        note.startswith("Reopenings by messages") and note.endswith(": 1.") for note in imported.report.notes
    )


def test_conversations_with_more_parts_than_the_answer_holds_are_counted(tmp_path):
    imported = read(
        tmp_path / "i",
        *(part(n, "comment", n) for n in range(1, 501)),
        statistics={"count_conversation_parts": 620},
    )
    (cut,) = [found for found in imported.report.left_out if "parts are missing" in found.about]
    assert (cut.count, cut.ids) == (1, ("1",))
    assert any(note.startswith("Parts that are not in the export: 120;") for note in imported.report.notes)
    assert imported.report.rows_out["ticket_events"] == 501


def test_a_rating_is_known_when_it_was_given_not_when_it_was_asked_for(tmp_path):
    asked = {"rating": 2, "created_at": MARCH_1 + 60}
    given_at = read(tmp_path / "one", conversation_rating={**asked, "updated_at": MARCH_1 + 3600})
    assert events(given_at, "event_type", "known_at::VARCHAR", "value")[1] == [
        "csat_rated",
        "2025-03-01 11:00:00",
        0.25,
    ]
    unknown = read(tmp_path / "two", conversation_rating=asked)
    assert events(unknown, "event_type", "known_at::VARCHAR")[1] == ["csat_rated", "2025-03-02 10:00:00"]
    assert about(unknown.report.changed) == {"ratings whose time is not in the export": 1}


def test_no_rating_is_no_opinion_and_six_is_an_error(tmp_path):
    assert (
        "csat_rated"
        in read(
            tmp_path / "i", conversation_rating={"rating": None, "created_at": MARCH_1}
        ).report.missing_events
    )
    with pytest.raises(ContractError, match=r"RR209 .* 1 conversations have a rating outside 1 to 5"):
        read(tmp_path / "i", conversation_rating={"rating": 6})


def test_a_missed_deadline_is_known_at_the_export(tmp_path):
    imported = read(tmp_path / "i", sla_applied={"sla_name": "fast", "sla_status": "missed"})
    assert events(imported, "event_type", "known_at::VARCHAR")[1] == ["sla_breached", "2025-03-02 10:00:00"]


def test_bots_are_bots_and_notes_are_no_messages(tmp_path):
    parts = [
        part(1, "comment", 60, "bot"),
        part(2, "comment", 120, author="admin"),
        part(3, "note", 180, body="<p>inside</p>"),
        part(4, "close", 240, body="<p>Goodbye</p>"),
    ]
    ai = {**part(5, "comment", 30), "author": {"type": "admin", "id": "1", "from_ai_agent": True}}
    assert events(read(tmp_path / "i", ai, *parts)) == [
        ["message_in", "customer"], ["message_out", "bot"], ["message_out", "bot"], ["message_out", "agent"],
        ["message_out", "agent"], ["solved", "agent"],
    ]  # fmt: skip


def test_a_conversation_that_the_firm_began_is_no_complaint(tmp_path):
    imported = read(tmp_path / "i", source={"type": "email", "author": {"type": "admin", "id": "1"}})
    opened = imported.tables.query("SELECT customer_id, is_complaint FROM tickets").to_numpy().tolist()
    assert opened == [["7", False]]
    assert events(imported) == [["message_out", "agent"]]


def test_only_an_assignment_to_somebody_counts(tmp_path):
    parts = (
        part(1, "assignment", 60, assigned_to={"type": "team", "id": "9"}),
        part(2, "assignment", 120, assigned_to=None),
    )
    assert events(read(tmp_path / "i", *parts), "event_type") == [["message_in"], ["assigned"]]


def test_parts_of_an_unknown_type_are_counted(tmp_path):
    assert read(tmp_path / "i", part(1, "fin_handover", 60)).report.unmapped == {
        "part_type": {"fin_handover": 1}
    }


def test_an_answer_of_the_api_is_recognised_and_read_as_it_came(tmp_path):
    write_lines(
        tmp_path / "conversations.json", [{"type": "conversation.list", "conversations": [CONVERSATION]}]
    )
    assert detect(tmp_path / "conversations.json") == detect(tmp_path) == "intercom"
    assert intercom.read(tmp_path / "conversations.json").report.rows_out["tickets"] == 1


def test_parts_of_conversations_that_are_not_there_are_counted(tmp_path):
    (tmp_path / "i").mkdir()
    write_lines(
        tmp_path / "i" / "conversation_parts.jsonl", [{"conversation_id": "2", **part(1, "close", 60)}]
    )
    left_out = about(read(tmp_path / "i").report.left_out)
    assert left_out["conversations that have parts and are not in the export themselves"] == 1
