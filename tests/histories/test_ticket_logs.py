"""The compiled logs of tickets against the same logs in SQL, exactly, over random worlds full of ties."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import (
    Aggregate,
    Count,
    Definitions,
    Feature,
    Last,
    Mean,
    Streak,
    build_histories,
    build_intervals,
    passes,
    write_as_of,
    write_intervals,
)
from retaliation_risk.histories.build import read_facts
from retaliation_risk.tables import tables_from_frames
from retaliation_risk.tables.contract import ACTOR_TYPES, EVENT_TYPES
from tests.histories import sql_logs

ESCALATED = Feature("escalated", "", "", "own", Count("events", where="escalated"))
NARROW = Definitions(
    evidence=("bad_csat", "unanswered", "repeat"), repeat_days=5, reply_days=0.5, deviation_days=20
)
# Customers, tickets, events, and hours of seven in which tickets are opened: few hours make ties, many rows make merges.
SIZES = {
    "small": (3, 20, 150, 200),
    "busy": (5, 400, 3000, 2000),
    "wide": (1, 300, 900, 300),
    "bare": (4, 6, 0, 30),
}


def pick(random, words, n):
    return random.choice(np.array([*words, None], dtype=object), n)


def world(seed, n_customers, n_tickets, n_events, hours):
    random = np.random.default_rng(seed)
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(1, hours, n_tickets) * 7, unit="h")
    ids = np.array([f"T{i}" for i in random.permutation(n_tickets)], dtype=object)
    ticket = random.integers(0, n_tickets, n_events)
    kind = random.choice(EVENT_TYPES, n_events)
    happened = opened[ticket] + pd.to_timedelta(random.integers(0, 40, n_events) * 6, unit="h")
    late = np.where(random.random(n_events) < 0.3, random.integers(0, 20, n_events) * 12, 0)
    valued = np.isin(kind, ["csat_rated", "compensation"]) & (random.random(n_events) < 0.8)
    return {
        "customers": pd.DataFrame(
            {
                "customer_id": [f"C{i}" for i in range(n_customers)],
                "first_seen_at": pd.Timestamp("2020-01-01T01:00"),
            }
        ),
        "tickets": pd.DataFrame(
            {
                "ticket_id": ids,
                "customer_id": [f"C{i}" for i in (n_customers * random.random(n_tickets) ** 2).astype(int)],
                "opened_at": opened,
                "channel": pick(random, ["phone", "Social", "web"], n_tickets),
                "issue_key": pick(random, ["a", "b", "c"], n_tickets),
                "is_complaint": pick(random, [True, False], n_tickets),
                "severity": pick(random, [1, 3, 5], n_tickets),
                "parent_ticket_id": np.where(
                    random.random(n_tickets) < 0.2, random.choice(ids, n_tickets), None
                ),
            }
        ),
        "ticket_events": pd.DataFrame(
            {
                "ticket_id": ids[ticket],
                "occurred_at": happened,
                "event_type": kind,
                "known_at": happened + pd.to_timedelta(late, unit="h"),
                "actor_type": pick(random, ACTOR_TYPES, n_events),
                "value": np.where(valued, random.integers(0, 11, n_events) / 10, np.nan),
            }
        ),
    }


def logs_by_sql(tables, definitions, n_customers):
    cursor = tables.connection.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    sql_logs.prepare(cursor, tables.names, definitions)
    return list(sql_logs.read_logs(cursor, tables.names, definitions, n_customers))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("definitions", [Definitions(), NARROW], ids=["default", "narrow"])
@pytest.mark.parametrize("seed", range(3))
def test_every_log_of_tickets_equals_its_sql(size, definitions, seed):
    frames = world(seed, *SIZES[size])
    frames["ticket_events"] = frames[
        "ticket_events"
    ].drop_duplicates()  # SQL may give either's flags to either
    if size == "bare" and seed == 0:
        del frames["ticket_events"]
    tables = tables_from_frames(frames)
    compiled = build_histories(tables, definitions).logs
    for log in logs_by_sql(tables, definitions, len(frames["customers"])):
        found = compiled[log.spec.name]
        assert [name for name, _ in found.spec.flags] == [name for name, _ in log.spec.flags]
        assert [name for name, _ in found.spec.columns] == [name for name, _ in log.spec.columns]
        for column in ("starts", "known", "tickets", "values", "flags"):
            np.testing.assert_array_equal(
                getattr(found, column), getattr(log, column), f"{log.spec.name}.{column}"
            )


def test_what_is_written_is_what_is_answered(tmp_path, monkeypatch):
    monkeypatch.setattr("retaliation_risk.histories.writing.ROWS", 4)
    tables = tables_from_frames(world(0, *SIZES["small"]))
    histories = build_histories(tables)
    features = [feature for feature in FEATURES if feature.name not in histories.switched_off(FEATURES)]
    moments = ["2024-03-01", "2024-02-01"]
    assert write_as_of(tables, tmp_path / "features", moments, features) == 6
    written = duckdb.sql(f"FROM '{tmp_path}/features/*.parquet'").df()
    assert len(list((tmp_path / "features").iterdir())) == 2
    asked = histories.as_of(np.repeat(["C0", "C1", "C2"], 2), sorted(moments) * 3, features)
    pd.testing.assert_frame_equal(written, asked, check_dtype=False)
    with pytest.raises(ArgumentError, match="RR108"):
        write_as_of(tables, tmp_path / "features", moments, features)


@pytest.mark.parametrize("definitions", [Definitions(), NARROW], ids=["default", "narrow"])
def test_each_feature_alone_in_parts_is_what_it_is_among_all(tmp_path, monkeypatch, definitions):
    """Only the kinds of events that a feature needs are read, and customers are taken in parts."""
    monkeypatch.setattr("retaliation_risk.histories.writing.ROWS", 4)
    tables = tables_from_frames(world(2, *SIZES["small"]))
    histories = build_histories(tables, definitions)
    off = histories.switched_off(FEATURES)
    moments = pd.date_range("2024-02-01", periods=3, freq="60D")
    ids = list(histories.customer_ids)
    for feature in FEATURES:
        if isinstance(feature.value, Aggregate) and feature.name not in off:
            write_as_of(tables, tmp_path / feature.name, moments, [feature], definitions)
            written = duckdb.sql(f"FROM '{tmp_path}/{feature.name}/*.parquet'").df()
            asked = histories.as_of(np.repeat(ids, 3), np.tile(moments, len(ids)), [feature])
            pd.testing.assert_frame_equal(written, asked, check_dtype=False)


def test_customers_without_tickets_make_parts_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("retaliation_risk.histories.writing.ROWS", 2)
    frames = world(5, 1, 40, 300, 100)
    others = pd.DataFrame(
        {"customer_id": [f"D{i}" for i in range(9)], "first_seen_at": pd.Timestamp("2020-01-01")}
    )
    tables = tables_from_frames({**frames, "customers": pd.concat([frames["customers"], others])})
    histories = build_histories(tables)
    features = [feature for feature in FEATURES if feature.name not in histories.switched_off(FEATURES)]
    assert write_as_of(tables, tmp_path / "features", ["2024-03-01"], features) == 10
    written = duckdb.sql(f"FROM '{tmp_path}/features/*.parquet'").df()
    asked = histories.as_of(list(histories.customer_ids), "2024-03-01", features)
    pd.testing.assert_frame_equal(written, asked, check_dtype=False)
    first = read_facts(tables, Definitions(), features)
    assert [len(log.starts) for log in first.part(0, 2, np.arange(300)).logs.values()] == [3] * len(
        first.wanted & set(histories.logs)
    )


@pytest.mark.parametrize("size", ["small", "busy", "bare"])
def test_intervals_in_parts_are_the_intervals(tmp_path, monkeypatch, size):
    monkeypatch.setattr("retaliation_risk.histories.writing.TICKETS", 10)
    tables = tables_from_frames(world(3, *SIZES[size]))
    histories = build_histories(tables)
    off = histories.switched_off(FEATURES)
    features = [
        feature
        for feature in FEATURES
        if isinstance(feature.value, Count | Mean | Last | Streak) and feature.name not in off
    ]
    asked = {"outcome": "escalated", "recurrent": True} if size != "bare" else {"outcome": "reopened"}
    if asked["outcome"] not in histories.spans.acts:
        with pytest.raises(ArgumentError, match="RR404"):
            write_intervals(tables, tmp_path / "rows", features, **asked)
        assert not list(tmp_path.iterdir())
        return
    whole = build_intervals(histories, features, **asked)
    assert write_intervals(tables, tmp_path / "rows", features, **asked) == len(whole)
    written = duckdb.sql(f"FROM '{tmp_path}/rows/*.parquet'").df()
    pd.testing.assert_frame_equal(written, whole, check_dtype=False)


def test_intervals_are_cut_only_where_what_a_feature_counts_changes():
    tables = tables_from_frames(world(4, *SIZES["busy"]))
    reopened = Feature("own", "", "", "own", Count("events", where="reopened", days=5))
    asked = {"outcome": "escalated", "recurrent": True}
    all_kinds = build_intervals(build_histories(tables), [reopened], **asked)
    needed = build_intervals(build_histories(tables, features=[reopened, ESCALATED]), [reopened], **asked)
    pd.testing.assert_frame_equal(all_kinds, needed)
    times = tables.query(
        """SELECT customer_id, known_at AS at FROM ticket_events JOIN tickets USING (ticket_id) WHERE event_type = 'reopened'
           UNION SELECT customer_id, known_at + INTERVAL 5 DAY FROM ticket_events JOIN tickets USING (ticket_id)
                 WHERE event_type = 'reopened'
           UNION SELECT customer_id, occurred_at FROM ticket_events JOIN tickets USING (ticket_id)
                 WHERE event_type = 'escalated'"""
    )
    cuts = set(zip(all_kinds["customer_id"], all_kinds["start"], strict=True))
    first = set(zip(*all_kinds.groupby("customer_id")["start"].min().reset_index().to_numpy().T, strict=True))
    assert cuts - first <= set(zip(times["customer_id"], times["at"], strict=True))


def test_threads_change_nothing(monkeypatch):
    histories = build_histories(tables_from_frames(world(1, *SIZES["busy"])))
    features = [feature for feature in FEATURES if feature.name not in histories.switched_off(FEATURES)]
    ids, moments = ["C4", "C0", "C2", "C0", "C1"], pd.date_range("2024-02-01", periods=5, freq="90D")
    alone = histories.as_of(ids, moments, features)
    monkeypatch.setattr(passes, "MANY", 1)
    monkeypatch.setattr(passes.os, "cpu_count", lambda: 3)
    pd.testing.assert_frame_equal(histories.as_of(ids, moments, features), alone)
