from __future__ import annotations

import gzip
import random
from pathlib import Path

import pandas as pd
import pytest

from retaliation_risk.adapters import servicenow
from retaliation_risk.adapters._adapter import Imported, Options
from retaliation_risk.adapters._report import Finding
from retaliation_risk.errors import ArgumentError, ContractError, DataError
from tests.adapters.logs import CUSTOMERS, EVENTS, HEADER, LEAKS, OBSERVATION, ROWS, TICKETS, write_log


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    return servicenow.read(write_log(tmp_path / "log.csv"))


OPENING = ["ticket_id", "customer_id", "opened_at", "channel", "issue_key", "severity"]


def frames(imported: Imported) -> list[tuple[str, pd.DataFrame]]:
    return [(name, imported.tables.frame(name)) for name in imported.tables.names]


def lines(frame: pd.DataFrame) -> str:
    """The frame as the tables in logs.py are written."""

    def cell(value: object) -> str:
        if pd.isna(value):
            return ""
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else str(value)

    return "".join("|".join(map(cell, row)) + "\n" for row in frame.itertuples(index=False))


def test_customers_by_hand(imported: Imported) -> None:
    assert (
        lines(imported.tables.frame("customers")[["customer_id", "first_seen_at", "history_from"]])
        == CUSTOMERS
    )


def test_tickets_by_hand(imported: Imported) -> None:
    assert lines(imported.tables.frame("tickets")[OPENING]) == TICKETS


def test_events_by_hand(imported: Imported) -> None:
    events = imported.tables.frame("ticket_events")
    assert lines(events[["ticket_id", "occurred_at", "event_type"]]) == EVENTS
    assert (events["known_at"] == events["occurred_at"]).all()


def test_observation_by_hand(imported: Imported) -> None:
    assert lines(imported.tables.frame("observation")) == OBSERVATION


def test_report_by_hand(imported: Imported) -> None:
    report = imported.report
    assert report.rows_in == {"audit rows": 37, "incidents": 12}
    assert report.rows_out == {"customers": 6, "tickets": 11, "ticket_events": 25, "observation": 5}
    assert report.unmapped == {"contact_type": {"fax": 3}}
    assert [(found.table, found.count, found.ids) for found in report.left_out] == [
        ("tickets", 1, ("INC05",)),
        ("observation", 1, ("F",)),
    ]
    assert [(found.count, found.ids) for found in report.changed] == [
        (1, ("INC07",)), (1, ("INC06",)), (1, ("INC08",)),
    ]  # fmt: skip
    assert report.share_with_history == 10 / 11  # INC12 has no event
    assert report.earliest_history == "2016-03-01T07:00:00Z"
    assert report.observed_to == "2016-03-02T00:00:00Z"
    assert report.duplicates == 0
    assert report.midnight_share == 1 / 37
    assert report.missing_tables == ("orders", "loyalty", "outcomes", "influence")
    assert report.missing_events == ("message_in", "message_out", "csat_rated", "apology", "compensation")


def test_report_says_what_the_numbers_do_not(imported: Imported) -> None:
    notes = " ".join(imported.report.notes)
    for said in (
        "employees", "no public complaint", "taken as UTC", "in 3 of 4 cases",
        "Incidents opened later: 1;", "Reopenings: 1, of which 1", "Incidents that end Closed: 7 of 12;",
        "an hour after opening: 1.",
    ):  # fmt: skip
        assert said in notes


def test_a_deadline_missed_is_not_known_before_the_closing_row(imported: Imported) -> None:
    # INC02 was opened before INC12 by the same caller, and its miss became known a week after INC12.
    events, tickets = (
        imported.tables.frame("ticket_events"),
        imported.tables.frame("tickets").set_index("ticket_id"),
    )
    miss = events.query("ticket_id == 'INC02' and event_type == 'sla_breached'")["known_at"].item()
    assert tickets["opened_at"]["INC02"] < tickets["opened_at"]["INC12"] < miss


def test_row_order_in_the_file_changes_nothing(tmp_path: Path, imported: Imported) -> None:
    rows = ROWS.splitlines(keepends=True)
    random.Random(3).shuffle(rows)
    again = servicenow.read(write_log(tmp_path / "shuffled.csv", "".join(rows)))
    for name, frame in frames(imported):
        pd.testing.assert_frame_equal(again.tables.frame(name), frame)


def test_repeated_rows_make_no_events_and_are_counted(tmp_path: Path, imported: Imported) -> None:
    again = servicenow.read(write_log(tmp_path / "twice.csv", ROWS + ROWS))
    assert again.report.duplicates == 37
    for name, frame in frames(imported):
        pd.testing.assert_frame_equal(again.tables.frame(name), frame)


def test_columns_filled_from_the_end_are_not_read(tmp_path: Path, imported: Imported) -> None:
    log = pd.read_csv(write_log(tmp_path / "log.csv"), dtype=str)
    for column in LEAKS:
        log[column] = [f"{i * 7919 % 37}" for i in range(len(log))]
    log.to_csv(tmp_path / "shuffled.csv", index=False)
    log.drop(columns=list(LEAKS)).to_csv(tmp_path / "without.csv", index=False)
    for file in ("shuffled.csv", "without.csv"):
        again = servicenow.read(tmp_path / file)
        for name, frame in frames(imported):
            pd.testing.assert_frame_equal(again.tables.frame(name), frame)


def test_later_rows_do_not_change_a_ticket(tmp_path: Path, imported: Imported) -> None:
    opening = "".join(
        line for line in ROWS.splitlines(keepends=True) if line.split(",")[4] == "0" or "INC06" in line
    )
    again = servicenow.read(write_log(tmp_path / "openings.csv", opening))
    pd.testing.assert_frame_equal(again.tables.frame("tickets"), imported.tables.frame("tickets"))


def test_a_long_thin_tail_does_not_lengthen_coverage(tmp_path: Path) -> None:
    # Three days of 30 openings, then 200 days of one: most days have one opening each.
    row = "INC{:04},New,0,0,0,true,A,{},{},Phone,C,S,Y,3 - Moderate,c,r,x,y\n"
    days = [day for day in pd.date_range("2016-03-01 09:00", periods=3) for _ in range(30)]
    days += list(pd.date_range("2016-03-04 09:00", periods=200))
    times = [day.strftime("%d/%m/%Y %H:%M") for day in days]
    # With 80 of the quiet days most incidents fall on a day of 30; with all 200, on a day of one.
    text = "".join(row.format(i, time, time) for i, time in enumerate(times[:170]))
    assert (
        servicenow.read(write_log(tmp_path / "tail.csv", text)).report.observed_to == "2016-03-04T00:00:00Z"
    )
    text = "".join(row.format(i, time, time) for i, time in enumerate(times))
    assert (
        servicenow.read(write_log(tmp_path / "even.csv", text)).report.observed_to == "2016-09-20T00:00:00Z"
    )


def test_gzip_bom_and_quotes_are_read(tmp_path: Path, imported: Imported) -> None:
    quoted = ROWS.replace("Cat 1", '"Cat 1"')
    again = servicenow.read(write_log(tmp_path / "log.csv.gz", quoted, "\ufeff" + HEADER))
    for name, frame in frames(imported):
        pd.testing.assert_frame_equal(again.tables.frame(name), frame)


def test_rename_and_time_format(tmp_path: Path, imported: Imported) -> None:
    log = pd.read_csv(write_log(tmp_path / "log.csv"), dtype=str)
    for column in ("opened_at", "sys_updated_at"):
        log[column] = pd.to_datetime(log[column], format="%d/%m/%Y %H:%M").dt.strftime("%Y-%m-%d %H:%M:%S")
    log.rename(columns={"caller_id": 'the "caller"'}).to_csv(tmp_path / "theirs.csv", index=False)
    again = servicenow.read(
        tmp_path / "theirs.csv",
        options=Options(rename={"caller_id": 'the "caller"'}, time_format="%Y-%m-%d %H:%M:%S"),
    )
    for name, frame in frames(imported):
        pd.testing.assert_frame_equal(again.tables.frame(name), frame)


def test_rename_of_a_column_that_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"RR111 .* rename has 'caller'; it must be one of number, "):
        servicenow.read(write_log(tmp_path / "log.csv"), options=Options(rename={"caller": "Caller"}))


def test_detect(tmp_path: Path) -> None:
    assert servicenow.detect(write_log(tmp_path / "log.csv.gz"))
    (tmp_path / "other.csv").write_text("ticket,opened\n1,2\n")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\n")
    assert not any(servicenow.detect(tmp_path / name) for name in ("other.csv", "bytes.csv", "none.csv"))
    assert not servicenow.detect(tmp_path)


# What cannot be used is refused in one line with its code, the value and the cure.


def bad(tmp_path: Path, content: bytes, name: str = "log.csv") -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_file_missing(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^RR107 not found: there is no file .*none\.csv\. Check the path\.$"
    ):
        servicenow.read(tmp_path / "none.csv")


@pytest.mark.parametrize("keep", [40, 0.5, 0.99], ids=["in the header", "half", "last bytes"])
def test_truncated_gzip(tmp_path: Path, keep: float) -> None:
    whole = write_log(tmp_path / "whole.csv.gz").read_bytes()
    cut = whole[: int(keep if keep > 1 else len(whole) * keep)]
    with pytest.raises(
        DataError, match=r"^RR102 unreadable file: log\.csv\.gz cannot be unpacked \(.*\)\. Export or"
    ):
        servicenow.read(bad(tmp_path, cut, "log.csv.gz"))


def test_corrupt_gzip(tmp_path: Path) -> None:
    whole = bytearray(write_log(tmp_path / "whole.csv.gz").read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    with pytest.raises(DataError, match=r"^RR102 unreadable file: log\.csv\.gz"):
        servicenow.read(bad(tmp_path, bytes(whole), "log.csv.gz"))


def test_not_a_gzip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^RR102 .*log\.csv\.gz cannot be unpacked \(Not a gzipped file"):
        servicenow.read(bad(tmp_path, HEADER.encode(), "log.csv.gz"))


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.csv", b"\n"), ("a.csv.gz", gzip.compress(b""))]
)
def test_empty_file(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(DataError, match=r"^RR103 empty file: a\.csv"):
        servicenow.read(bad(tmp_path, content, name))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_headers_only(tmp_path: Path, end: str) -> None:
    with pytest.raises(DataError, match=r"^RR104 headers only: log\.csv has a header and no rows\."):
        servicenow.read(bad(tmp_path, (HEADER + end).encode()))


def test_missing_columns_are_named(tmp_path: Path) -> None:
    header = HEADER.replace("made_sla", "sla").replace("priority", "prio")
    with pytest.raises(
        DataError, match=r"^RR101 missing column: log\.csv lacks 'made_sla', 'priority'; it has 'number'"
    ):
        servicenow.read(write_log(tmp_path / "log.csv", header=header))


def test_not_this_vendor(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^RR102 .*is not a ServiceNow incident audit log: .* but 'Id', 'Requester'\."
    ):
        servicenow.read(bad(tmp_path, b"Id,Requester\n1,A\n"))


def test_repeated_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"RR102 .*has the column 'number' twice"):
        servicenow.read(write_log(tmp_path / "log.csv", header=HEADER.replace("closed_code", "number")))


def test_short_row(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"^RR102 .*is not a whole csv file: .*CSV Error on Line: 39; Expected .*Found: 2\. Export",
    ):
        servicenow.read(write_log(tmp_path / "log.csv", ROWS + "INC13,New\n"))


@pytest.mark.parametrize("where", ["header", "rows"])
def test_not_utf8(tmp_path: Path, where: str) -> None:
    text = f"{HEADER}\n{ROWS}".replace("priority" if where == "header" else "Cat 1", "é").encode("latin-1")
    with pytest.raises(DataError, match=r"^RR102 .*log\.csv is not UTF-8 text \(byte 0xe9\)\."):
        servicenow.read(bad(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (
            "1/3/2016 08:05",
            "2016-03-01",
            r"RR201 .*1 row with sys_updated_at that is no time .*\(first: '2016-03-01'\)",
        ),
        (
            "A,1/3/2016 08:00",
            "A,31/2/2016 08:00",
            r"RR201 .*3 rows with opened_at .*\(first: '31/2/2016 08:00'\)",
        ),
        ("A,1/3/2016 08:00", "A,?", r"RR202 .*3 rows with no opened_at \(first: 'INC01'\)"),
        ("INC01,New", "?,New", r"RR202 .*1 row with no number"),
        ("0,0,0,true,A", "0,x,0,true,A", r"RR201 .*reopen_count that is no whole number \(first: 'x'\)"),
        (
            "0,0,0,true,A",
            "0,?,0,true,A",
            r"RR202 .*with no reopen_count \(first: 'INC01', 'INC02', 'INC12'\)",
        ),
        ("INC01,New,0,0,0,true", "INC01,New,0,0,0,yes", r"RR201 .*neither true nor false \(first: 'yes'\)"),
        (
            "Awaiting User Info",
            "On Hold",
            r"RR206 unknown type: incidents: 1 row .*incident_state \(first: 'On Hold'\)",
        ),
        ("1 - Critical", "P1", r"RR206 .*5 rows with an unknown priority \(first: 'P1'\)"),
    ],
)
def test_values_that_cannot_be_used(tmp_path: Path, old: str, new: str, match: str) -> None:
    with pytest.raises(ContractError, match=match) as caught:
        servicenow.read(write_log(tmp_path / "log.csv", ROWS.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_all_unusable_values_are_named_at_once(tmp_path: Path) -> None:
    rows = ROWS.replace("Awaiting User Info", "On Hold").replace("1 - Critical", "P1")
    with pytest.raises(ContractError) as caught:
        servicenow.read(write_log(tmp_path / "log.csv", rows))
    assert [problem.examples for problem in caught.value.problems] == [("On Hold",), ("P1",)]


def test_many_ids_are_shortened_and_still_counted(tmp_path: Path) -> None:
    row = "INC{:02},New,0,0,0,true,{},1/3/2016 08:00,1/3/2016 08:00,Phone,C,S,Y,3 - Moderate,c,r,x,y\n"
    text = "".join(row.format(i, "A" if i == 0 else "?") for i in range(31))
    found = servicenow.read(write_log(tmp_path / "log.csv", text)).report.left_out
    assert found == (
        Finding("tickets", "incidents whose caller is not known on their first row", 30,
                tuple(f"INC{i:02}" for i in range(1, 21))),
    )  # fmt: skip
