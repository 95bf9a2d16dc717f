"""Scoring: customers in, risks out, batch by batch, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk._cells import quiet_sql, unquiet_sql
from retaliation_risk._folders import fresh_folder, scratch_folder
from retaliation_risk._validate import one_of
from retaliation_risk.artefacts import Artefact, ScoringReport, add_reports, check_scoring
from retaliation_risk.artefacts.scoring import KEYS, KNOWN_AT
from retaliation_risk.errors import ArgumentError, DataError, GateError
from retaliation_risk.histories import Export, Progress, compute_features, store_relation
from retaliation_risk.histories.manifest import read_manifest
from retaliation_risk.pipeline.describing import artefact_facts
from retaliation_risk.run.folder import write_json
from retaliation_risk.tables import Tables

#: Ways to write the risks.
FORMATS = ("csv", "parquet")
#: Vectors of 2,048 rows that are scored at a time.
VECTORS = 64
STORE = "store"

Source = Path | Export | Tables


def score(  # noqa: PLR0913 (what, by what, where to, of when, and how)
    source: Source,
    artefact: Artefact,
    out: Path,
    *,
    moment: object = None,
    form: str = "csv",
    memory: str | None = "4GB",
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Write the risk of every customer.

    Parameters
    ----------
    source : Path, Export or Tables
        Tables, whose customers at risk at the moment are scored, from features computed for it; or a feature store of
        customers at risk, or one CSV or Parquet file of features, whose rows are scored as they are: who opted out of
        profiling must not be among them.
    artefact : Artefact
    out : Path
        Folder to make; must not exist: ``scores.csv`` or ``scores.parquet`` with customer_id, moment and risk in the
        order of the source (tables: of customer_id), ``scoring.json`` with what was odd, ``metrics.json`` flat.
    moment : timestamp
        For tables, and only for them: only what was known before it counts.
    form : {"csv", "parquet"}
    memory, jobs, progress
        As for :func:`retaliation_risk.histories.compute_features`.

    Returns
    -------
    dict
        As ``scoring.json``.

    Raises
    ------
    ArgumentError
        RR111 for a moment without tables or tables without a moment; RR403 if the tables cannot give a feature.
    DataError
        As :func:`retaliation_risk.artefacts.check_scoring`; nothing is written then.
    GateError
        RR412 if nobody is at risk at the moment.
    """
    one_of("form", form, FORMATS)
    with fresh_folder(Path(out)) as folder, scratch_folder(folder) as scratch:
        store = _computed(source, artefact, scratch, moment, memory, jobs, progress)
        if store == scratch / STORE and not read_manifest(store).n_rows:
            raise GateError("RR412", f"nobody is at risk at {utc(moment)}.")
        with _opened(scratch) as connection:
            batches = _batches(connection, store, artefact)
            report, facts = _write(connection, batches, artefact, folder / f"scores.{form}")
        found = {
            "artefact": artefact_facts(artefact),
            "moment": None if moment is None else utc(moment),
            **facts,
            **report.as_dict(),
        }
        write_json(folder / "scoring.json", found)
        write_json(folder / "metrics.json", _flat(facts, report))
    return found


def utc(moment: object) -> str:
    """Write a moment as UTC without a zone."""
    found = pd.Timestamp(moment)  # type: ignore[arg-type]
    return (found if found.tzinfo is None else found.tz_convert("UTC").tz_localize(None)).isoformat()


def score_frame(artefact: Artefact, frame: pd.DataFrame) -> tuple[pd.DataFrame, ScoringReport]:
    """Return customer_id, moment (where it is there) and risk of each row, and what was odd."""
    X, report = check_scoring(artefact.reference, frame)
    risk = artefact.model.predict_risk(X, artefact.manifest.about.horizon_days)
    keys = [name for name in KEYS[:2] if name in frame.columns]
    return frame[keys].assign(risk=np.asarray(risk, dtype=np.float64)), report


def _computed(
    source: Source,
    artefact: Artefact,
    scratch: Path,
    moment: object,
    memory: str | None,
    jobs: int | None,
    progress: Callable[[Progress], None] | None,
) -> Path:
    """Path of the features: the source itself, or a store computed from its tables."""
    if not isinstance(source, Export | Tables) and has_features(Path(source)):
        _refuse_everybody(Path(source))
        if moment is not None:
            raise ArgumentError("RR111", f"{str(source)!r} has moments of its own; moment must not be given.")
        return Path(source)
    if moment is None:
        raise ArgumentError(
            "RR111", "moment is None; for tables it says as of when their customers are scored."
        )
    about = artefact.manifest.about
    compute_features(
        source, [moment], about.features, scratch / STORE, definitions=about.definitions,
        memory=memory, jobs=jobs, progress=progress, at_risk=True,
    )  # fmt: skip
    return scratch / STORE


def _refuse_everybody(store: Path) -> None:
    """Refuse a store that holds customers who are not at risk, those who opted out of profiling among them."""
    if store.is_dir() and not read_manifest(store).question.at_risk:
        raise ArgumentError(
            "RR111",
            f"{str(store)!r} holds those who left or opted out of profiling too; it must be computed with --at-risk.",
        )


def has_features(source: Path) -> bool:
    """Whether a path is a feature store or a file of features, not a folder or a database of tables."""
    return (source / "features").is_dir() or (
        source.is_file() and source.name.endswith((".csv", ".csv.gz", ".parquet"))
    )


def _relation(path: Path) -> str:
    if path.is_dir():
        return f"(FROM {store_relation(path)} ORDER BY customer_id, moment)"
    quoted = str(path).replace("'", "''")
    if path.suffix == ".parquet":
        return f"read_parquet('{quoted}')"
    with duckdb.connect() as connection:
        header = [row[0] for row in connection.execute(f"DESCRIBE FROM read_csv('{quoted}')").fetchall()]
    # Ids are text, however much they look like numbers.
    if KEYS[0] not in header:
        return f"read_csv('{quoted}')"
    rows = f"read_csv('{quoted}', types = {{'{KEYS[0]}': 'VARCHAR'}})"
    return f"(SELECT * REPLACE ({unquiet_sql(KEYS[0])} AS {KEYS[0]}) FROM {rows})"


@contextmanager
def _opened(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"temp_directory": str(scratch / "spill")}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _batches(
    connection: duckdb.DuckDBPyConnection, path: Path, artefact: Artefact
) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    """Rows of stored features, some at a time, with the columns that the model does not read left out but named."""
    try:
        relation = _relation(path)
        there = [row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
        read, extra = _split(there, artefact)
        cursor = connection.cursor().execute(f"SELECT {', '.join(map(_quoted, read))} FROM {relation}")
    except duckdb.Error as error:
        raise DataError("RR102", f"the features cannot be read ({str(error).splitlines()[0]}).") from error
    empty = True
    while len(batch := cursor.fetch_df_chunk(VECTORS)) or empty:
        empty = False
        yield batch, extra


def _split(there: Sequence[str], artefact: Artefact) -> tuple[list[str], list[str]]:
    """Columns that are read, and those that the model knows nothing of."""
    names, declared = artefact.reference.names, artefact.manifest.about.features
    known = {*names, *KEYS, *(f"{name}{KNOWN_AT}" for name in names)}
    if KEYS[0] not in there:
        raise DataError("RR101", f"The features have no {KEYS[0]}; there are {list(there)[:8]}.")
    extra = [name for name in there if name not in known.union(feature.name for feature in declared)]
    return [name for name in there if name in known], extra


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _write(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterator[tuple[pd.DataFrame, list[str]]],
    artefact: Artefact,
    path: Path,
) -> tuple[ScoringReport, dict[str, float]]:
    """Score every batch into one file; return what was odd in all of them, and their number and mean risk."""
    reports, total = [], 0.0
    for number, (batch, extra) in enumerate(batches):
        scored, report = score_frame(artefact, batch)
        reports.append(report.with_extra(extra))
        total += float(scored["risk"].sum())
        connection.register("_batch", scored)
        connection.execute(
            "CREATE TABLE scores AS FROM _batch" if not number else "INSERT INTO scores FROM _batch"
        )
        connection.unregister("_batch")
    cells = _csv_cells(scored) if path.suffix == ".csv" else "*"
    options = "FORMAT parquet" if path.suffix == ".parquet" else "FORMAT csv, HEADER true"
    quoted = str(path).replace("'", "''")
    connection.execute(f"COPY (SELECT {cells} FROM scores) TO '{quoted}' ({options})")
    report = add_reports(reports)
    return report, {"mean_risk": total / report.n_rows if report.n_rows else float("nan")}


def _csv_cells(scored: pd.DataFrame) -> str:
    """Return SQL for the columns in CSV: times with ``Z``, ids so that no spreadsheet runs them."""
    written = f"{quiet_sql(KEYS[0])} AS {KEYS[0]}"
    if "moment" in scored:
        written += ", strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ') AS moment"
    return f"* REPLACE ({written})"


def _flat(facts: dict[str, float], report: ScoringReport) -> dict[str, float]:
    """Return counts and the mean risk."""
    odd = report.oddities
    return {
        "n": report.n_rows,
        **{name: value for name, value in facts.items() if value == value},
        "n_missing": sum(each.missing for each in odd),
        "n_outside": sum(each.below + each.above for each in odd),
        "n_unseen": sum(each.unseen for each in odd),
        "n_coerced_columns": len(report.coercions),
        "n_extra_columns": len(report.extra),
    }
