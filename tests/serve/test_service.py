"""The service without HTTP: who is found, what counts from when, what is refused, forgotten and switched."""

import json
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, ArtefactError, DataError
from retaliation_risk.influence import contact_key
from retaliation_risk.serve import Feedback, LiveEvent, ServeSettings, Service, queue, readout, variables
from retaliation_risk.serve.queue import rows_of
from retaliation_risk.serve.readout import compute_readout
from retaliation_risk.serve.rows import moment_of
from retaliation_risk.serve.shapes import read_zendesk
from retaliation_risk.tables import read_tables
from tests.serve.conftest import SECRET

OPTED_OUT = "This customer has opted out of profiling: no risk is computed."
NEW = {
    "customer_id": "N1",
    "first_seen_at": "2025-05-01",
    "contact_key": contact_key("ana@example.org", SECRET),
}
TICKET = {"ticket_id": "NT", "customer_id": "N1", "opened_at": "2025-12-01T10:00:00Z", "issue_key": "billing"}


def change(kind, when, ticket="NT", **more):
    return {"ticket_id": ticket, "occurred_at": when, "event_type": kind, **more}


def send(service, *rows):
    """Send (table, row) pairs with ids made of their words; the statuses, or codes of refusals."""
    events = [LiveEvent(json.dumps([table, row])[:190].replace("@", "_"), table, row) for table, row in rows]
    return [result.code or result.status for result in service.append(events).results]


def test_a_new_customer_is_known_by_id_address_and_key_from_the_moment_of_the_answer(service):
    assert service.find(email="Ana@example.org ") is None
    assert send(service, ("customers", NEW), ("tickets", TICKET)) == ["stored", "stored"]
    assert service.find(email="Ana@example.org ") == service.find(customer_id="N1") == "N1"
    told = service.readout("N1")
    assert (told.history.calls, told.history.open_tickets, told.history.failed_recoveries) == (1, 1, 0)
    assert told.history.experiences[0].line == "reported a failure · still open"
    send(
        service,
        ("ticket_events", change("solved", "2025-12-02")),
        ("ticket_events", change("reopened", "2025-12-03")),
    )
    later = service.readout("N1")
    assert later.risk > told.risk
    assert later.history.failed_recoveries == 1
    assert "not made good: had to be reopened" in later.history.experiences[0].line
    assert later.history.double_deviation
    json.dumps(later.as_dict())


def test_rows_wait_for_their_ticket_and_ticket_for_its_customer(service):
    rows = [("ticket_events", change("reopened", "2025-12-03")), ("tickets", TICKET), ("customers", NEW)]
    assert [send(service, row) for row in rows] == [["waiting"], ["waiting"], ["stored"]]
    assert service.readout("N1").history.failed_recoveries == 1


def test_an_event_sent_twice_counts_once_and_its_id_cannot_be_used_again(service):
    send(service, ("customers", NEW), ("tickets", TICKET))
    first = LiveEvent("e", "ticket_events", change("csat_rated", "2025-12-02", value=0.1))
    assert service.append([first, first]).count("duplicate") == 1
    other = replace(first, row=change("csat_rated", "2025-12-02", value=0.9))
    assert [each.code for each in service.append([other]).results] == ["RR704"]
    assert send(service, ("tickets", TICKET), ("tickets", {**TICKET, "severity": 2})) == [
        "duplicate",
        "RR712",
    ]
    assert service.readout("N1").history.failed_recoveries == 1


@pytest.mark.parametrize(
    ("table", "row", "code"),
    [
        ("ticket_events", change("solve", "2025-12-02"), "RR206"),
        ("ticket_events", change("solved", "yesterday"), "RR201"),
        ("ticket_events", change("solved", "2025-11-30"), "RR204"),
        ("ticket_events", change("solved", "2027-01-01"), "RR207"),
        ("ticket_events", change("solved", "2025-12-02", known_at="2025-12-01T11:00:00Z"), "RR203"),
        ("ticket_events", change("solved", None), "RR202"),
        ("ticket_events", change("solved", "2025-12-02", subject="angry"), "RR701"),
        ("tickets", {**TICKET, "ticket_id": "NT2", "severity": 9}, "RR209"),
        ("tickets", {**TICKET, "ticket_id": "NT2", "channel": "ana@example.org"}, "RR702"),
        ("tickets", {**TICKET, "ticket_id": "NT2", "customer_id": "ana@localhost"}, "RR702"),
        ("tickets", {**TICKET, "ticket_id": "ana\uff20localhost"}, "RR702"),
        ("tickets", {**TICKET, "ticket_id": "NT2", "severity": "ana@localhost"}, "RR702"),
        ("orders", {"customer_id": "@ana", "ordered_at": "2025-12-02"}, "RR702"),
        ("ana@localhost", {}, "RR701"),
        ("orders", {"customer_id": None, "ordered_at": "2025-12-02"}, "RR202"),
        ("orders", {"customer_id": "", "ordered_at": "2025-12-02"}, "RR202"),
        ("orders", {"customer_id": False, "ordered_at": "2025-12-02"}, "RR201"),
        ("orders", {"customer_id": 7.5, "ordered_at": "2025-12-02"}, "RR201"),
        ("letters", {}, "RR701"),
        ("orders", [1], "RR701"),
    ],
)
def test_what_breaks_the_contract_is_refused_with_code_and_cure_and_without_addresses(
    service, table, row, code
):
    send(service, ("customers", NEW), ("tickets", TICKET))
    (result,) = service.append([LiveEvent("e", table, row)]).results
    assert (result.status, result.code) == ("refused", code)
    assert result.message.startswith(code)
    assert not re.search("ana[@\uff20]|@ana", result.message)
    assert service.append(
        [LiveEvent("e", "orders", {"customer_id": "N1", "ordered_at": "2025-12-02"})]
    ).count("stored")


@pytest.mark.parametrize("name", ["", "_mine", "x" * 201, "a\nb", "ana@example.org", "ana@localhost", 7])
def test_ids_of_events_are_texts_of_moderate_length_and_no_addresses(service, name):
    (result,) = service.append(
        [LiveEvent(name, "orders", {"customer_id": "N1", "ordered_at": "2025-12-02"})]
    ).results
    assert result.status == "refused"
    assert "ana@" not in result.message + result.event_id


def test_a_row_that_the_tables_hold_already_counts_once(service):
    live = service._following._live
    code = next(k for k in range(200) if live.base.rows.of(k)["orders"])
    name = str(live.base.histories.customer_ids[code])
    _, ordered, amount = live.base.rows.of(code)["orders"][0]
    when = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ordered)).isoformat()
    before = len(live.rows_of(name)["orders"])
    send(service, ("orders", {"customer_id": name, "ordered_at": when, "amount": amount}))
    assert len(service._following._live.rows_of(name)["orders"]) == before
    send(service, ("orders", {"customer_id": name, "ordered_at": when, "amount": 1.25}))
    assert len(service._following._live.rows_of(name)["orders"]) == before + 1


def test_a_clock_that_goes_back_hides_no_acknowledged_event(settings):
    now = [datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1e6]
    service = Service.open(replace(settings, clock="system"), clock=lambda: int(now[0]))
    send(
        service,
        ("customers", NEW),
        ("tickets", TICKET),
        ("ticket_events", change("escalated", "2026-01-01T00:04:00Z")),
    )
    ahead = service.readout("N1")
    now[0] -= 3600e6
    assert service.readout("N1").history == ahead.history
    assert ahead.history.failed_recoveries == 1
    assert ahead.moment == datetime(2026, 1, 1, 0, 4, 0, 1, tzinfo=UTC)
    assert not ahead.stale
    now[0] += 10 * 86400e6
    assert service.readout("N1").stale
    assert "The tables end" in service.readout("N1").caveats[0]
    service.close()


def test_who_opts_out_or_leaves_has_a_history_and_no_risk(service):
    waiting = (service.readout(row.customer_id) for row in service.queue(50))
    name = next(each.customer_id for each in waiting if each.influence is not None)
    send(service, ("customers", {"customer_id": name, "profiling_opt_out": True}))
    told = service.readout(name)
    assert (told.risk, told.band, told.reasons, told.influence) == (None, None, (), None)
    assert "opted out" in told.caveats[0]
    assert told.history.calls > 0
    assert name not in {row.customer_id for row in service.queue(50)}
    other = service.queue(1)[0].customer_id
    send(
        service,
        ("outcomes", {"customer_id": other, "occurred_at": "2025-12-30", "outcome_type": "switching"}),
    )
    assert "has left" in service.readout(other).caveats[0]


def test_the_later_word_on_a_customer_holds_whatever_came_first(service):
    send(service, ("customers", NEW))
    at = lambda day: datetime(2025, 12, day, tzinfo=UTC)  # noqa: E731
    out = [
        LiveEvent("late", "customers", {"customer_id": "N1", "profiling_opt_out": False}, known_at=at(20)),
        LiveEvent("early", "customers", {"customer_id": "N1", "profiling_opt_out": True}, known_at=at(10)),
    ]
    assert service.append(out).count("stored") == 2
    assert service.readout("N1").risk is not None


@pytest.fixture
def consenting(copied):
    """Serve the sample where a customer's row of the tables says so of opting out; with the end of those tables."""

    def served(cell, *said):
        path = copied.tables / "customers.parquet"
        frame = pd.read_parquet(path)
        name = frame["customer_id"].iloc[5]
        column = frame["profiling_opt_out"].astype(object).where(frame["customer_id"] != name, cell)
        frame.assign(profiling_opt_out=column.astype("boolean")).to_parquet(path)
        service = opened.enter_context(closing(Service.open(replace(copied, other_tables=True))))
        end = moment_of(service._following._live.base.end)
        for days, word in said:
            row = {"customer_id": name, "profiling_opt_out": word}
            event = LiveEvent(f"{days} {word}", "customers", row, known_at=end + timedelta(days=days))
            assert service.append([event]).count("stored") == 1
        return service.readout(name).caveats[:1] == (OPTED_OUT,)

    with ExitStack() as opened:
        yield served


@pytest.mark.parametrize(
    ("cell", "said", "out"),
    [
        (True, [(-10, False)], True),  # the tables are newer
        (True, [(-10, False), (0, False)], True),  # at the end of the tables: of two at once, the opting out
        (True, [(0.001, False)], False),
        (False, [(-10, True)], True),  # a false of the tables may be nobody's word
        (None, [(-10, True), (-5, False)], False),
        (None, [(-5, False), (-10, True)], False),
        (None, [(-5, True), (-5, False)], True),
        (False, [(-5, False), (-5, True)], True),
        (True, [], True),
    ],
)
def test_the_latest_word_on_profiling_holds_and_of_unknown_or_equal_times_the_opting_out(
    consenting, cell, said, out
):
    assert consenting(cell, *said) is out


def test_a_new_run_in_whose_tables_somebody_opted_out_outdoes_an_older_word(copied, tmp_path):
    service = Service.open(replace(copied, other_tables=True))
    name = service.queue(1)[0].customer_id
    said = {"customer_id": name, "profiling_opt_out": False}
    service.append([LiveEvent("in", "customers", said, known_at=datetime(2025, 6, 1, tzinfo=UTC))])
    assert service.readout(name).risk is not None
    shutil.copytree(copied.run, tmp_path / "second")
    opt_out(copied.tables, [name])
    service.switch(tmp_path / "second")
    assert service.readout(name).caveats[0] == OPTED_OUT
    assert name not in {row.customer_id for row in service.queue(500)}
    service.close()


def opt_out(tables, names):
    frame = pd.read_parquet(tables / "customers.parquet")
    out = frame["profiling_opt_out"].astype("boolean").mask(frame["customer_id"].isin(names), True)
    frame.assign(profiling_opt_out=out).to_parquet(tables / "customers.parquet")


def test_with_newer_tables_who_opted_out_leaves_the_queue_and_others_move_up(copied):
    service = Service.open(copied)
    before = [row.customer_id for row in service.queue(20)]
    service.close()
    opt_out(copied.tables, before[:10:2])
    service = Service.open(replace(copied, other_tables=True))
    rows = service.queue(15)
    assert [row.customer_id for row in rows] == [each for each in before if each not in before[:10:2]]
    assert [row.rank for row in rows] == list(range(1, 16))
    assert None not in {row.risk for row in rows}
    service.close()


def test_the_queue_follows_events_and_feedback(service):
    first, second = service.queue(2)
    assert first.risk >= second.risk
    assert not first.changed
    later = datetime(2026, 1, 5, tzinfo=UTC)
    service.feedback(Feedback(first.customer_id, "acknowledged", "k1"))
    service.feedback(Feedback(second.customer_id, "disagree", "k1", note="called yesterday"))
    rows = {row.customer_id: row for row in service.queue(2)}
    assert rows[first.customer_id].acknowledged_at is not None
    assert rows[second.customer_id].disagreed
    service.feedback(Feedback(first.customer_id, "snooze", "k1", until=later))
    assert service.queue(1)[0].customer_id == second.customer_id
    with pytest.raises(DataError, match="RR702"):
        service.feedback(Feedback(second.customer_id, "disagree", "k1", note="write to ana@example.org"))
    with pytest.raises(ArgumentError, match="RR111 .*until"):
        service.feedback(Feedback(second.customer_id, "snooze", "k1"))
    with pytest.raises(ArgumentError, match="RR402"):
        service.feedback(Feedback("nobody", "disagree", "k1"))


def test_a_row_of_the_queue_says_what_the_readout_says(service):
    later = service.queue(40)[30].customer_id
    send(service, ("orders", {"customer_id": later, "ordered_at": "2025-12-30"}))
    rows = service.queue(40)
    assert [row.changed for row in rows].count(True) == 1
    for row in rows:
        told = service.readout(row.customer_id)
        assert (row.risk, row.band, row.action) == (told.risk, told.band, told.action)
        assert row.reasons == tuple(reason.sentence for reason in told.reasons)
        assert (row.calls, row.failed_recoveries) == (told.history.calls, told.history.failed_recoveries)


def test_what_one_service_takes_down_another_tells_and_so_does_a_restart(settings, service):
    other = Service.open(settings)
    send(service, ("customers", NEW), ("tickets", TICKET))
    assert other.readout("N1") == service.readout("N1")
    other.close()
    again = Service.open(settings)
    assert again.readout("N1") == service.readout("N1")
    again.close()


def test_who_is_forgotten_is_nowhere_and_stays_so(copied, tmp_path):
    service = Service.open(copied)
    name = service.queue(1)[0].customer_id
    tickets = [row[0] for row in service._following._live.tickets_of(name)]
    send(service, ("ticket_events", change("escalated", "2025-12-30", ticket=tickets[0])))
    gone = service.forget(name)
    assert gone.erased["log"] == 1
    assert {
        "customers.parquet",
        "tickets.parquet",
        "readout.sqlite",
        "queue_risk_only.csv",
        "experiences.csv",
    } <= gone.erased.keys()
    for words in ("train again", "memory of other running processes"):
        assert any(words in each for each in gone.remains)
    assert service.find(customer_id=name) is None
    with pytest.raises(ArgumentError, match="RR402"):
        service.readout(name)
    rows = [("orders", {"customer_id": name, "ordered_at": "2025-12-01"})]
    rows += [("ticket_events", change("solved", "2025-12-31", ticket=tickets[0]))]
    assert send(service, *rows) == ["RR706", "RR706"]
    named = [
        path.name for path in tmp_path.rglob("*") if path.is_file() and name.encode() in path.read_bytes()
    ]
    assert named == []
    service.forget(name)
    service.close()
    again = Service.open(copied)
    assert again.find(customer_id=name) is None
    assert again.queue(1)[0].customer_id != name
    again.close()


def test_erasures_at_the_same_time_leave_whole_tables_and_nobody_of_whom_they_erased(copied):
    (copied.tables / "customers.parquet").chmod(0o600)
    service = Service.open(copied)
    names = [row.customer_id for row in service.queue(4)]
    with ThreadPoolExecutor(len(names)) as pool:
        gone = list(pool.map(service.forget, names))
    service.close()
    assert [each.erased["customers.parquet"] for each in gone] == [1] * len(names)
    left = read_tables(copied.tables).connection.execute("SELECT customer_id FROM customers").fetchall()
    assert {name for (name,) in left}.isdisjoint(names)
    assert (copied.tables / "customers.parquet").stat().st_mode & 0o777 == 0o600


def test_an_erasure_that_broke_off_can_be_asked_for_again(copied, monkeypatch):
    service = Service.open(copied)
    name = service.queue(1)[0].customer_id
    with monkeypatch.context() as broken:
        broken.setattr("retaliation_risk.serve.service.erase_files", cannot_write)
        with pytest.raises(OSError, match="read-only"):
            service.forget(name)
    service.close()
    again = Service.open(copied)
    assert (again.find(customer_id=name), again.holds(name)) == (None, True)
    assert again.forget(name).erased["customers.parquet"] == 1
    assert not again.holds(name)
    again.close()


def test_where_files_cannot_be_written_nothing_is_erased(copied, monkeypatch):
    service = Service.open(copied)
    name = service.queue(1)[0].customer_id
    monkeypatch.setattr(
        "retaliation_risk.serve.forget.os.access", lambda folder, mode: folder != copied.tables
    )
    with pytest.raises(DataError, match="RR731 .*'tables' cannot be written"):
        service.forget(name)
    assert service.find(customer_id=name) == name
    service.close()


def cannot_write(*_):
    raise OSError("read-only")


def test_whose_rows_only_wait_can_be_forgotten(service):
    send(service, ("tickets", TICKET), ("ticket_events", change("solved", "2025-12-02")))
    assert (service.find(customer_id="N1"), service.holds("N1")) == (None, True)
    assert service.forget("N1").erased == {"log": 2}
    assert not service.holds("N1")
    assert (
        send(service, ("customers", NEW), ("ticket_events", change("closed", "2025-12-03"))) == ["RR706"] * 2
    )


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_refused_alone(service, when):
    sent = send(service, ("customers", {**NEW, "first_seen_at": when}), ("customers", NEW))
    assert sent == ["RR201", "stored"]


def test_who_never_was_cannot_be_forgotten_and_without_a_secret_nobody(service, settings):
    with pytest.raises(ArgumentError, match="RR402"):
        service.forget("nobody")
    bare = Service.open(replace(settings, secrets=(), log=settings.log + "2"))
    with pytest.raises(ArgumentError, match="RR111 .*secret"):
        bare.forget(str(bare._following._live.base.histories.customer_ids[0]))
    bare.close()


def test_an_older_secret_still_finds_its_customers(settings):
    service = Service.open(replace(settings, secrets=(b"the secret of this year", SECRET)))
    send(service, ("customers", NEW))
    assert service.find(email="ana@example.org") == "N1"
    service.close()


def test_a_key_of_several_customers_names_nobody(service):
    send(service, ("customers", NEW), ("customers", {**NEW, "customer_id": "N2"}))
    with pytest.raises(DataError, match="RR709"):
        service.find(email="ana@example.org")
    sent = {
        "event_id": "z",
        "event": "created",
        "ticket_id": "Z",
        "occurred_at": "2025-12-01",
        "requester_id": 7,
    }
    ticket = read_zendesk(
        {**sent, "requester_email": "ana@example.org"}, lambda text: service.find(email=text)
    )
    assert ticket[0].row["customer_id"] == "7"
    send(service, ("customers", {"customer_id": "N2", "contact_key": "another"}))
    assert service.find(email="ana@example.org") == "N1"


def test_another_run_takes_over_without_a_failed_readout(copied, tmp_path):
    service = Service.open(copied)
    send(service, ("customers", NEW), ("tickets", TICKET))
    shutil.copytree(copied.run, tmp_path / "second")
    seen, stop = set(), threading.Event()

    def ask():
        while not stop.is_set():
            seen.add((service.readout("N1").run, service.readout("N1").history.calls))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        service.switch(tmp_path / "second")
        with pytest.raises(ArtefactError, match="RR710"):
            service.switch(tmp_path / "nowhere")
    finally:
        stop.set()
        asking.join()
    assert service.readout("N1").run == "second"
    assert {calls for _, calls in seen} == {1}
    assert service.ready() == {"tenant": "default", "run": "second", "log": "ok", "position": "2"}
    service.close()


def test_before_a_run_is_served_a_readout_and_the_queue_of_it_were_computed(copied, tmp_path, monkeypatch):
    computed = []

    def seen(function):
        def computes(first, *rest, **more):
            computed.append((function.__name__, getattr(first, "base", first).name))
            return function(first, *rest, **more)

        return computes

    monkeypatch.setattr(readout, "compute_readout", seen(compute_readout))
    monkeypatch.setattr(queue, "rows_of", seen(rows_of))
    service = Service.open(copied)
    warmed = [("compute_readout", "run")] * 2 + [("rows_of", "run")]
    assert computed == warmed
    assert (service._following._live.known, service._following._live.told) == ({}, {})
    shutil.copytree(copied.run, tmp_path / "second")
    service.switch(tmp_path / "second")
    assert computed[3:] == [(name, "second") for name, _ in warmed]
    service.close()


def test_tables_of_another_run_are_refused_unless_allowed(copied):
    (copied.tables / "orders.parquet").unlink()
    with pytest.raises(ArtefactError, match=r"RR705 .*orders\.parquet"):
        Service.open(copied)


def test_settings_come_from_the_environment_and_never_tell_their_secrets():
    asked = {each["name"]: "" for each in variables()}
    assert ServeSettings.from_env(asked) == ServeSettings()
    found = ServeSettings.from_env(
        {"RETALIATION_RISK_SERVE_SECRETS": "a secret of the firm, an older one of it"}
    )
    assert found.secrets == (SECRET, b"an older one of it")
    assert "secret of the firm" not in repr(found)
    with pytest.raises(ArgumentError, match="RR111 .*secrets") as refused:
        ServeSettings.from_env({"RETALIATION_RISK_SERVE_SECRETS": "hunter2"})
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ArgumentError, match="RETALIATION_RISK_SERVE_PORT"):
        ServeSettings.from_env({"RETALIATION_RISK_SERVE_PORT": "http"})
    with pytest.raises(ArgumentError, match="tenant"):
        ServeSettings(tenant="../etc")
