"""Webhooks: what their bodies become, and which signatures hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import DataError
from retaliation_risk.serve import LiveEvent
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.shapes import read_generic, read_zendesk
from retaliation_risk.serve.signature import GENERIC, ZENDESK, sign_generic, sign_zendesk, verify

SECRET, BODY = b"a secret of the firm", b'{"a": 1}'
NOW = 1_780_000_000_000_000
SENT = moment_of(NOW - 5_000_000).isoformat()
DETAIL = {
    "id": "35",
    "requester_id": "77",
    "created_at": "2026-01-01T10:00:00Z",
    "subject": "angry",
    "tags": ["vip"],
}


def nobody(address):
    return None


def zendesk(kind, event, **detail):
    body = {"id": "evt", "type": f"zen:event-type:ticket.{kind}", "time": "2026-01-02T10:00:00Z"}
    return [
        (e.table, dict(e.row))
        for e in read_zendesk({**body, "detail": DETAIL | detail, "event": event}, nobody)
    ]


def test_a_created_ticket_is_what_was_true_at_its_opening():
    ((table, row),) = zendesk("created", {}, via={"channel": "voice"})
    expected = {
        "ticket_id": "35",
        "customer_id": "77",
        "opened_at": "2026-01-01T10:00:00Z",
        "channel": "phone",
    }
    assert (table, row) == ("tickets", expected)


@pytest.mark.parametrize(
    ("kind", "event", "expected"),
    [
        ("status_changed", {"previous": "OPEN", "current": "SOLVED"}, "solved"),
        ("status_changed", {"previous": "SOLVED", "current": "CLOSED"}, "closed"),
        ("status_changed", {"previous": "SOLVED", "current": "OPEN"}, "reopened"),
        ("status_changed", {"previous": "CLOSED", "current": "OPEN"}, None),
        ("status_changed", {"previous": "OPEN", "current": "PENDING"}, None),
        ("comment_added", {"comment": {"is_public": True, "author": {"is_staff": True}}}, "message_out"),
        ("comment_added", {"comment": {"is_public": True, "author": {"is_staff": False}}}, "message_in"),
        ("comment_added", {"comment": {"is_public": False, "author": {"is_staff": True}}}, None),
        ("agent_assignment_changed", {"previous": None, "current": "9"}, "assigned"),
        ("tags_changed", {"tags_added": ["vip"]}, None),
    ],
)
def test_changes_of_a_ticket_become_events_or_nothing(kind, event, expected):
    found = zendesk(kind, event)
    assert [row["event_type"] for _, row in found] == ([expected] if expected else [])
    assert all(row["occurred_at"] == "2026-01-02T10:00:00Z" and row["ticket_id"] == "35" for _, row in found)


def test_a_trigger_brings_parents_ratings_and_customers_by_address():
    common = {"event_id": "e", "ticket_id": 36, "occurred_at": "2026-01-02T10:00:00Z", "requester_id": 77}
    created = common | {"event": "created", "parent_ticket_id": "35", "requester_email": "Ana@example.org"}
    asked = []
    (found,) = read_zendesk(created, lambda address: asked.append(address) or "C1")
    assert (found.row["customer_id"], found.row["parent_ticket_id"], asked) == (
        "C1",
        "35",
        ["Ana@example.org"],
    )
    assert "example.org" not in repr(found)
    (stranger,) = read_zendesk(created, nobody)
    assert stranger.row["customer_id"] == "77"
    for said, value in {"Bad, with comment": 0.0, "good": 1.0, "good_with_comment": 1.0}.items():
        (rated,) = read_zendesk(common | {"event": "csat_rated", "value": said}, nobody)
        assert rated.row["value"] == value


NOTHING = [
    None,
    "",
    "  ",
    "null",
    "None",
    "undefined",
    "NaN",
    "{{ticket.requester.id}}",
    True,
    7.5,
    [],
    {"id": 7},
]


@pytest.mark.parametrize("value", NOTHING, ids=repr)
@pytest.mark.parametrize("name", ["event_id", "event", "ticket_id", "occurred_at", "requester_id"])
def test_nobody_and_nothing_is_made_up_of_an_empty_field_of_a_trigger(name, value):
    body = {
        "event_id": "e",
        "event": "created",
        "ticket_id": 36,
        "occurred_at": "2026-01-02",
        "requester_id": 7,
    }
    assert read_zendesk(body, nobody)[0].row["customer_id"] == "7"
    with pytest.raises(DataError, match=f"RR708 .*{name} is .*must stand there"):
        read_zendesk(body | {name: value}, nobody)


@pytest.mark.parametrize("value", NOTHING, ids=repr)
def test_nobody_and_nothing_is_made_up_of_an_empty_field_of_an_event(value):
    for name in ("id", "requester_id"):
        with pytest.raises(DataError, match=f"RR708 .*{name} is .*must stand there"):
            zendesk("created", {}, **{name: value})
    with pytest.raises(DataError, match="RR708 .*id is .*must stand there"):
        zendesk("status_changed", {"previous": "OPEN", "current": "SOLVED"}, id=value)
    with pytest.raises(DataError, match="RR708 .*id is .*must stand there"):
        read_zendesk(
            {"id": value, "type": "zen:event-type:ticket.created", "time": SENT, "detail": DETAIL}, nobody
        )


def test_who_is_known_by_address_needs_no_requester_and_empty_words_are_no_issue_or_parent():
    body = {"event_id": "e", "event": "created", "ticket_id": " 36 ", "occurred_at": "2026-01-02"}
    more = {
        "requester_email": "ana@localhost",
        "issue_key": "None",
        "parent_ticket_id": "null",
        "channel": "",
    }
    (found,) = read_zendesk({**body, **more, "requester_id": None}, lambda address: "C1")
    assert found.row == {"ticket_id": "36", "customer_id": "C1", "opened_at": "2026-01-02",
                         "issue_key": None, "parent_ticket_id": None, "channel": None}  # fmt: skip


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["type", "detail", "event", "id", "time", "ticket_id", "events", "row", "table", "event_id", "comment"]
    ), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(body=json_values)
def test_whatever_is_sent_is_read_or_refused_in_words(body):
    for read in (read_generic, lambda each: read_zendesk(each, nobody)):
        try:
            found = read(body)
        except DataError as error:
            found = [error.code]
        assert set(map(type, found)) <= {LiveEvent} or found == ["RR708"]


@pytest.mark.parametrize(("names", "sign"), [(ZENDESK, sign_zendesk), (GENERIC, sign_generic)])
def test_only_a_fresh_signature_of_this_body_by_this_secret_holds(names, sign):
    def check(signature, sent=SENT, body=BODY, secret=SECRET):
        headers = {names[0].title(): signature, names[1].upper(): sent}
        verify(headers, body, secret=secret, zendesk=names is ZENDESK, now=NOW, window_seconds=300)

    check(sign(SECRET, SENT, BODY))
    old = moment_of(NOW - 301_000_000).isoformat()
    ahead = moment_of(NOW + 301_000_000).isoformat()
    wrong = [
        lambda: check(sign(b"another secret here", SENT, BODY)),
        lambda: check(sign(SECRET, SENT, BODY), body=BODY + b" "),
        lambda: check(sign(SECRET, SENT, BODY), sent=moment_of(NOW).isoformat()),
        lambda: check(sign(SECRET, old, BODY), sent=old),
        lambda: check(sign(SECRET, ahead, BODY), sent=ahead),
        lambda: check(sign(SECRET, "soon", BODY), sent="soon"),
        lambda: check(""),
        lambda: check(sign(b"", SENT, BODY), secret=b""),
        lambda: check("\u20ac"),
    ]
    for attempt in wrong:
        with pytest.raises(DataError, match="RR707"):
            attempt()
