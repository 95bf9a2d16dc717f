"""Scoring beyond one machine: features and model on customer partitions of Apache Spark. Needs the extra ``spark``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retaliation_risk._folders import fresh_folder
from retaliation_risk.artefacts import Artefact
from retaliation_risk.errors import GateError
from retaliation_risk.histories.spark import local_session, read_spark_tables, spark_features
from retaliation_risk.pipeline.describing import artefact_facts
from retaliation_risk.pipeline.scoring import score_frame, utc
from retaliation_risk.run.folder import write_json

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def spark_scores(
    spark: SparkSession,
    frames: Mapping[str, DataFrame],
    artefact: Artefact,
    moment: object,
    *,
    partitions: int | None = None,
) -> DataFrame:
    """Return the risk of every customer at risk at a moment as a Spark data frame: the values of :func:`score`.

    Parameters
    ----------
    spark, frames, partitions
        As for :func:`retaliation_risk.histories.spark.spark_features`.
    artefact : Artefact
        Opened, so checked, on the driver; the model in memory travels to the workers.
    moment : timestamp

    Returns
    -------
    Spark DataFrame
        ``customer_id``, ``moment`` (TIMESTAMP_NTZ, UTC), ``risk``.
    """
    about = artefact.manifest.about
    features = spark_features(
        spark,
        frames,
        [moment],
        about.features,
        definitions=about.definitions,
        partitions=partitions,
        at_risk=True,
    )
    return features.mapInArrow(_Scorer(artefact), "customer_id string, moment timestamp_ntz, risk double")


def score_on_spark(
    source: Path,
    artefact: Artefact,
    out: Path,
    *,
    moment: object,
    master: str = "local[2]",
    progress: Callable[[str], object] = lambda step: None,
) -> dict[str, Any]:
    """Write the risk of every customer at risk into a folder: ``scores/`` as Parquet parts, and ``scoring.json``.

    Parameters
    ----------
    source : Path
        Folder of Parquet tables.
    artefact : Artefact
    out : Path
        Folder to make; must not exist.
    moment : timestamp
    master : str
        As in ``local[2]`` or ``spark://host:7077``.
    progress : callable, optional
        Called with the name of each step.

    Raises
    ------
    GateError
        RR412 if nobody is at risk at the moment; nothing is written then.
    """
    with fresh_folder(Path(out)) as folder:
        progress("starting Spark")
        session = local_session(master)
        try:
            progress("scoring")
            scores = spark_scores(session, read_spark_tables(session, Path(source)), artefact, moment)
            scores.write.parquet(str((folder / "scores").absolute()))
            written = session.read.parquet(str((folder / "scores").absolute()))
            n_rows, mean = written.selectExpr("count(*) AS n", "avg(risk) AS mean").collect()[0]
            if not n_rows:
                raise GateError("RR412", f"nobody is at risk at {utc(moment)}.")
        finally:
            session.stop()
        when = utc(moment)
        facts = {"artefact": artefact_facts(artefact), "moment": when, "n_rows": n_rows, "mean_risk": mean}
        write_json(folder / "scoring.json", facts)
        write_json(folder / "metrics.json", {"n": n_rows, "mean_risk": mean})
    return facts


@dataclass(frozen=True)
class _Scorer:
    """What a worker does with batches of features."""

    artefact: Artefact

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for batch in batches:
            frame = batch.to_pandas()
            risks: Any = score_frame(self.artefact, frame)[0]["risk"] if len(frame) else []
            kept = [batch.column("customer_id"), batch.column("moment"), pa.array(risks, pa.float64())]
            yield pa.RecordBatch.from_arrays(kept, names=["customer_id", "moment", "risk"])
