"""Runs and artefacts in MLflow: found again, the same to the last bit, checked when opened, without a pickle or a name."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import re
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from retaliation_risk.artefacts import check_scoring, load_artefact, log_artefact, log_run, save_artefact
from retaliation_risk.artefacts.mlflow import SCRIPT, as_metrics, as_params
from retaliation_risk.errors import ArgumentError, ArtefactError, DataError, RetaliationRiskWarning
from retaliation_risk.models import MODELS, Hazard
from tests.models.conftest import HORIZON

from .conftest import about, reference_of

# MLflow calls parts of SQLAlchemy that are on their way out; that is between the two of them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SETTINGS = {
    "outcome": "retaliation",
    "compare": ["cox", "rule"],
    "now": None,
    "definitions": {"repeat_days": 30},
}


@pytest.fixture(scope="session")
def library():
    why = "needs the extra mlflow: pip install 'retaliation-risk[mlflow]'"
    pytest.importorskip("sqlalchemy", reason=why)
    # MLflow warns of its own type hints while it is imported.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("mlflow.pyfunc", reason=why)
    return sys.modules["mlflow"]


@pytest.fixture(scope="session")
def fresh_database(library, tmp_path_factory):
    """Make a tracking store once; its tables take seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    library.MlflowClient(tracking_uri=uri).search_experiments()
    return uri


@pytest.fixture
def mlflow(library, fresh_database, tmp_path, monkeypatch):
    """Return MLflow, told to keep runs in a file and files in a folder: no server, no network."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    monkeypatch.chdir(tmp_path)
    before = library.get_tracking_uri()
    library.set_tracking_uri(fresh_database)
    experiment = library.create_experiment(tmp_path.name, artifact_location=(tmp_path / "store").as_uri())
    library.set_experiment(experiment_id=experiment)
    yield library
    library.set_tracking_uri(before)


@pytest.fixture
def finished(tmp_path, stored):
    """Make a run folder with a model, aggregate files, and files that name a customer."""
    run = tmp_path / "october"
    run.mkdir()
    stored("cox", "october/model")
    (run / "run.json").write_text(json.dumps({"schema_version": 1, "seed": 7, "settings": SETTINGS}))
    (run / "metrics.json").write_text(json.dumps({"auroc": 0.71, "auroc_low": 0.65, "uno": None}))
    (run / "scores.csv").write_text("metric,value\nauroc,0.71\n")
    for name in ("queue_risk_only.csv", "readout.sqlite", "validation.json", "report.html"):
        (run / name).write_text("C00001")
    return run


def features_of(rows):
    """Rows as as_of gives them: keys, features as floats, some missing."""
    features = (
        rows[0].astype(float).assign(customer_id=rows[1]["customer_id"], moment=pd.Timestamp("2025-11-01"))
    )
    features.loc[features.index[::7], "calls"] = np.nan
    return features.set_index(np.arange(len(features)) * 3 + 5)


def kept(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", list(MODELS))
def test_the_model_that_comes_back_predicts_the_same_to_the_last_bit(name, mlflow, stored, rows):
    folder, features = stored(name), features_of(rows)
    model = mlflow.pyfunc.load_model(log_artefact(folder).model_uri)
    artefact = load_artefact(folder)
    expected = artefact.model.predict_risk(check_scoring(artefact.reference, features)[0], HORIZON)
    found = model.predict(features)
    assert list(found) == ["risk"]
    assert found["risk"].dtype == np.float64
    np.testing.assert_array_equal(found["risk"].to_numpy(), expected)
    assert found.index.equals(features.index)


def test_settings_metrics_and_files_are_found_again(mlflow, finished):
    logged = log_run(finished)
    run = mlflow.get_run(logged.run_id)
    assert run.info.run_name == "october"
    assert run.info.status == "FINISHED"
    assert run.data.params == {
        "outcome": "retaliation",
        "compare": '["cox", "rule"]',
        "now": "null",
        "definitions.repeat_days": "30",
        "seed": "7",
        "digest": logged.digest,
    }
    assert run.data.metrics == {"auroc": 0.71, "auroc_low": 0.65}
    assert (
        run.data.tags["retaliation_risk.digest"] == logged.digest == load_artefact(finished / "model").digest
    )
    there = {each.path for each in mlflow.MlflowClient().list_artifacts(logged.run_id)}
    assert there == {"run.json", "metrics.json", "scores.csv"}
    assert mlflow.pyfunc.load_model(logged.model_uri).metadata.run_id == logged.run_id


def test_nothing_that_is_stored_names_a_customer(mlflow, finished, tmp_path):
    log_run(finished)
    stored = kept(tmp_path / "store")
    assert len(stored) > 10
    assert [path for path in stored if b"C00001" in path.read_bytes()] == []
    log_run(finished, also=["report.html"])
    assert [path.name for path in kept(tmp_path / "store") if b"C00001" in path.read_bytes()] == [
        "report.html"
    ]


def test_a_training_is_logged_with_the_settings_of_its_model(mlflow, finished):
    (finished / "run.json").rename(finished / "train.json")
    logged = log_run(finished, run_name="tonight")
    run = mlflow.get_run(logged.run_id)
    assert run.info.run_name == "tonight"
    told = {"model": "cox", "outcome": "retaliation", "horizon_days": str(float(HORIZON)), "seed": "0"}
    assert run.data.params == {**told, "digest": logged.digest}
    assert "train.json" in {each.path for each in mlflow.MlflowClient().list_artifacts(logged.run_id)}


def pickles_in(content):
    """Whether bytes hold a pickle: as they are, or in an archive, or as an array of objects."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(pickles_in(archive.read(name)) for name in archive.namelist())
    if content.startswith(b"\x93NUMPY"):
        return b"'|O'" in content[:256]
    try:
        for _ in pickletools.genops(content):
            pass
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", ["cox", "boosting"])
def test_nothing_that_is_stored_is_a_pickle(name, mlflow, stored, tmp_path):
    log_artefact(stored(name))
    names = {path.name for path in kept(tmp_path / "store")}
    assert {"MLmodel", SCRIPT.name, "manifest.json", "reference.json"} <= names
    assert [path for path in kept(tmp_path / "store") if pickles_in(path.read_bytes())] == []
    assert not names & {"python_model.pkl", "model.pkl", "model.joblib"}
    model = next(path for path in kept(tmp_path / "store") if path.name == "MLmodel").read_text(
        encoding="utf-8"
    )
    assert "loader_module: mlflow.pyfunc.loaders.code_model" in model
    assert "python_model:" not in model
    (script,) = (path for path in kept(tmp_path / "store") if path.name == SCRIPT.name)
    assert script.read_bytes() == SCRIPT.read_bytes()


def test_the_search_for_pickles_finds_one(tmp_path):
    objects = io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("1.npy", objects.getvalue())
    hidden = (tmp_path / "a.zip").read_bytes()
    assert pickles_in(pickle.dumps({"a": 1}))
    assert pickles_in(pickle.dumps([1.5], protocol=0))
    assert pickles_in(hidden)
    assert not pickles_in(b'{"a": 1}')


def test_a_pickle_is_not_logged(mlflow, rows, tmp_path):
    model = Hazard(period_days=30, classifier=GaussianNB()).fit(*rows)
    with pytest.warns(RetaliationRiskWarning, match="RR520"):
        save_artefact(tmp_path / "m", model, about("hazard"), reference_of(model, rows), allow_joblib=True)
    with pytest.raises(ArtefactError, match="RR516"):
        log_artefact(tmp_path / "m")
    assert not (tmp_path / "store").exists()
    assert mlflow.search_runs(output_format="list") == []


def test_numbers_go_in_as_double_and_none_is_required(mlflow, stored, rows):
    logged = log_artefact(stored("cox"))
    signature = mlflow.models.get_model_info(logged.model_uri).signature
    kinds = {column.name: column.type.name for column in signature.inputs}
    assert {name: kinds[name] for name in rows[0]} == dict.fromkeys(rows[0], "double")
    assert set(kinds.values()) == {"string", "double", "datetime"}
    assert not any(column.required for column in signature.inputs)
    assert [(column.name, column.type.name) for column in signature.outputs] == [("risk", "double")]


def test_the_door_is_open_to_what_it_accepts_and_shut_to_what_it_refuses(mlflow, stored, rows):
    model, features = mlflow.pyfunc.load_model(log_artefact(stored("cox")).model_uri), features_of(rows)
    later = features["moment"] + pd.Timedelta(days=1)
    with pytest.raises(DataError, match=r"RR101 missing column: The model reads \['calls'\]"):
        model.predict(features.drop(columns="calls"))
    for name in ("as_of", "known_at", "calls_known_at"):
        with pytest.raises(DataError, match=f"RR521 .*{name} in 1500 rows"):
            model.predict(features.assign(**{name: later}))
    plain = model.predict(features)
    assert model.predict(features.iloc[:, ::-1]).equals(plain)
    assert model.predict(features.assign(calls_known_at=pd.NaT, as_of=features["moment"])).equals(plain)
    narrow = features.assign(failed_recoveries_ever=features["failed_recoveries_ever"].astype("int32"))
    assert model.predict(narrow).equals(plain)


def test_what_was_changed_in_the_store_is_refused(mlflow, stored, tmp_path):
    logged = log_artefact(stored("cox"))
    (parameters,) = (tmp_path / "store").rglob("parameters.json")
    written = parameters.read_bytes()
    parameters.write_bytes(written.replace(b"0", b"1", 1))
    with pytest.raises(ArtefactError, match=r"RR512 .*parameters.json"):
        mlflow.pyfunc.load_model(logged.model_uri)
    parameters.write_bytes(written)
    assert mlflow.pyfunc.load_model(logged.model_uri)


def test_an_artefact_that_was_put_in_the_place_of_another_is_refused(mlflow, stored, tmp_path):
    logged = log_artefact(stored("cox"))
    other = stored("landmark_cox", "other")
    (manifest,) = (tmp_path / "store").rglob("manifest.json")
    for path in other.iterdir():
        (manifest.parent / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ArtefactError, match="RR519"):
        mlflow.pyfunc.load_model(logged.model_uri)
    digest = load_artefact(other).digest
    assert mlflow.pyfunc.load_model(logged.model_uri, model_config={"digest": digest})


def test_it_joins_a_run_that_is_active_and_leaves_it_so(mlflow, finished):
    with mlflow.start_run(run_name="tonight") as active:
        logged = log_run(finished, run_name="ignored")
        assert mlflow.active_run().info.run_id == active.info.run_id == logged.run_id
    assert mlflow.active_run() is None
    assert mlflow.get_run(logged.run_id).info.run_name == "tonight"


def test_a_registered_name_gets_its_versions(mlflow, finished):
    for version in ("1", "2"):
        logged = log_run(finished, registered_model_name="retaliation")
        found = mlflow.MlflowClient().get_model_version("retaliation", version)
        assert found.run_id == logged.run_id


def test_the_program_of_the_page_runs(mlflow, finished, rows, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page.partition("## MLflow")[2], flags=re.M | re.S)
    night = tmp_path / "runs" / "2026-11-01"
    night.mkdir(parents=True)
    finished.rename(night / "challenger")
    # The page names stores of its own; here there is one already.
    monkeypatch.setattr(mlflow, "set_tracking_uri", lambda uri: None)
    monkeypatch.setattr(mlflow, "set_experiment", lambda name: None)
    names = {"rows": features_of(rows)}
    exec(compile(program, "pipelines.md", "exec"), names)
    assert len(names["risks"]) == len(rows[0])
    assert names["logged"].digest == load_artefact(night / "challenger" / "model").digest


def test_a_run_without_a_model_is_logged_without_one(mlflow, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"schema_version": 1}')
    logged = log_run(tmp_path / "run")
    assert (logged.model_uri, logged.digest) == (None, None)
    assert mlflow.get_run(logged.run_id).data.params == {"seed": "null"}


def test_what_cannot_be_logged_is_refused_before_anything_is(mlflow, finished):
    with pytest.raises(ArgumentError, match=r"RR107 .*has no \['chart.svg'\]"):
        log_run(finished, also=["chart.svg"])
    (finished / "model" / "stray").touch()
    with pytest.raises(ArtefactError, match="RR513"):
        log_run(finished)
    (finished / "run.json").write_text("[]")
    with pytest.raises(ArtefactError, match=r"RR501 .*run.json holds a list"):
        log_run(finished)
    with pytest.raises(ArtefactError, match=r"RR501 .*has neither run.json nor model/"):
        log_run(finished.parent)
    assert mlflow.search_runs(output_format="list") == []


def test_settings_and_metrics_become_flat():
    assert as_params({"a": {"b": {"c": 1.5}}, "d": True}) == {"a.b.c": "1.5", "d": "true"}
    assert as_metrics({"inf": float("inf"), "n": 3, "flag": False, "of": {"x": 1}}) == {"n": 3.0}


def test_without_the_extra_the_error_names_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    for log in (log_run, log_artefact):
        with pytest.raises(
            ArgumentError, match="RR113 .*'mlflow' is not installed; it comes with the extra 'mlflow'"
        ):
            log(tmp_path)


def test_importing_the_package_does_not_import_mlflow():
    script = (
        "import sys, retaliation_risk.artefacts.mlflow, retaliation_risk.artefacts._pyfunc_model\n"
        "sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
