"""The features command: files, stores, bringing up to date, Spark."""

import json
import os
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories, read_features
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import read_tables, tables_from_frames, write_tables
from tests.parquet import read_parquet, write_parquet

AT = ("--at", "2025-06-01", "--at", "2025-03-01T12:00:00Z")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixty customers as Parquet."""
    folder = tmp_path_factory.mktemp("features") / "tables"
    write_tables(tables_from_frames(simulate(60, seed=2).frames), folder)
    return folder


def features(*arguments):
    result = CliRunner().invoke(main, ["features", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_store_a_file_and_standard_output_hold_the_same(folder, tmp_path):
    code, out, err = features(folder, *AT, "--out", tmp_path / "store", "--json")
    summary = json.loads(out)
    assert (code, summary["n_features"], summary["switched_off"]) == (0, len(FEATURES), {})
    assert err == f"{summary['n_rows']} rows, {len(FEATURES)} features as of 2 moments.\n"
    store = read_features(tmp_path / "store")
    histories = build_histories(read_tables(folder))
    pd.testing.assert_frame_equal(store, histories.as_of(store["customer_id"], store["moment"], FEATURES))
    assert features(folder, *AT, "--out", tmp_path / "f.parquet", "--memory", "500MB", "--jobs", "1")[0] == 0
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "f.parquet"), store)
    assert features(folder, *AT, "--out", tmp_path / "f.csv")[0] == 0
    told = features(folder, *AT)
    (tmp_path / "told.csv").write_text(told[1], encoding="utf-8")
    for name in ("f.csv", "told.csv"):
        table = pd.read_csv(tmp_path / name, float_precision="round_trip", dtype={"customer_id": str})
        moments = pd.to_datetime(table["moment"], format="ISO8601", utc=True).dt.tz_localize(None)
        table["moment"] = moments.astype("datetime64[us]")
        pd.testing.assert_frame_equal(table, store, check_dtype=False)
    assert sorted(os.listdir(tmp_path)) == ["f.csv", "f.parquet", "store", "told.csv"]


def test_a_missing_table_switches_features_off(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "tables")
    (tmp_path / "tables" / "orders.parquet").unlink()
    code, out, _ = features(tmp_path / "tables", *AT, "--out", tmp_path / "store", "--json")
    summary = json.loads(out)
    assert (code, summary["switched_off"]["spend_ever"]) == (0, "needs the table orders")
    assert summary["n_features"] == len(FEATURES) - len(summary["switched_off"])
    assert "spend_ever" not in read_features(tmp_path / "store")


def test_bringing_a_store_up_to_date(folder, tmp_path):
    assert features(folder, *AT, "--out", tmp_path / "store")[0] == 0
    shutil.copytree(folder, tmp_path / "tables")
    orders = read_parquet(folder / "orders.parquet")
    write_parquet(orders.iloc[1:], tmp_path / "tables" / "orders.parquet")
    code, _, err = features(tmp_path / "tables", "--update", tmp_path / "store", "--out", tmp_path / "new")
    assert (code, err.split(", ")[:2]) == (0, ["1 customer computed", "0 removed"])
    assert features(tmp_path / "tables", "--update", tmp_path / "store")[0] == 0
    assert features(tmp_path / "tables", *AT, "--out", tmp_path / "anew")[0] == 0
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("store", "new", "anew")
    ]
    assert contents[0] == contents[1] == contents[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--update", "s", "--at", "2025-01-01"], "--update keeps the store's moments"),
        (["--at", "2025-01-01", "--engine", "spark"], "--engine spark writes a folder"),
        (["--at", "2025-01-01", "--memory", "lots"], "memory is 'lots'"),
        (["--at", "2025-01-01", "--out", "f.xlsx"], "a file ends in .csv or .parquet"),
    ],
)
def test_usage_errors_leave_with_2(folder, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = features(folder, *arguments)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert os.listdir(tmp_path) == []


def test_an_update_of_what_is_no_store_leaves_with_5(folder, tmp_path):
    code, _, err = features(folder, "--update", tmp_path)
    assert code == 5
    assert "RR502 foreign feature store" in err


@pytest.mark.slow
def test_spark_writes_the_same(folder, tmp_path):
    pytest.importorskip("pyspark", reason="needs the extra spark: pip install 'retaliation-risk[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("needs Java 17: Spark runs on it")
    code, out, _ = features(folder, *AT, "--engine", "spark", "--out", tmp_path / "spark", "--json")
    assert (code, json.loads(out)["n_features"]) == (0, len(FEATURES))
    features(folder, *AT, "--out", tmp_path / "f.parquet")
    found = read_parquet(tmp_path / "spark").sort_values(["customer_id", "moment"], ignore_index=True)
    pd.testing.assert_frame_equal(
        found.astype({"moment": "datetime64[us]"}), read_parquet(tmp_path / "f.parquet"), check_exact=True
    )
