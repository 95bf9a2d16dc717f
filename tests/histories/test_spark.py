"""Spark: the same values as the embedded engine, bit by bit, whatever the session's time zone and the columns' types."""

import os
import shutil
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.histories.spark import local_session, read_spark_tables, require_spark, spark_features
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames, write_tables

MOMENTS = ["2025-03-30T01:30:00", "2025-06-01", "2025-06-01T00:00:00.000001"]


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark", reason="needs the extra spark: pip install 'retaliation-risk[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("needs Java 17: Spark runs on it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv(
            "PYSPARK_SUBMIT_ARGS", "--conf spark.sql.session.timeZone=America/New_York pyspark-shell"
        )
        session = local_session("local[2]")
    session.conf.set("spark.sql.shuffle.partitions", "3")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Three hundred customers, of whom some have no tickets, orders or loyalty; as tables and as Parquet."""
    tables = tables_from_frames(simulate(300, seed=3).frames)
    folder = tmp_path_factory.mktemp("spark") / "tables"
    write_tables(tables, folder)
    return tables, folder


def embedded(tables, moments):
    frame = build_histories(tables).as_of(*asked(tables, moments), FEATURES)
    return frame.sort_values(["customer_id", "moment"], ignore_index=True)


def asked(tables, moments):
    listed = ", ".join(f"TIMESTAMP '{moment}'" for moment in moments)
    rows = tables.query(
        f"SELECT customer_id, moment FROM customers, (SELECT unnest([{listed}]) AS moment) WHERE first_seen_at < moment"
    )
    return rows["customer_id"], rows["moment"]


def collected(frame):
    """Rows of a Spark frame in order; through Arrow, as collecting row by row is slow."""
    found = frame.toArrow().to_pandas()
    return found.astype({"moment": "datetime64[us]"}).sort_values(
        ["customer_id", "moment"], ignore_index=True
    )


def assert_same_bits(got, want):
    assert list(got) == list(want)
    assert got["customer_id"].tolist() == want["customer_id"].tolist()
    assert (got["moment"].to_numpy() == want["moment"].to_numpy()).all()
    for name in want.columns[2:]:
        left, right = (np.where(np.isnan(f[name]), np.nan, f[name]).view(np.int64) for f in (got, want))
        assert (left == right).all(), name


@pytest.mark.parametrize("partitions", [3, 5])
def test_values_equal_those_of_the_embedded_engine(spark, simulated, partitions):
    tables, folder = simulated
    frames = read_spark_tables(spark, folder)
    found = spark_features(spark, frames, MOMENTS, FEATURES, partitions=partitions)
    assert found.rdd.getNumPartitions() == partitions
    assert found.dtypes[:3] == [
        ("customer_id", "string"),
        ("moment", "timestamp_ntz"),
        ("tenure_days", "double"),
    ]
    got = collected(found)
    assert_same_bits(got, embedded(tables, MOMENTS))
    assert len(got) > 500


def test_zones_and_text_say_the_same(spark):
    assert spark.conf.get("spark.sql.session.timeZone") == "America/New_York"
    # One table with times in the session's zone, one as text with an offset, ids as whole numbers: the hour that New York
    # does not have, 2025-03-09T02:30, is an hour like any other in UTC.
    customers = pd.DataFrame(
        {"customer_id": ["1", "2"], "first_seen_at": ["2025-03-09T02:30:00", "2025-03-09T07:30:00"]}
    )
    tickets = pd.DataFrame(
        {
            "ticket_id": ["7", "8"],
            "customer_id": ["1", "2"],
            "opened_at": ["2025-03-09T02:30:00", "2025-03-09T07:30:00"],
        }
    )
    events = pd.DataFrame(
        {
            "ticket_id": ["7"],
            "occurred_at": ["2025-03-09T02:30:00"],
            "event_type": ["reopened"],
            "known_at": ["2025-03-09T02:30:00"],
        }
    )
    none = {
        "orders": pd.DataFrame(columns=["customer_id", "ordered_at", "amount"]),
        "loyalty": pd.DataFrame(columns=["customer_id", "valid_from", "tier"]),
    }
    tables = tables_from_frames({"customers": customers, "tickets": tickets, "ticket_events": events, **none})
    spark_frames = {
        "customers": spark.sql(
            "SELECT 1L AS customer_id, TIMESTAMP'2025-03-09 02:30:00Z' AS first_seen_at "
            "UNION ALL SELECT 2L, TIMESTAMP'2025-03-09 07:30:00Z'"
        ),
        "tickets": spark.sql(
            "SELECT 7.0D AS ticket_id, 1 AS customer_id, TIMESTAMP_NTZ'2025-03-09 02:30:00' AS opened_at "
            "UNION ALL SELECT 8.0D, 2, TIMESTAMP_NTZ'2025-03-09 07:30:00'"
        ),
        "ticket_events": spark.sql(
            "SELECT '7' AS ticket_id, '2025-03-08T21:30:00-05:00' AS occurred_at, 'reopened' AS event_type, "
            "'2025-03-09T02:30Z' AS known_at"
        ),
        "orders": spark.sql("SELECT '1' AS customer_id, DATE'2025-01-01' AS ordered_at, 1.5BD AS amount").limit(0),
        "loyalty": spark.sql("SELECT '1' AS customer_id, DATE'2025-01-01' AS valid_from, 1 AS tier").limit(0),
    }  # fmt: skip
    moments = ["2025-03-09T02:30:00", "2025-03-09T02:30:00.000001", "2025-03-09T07:30:00.000001"]
    got = collected(spark_features(spark, spark_frames, moments, FEATURES, partitions=4))
    want = embedded(tables, moments)
    assert_same_bits(got, want)
    assert want["reopens_365d"].tolist() == [1, 1, 0]


def test_pairs_are_asked_as_they_are(spark, simulated):
    tables, folder = simulated
    frames = read_spark_tables(spark, folder)
    first = tables.query("SELECT customer_id FROM customers ORDER BY customer_id LIMIT 2")[
        "customer_id"
    ].tolist()
    pairs = spark.sql(
        f"SELECT '{first[0]}' AS customer_id, TIMESTAMP'2025-06-01 00:00:00Z' AS moment UNION ALL "
        f"SELECT '{first[1]}', TIMESTAMP'2025-03-30 01:30:00Z'"
    )
    got = collected(spark_features(spark, frames, pairs, FEATURES))
    want = build_histories(tables).as_of(first, ["2025-06-01T00:00:00", "2025-03-30T01:30:00"], FEATURES)
    assert_same_bits(got, want)


def test_a_breach_is_told(spark, simulated):
    from pyspark.errors import PythonException

    _, folder = simulated
    frames = read_spark_tables(spark, folder)
    frames["orders"] = spark.sql(
        "SELECT 'nobody' AS customer_id, TIMESTAMP_NTZ'2025-01-01' AS ordered_at, 1D AS amount"
    )
    with pytest.raises(PythonException, match="RR208 orphan row: orders: customer_id is not in customers"):
        collected(spark_features(spark, frames, MOMENTS, FEATURES))


def test_wrong_questions_are_answered_in_words(spark, simulated):
    _, folder = simulated
    frames = read_spark_tables(spark, folder)
    with pytest.raises(
        ArgumentError, match=r"missing or no table of the contract: \['tickets', 'complaints'\]"
    ):
        spark_features(
            spark, {"customers": frames["customers"], "complaints": frames["orders"]}, MOMENTS, FEATURES
        )
    with pytest.raises(ArgumentError, match="it needs customer_id, and moment as a timestamp"):
        spark_features(
            spark, frames, spark.sql("SELECT 'C1' AS customer_id, '2025-01-01' AS moment"), FEATURES
        )
    del frames["orders"]
    with pytest.raises(ArgumentError, match="RR403 .* needs the table orders"):
        spark_features(spark, frames, MOMENTS, FEATURES)


def test_nanoseconds_are_told_of(spark, simulated, tmp_path):
    _, folder = simulated
    shutil.copytree(folder, tmp_path / "tables")
    path = tmp_path / "tables" / "orders.parquet"
    duckdb.sql(
        f"SELECT * REPLACE (ordered_at::TIMESTAMP_NS AS ordered_at) FROM '{folder}/orders.parquet'"
    ).write_parquet(str(path))
    with pytest.raises(
        DataError, match="RR102 .*orders.parquet has times in nanoseconds, which Spark cannot read"
    ):
        read_spark_tables(spark, tmp_path / "tables")
    path.rename(path.with_suffix(".csv"))
    with pytest.raises(DataError, match="orders.csv is no Parquet file; the Spark engine reads Parquet only"):
        read_spark_tables(spark, tmp_path / "tables")


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        ArgumentError,
        match="RR113 missing extra: 'pyarrow' is not installed; it comes with the extra 'spark'",
    ):
        require_spark()


def test_importing_the_package_does_not_import_spark():
    script = "import sys, retaliation_risk.histories.spark; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
