"""Worlds written in blocks: the same as in memory, the same bytes for any number of processes, whole or not at all."""

import hashlib
import json

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner
from pandas.testing import assert_frame_equal

from retaliation_risk.cli import main
from retaliation_risk.errors import ArgumentError
from retaliation_risk.simulate import blocks, simulate, simulate_tables
from retaliation_risk.simulate.clock import to_days
from retaliation_risk.tables import read_tables, tables_from_frames
from retaliation_risk.tables.contract import CONTRACT

MOMENT = "2025-06-01"


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(folder, name):
    found = folder / f"{name}.parquet"
    return duckdb.execute(f"FROM '{found if found.exists() else folder / name / '*.parquet'}'").df()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Seven hundred customers in blocks of three hundred."""
    folder = tmp_path_factory.mktemp("blocks") / "world"
    return folder, simulate_tables(700, folder, seed=5, block=300, jobs=1, risk_at=[MOMENT])


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """Three hundred customers in one block, and the same in memory."""
    folder = tmp_path_factory.mktemp("block") / "world"
    simulate_tables(300, folder, seed=5, block=300, risk_at=[MOMENT])
    return folder, simulate(300, seed=5)


def test_one_block_is_the_world_of_simulate(single):
    folder, world = single
    ours, expected = read_tables(folder), tables_from_frames(world.frames)
    assert not ours.warnings
    for name in CONTRACT:
        assert_frame_equal(ours.frame(name), expected.frame(name))
    assert (
        json.loads((folder / "truth" / "summary.json").read_text())["numbers"]
        == (world.truth_summary["numbers"])
    )


def test_the_first_block_of_a_large_world_is_that_world_too(many, single):
    for name in CONTRACT:
        first = rows_of(many[0], f"{name}/00000")
        assert_frame_equal(first, rows_of(single[0], name))


def test_later_blocks_are_other_customers(many):
    truth = rows_of(many[0], "truth/customers")
    assert truth["customer_id"].is_unique
    assert len(truth) == 700
    assert truth["loyalty"].nunique() == 700


def test_blocks_are_read_as_tables_that_keep_the_contract(many):
    folder, made = many
    tables = read_tables(folder)
    assert not tables.warnings
    assert tables.rows() == made.rows
    assert tables.frame("tickets")["ticket_id"].is_unique


def test_the_summary_adds_up_over_blocks(many):
    folder, made = many
    numbers, truth = made.truth_summary["numbers"], folder / "truth"
    acts, people = rows_of(truth, "acts"), rows_of(truth, "customers")
    assert numbers["customers"] == 700
    assert numbers["acts"] == len(acts)
    assert numbers["left"] == people["left_at"].notna().sum()
    begin = np.datetime64("2024-12-31")
    there = (people["left_at"].isna() | (people["left_at"] > begin)) & (
        people["customer_id"].map(rows_of(folder, "observation").set_index("customer_id")["observed_from"])
        < begin
    )
    acted = people["customer_id"].isin(acts.loc[acts["occurred_at"] >= begin, "customer_id"])
    assert numbers["annual_share"] == round((acted & there).sum() / there.sum(), 4)


def test_the_bytes_do_not_depend_on_the_number_of_processes(tmp_path):
    for jobs in (1, 2):
        simulate_tables(50, tmp_path / str(jobs), seed=1, block=20, jobs=jobs)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_csv_holds_the_same_tables(single, tmp_path):
    simulate_tables(300, tmp_path / "csv", seed=5, block=300, format="csv")
    as_csv, as_parquet = read_tables(tmp_path / "csv"), read_tables(single[0])
    for name in CONTRACT:
        assert_frame_equal(as_csv.frame(name), as_parquet.frame(name))


def test_the_written_truth_is_the_whole_hazard(single):
    """By a plain loop over customers: base, last jump decayed, factor of the last act."""
    folder, world = single
    people, jumps, acts = (rows_of(folder / "truth", name) for name in ("customers", "jumps", "acts"))
    for day in (100.25, 400.75):
        moment = np.datetime64("2024-01-01") + np.timedelta64(int(day * 86400), "s")
        ours = world.hazards.hazard(np.arange(len(people)), np.full(len(people), day))
        for row, person in people.iterrows():
            mine = jumps["customer_id"].eq(person["customer_id"]) & jumps["occurred_at"].lt(moment)
            done = acts["customer_id"].eq(person["customer_id"]) & acts["occurred_at"].lt(moment)
            expected = person["base_per_day"]
            if mine.any():
                last = jumps[mine].iloc[-1]
                since = day - to_days(last["occurred_at"].to_datetime64())
                factor = acts.loc[done, "factor"].iloc[-1] if done.any() else 1.0
                expected += factor * last["excess_per_day"] * 2 ** (-since / person["half_life_days"])
            assert ours[row] == pytest.approx(expected, rel=1e-9)


def test_the_written_risk_is_the_true_risk(single):
    folder, world = single
    risk = rows_of(folder / "truth", "risk")
    expected = world.true_risk(risk["customer_id"], np.datetime64(MOMENT), 90)
    assert risk["true_risk"].to_numpy() == pytest.approx(expected)
    assert 0 < len(risk) <= 300


def test_a_world_that_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    sound = blocks.make_block

    def breaks(plan, number):
        if number:
            raise KeyboardInterrupt
        return sound(plan, number)

    monkeypatch.setattr(blocks, "make_block", breaks)
    with pytest.raises(KeyboardInterrupt):
        simulate_tables(50, tmp_path / "world", block=20, jobs=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"risk_at": ["soon"]}, r"RR111.*risk_at is 'soon'"),
        ({"block": 0}, r"RR111.*block is 0"),
        ({"jobs": 0}, r"RR111.*jobs is 0"),
        ({"format": "xlsx"}, r"RR111.*format is 'xlsx'"),
    ],
)
def test_what_cannot_be_made_is_refused_before_a_folder_is(tmp_path, given, message):
    with pytest.raises(ArgumentError, match=message):
        simulate_tables(5, tmp_path / "world", **given)
    assert not list(tmp_path.iterdir())


def test_the_command_writes_tables_and_truth_and_says_what(tmp_path):
    given = "simulate --customers 30 --days 400 --seed 2 --jobs 1 --risk-at 2024-06-01T12:00:00+02:00 --json --out"
    done = CliRunner().invoke(main, [*given.split(), str(tmp_path / "world")])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["rows"] == read_tables(tmp_path / "world").rows()
    assert told["truth"]["seed"] == 2
    assert rows_of(tmp_path / "world/truth", "risk")["moment"].eq(np.datetime64("2024-06-01T10:00")).all()
    assert "30 customers" in done.stderr
    assert rows_of(tmp_path / "world", "observation")["observed_to"].max() == np.datetime64("2025-02-04")


def test_progress_counts_customers(tmp_path):
    told = []
    simulate_tables(
        50, tmp_path / "world", block=20, jobs=1, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(20, 50), (40, 50), (50, 50)]
