"""Scoring: the same risks whatever they are computed from, and nothing written where something is wrong."""

import json
import os
import shutil
import sys

import duckdb
import numpy as np
import pandas as pd
import pytest

from retaliation_risk.artefacts import check_scoring
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.histories import Export, build_histories, compute_features
from retaliation_risk.pipeline import score

MOMENT = "2025-07-01"


def by_hand(tables, artefact):
    """Risks from the histories and the model, row by row."""
    about = artefact.manifest.about
    histories = build_histories(tables, about.definitions)
    ids = histories.at_risk(MOMENT)
    rows = histories.as_of(ids, pd.Timestamp(MOMENT), about.features)
    X, _ = check_scoring(artefact.reference, rows)
    return dict(zip(ids, artefact.model.predict_risk(X, about.horizon_days), strict=True))


def scores(out, form="parquet"):
    found = duckdb.connect().execute(f"FROM '{out / f'scores.{form}'}'").df()
    return dict(zip(found["customer_id"], found["risk"], strict=True))


def store(tables, artefact, path):
    compute_features(tables, [MOMENT], artefact.manifest.about.features, path, at_risk=True)
    return path


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_risks_are_those_of_the_model(tables, folder, champion, tmp_path, form):
    wanted = by_hand(tables, champion)
    found = score(folder, champion, tmp_path / "out", moment=MOMENT, form=form)
    assert scores(tmp_path / "out", form) == wanted
    assert found["n_rows"] == len(wanted)
    assert (found["extra"], found["coercions"]) == ([], [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "metrics.json",
        f"scores.{form}",
        "scoring.json",
    ]
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["n"] == len(wanted)
    assert metrics["mean_risk"] == pytest.approx(np.mean(list(wanted.values())))


def test_tables_a_store_and_a_file_give_the_same(tables, folder, champion, tmp_path, monkeypatch):
    wanted = by_hand(tables, champion)
    monkeypatch.setattr("retaliation_risk.pipeline.scoring.VECTORS", 1)
    made = store(tables, champion, tmp_path / "store")
    for number, source in enumerate((tables, Export(folder), made)):
        score(
            source,
            champion,
            tmp_path / f"out{number}",
            moment=None if source == made else MOMENT,
            form="parquet",
        )
        assert scores(tmp_path / f"out{number}") == wanted
    frame = duckdb.connect().execute(f"FROM '{made}/features/*.parquet'").df()
    for name in ("features.csv", "features.parquet"):
        duckdb.connect().execute(f"COPY frame TO '{tmp_path / name}'")
        score(tmp_path / name, champion, tmp_path / f"{name}-out", form="parquet")
        assert scores(tmp_path / f"{name}-out") == wanted
    assert len(frame) == len(wanted)


def test_many_batches_are_told_as_one(champion, tmp_path, monkeypatch):
    monkeypatch.setattr("retaliation_risk.pipeline.scoring.VECTORS", 1)
    names, n = champion.reference.names, 5000
    frame = pd.DataFrame({name: np.zeros(n) for name in names}).assign(
        customer_id=np.arange(n).astype(str), mood="bad"
    )
    frame[names[0]] = ["x"] * 10 + [""] * 5 + ["-5"] * (n - 15)
    frame.to_csv(tmp_path / "features.csv", index=False)
    found = score(tmp_path / "features.csv", champion, tmp_path / "out")
    (coerced,) = [each for each in found["coercions"] if each["column"] == names[0]]
    assert (coerced["rows_changed"], coerced["rows_failed"]) == (n - 15, 10)
    (odd,) = [each for each in found["features"] if each["feature"] == names[0]]
    assert (odd["missing"], odd["below"]) == (15, n - 15)
    assert (found["n_rows"], found["extra"]) == (n, ["mood"])


def test_what_is_wrong_leaves_nothing(tables, folder, champion, tmp_path):
    made = store(tables, champion, tmp_path / "store")
    with pytest.raises(ArgumentError, match=r"RR111.*moments of its own"):
        score(made, champion, tmp_path / "out", moment=MOMENT)
    with pytest.raises(ArgumentError, match="RR111.*moment is None"):
        score(folder, champion, tmp_path / "out")
    with pytest.raises(ArgumentError, match="RR111.*form is 'xlsx'"):
        score(folder, champion, tmp_path / "out", moment=MOMENT, form="xlsx")
    frame = pd.DataFrame({"customer_id": ["a"], champion.reference.names[0]: [1.0]})
    frame.to_csv(tmp_path / "few.csv", index=False)
    with pytest.raises(DataError, match="RR101"):
        score(tmp_path / "few.csv", champion, tmp_path / "out")
    frame[["risk"]] = 1.0
    frame.drop(columns="customer_id").to_csv(tmp_path / "nobody.csv", index=False)
    with pytest.raises(DataError, match="RR101.*customer_id"):
        score(tmp_path / "nobody.csv", champion, tmp_path / "out")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataError, match="RR102"):
        score(tmp_path / "broken.parquet", champion, tmp_path / "out")
    late = pd.DataFrame({name: [0.0] for name in champion.reference.names}).assign(
        customer_id="a", moment="2025-01-01", known_at="2025-01-01"
    )
    late.to_csv(tmp_path / "late.csv", index=False)
    with pytest.raises(DataError, match="RR521"):
        score(tmp_path / "late.csv", champion, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def test_nobody_to_score(champion, tmp_path):
    names = ["customer_id", *champion.reference.names]
    pd.DataFrame({name: [] for name in names}).to_csv(tmp_path / "none.csv", index=False)
    found = score(tmp_path / "none.csv", champion, tmp_path / "out")
    assert found["n_rows"] == 0
    assert (tmp_path / "out" / "scores.csv").read_text() == "customer_id,risk\n"


def test_spark_gives_the_same_risks(tables, folder, champion, tmp_path):
    pytest.importorskip("pyspark", reason="needs the extra spark: pip install 'retaliation-risk[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("needs Java 17: Spark runs on it")
    from retaliation_risk.pipeline import score_on_spark

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        found = score_on_spark(folder, champion, tmp_path / "out", moment=MOMENT)
    wanted = by_hand(tables, champion)
    got = duckdb.connect().execute(f"FROM '{tmp_path / 'out' / 'scores' / '*.parquet'}'").df()
    assert len(list((tmp_path / "out" / "scores").glob("*.parquet"))) > 1
    assert dict(zip(got["customer_id"], got["risk"], strict=True)) == pytest.approx(wanted, rel=1e-12)
    assert found["n_rows"] == len(wanted)
