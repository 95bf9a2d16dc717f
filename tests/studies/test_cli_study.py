"""The command: listing, showing, running into a folder that is whole or not there."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.simulate import simulate
from retaliation_risk.studies import STUDIES
from retaliation_risk.studies.estimators import fit_factor_model, fit_path_model, path_estimates, reliability
from retaliation_risk.studies.measures import ABOUT
from retaliation_risk.studies.survey import item_moments, read_survey, scale_moments
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


CODEBOOK = """\
scale = [1, 7]
missing = [-99]
[constructs.betrayal]
items = ["b1", "b2", "b3"]
reversed = ["b3"]
[constructs.revenge]
items = ["r1", "r2", "r3"]
"""


def answered(folder, n=120):
    """Answers to six items with a known order: revenge follows betrayal; one person skips a question."""
    rng = np.random.default_rng(4)
    betrayal = rng.standard_normal(n)
    revenge = 0.6 * betrayal + 0.8 * rng.standard_normal(n)
    of = {"b": betrayal, "r": revenge}
    noise = 0.5 * rng.standard_normal((6, n))
    table = pd.DataFrame(
        {f"{c}{k}": 4 + 1.2 * (of[c] + noise[3 * (c == "r") + k - 1]) for c in of for k in (1, 2, 3)}
    )
    table["b3"] = 8 - table["b3"]
    table = table.round().clip(1, 7).astype(int)
    table.loc[2, "r2"] = -99
    table.to_csv(folder / "answers.csv", index=False)
    (folder / "codebook.toml").write_text(CODEBOOK, encoding="utf-8")
    return folder / "answers.csv", folder / "codebook.toml"


def test_a_survey_gives_its_tables_and_they_are_those_of_the_estimators(tmp_path):
    answers, codebook = answered(tmp_path)
    out = tmp_path / "out"
    done = study(
        "survey", answers, "--codebook", codebook, "--model", "revenge ~ betrayal", "--out", out, "--json"
    )
    assert done.exit_code == 0
    assert "119 of 120 persons answered every item" in done.stderr
    told, survey = json.loads(done.stdout), read_survey(answers, codebook)
    assert list(told) == list(ABOUT)
    path = path_estimates(fit_path_model("revenge ~ betrayal", scale_moments(survey)))
    assert told["paths"][0]["estimate"] == pytest.approx(path["estimate"][0], abs=1e-12)
    assert [row["extracted"] for row in told["reliability"]] == pytest.approx(
        reliability(fit_factor_model(item_moments(survey), survey.constructs))["extracted"].tolist()
    )
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert {path.name for path in out.iterdir()} == {*manifest["files"], "manifest.json"}
    assert manifest["inputs"][0] == {
        "file": "answers.csv", "sha256": hashlib.sha256(answers.read_bytes()).hexdigest()
    }  # fmt: skip
    assert "--model 'revenge ~ betrayal'" in manifest["again"]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "betrayal =~ b3" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_a_table_that_the_answers_do_not_allow_is_left_out_and_named(tmp_path):
    answers, codebook = answered(tmp_path)
    codebook.write_text('scale = [1, 7]\n[constructs.betrayal]\nitems = ["b1", "b2"]\n', encoding="utf-8")
    done = study("survey", answers, "--codebook", codebook, "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert "reliability is left out: RR622" in done.stderr
    assert "method is left out: RR111" in done.stderr
    assert not (tmp_path / "out" / "reliability.csv").exists()
    assert "alpha" in done.stdout


def test_printed_moments_give_the_same_tables(tmp_path):
    file = tmp_path / "paper.toml"
    file.write_text("n = 150\nr = [[-0.4]]\n[sd]\nfairness = 1.2\nrevenge = 1.5\n", encoding="utf-8")
    done = study("moments", file, "--model", "revenge ~ fairness", "--out", tmp_path / "out", "--json")
    told = json.loads(done.stdout)
    assert [row["r"] for row in told["correlations"]] == [-0.4]
    # 1.5 / 1.2 times the correlation.
    assert told["paths"][0]["estimate"] == pytest.approx(-0.5, abs=1e-8)
    assert told["variables"][0]["mean"] is None


@pytest.mark.parametrize("model", ["revenge ~ nothing", "revenge = fairness"])
def test_a_model_that_cannot_be_fitted_leaves_no_folder(tmp_path, model):
    file = tmp_path / "paper.toml"
    file.write_text("n = 150\nr = [[-0.4]]\n[sd]\nfairness = 1.2\nrevenge = 1.5\n", encoding="utf-8")
    done = study("moments", file, "--model", model, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "RR111" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["paper.toml"]
