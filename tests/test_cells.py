"""Text of customers that a spreadsheet would run: quiet in every CSV, and itself again when we read it."""

import csv
import io

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk._cells import quiet, quiet_frame, quiet_sql, unquiet, unquiet_sql
from retaliation_risk.report.folder import read_folder
from retaliation_risk.run import Settings, run
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import read_tables, tables_from_frames, write_tables

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "'=quoted",
    "''-twice",
    "it's",
    "'",
]
texts = st.text(alphabet="'=+-@\t\r aé1", max_size=6)


@given(texts)
def test_what_is_quiet_begins_no_formula_and_comes_back(text):
    assert not quiet(text).startswith(FORMULAS)
    assert unquiet(quiet(text)) == text


@given(st.lists(texts, min_size=1, max_size=8))
def test_sql_is_the_same_as_python(cells):
    frame = pd.DataFrame({"c": pd.Series(cells, dtype=object)})
    with duckdb.connect() as connection:
        connection.register("given", frame)
        found = connection.execute(f"SELECT {quiet_sql('c')}, {unquiet_sql('c')} FROM given").fetchall()
    assert found == [(quiet(cell), unquiet(cell)) for cell in cells]


def test_only_text_is_touched():
    table = pd.DataFrame({"n": [-1.5, np.nan], "k": [-1, 2], "mixed": [-3.0, "-3"], "yes": [True, False]})
    quieted = quiet_frame(table)
    assert quieted["mixed"].tolist() == [-3.0, "'-3"]
    pd.testing.assert_frame_equal(quieted.drop(columns="mixed"), table.drop(columns="mixed"))


@pytest.fixture(scope="module")
def hostile_tables():
    """A simulated firm in which every id, issue and segment begins as a formula does."""
    frames = simulate(400, seed=3).frames
    rename = {
        customer: f"{HOSTILE[k % len(HOSTILE)]}{customer}"
        for k, customer in enumerate(frames["customers"]["customer_id"])
    }
    tickets = {t: f"={t}" for t in frames["tickets"]["ticket_id"]}
    for frame in frames.values():
        if "customer_id" in frame:
            frame["customer_id"] = frame["customer_id"].map(rename)
        if "ticket_id" in frame:
            frame["ticket_id"] = frame["ticket_id"].map(tickets)
    frames["tickets"]["parent_ticket_id"] = frames["tickets"]["parent_ticket_id"].map(tickets)
    frames["tickets"]["issue_key"] = "@" + frames["tickets"]["issue_key"].astype(str)
    frames["customers"]["segment"] = "=" + frames["customers"]["segment"].astype(str)
    return tables_from_frames(frames)


def cells_of(path):
    # In text mode a carriage return in a cell would be read as a new line.
    return [cell for row in csv.reader(io.StringIO(path.read_bytes().decode(), newline="")) for cell in row]


def number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_hostile_ids_go_from_tables_through_a_run_into_the_report(hostile_tables, tmp_path):
    write_tables(hostile_tables, tmp_path / "tables", format="csv")
    tables = read_tables(tmp_path / "tables")
    for name in tables.names:
        pd.testing.assert_frame_equal(tables.frame(name), hostile_tables.frame(name))
    run(tables, tmp_path / "run", Settings(capacity=20, n_bootstrap=20, compare=("prevalence",)))
    written = [*(tmp_path / "tables").glob("*.csv"), *(tmp_path / "run").glob("*.csv")]
    cells = {cell for path in written for cell in cells_of(path) if not number(cell)}
    assert len(cells) > 400
    assert [cell for cell in cells if cell.startswith(FORMULAS)] == []
    customers = set(hostile_tables.frame("customers")["customer_id"])
    folder = read_folder(tmp_path / "run")
    queue = folder.queues["rule"]
    assert len(queue) > 0
    assert set(queue["customer_id"]) <= customers
    assert all(ticket.startswith("=") for ticket in queue["tickets"].str.split().explode())
    assert folder.tables["served"]["group"].str.startswith("=").any()
