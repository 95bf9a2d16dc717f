"""Beyond one machine: the same function on customer partitions of Apache Spark. Needs the extra ``spark``.

All rows of a customer travel to one partition, as they are; there the tables pass the same door and the same ``as_of``
answers, so that every value is that of the embedded engine, bit by bit. Spark itself casts, compares and sums nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.question import Question, asked_moments
from retaliation_risk.histories.spark_part import ASKED, Part
from retaliation_risk.tables import CONTRACT
from retaliation_risk.tables._folder import table_files
from retaliation_risk.tables._renames import Renames

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession


def spark_features(
    spark: SparkSession,
    frames: Mapping[str, DataFrame],
    moments: Sequence[object] | DataFrame,
    features: Sequence[Feature],
    *,
    definitions: Definitions | None = None,
    partitions: int | None = None,
    at_risk: bool = False,
) -> DataFrame:
    """Return each customer's features as a Spark data frame, computed when Spark is asked for its rows.

    Parameters
    ----------
    spark : SparkSession
        Its time zone does not matter.
    frames : mapping of str to Spark DataFrame
        By canonical table name; columns as in the contract, typed or as text. Times with and without a zone may be mixed:
        those without are UTC. Each partition's rows are checked as :func:`retaliation_risk.tables.read_tables` does; that
        ids are unique across partitions is not.
    moments : sequence of timestamps, or Spark DataFrame
        As for :func:`compute_features`; a frame has ``customer_id`` and ``moment`` (a timestamp or a date).
    features : sequence of Feature
        As for :meth:`Histories.as_of`.
    definitions : Definitions, optional
        What counts as a failed recovery and as a second failure.
    partitions : int, optional
        Parts into which customers are cut, each within the memory of one Python worker; spark.sql.shuffle.partitions
        without it.
    at_risk : bool, default False
        As for :func:`compute_features`.

    Returns
    -------
    Spark DataFrame
        ``customer_id``, ``moment`` (TIMESTAMP_NTZ, UTC), then one double per feature, null where missing. The rows of a
        customer stand together, in the order of moments.

    Raises
    ------
    ArgumentError
        RR113 without the extra, RR403 for a feature that the tables cannot give, RR111 for a table or moments that are
        none.
    """
    require_spark()
    from pyspark.sql import DataFrame as SparkFrame

    pairs = moments if isinstance(moments, SparkFrame) else None
    if pairs is not None and at_risk:
        raise ArgumentError(
            "RR111", "at_risk is True and moments name the customers; it must be one or the other."
        )
    asked = None if pairs is not None else asked_moments(moments)
    question = Question(tuple(features), definitions or Definitions(), asked, at_risk)
    tagged = _tagged_tables(frames, question)
    if pairs is not None:
        tagged[ASKED] = _tagged_pairs(pairs)
    columns = {
        name: [c for c in frame.columns if c.startswith(f"{name}__")] for name, frame in tagged.items()
    }
    rows = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), tagged.values())
    parts = partitions or int(str(spark.conf.get("spark.sql.shuffle.partitions", "200")))
    schema = ", ".join(
        ["customer_id string", "moment timestamp_ntz", *(f"`{f.name}` double" for f in features)]
    )
    return rows.repartition(parts, "_owner").mapInArrow(Part(question, columns), schema)


def read_spark_tables(spark: SparkSession, folder: Path) -> dict[str, DataFrame]:
    """Return the Parquet tables of a folder as Spark data frames; other formats must be imported first."""
    if not (folder := Path(folder)).is_dir():
        raise DataError("RR107", f"{str(folder)!r} is no folder.")
    files, problems = table_files(folder, Renames())
    if errors := [problem for problem in problems if problem.level == "error"]:
        raise DataError(errors[0].code, f"{errors[0].table}: {errors[0].found}.")
    return {name: _read(spark, paths) for name, paths in files.items()}


def local_session(master: str) -> SparkSession:
    """Return a quiet session whose workers use this Python; ``master`` as in ``local[2]`` or ``spark://host:7077``."""
    require_spark()
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("retaliation-risk")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        settings |= {"spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1))}
    for key, value in settings.items():
        builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def require_spark() -> None:
    """Raise RR113 where pyspark or pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
        import pyspark  # noqa: F401
    except ImportError as error:
        raise ArgumentError(
            "RR113", f"{error.name!r} is not installed; it comes with the extra 'spark'."
        ) from error


def _tagged_tables(frames: Mapping[str, DataFrame], question: Question) -> dict[str, DataFrame]:
    """Return the rows of every table that the features need, each with its table and the customer it belongs to."""
    from pyspark.sql import functions

    missing = [name for name in ("customers", "tickets") if name not in frames]
    if wrong := [*missing, *(name for name in frames if name not in CONTRACT)]:
        raise ArgumentError(
            "RR111", f"frames has {sorted(frames)}; missing or no table of the contract: {wrong}."
        )
    tickets = frames["tickets"]
    owners = tickets.select(
        _text(tickets, "ticket_id").alias("_ticket"), _text(tickets, "customer_id").alias("_owner")
    )
    tagged = {}
    for name in question.needs(tuple(frames)):
        frame = frames[name]
        if name == "ticket_events":
            rows = frame.withColumn("_ticket", _text(frame, "ticket_id")).join(owners, "_ticket", "left")
        else:
            rows = frame.withColumn("_owner", _text(frame, "customer_id"))
        kept = [functions.col(c).alias(f"{name}__{c}") for c in CONTRACT[name].names if c in frame.columns]
        tagged[name] = rows.select("_owner", functions.lit(name).alias("_table"), *kept)
    return tagged


def _tagged_pairs(pairs: DataFrame) -> DataFrame:
    from pyspark.sql import functions

    kinds = {field.name: field.dataType.typeName() for field in pairs.schema}
    if "customer_id" not in kinds or kinds.get("moment") not in ("timestamp", "timestamp_ntz", "date"):
        raise ArgumentError(
            "RR111", f"moments has columns {kinds}; it needs customer_id, and moment as a timestamp."
        )
    owner = _text(pairs, "customer_id")
    return pairs.select(
        owner.alias("_owner"),
        functions.lit(ASKED).alias("_table"),
        owner.alias(f"{ASKED}__customer_id"),
        functions.col("moment").alias(f"{ASKED}__moment"),
    )


def _text(frame: DataFrame, column: str) -> Column:
    """Return an id as the door reads it: whole numbers without ``.0``."""
    from pyspark.sql import functions

    kind = frame.schema[column].dataType.typeName()
    text = functions.col(column).cast("string")
    return functions.regexp_replace(text, r"\.0+$", "") if kind in ("float", "double", "decimal") else text


def _read(spark: SparkSession, paths: Sequence[Path]) -> DataFrame:
    if other := [path.name for path in paths if path.suffix != ".parquet"]:
        raise DataError("RR102", f"{other[0]} is no Parquet file; the Spark engine reads Parquet only.")
    try:
        return spark.read.parquet(*map(str, paths))
    except Exception as error:
        if "NANOS" not in str(error):
            raise
        found = f"{paths[0].name} has times in nanoseconds, which Spark cannot read; write microseconds."
        raise DataError("RR102", found) from error
