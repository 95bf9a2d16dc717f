"""What is stored comes back: the same risks to the last bit, the same declarations, the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from retaliation_risk.artefacts import About, Window, build_reference, declared, load_artefact, save_artefact
from retaliation_risk.errors import ArgumentError, ArtefactError, RetaliationRiskWarning
from retaliation_risk.features import FEATURES as DECLARED
from retaliation_risk.histories import Definitions, build_histories
from retaliation_risk.models import MODELS, Boosting, Hazard
from tests.models.conftest import HORIZON, simulate

from .conftest import FEATURES, about, manifest_in, reference_of

EVERY = pytest.mark.parametrize("name", list(MODELS))


@EVERY
def test_every_model_predicts_the_same_to_the_last_bit(name, stored, models, rows):
    artefact = load_artefact(stored(name))
    expected = models[name].predict_risk(rows[0], HORIZON)
    np.testing.assert_array_equal(artefact.model.predict_risk(rows[0], HORIZON), expected)
    assert type(artefact.model) is type(models[name])
    assert artefact.manifest.columns == tuple(rows[0].columns)


@EVERY
def test_equal_models_are_equal_bytes(name, stored, rows, models, tmp_path):
    first = stored(name)
    again = MODELS[name](HORIZON, 0).fit(*rows)
    save_artefact(tmp_path / "again", again, about(name), reference_of(again, rows))
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()
    }


@pytest.mark.parametrize("n", [300, 60_000])
def test_trees_without_calibration_and_with_isotonic_come_back_too(n, tmp_path):
    X, y = simulate(n, seed=2)
    model = Boosting(HORIZON, max_iter=5).fit(X, y)
    assert model.calibrated_ == (n > 300)
    assert n == 300 or model.calibrator_.kind == "isotonic"
    save_artefact(tmp_path / "m", model, about("boosting"), reference_of(model, (X, y)))
    back = load_artefact(tmp_path / "m").model
    np.testing.assert_array_equal(back.predict_risk(X, HORIZON), model.predict_risk(X, HORIZON))


def test_another_process_reads_it(stored, models, rows, tmp_path):
    folder = stored("boosting")
    rows[0].to_pickle(tmp_path / "rows.pickle")
    code = (
        "import sys, pandas as pd; from pathlib import Path\n"
        "from retaliation_risk.artefacts import load_artefact\n"
        f"X = pd.read_pickle(sys.argv[2]); risk = load_artefact(Path(sys.argv[1])).model.predict_risk(X, {HORIZON})\n"
        "print(risk.tobytes().hex())"
    )
    call = [sys.executable, "-c", code, str(folder), str(tmp_path / "rows.pickle")]
    found = subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()
    assert found == models["boosting"].predict_risk(rows[0], HORIZON).tobytes().hex()


def test_the_folder_holds_what_it_should_and_no_time_and_nobody(stored):
    folder = stored("cox")
    assert sorted(p.name for p in folder.iterdir()) == [
        "MODEL_CARD.md", "manifest.json", "parameters.json", "reference.json",
    ]  # fmt: skip
    assert not [p for p in folder.parent.iterdir() if p.name.startswith(".")]
    everything = "".join(p.read_text(encoding="utf-8") for p in folder.iterdir())
    assert "C00001" not in everything


def test_the_manifest_says_it_all_in_strict_json(stored):
    text = (stored("cox") / "manifest.json").read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["about"]["window"]["known_by"] == "2025-12-01T00:00:00Z"
    assert found["about"]["metrics"]["uno"] is None
    assert found["about"]["features"][2]["unit"] == "tickets"
    assert found["libraries"].keys() >= {"numpy", "scikit-learn", "skops"}


@pytest.mark.parametrize("cut", range(4))
def test_what_was_declared_computes_the_same_features(small_tables, cut):
    columns = ["log_failed_recoveries", "failed_share_365d", "complaint_stock", "relationship_strength"][
        : cut + 1
    ]
    asked = declared(DECLARED, columns)
    definitions = Definitions(repeat_days=5 + cut)
    told = about(features=asked, definitions=definitions)
    back = About.from_dict(json.loads(json.dumps(told.as_dict())))
    assert back.features == asked
    assert back.definitions == definitions
    moments = [pd.Timestamp("2025-03-18"), pd.Timestamp("2025-04-05")]
    histories = build_histories(small_tables, definitions=back.definitions)
    found = histories.as_of(["C1", "C2"], moments, back.features)
    expected = build_histories(small_tables, definitions=definitions).as_of(["C1", "C2"], moments, asked)
    pd.testing.assert_frame_equal(found, expected)


def test_every_declared_feature_survives_the_manifest():
    told = about(features=tuple(DECLARED))
    assert About.from_dict(json.loads(json.dumps(told.as_dict()))).features == tuple(DECLARED)


def test_columns_that_nobody_declared_are_refused():
    with pytest.raises(ArgumentError, match="RR403 .*'shoe_size' of the model is not among"):
        declared(DECLARED, ["shoe_size"])


def test_nothing_is_overwritten_and_nothing_half_is_left(stored, models, rows, tmp_path):
    folder = stored("cox")
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ArgumentError, match="RR108"):
        stored("rule")
    assert (folder / "manifest.json").read_bytes() == before
    other = simulate(300, seed=3)
    wrong = build_reference(other[0][["calls"]], np.full(300, 0.1), other[1]["customer_id"])
    with pytest.raises(ArgumentError, match=r"model has columns .* the reference \['calls'\]"):
        save_artefact(tmp_path / "none", models["cox"], about(), wrong)
    lacking = about(features=FEATURES[:3])
    with pytest.raises(ArgumentError, match=r"RR403 .*\['always_one'\] of the model"):
        save_artefact(tmp_path / "none", models["cox"], lacking, reference_of(models["cox"], rows))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]


def test_settings_that_are_no_json_are_refused(models, rows, tmp_path):
    told = about(settings={"folder": {"path": tmp_path}})
    with pytest.raises(ArgumentError, match=r"settings.folder.path holds PosixPath"):
        save_artefact(tmp_path / "m", models["cox"], told, reference_of(models["cox"], rows))


def test_a_window_must_run_forward_and_be_utc():
    early, late = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")
    with pytest.raises(ArgumentError, match="must follow in this order"):
        Window(late, early, late)
    with pytest.raises(ArgumentError, match="must be a pandas Timestamp without zone"):
        Window(early.tz_localize("UTC"), late, late)


def test_pickles_are_written_and_opened_only_when_asked_for_and_with_a_warning(rows, tmp_path):
    model = Hazard(period_days=30, classifier=GaussianNB()).fit(*rows)
    told = (about("hazard"), reference_of(model, rows))
    with pytest.raises(ArtefactError, match="RR516 .*A Hazard like this can only be stored as a pickle"):
        save_artefact(tmp_path / "m", model, *told)
    with pytest.warns(RetaliationRiskWarning, match="RR520"):
        save_artefact(tmp_path / "m", model, *told, allow_joblib=True)
    with pytest.raises(ArtefactError, match="RR516 .*model.joblib, and joblib is not allowed"):
        load_artefact(tmp_path / "m")
    with pytest.warns(RetaliationRiskWarning, match="RR520"):
        back = load_artefact(tmp_path / "m", allow_joblib=True).model
    np.testing.assert_array_equal(back.predict_risk(rows[0], HORIZON), model.predict_risk(rows[0], HORIZON))
    assert "**Stored as a pickle" in (tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_digest_is_that_of_the_whole_folder(stored):
    folder = stored("cox")
    digest = load_artefact(folder).digest
    assert load_artefact(folder, digest=digest).digest == digest
    with pytest.raises(ArtefactError, match="RR519 .* has digest .*, not 00"):
        load_artefact(folder, digest="00")


def test_the_card_says_uses_metrics_with_intervals_and_features(stored):
    card = (stored("cox") / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "# Model card: cox" in card
    assert "| auroc | 0.71 | 0.65 | 0.77 |" in card
    assert "| uno | - | - | - |" in card
    assert "auroc_low" not in card
    assert "Denying, delaying or worsening service" in card
    assert "Setting or influencing prices" in card
    assert "| tenure_days | days | Days since the relationship began. |" in card
    assert "from 2025-01-01T00:00:00Z to 2025-09-28" in card


def test_the_card_takes_no_markup_from_outside(models, rows, tmp_path):
    told = about(settings={"note": "a | b\n<script>alert(1)</script> [x](http://y)"}, metrics={})
    save_artefact(tmp_path / "m", models["cox"], told, reference_of(models["cox"], rows))
    card = (tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert r"| note | a \| b &lt;script&gt;alert(1)&lt;/script&gt; \[x](http://y) |" in card
    assert "this model has not been judged" in card


def test_the_reference_counts_every_row_once(stored, rows, models):
    reference = load_artefact(stored("cox")).reference
    assert reference.n_rows == 1500
    assert reference.n_customers == rows[1]["customer_id"].nunique()
    spread = reference.columns[1]
    assert (spread.name, spread.missing) == ("tenure_days", int(rows[0]["tenure_days"].isna().sum()))
    assert reference.columns[3].values == (1.0,)
    assert manifest_in(stored("rule", "other"))["about"]["model"] == "rule"
