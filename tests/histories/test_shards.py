"""Shards: the same bytes whatever their number and the number of processes, and memory that stays within its limit."""

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, ContractError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Export, build_histories, compute_features, read_features
from retaliation_risk.histories.budget import MB, Plan, memory_bytes, plan
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames, write_tables

MOMENTS = ["2024-09-01", "2025-03-30T01:30:00", "2025-06-01"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three hundred customers, as tables and as a folder."""
    tables = tables_from_frames(simulate(300, seed=5).frames)
    folder = tmp_path_factory.mktemp("world") / "tables"
    write_tables(tables, folder)
    return tables, folder


@pytest.fixture(scope="module")
def whole(world):
    """The answer of histories built from everybody at once."""
    tables, _ = world
    histories = build_histories(tables)
    first = pd.Series(histories.logs["customers"].known.view("datetime64[us]"))
    asked = [
        (i, t)
        for i, f in zip(histories.customer_ids, first, strict=True)
        for t in map(pd.Timestamp, MOMENTS)
        if f < t
    ]
    ids, moments = zip(*asked, strict=True)
    return histories.as_of(ids, pd.Series(moments), FEATURES)


def assert_same_bits(got, want):
    assert list(got) == list(want)
    assert got["customer_id"].tolist() == want["customer_id"].tolist()
    assert (got["moment"].to_numpy() == want["moment"].to_numpy()).all()
    for name in want.columns[2:]:
        left, right = (np.where(np.isnan(f[name]), np.nan, f[name]).view(np.int64) for f in (got, want))
        assert (left == right).all(), name


@pytest.mark.parametrize(("shards", "jobs"), [(1, 1), (2, 1), (7, 1), (2, 2), (7, 2)])
def test_every_cut_gives_the_same_bits(world, whole, tmp_path, monkeypatch, shards, jobs):
    monkeypatch.setattr("retaliation_risk.histories.staging.plan", lambda *_: Plan(jobs, shards, None))
    summary = compute_features(world[0], MOMENTS, FEATURES, tmp_path / "store")
    assert len(list((tmp_path / "store" / "features").iterdir())) == shards == summary.shards
    assert summary.n_rows == len(whole)
    assert_same_bits(read_features(tmp_path / "store"), whole)


def test_a_folder_read_within_a_limit_gives_the_same_bytes(world, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "retaliation_risk.histories.staging.plan", lambda *args: replace(plan(*args), shards=3, jobs=1)
    )
    compute_features(world[0], MOMENTS, FEATURES, tmp_path / "a", memory=None)
    compute_features(world[1], MOMENTS, FEATURES, tmp_path / "b", memory="500MB")
    compute_features(Export(world[1]), reversed(MOMENTS), FEATURES, tmp_path / "c", memory="1GB")
    first, *others = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in "abc"
    )
    assert all(first == other for other in others)


def test_a_customer_and_a_shard_without_rows(small_frames, tmp_path, monkeypatch):
    monkeypatch.setattr("retaliation_risk.histories.staging.plan", lambda *_: Plan(1, 7, None))
    small_frames["customers"].loc[2] = ["C3", "2025-01-01", None]
    small_frames["loyalty"] = pd.DataFrame({"customer_id": ["C1"], "valid_from": ["2024-05-01"], "tier": [2]})
    summary = compute_features(tables_from_frames(small_frames), "2025-04-01", FEATURES, tmp_path / "store")
    got = read_features(tmp_path / "store")
    assert got["customer_id"].tolist() == ["C1", "C2", "C3"]
    assert got["tickets_ever"].tolist() == [2, 1, 0]
    assert summary.shards == 7
    schema = duckdb.sql(f"DESCRIBE FROM '{tmp_path}/store/features/*.parquet'").fetchall()
    assert {kind for _, kind, *_ in schema} == {"VARCHAR", "TIMESTAMP", "DOUBLE"}


def test_progress_is_told(world, tmp_path, monkeypatch):
    monkeypatch.setattr("retaliation_risk.histories.staging.plan", lambda *_: Plan(1, 4, None))
    told = []
    summary = compute_features(world[0], MOMENTS, FEATURES, tmp_path / "store", progress=told.append)
    assert [one.step for one in told] == ["reading tables", "sorting into shards", *["walking histories"] * 5]
    assert [one.total for one in told[1:]] == [summary.n_rows] * 6
    assert told[2].seconds_left is None
    assert told[3].rows_per_second > 0
    assert told[-1].rows == summary.n_rows
    assert told[-1].as_dict()["seconds_left"] == 0


def test_wrong_arguments_leave_nothing(world, tmp_path):
    out = tmp_path / "store"
    with pytest.raises(ArgumentError, match="RR111 .*memory is '4 giga'; it must be a size such as 4GB"):
        compute_features(world[0], MOMENTS, FEATURES, out, memory="4 giga")
    with pytest.raises(ArgumentError, match="memory is '100MB'; it must be at least 490MB"):
        compute_features(world[0], MOMENTS, FEATURES, out, memory="100MB")
    with pytest.raises(ArgumentError, match="jobs is 0; it must be a number above 0"):
        compute_features(world[0], MOMENTS, FEATURES, out, jobs=0)
    with pytest.raises(ArgumentError, match="moments is empty"):
        compute_features(world[0], [], FEATURES, out)
    with pytest.raises(ArgumentError, match="moments holds 'soon', which is no time"):
        compute_features(world[0], ["soon"], FEATURES, out)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_breaks_the_contract_leaves_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "customers.csv").write_text("customer_id,first_seen_at\nC1,2025-01-01\n")
    with pytest.raises(ContractError, match="RR105 missing table: tickets"):
        compute_features(tmp_path / "in", MOMENTS, FEATURES, tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_plan_divides_the_limit():
    rows = {"customers": 10**6, "tickets": 5 * 10**6, "ticket_events": 25 * 10**6}
    alone, pair = (plan(4000 * MB, jobs, rows, 10**6, 40) for jobs in (1, 2))
    assert (alone.jobs, pair.jobs) == (1, 2)
    assert pair.shards % 2 == 0
    assert pair.shards > alone.shards > 1
    assert pair.database_bytes < alone.database_bytes / 2
    # Two processes and the one that waits do not fit into half a gigabyte.
    assert plan(500 * MB, 2, rows, 10**6, 40).jobs == 1
    assert plan(None, 3, rows, 10**6, 40) == Plan(3, 3, None)
    assert memory_bytes("2 GiB") == 2 * 2**30


_MEASURED = """
import sys
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import compute_features
moments = [f"2024-{month:02}-01" for month in range(1, 13)]
if __name__ == "__main__":
    memory = None if sys.argv[3] == "None" else sys.argv[3]
    print(compute_features(sys.argv[1], moments, FEATURES, sys.argv[2], memory=memory, jobs=int(sys.argv[4])).jobs)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_within_its_limit(tmp_path):
    # Two million events at twelve moments.
    write_events(tmp_path / "tables", 2_000_000)
    (script := tmp_path / "script.py").write_text(_MEASURED)  # from -c, DuckDB takes itself for interactive
    peaks = {}
    for memory, jobs in (("None", 1), ("1GB", 1), ("1.4GB", 2)):
        arguments = [script, tmp_path / "tables", tmp_path / memory, memory, jobs]
        peaks[memory], told = watched([sys.executable, *map(str, arguments)])
        assert told == f"{jobs}\n"
    assert peaks["1GB"] < 1_000 * MB
    assert peaks["1.4GB"] < 1_400 * MB
    assert peaks["None"] > 1_700 * MB


def watched(arguments):
    """Run a command; return the largest sum of resident memory of it and its children, and what it printed."""
    process, peak = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True), 0
    while process.poll() is None:
        peak = max(peak, sum(map(resident, family(process.pid))))
        time.sleep(0.02)
    with process.stdout:
        told = process.stdout.read()
    assert process.returncode == 0
    return peak, told


def family(number):
    found = [number]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def resident(number):
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def write_events(folder, n):
    """Tables with n events, a fifth as many tickets and orders, and a twenty-fifth as many customers."""
    folder.mkdir()
    customers, tickets = n // 25, n // 5
    start = "TIMESTAMP '2024-01-02'"
    whose = f"'C' || (hash(i, 2) % {customers}) AS customer_id"
    opened = f"{start} + to_minutes((hash(i, 3) % 800000)::INT)"
    occurred = (
        f"{start} + to_minutes((hash(i // 5, 3) % 800000)::INT) + to_minutes((hash(i, 8) % 20000)::INT)"
    )
    kind = "['message_in', 'message_out', 'solved', 'reopened', 'closed'][1 + (hash(i, 9) % 5)::INT]"
    rows = {
        "customers": ("'C' || i AS customer_id, TIMESTAMP '2023-01-01' AS first_seen_at", customers),
        "tickets": (
            f"'T' || i AS ticket_id, {whose}, {opened} AS opened_at, 'K' || (hash(i, 5) % 7) AS issue_key",
            tickets,
        ),
        "ticket_events": (
            f"'T' || (i // 5) AS ticket_id, {occurred} AS occurred_at, {kind} AS event_type",
            n,
        ),
        "orders": (f"{whose}, {opened} AS ordered_at, (hash(i, 14) % 10000) / 100 AS amount", tickets),
        "loyalty": (f"{whose}, {opened} AS valid_from, (hash(i, 17) % 4)::INT AS tier", customers),
    }
    for name, (columns, count) in rows.items():
        duckdb.sql(f"COPY (SELECT {columns} FROM range({count}) t(i)) TO '{folder}/{name}.parquet'")


def test_who_is_at_risk_is_as_the_histories_say(world, tmp_path):
    tables, folder = world
    histories = build_histories(tables)
    moments = [moment for moment in map(pd.Timestamp, MOMENTS) if moment <= histories.now]
    compute_features(folder, moments, FEATURES[:3], tmp_path / "store", at_risk=True)
    found = read_features(tmp_path / "store")
    for moment in moments:
        assert (
            found.loc[found["moment"] == moment, "customer_id"].tolist() == histories.at_risk(moment).tolist()
        )
    assert len(found) < len(tables.query("SELECT 1 FROM customers")) * len(moments)
    assert (histories.spans.left_known_at < histories.spans.last).any()


def test_who_is_at_risk_by_hand(small_frames, tmp_path):
    frames = {name: frame for name, frame in small_frames.items() if name in ("customers", "tickets")}
    frames["customers"] = frames["customers"].assign(profiling_opt_out=[False, True])
    tables = tables_from_frames(frames)
    compute_features(
        tables, ["2026-01-01"], FEATURES[:1], tmp_path / "store", at_risk=True, skip_missing=True
    )
    # After the end of the tables everybody still counts as observed, but who opted out is never asked for.
    assert read_features(tmp_path / "store")["customer_id"].tolist() == ["C1"]
    pairs = pd.DataFrame({"customer_id": ["C1"], "moment": pd.Timestamp("2026-01-01")})
    with pytest.raises(ArgumentError, match="RR111"):
        compute_features(tables, pairs, FEATURES[:1], tmp_path / "other", at_risk=True)
