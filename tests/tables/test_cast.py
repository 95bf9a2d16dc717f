"""Cells: what is read, as what, and what is refused with its value."""
# ruff: noqa: DTZ001 (past the door, times without a zone are UTC)

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import ContractError
from retaliation_risk.tables import _cast, read_tables, tables_from_frames
from retaliation_risk.tables.contract import Column

from .worlds import folder, moments, with_cell


def cast(kind, cells, sql_type="VARCHAR"):
    """Cast cells the way the door does."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE t (i INTEGER, x {sql_type})")
        connection.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(cells)))
        column = Column("x", kind, "")
        return [
            row[0]
            for row in connection.execute(
                f"SELECT {_cast.value(column, 'x', sql_type)} FROM t ORDER BY i"
            ).fetchall()
        ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31)),
        ("2026-01-31T13:45", datetime(2026, 1, 31, 13, 45)),
        ("2026-01-31 13:45:00", datetime(2026, 1, 31, 13, 45)),
        (" 2026-01-31T13:45:00Z ", datetime(2026, 1, 31, 13, 45)),
        ("2026-01-31T13:45Z", datetime(2026, 1, 31, 13, 45)),
        ("2026-01-31 13:45 UTC", datetime(2026, 1, 31, 13, 45)),
        ("2026-01-31T13:45-02:30", datetime(2026, 1, 31, 16, 15)),
        ("2026-01-31 13:45:00 UTC", datetime(2026, 1, 31, 13, 45)),
        ("2026-01-31T13:45:00+02:00", datetime(2026, 1, 31, 11, 45)),
        ("2026-01-31T13:45:00-0330", datetime(2026, 1, 31, 17, 15)),
        ("2026-01-31 00:30:00+01", datetime(2026, 1, 30, 23, 30)),
        ("2026-01-31T13:45:00.5Z", datetime(2026, 1, 31, 13, 45, 0, 500000)),
        # Finer than a microsecond is cut, never rounded up, before 1970 too.
        ("2026-01-31T13:45:00.123456999Z", datetime(2026, 1, 31, 13, 45, 0, 123456)),
        ("2026-12-31T23:59:59.9999999", datetime(2026, 12, 31, 23, 59, 59, 999999)),
        ("1960-12-31T23:59:59.9999999", datetime(1960, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_iso_times_become_utc(text, expected):
    assert cast("time", [text]) == [expected]


@pytest.mark.parametrize(
    "text",
    ["31/1/2026", "1/31/2026", "31.01.2026", "2026/1/31", "2026-1-31", "20260131", "2026-02-30",
     "2026-01-31T25:00",      "2026-01-31T13:45:00+2", "infinity", "epoch", "now", "yesterday", "1767225600",
     "0000-01-01", "2026-01-31T13:45:00 CET"],
)  # fmt: skip
def test_other_times_are_not_guessed(text):
    assert cast("time", [text]) == [None]


@given(moments, st.integers(-14 * 60, 14 * 60))
def test_the_same_instant_reads_the_same_in_every_zone(moment, minutes):
    zone = timezone(timedelta(minutes=minutes))
    text = moment.replace(tzinfo=UTC).astimezone(zone).isoformat()
    assert cast("time", [text]) == [moment]


@pytest.mark.parametrize("text", ["2026-01-01 00:00:00.000000999", "1960-01-01 00:00:00.000000999"])
def test_nanoseconds_are_cut_not_rounded(text):
    expected = datetime.fromisoformat(text[:19])
    assert cast("time", [text], "TIMESTAMP_NS") == [expected]
    customers = pd.DataFrame({"customer_id": ["C1"], "first_seen_at": pd.to_datetime([text])})
    zoned = pd.DataFrame(
        {
            "ticket_id": ["T1"],
            "customer_id": ["C1"],
            "opened_at": pd.to_datetime([text]).tz_localize("Asia/Kolkata"),
        }
    )
    tables = tables_from_frames(
        {"customers": customers, "tickets": zoned.assign(opened_at=zoned.opened_at + pd.Timedelta(days=1))}
    )
    assert tables.frame("customers").first_seen_at[0] == expected
    assert tables.frame("tickets").opened_at[0] == expected + timedelta(days=1) - timedelta(
        hours=5, minutes=30
    )


def test_other_types_of_time():
    assert cast("time", ["2026-01-31"], "DATE") == [datetime(2026, 1, 31)]
    assert cast("time", ["2026-01-31 13:45:00+02"], "TIMESTAMPTZ".replace("TZ", " WITH TIME ZONE")) == [
        datetime(2026, 1, 31, 11, 45)
    ]
    assert cast("time", ["2026-01-31 13:45:00", "infinity"], "TIMESTAMP") == [
        datetime(2026, 1, 31, 13, 45),
        None,
    ]
    assert cast("time", [1767225600], "BIGINT") == [None]


def test_booleans():
    assert cast("bool", ["true", "T", "1", "Yes", "1.0"]) == [True, True, True, True, None]
    assert cast("bool", ["false", "f", "0", "NO", " no "]) == [False] * 5
    assert cast("bool", ["", "maybe", "2", "y"]) == [None] * 4
    assert cast("bool", [1.0, 0.0, 2.0], "DOUBLE") == [True, False, None]
    assert cast("bool", [True, False, None], "BOOLEAN") == [True, False, None]


def test_whole_numbers_are_not_rounded():
    assert cast("int", ["3", "3.0", "1e3", " 4 ", "9007199254740993"]) == [3, 3, 1000, 4, 9007199254740993]
    assert cast("int", ["3.5", "three", "", "3,0", "0x1F", "1e300"]) == [None] * 6
    assert cast("int", [3.0, 3.5, float("nan"), float("inf")], "DOUBLE") == [3, None, None, None]


def test_numbers_are_finite():
    assert cast("float", ["1.5", "-2e-3", " 7 "]) == [1.5, -0.002, 7.0]
    assert cast("float", ["1,5", "nan", "inf", "", "EUR 5"]) == [None] * 5
    assert cast("float", [1.5, float("nan"), float("inf")], "DOUBLE") == [1.5, None, None]


def test_ids_are_text():
    assert cast("id", ["007", " 7", "7.0", "Ü", ""]) == ["007", " 7", "7.0", "Ü", None]
    assert cast("id", [123, 2**62], "BIGINT") == ["123", str(2**62)]
    assert cast("id", [123.0, float("nan"), 1.5], "DOUBLE") == ["123", None, "1.5"]
    assert cast("id", ["120.00"], "DECIMAL(10,2)") == ["120"]


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("severity", "3.5", "a whole number"),
        ("is_complaint", "maybe", "true or false"),
    ],
)
def test_an_unreadable_cell_is_named_with_its_value(tmp_path, column, cell, words):
    source = folder(tmp_path / "in", tickets=with_cell(column, cell))
    with pytest.raises(
        ContractError, match=f"^RR201 .*tickets: {column} cannot be read as {words} in 1 row: '{cell}'"
    ):
        read_tables(source)
