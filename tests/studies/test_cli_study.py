"""The command: listing, showing, running into a folder that is whole or not there."""

import hashlib
import json

import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.simulate import simulate
from retaliation_risk.studies import STUDIES
from retaliation_risk.tables import tables_from_frames, write_tables


def study(*arguments):
    return CliRunner().invoke(main, ["study", *map(str, arguments)], catch_exceptions=False)


def test_studies_are_listed_with_or_without_the_word():
    assert study().stdout == study("list").stdout
    assert [row["name"] for row in json.loads(study("list", "--json").stdout)] == list(STUDIES)
    assert [row["name"] for row in json.loads(study("--json").stdout)] == list(STUDIES)


def test_a_study_is_shown_with_every_claim_and_gap():
    shown = study("show", "gregoire_laufer_tripp_2010").stdout
    assert "doi:10.1007/s11747-009-0186-5" in shown
    assert "not testable here: power is not simulated" in shown
    told = json.loads(study("show", "hutzinger_weitzl_2023", "--json").stdout)
    assert told["claims"][0]["off"] == {"loyalty_school": "none"}


def test_an_unknown_study_leaves_with_2_and_no_folder(tmp_path):
    done = study("run", "freud_1905", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "RR111" in done.stderr
    assert "'freud_1905'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_written_whole_with_its_checksums(tmp_path):
    done = study(
        "run",
        "joireman_2013",
        "li_zhao_2025",
        "--customers",
        1500,
        "--seed",
        3,
        "--out",
        tmp_path / "out",
        "--json",
    )
    assert done.exit_code == 0
    rows = json.loads(done.stdout)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    table = pd.read_csv(tmp_path / "out" / "claims.csv")
    assert [row["claim"] for row in rows] == table["claim"].tolist()
    assert (manifest["seed"], manifest["n_customers"]) == (3, 1500)
    assert manifest["summary"]["claims"] == len(table)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*manifest["files"], "manifest.json"}
    assert "--customers 1500 --seed 3" in manifest["again"]


def test_the_same_run_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        assert study("run", "joireman_2013", "--customers", 800, "--out", tmp_path / name).exit_code == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_folder_is_never_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    done = study("run", "li_zhao_2025", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "RR108" in done.stderr


def test_own_tables_are_tested_without_switches(tmp_path):
    write_tables(tables_from_frames(simulate(400, seed=1).frames), tmp_path / "tables")
    done = study(
        "run", "knox_van_oest_2014", "--tables", tmp_path / "tables", "--out", tmp_path / "out", "--json"
    )
    assert done.exit_code == 0
    assert {row["verdict_off"] for row in json.loads(done.stdout)} == {""}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert {one["file"] for one in manifest["inputs"]} >= {"customers.parquet", "tickets.parquet"}
    assert all(len(one["sha256"]) == 64 for one in manifest["inputs"])


def test_tables_that_are_not_there_leave_with_an_error(tmp_path):
    done = study("run", "knox_van_oest_2014", "--tables", tmp_path / "none", "--out", tmp_path / "out")
    assert done.exit_code in (2, 3)
    assert "RR107" in done.stderr


@pytest.mark.parametrize("words", [["run"], ["run", "all"], ["dance"]])
def test_a_call_that_lacks_something_is_refused(words):
    assert study(*words).exit_code == 2
