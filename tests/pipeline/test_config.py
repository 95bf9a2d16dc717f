"""One file of settings: what wins over what, and what is said of a key or value that is wrong."""

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from retaliation_risk.artefacts import Gate
from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import Definitions
from retaliation_risk.pipeline import Config, read_config
from retaliation_risk.pipeline.config import TABLES
from retaliation_risk.run import Settings

EXAMPLE = Path(__file__).parents[2] / "docs" / "run.toml"


def written(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text)
    return path


def test_without_anything_it_is_the_defaults():
    assert read_config(environ={}) == Config()


def test_the_example_of_the_docs_is_the_defaults_and_names_every_key():
    text = EXAMPLE.read_text()
    assert read_config(EXAMPLE, environ={}) == Config()
    keys = [
        each.name
        for kind in (Settings, *TABLES.values())
        for each in fields(kind)
        if each.name != "definitions"
    ]
    assert [key for key in keys if f"\n{key} = " not in text and f"\n# {key} = " not in text] == []
    assert all(f"\n[{table}]" in text for table in TABLES)


def test_flags_go_before_the_environment_and_that_before_the_file(tmp_path):
    path = written(tmp_path, 'capacity = 1\nmodel = "aft"\nseed = 1\n[drift]\npsi = 1\nmissing = 0.3\n')
    environ = {
        "RETALIATION_RISK_MODEL": "logit",
        "RETALIATION_RISK_SEED": "2",
        "RETALIATION_RISK_DRIFT__PSI": "2",
    }
    config = read_config(path, environ=environ, flags={"seed": 3, "model": None})
    settings = config.settings
    assert (settings.capacity, settings.model, settings.seed) == (1, "logit", 3)
    assert config.drift == Gate(psi=2.0, missing=0.3)


def test_every_kind_of_value(tmp_path):
    path = written(
        tmp_path,
        'now = 2026-01-31T10:00:00+02:00\ncompare = ["cox", "rule"]\ncontrols = 5\nevery_days = 7\n'
        '[definitions]\nevidence = ["reopened"]\nbad_csat = 0\n',
    )
    settings = read_config(path, environ={}).settings
    assert settings.now == pd.Timestamp("2026-01-31T08:00")
    assert (settings.compare, settings.controls, settings.every_days) == (("cox", "rule"), 5, 7.0)
    assert settings.definitions == Definitions(evidence=("reopened",), bad_csat=0.0)


def test_texts_of_the_environment_are_read_as_values():
    environ = {
        "RETALIATION_RISK_COMPARE": "cox, rule", "RETALIATION_RISK_CONTROLS": "all", "RETALIATION_RISK_NOW": "2026-01-31",
        "RETALIATION_RISK_DRIFT__PASSED_OVER": '["tenure_days"]', "RETALIATION_RISK_DATA": "/somewhere", "HOME": "x",
        "RETALIATION_RISK_SERVE_RUN": "reports/july",
    }  # fmt: skip
    config = read_config(environ=environ)
    assert (config.settings.compare, config.settings.controls) == (("cox", "rule"), "all")
    assert config.settings.now == pd.Timestamp("2026-01-31")
    assert config.drift.passed_over == ("tenure_days",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("horizn_days = 3", "there is no 'horizn_days'; did you mean 'horizon_days'?"),
        ("[drift]\npsy = 3", "there is no 'drift.psy'; did you mean 'psi'?"),
        ("[drfit]\npsi = 3", "did you mean 'drift'?"),
        ("qqqqq = 3", "there are outcome, horizon_days"),
        ('capacity = "many"', "capacity is 'many': "),
        ("drift = 3", "drift is 3: "),
        ("capacity = [", "is no TOML"),
        ('now = "yesterday"', "now is 'yesterday', which is no time"),
        ("capacity = 3\nhorizn_days = 3\nsead = 1", "did you mean 'seed'?"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(tmp_path, text, said):
    with pytest.raises(ArgumentError) as error:
        read_config(written(tmp_path, text), environ={})
    assert error.value.code == "RR116"
    assert said in str(error.value)


def test_a_value_out_of_range_is_named(tmp_path):
    with pytest.raises(ArgumentError, match=r"RR111.*capacity is -1"):
        read_config(written(tmp_path, "capacity = -1"), environ={})


def test_a_variable_that_is_no_setting_is_refused():
    with pytest.raises(ArgumentError, match=r"RR116.*'capasity'; did you mean 'capacity'"):
        read_config(environ={"RETALIATION_RISK_CAPASITY": "3"})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ArgumentError, match="RR107"):
        read_config(tmp_path / "none.toml", environ={})


def test_a_key_that_is_value_and_table(tmp_path):
    with pytest.raises(ArgumentError, match="RR116"):
        read_config(written(tmp_path, "model = 'cox'"), environ={"RETALIATION_RISK_MODEL__X": "1"})


def test_a_playbook_is_looked_for_beside_the_file(tmp_path, monkeypatch):
    (tmp_path / "ours.toml").write_text("")
    monkeypatch.chdir("/")
    path = written(tmp_path, 'playbook = "ours.toml"')
    assert read_config(path, environ={}).settings.playbook == tmp_path / "ours.toml"
    with pytest.raises(ArgumentError, match=r"RR107.*theirs.toml"):
        read_config(written(tmp_path, 'playbook = "theirs.toml"'), environ={})


@pytest.mark.parametrize(
    "team", ["answers = 2.5", "answers = 3, only = { tier = 3 }", "answers = 3, onlyy = {}", "per = 'day'"]
)
def test_a_team_is_checked_as_the_rest_is(tmp_path, team):
    with pytest.raises(ArgumentError, match=r"RR116.*\[\[replay.teams\]\]"):
        read_config(written(tmp_path, f"[replay]\nteams = [{{ name = 'x', {team} }}]"), environ={})


def test_true_is_no_number(tmp_path):
    with pytest.raises(ArgumentError, match=r"RR116.*capacity is true"):
        read_config(written(tmp_path, "capacity = true"), environ={})
