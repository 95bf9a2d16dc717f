"""Bad input: each kind gives one line with its code, what was found and the cure; all come at once."""

import gzip

import pandas as pd
import pytest

from retaliation_risk.errors import MESSAGES, ContractError, DataError
from retaliation_risk.tables import check_tables, read_tables, tables_from_frames

from .worlds import CUSTOMERS, EVENTS, NOW, TICKETS, folder, with_cell

OUTCOMES = "customer_id,occurred_at,outcome_type,known_at\n"

BREACHES = {
    "missing column": (
        {"tickets": TICKETS.replace("opened_at", "Created")}, "RR101",
        "tickets.csv has no 'opened_at'; it has 'ticket_id', 'customer_id', 'Created'"),
    "unparsable date": (
        {"tickets": TICKETS.replace("2025-03-01T10:00:00Z", "31/1/2026")}, "RR201",
        "opened_at cannot be read as a time in 1 row: '31/1/2026' (first: 'T1')"),
    "empty required cell": (
        {"tickets": TICKETS.replace("2025-03-01T10:00:00Z", "")}, "RR202",
        "opened_at is empty in 1 row (first: 'T1')"),
    "known before it happened": (
        {"outcomes": OUTCOMES + "C1,2025-05-02,review,2025-05-01\n"}, "RR203",
        "known_at lies before occurred_at in 1 row: "
        "'2025-05-01T00:00:00Z before 2025-05-02T00:00:00Z' (first: 'C1')"),
    "event before its ticket": (
        {"ticket_events": EVENTS.replace("03-01T11", "02-28T11")}, "RR204",
        "occurred_at lies before opened_at of its ticket in 1 row: "
        "'2025-02-28T11:00:00Z before 2025-03-01T10:00:00Z' (first: 'T1')"),
    "duplicate id": (
        {"tickets": TICKETS.replace("T2", "T1")}, "RR205",
        "ticket_id is not unique: 'T1' in 2 rows (first: 'T1')"),
    "unknown event type": (
        {"ticket_events": EVENTS.replace("solved", "exploded")}, "RR206",
        "event_type is none of message_in, message_out, assigned, solved, reopened, closed, escalated, "
        "sla_breached, csat_rated, apology, compensation in 1 row: 'exploded' (first: 'T1')"),
    "future time": (
        {"tickets": TICKETS.replace("2025-03-02", "2031-03-02")}, "RR207",
        "opened_at lies after the export (2026-01-01T00:00:00Z) in 1 row: "
        "'2031-03-02T10:00:00Z' (first: 'T2')"),
    "orphan row": (
        {"tickets": TICKETS.replace("C2", "C9")}, "RR208",
        "customer_id is not in customers in 1 row: 'C9' (first: 'T2')"),
    "out of range": (
        {"tickets": with_cell("severity", "7")}, "RR209",
        "severity is outside [1, 5] in 1 row: '7'"),
    "open range": (
        {"loyalty": "customer_id,valid_from,tier\nC1,2025-01-01,-1\n"}, "RR209",
        "tier is outside [0, ...) in 1 row: '-1'"),
    "backwards interval": (
        {"observation": "customer_id,observed_from,observed_to\nC1,2025-02-01,2025-01-01\n"}, "RR210",
        "observed_to lies before observed_from in 1 row: '2025-01-01T00:00:00Z before 2025-02-01T00:00:00Z'"),
    "headers only": (
        {"tickets": "ticket_id,customer_id,opened_at\n"}, "RR104", "it has a header but no rows"),
    "empty file": ({"tickets": ""}, "RR103", "tickets.csv has 0 bytes"),
    "empty optional file": ({"ticket_events": ""}, "RR103", "ticket_events.csv has 0 bytes"),
    "blank file": ({"tickets": "\n\n"}, "RR103", "tickets.csv has no header"),
    "missing table": (
        {"tickets": None}, "RR105", "no table 'tickets'; found ['customers.csv']"),
    "ragged row": ({"tickets": TICKETS + "T3,C1\n"}, "RR102", "CSV Error on Line: 4"),
    "another encoding": (
        {"tickets": TICKETS.replace("T1", "Ü").encode("cp1252")}, "RR102", "utf-8"),
    "utf-16": ({"tickets": TICKETS.encode("utf-16")}, "RR102", "codec can't decode"),
    "column twice": (
        {"tickets": TICKETS.replace("customer_id", "ticket_id")}, "RR112",
        "columns ['ticket_id'] stand more than once"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "code", "found"), BREACHES.values(), ids=BREACHES)
def test_each_breach_gives_one_line(tmp_path, files, code, found):
    source = folder(tmp_path / "in", **files)
    with pytest.raises(ContractError, match=f"^{code} {MESSAGES[code].name}: ") as caught:
        read_tables(source, now=NOW)
    line = str(caught.value)
    assert "\n" not in line
    assert found in line
    assert line.endswith(MESSAGES[code].cure)
    assert len(caught.value.problems) == 1
    assert caught.value.exit_code == 3


def test_truncated_gzip(tmp_path):
    source = folder(tmp_path / "in", tickets=None)
    many = TICKETS + "".join(f"X{i},C1,2025-04-01T00:00:0{i % 10}Z\n" for i in range(20_000))
    (source / "tickets.csv.gz").write_bytes(gzip.compress(many.encode())[:-1000])
    with pytest.raises(
        ContractError, match=r"^RR102 unreadable file: tickets: tickets\.csv\.gz: .*gzip cannot be repaired"
    ) as e:
        read_tables(source)
    assert len(e.value.problems) == 1


@pytest.mark.parametrize("keep", [0, 5, 40, -10, -1])
def test_truncated_and_empty_gzip(tmp_path, keep):
    source = folder(tmp_path / "in", tickets=None)
    whole = gzip.compress(b"" if keep == 0 else TICKETS.encode())
    (source / "tickets.csv.gz").write_bytes(whole if keep == 0 else whole[:keep])
    assert [problem.code for problem in check_tables(source)] == ["RR103" if keep == 0 else "RR102"]


@pytest.mark.parametrize("content", [b"garbage", b"PAR1 garbage PAR1", b"\0" * 100])
def test_corrupt_parquet(tmp_path, content):
    source = folder(tmp_path / "in", tickets=None)
    (source / "tickets.parquet").write_bytes(content)
    with pytest.raises(ContractError, match=r"^RR102 unreadable file: tickets: tickets\.parquet: "):
        read_tables(source)


def test_a_file_that_is_no_database(tmp_path):
    for content, code in (
        (b"hello, world, this is text", "RR102"),
        (b"", "RR103"),
        (b"x" * 8 + b"DUCK" + b"x" * 99, "RR102"),
    ):
        (tmp_path / "export.db").write_bytes(content)
        with pytest.raises(ContractError, match=f"^{code} .*export.db"):
            read_tables(tmp_path / "export.db")


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=r"^RR107 not found: .*nowhere"):
        read_tables(tmp_path / "nowhere")
    with pytest.raises(
        ContractError, match=r"RR105 missing table: customers: .*\n.*RR105 missing table: tickets"
    ):
        read_tables(tmp_path)


def test_all_breaches_at_once(tmp_path):
    source = folder(
        tmp_path / "in",
        customers=CUSTOMERS.replace("C2,2024-02-01", "C1,1/2/2024"),
        tickets=with_cell("severity", "9").replace("T2,C2,2025-03-02", "T2,C2,2031-03-02"),
        ticket_events=EVENTS.replace("solved", "exploded").replace("occurred_at", "when"),
        orders="",
    )
    codes = [problem.code for problem in check_tables(source, now=NOW)]
    assert codes == ["RR101", "RR103", "RR201", "RR205", "RR206", "RR207", "RR208", "RR209", "RR303"]


def test_examples_are_the_first_twenty_by_id_and_the_count_is_whole():
    tickets = pd.DataFrame({"ticket_id": range(1000, 1100), "customer_id": "C1", "opened_at": "soon"})
    customers = pd.DataFrame({"customer_id": ["C1"], "first_seen_at": ["2024-01-01"]})
    with pytest.raises(ContractError, match="in 100 rows: 'soon'") as caught:
        tables_from_frames({"customers": customers, "tickets": tickets.sample(frac=1, random_state=1)})
    (problem,) = caught.value.problems
    assert problem.count == 100
    assert problem.examples == tuple(str(i) for i in range(1000, 1020))


def test_without_now_nothing_is_in_the_future(tmp_path):
    files, *_ = BREACHES["future time"]
    assert check_tables(folder(tmp_path / "in", **files)) == []


def test_now_may_have_a_zone_and_is_not_yet_the_future(tmp_path):
    source = folder(tmp_path / "in")
    last = pd.Timestamp("2025-03-02T12:00:00+02:00").to_pydatetime()
    assert check_tables(source, now=last) == []
    assert [p.code for p in check_tables(source, now=last - pd.Timedelta(microseconds=1))] == ["RR207"]


MIDNIGHTS = "ticket_id,customer_id,opened_at\n" + "".join(f"T{i},C1,2025-03-01\n" for i in range(30))
WARNINGS = {
    "midnight": (
        {"tickets": MIDNIGHTS}, "RR301",
        "opened_at is exactly midnight in 30 rows"),
    "contact before first seen": (
        {"customers": CUSTOMERS.replace("2024-01-01", "2025-12-01")}, "RR302",
        "opened_at lies before first_seen_at of its customer"),
    "ignored column": (
        {"tickets": with_cell("colour", "red")}, "RR303", "columns of tickets.csv are not read"),
    "unknown parent": (
        {"tickets": with_cell("parent_ticket_id", "T0")}, "RR304",
        "parent_ticket_id is not in tickets in 1 row: 'T0'"),
    "unread file": ({"Ticket_events": EVENTS}, "RR305", "data files are not read"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "code", "found"), WARNINGS.values(), ids=WARNINGS)
def test_warnings_do_not_stand_in_the_way(tmp_path, files, code, found):
    source = folder(tmp_path / "in", **files)
    (warning,) = read_tables(source, now=NOW).warnings
    assert (warning.code, warning.level) == (code, "warning")
    assert found in warning.found
    assert check_tables(source, now=NOW) == [warning]
