"""Frames of pandas: every dtype that pandas may have made of an export."""
# ruff: noqa: DTZ001 (past the door, times without a zone are UTC)

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, ContractError
from retaliation_risk.tables import tables_from_frames

CUSTOMERS = pd.DataFrame({"customer_id": ["1", "2"], "first_seen_at": "2024-01-01"})


def tickets(**columns):
    """Two tickets of customers 1 and 2, with other columns."""
    base = {"ticket_id": ["a", "b"], "customer_id": ["1", "2"], "opened_at": "2025-01-01"}
    return pd.DataFrame({**base, **columns})


def read(frame):
    """Through the door and out again."""
    return tables_from_frames({"customers": CUSTOMERS, "tickets": frame}).frame("tickets")


@pytest.mark.parametrize(
    "ids",
    [
        np.array([1, 2]),
        np.array([1.0, 2.0]),
        np.array([1, 2], dtype="float16"),
        np.array([1, 2], dtype="uint8"),
        pd.array([1, 2], dtype="Int64"),
        pd.array(["1", "2"], dtype="string"),
        pd.Categorical(["1", "2"]),
        pd.Categorical([1, 2]),
        np.array([1, "2"], dtype=object),
        np.array([1.0, Decimal("2.0")], dtype=object),
    ],
    ids=str,
)
def test_ids_of_every_dtype_become_text(ids):
    assert read(tickets(customer_id=ids)).customer_id.tolist() == ["1", "2"]


@pytest.mark.parametrize(
    "times",
    [
        pd.to_datetime(["2025-01-01T10:00", "2025-01-02T00:00"]),
        pd.to_datetime(["2025-01-01T11:00", "2025-01-02T01:00"]).tz_localize("Europe/Berlin"),
        pd.to_datetime(["2025-01-01T10:00", "2025-01-02T00:00"]).astype("datetime64[s]"),
        np.array([datetime(2025, 1, 1, 10), date(2025, 1, 2)], dtype=object),
        np.array(
            [
                datetime(2025, 1, 1, 10, tzinfo=UTC),
                pd.Timestamp("2025-01-02T03", tz="Asia/Tokyo") + pd.Timedelta(hours=6),
            ],
            dtype=object,
        ),
        np.array(["2025-01-01T12:00+02:00", "2025-01-02"], dtype=object),
    ],
)
def test_times_of_every_dtype_become_utc(times):
    assert read(tickets(opened_at=times)).opened_at.tolist() == [
        datetime(2025, 1, 1, 10),
        datetime(2025, 1, 2),
    ]


@pytest.mark.parametrize(
    "severity",
    [
        [3, np.nan],
        np.array([3, None], dtype=object),
        np.array(["3", ""], dtype=object),
        np.array([3.0, pd.NA], dtype=object),
        pd.array([3, None], dtype="Int8"),
        pd.Categorical([3, None]),
    ],
)
def test_missing_numbers_stay_missing(severity):
    assert read(tickets(severity=severity)).severity.tolist() == [3, pd.NA]


@pytest.mark.parametrize(
    "words", [[False, None], [0, np.nan], ["no", ""], pd.array([False, None], dtype="boolean")]
)
def test_booleans_of_every_dtype_and_their_default(words):
    assert read(tickets(is_complaint=words)).is_complaint.tolist() == [False, True]


def test_columns_of_nothing_are_missing():
    frame = read(tickets(channel=None, severity=np.nan, issue_key=pd.NaT))
    assert frame[["channel", "severity", "issue_key"]].isna().all(axis=None)


def test_the_text_nan_in_an_object_column_is_text():
    assert read(tickets(issue_key=["nan", "None"])).issue_key.tolist() == ["nan", "None"]


def test_frames_are_left_unchanged_and_their_index_does_not_matter():
    frame = tickets(severity=[3, np.nan]).set_index(pd.Index([7, 7]))
    before = frame.copy(deep=True)
    assert len(read(frame)) == 2
    pd.testing.assert_frame_equal(frame, before)


def test_faults_of_frames():
    with pytest.raises(
        ArgumentError, match=r"^RR111 .*table is 'ticket'; it must be one of customers, tickets"
    ):
        tables_from_frames({"ticket": CUSTOMERS})
    with pytest.raises(
        ContractError, match=r"^RR105 missing table: tickets: no table 'tickets'; found \['customers'\]"
    ):
        tables_from_frames({"customers": CUSTOMERS})
    with pytest.raises(ContractError, match=r"^RR104 headers only: tickets: "):
        read(tickets().iloc[:0])
    with pytest.raises(ContractError, match=r"^RR112 .*\['ticket_id'\]"):
        read(pd.concat([tickets(), tickets()[["ticket_id"]]], axis=1))
    with pytest.raises(
        ContractError, match=r"^RR101 .*tickets has no 'ticket_id', 'customer_id', 'opened_at'"
    ):
        read(pd.DataFrame({0: [1]}))


def test_sources_of_frames_have_no_checksum():
    tables = tables_from_frames({"customers": CUSTOMERS, "tickets": tickets()})
    assert [(s.file, s.sha256, s.rows) for s in tables.sources] == [("customers", "", 2), ("tickets", "", 2)]


def test_a_frame_that_is_not_there_is_named():
    tables = tables_from_frames({"customers": CUSTOMERS, "tickets": tickets()})
    with pytest.raises(
        ArgumentError, match=r"^RR111 .*name is 'orders'; it must be one of customers, tickets"
    ):
        tables.frame("orders")
