"""The replay of a stored model's weeks: what is written, who answers, and that nothing is learned from what it judges."""

import json

import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.pipeline import read_config, replay_policies
from tests.pipeline.conftest import TRAINED_BY, quick


def test_a_replay_walks_every_week_after_training(tables, champion, tmp_path):
    found = replay_policies(tables, champion, tmp_path / "out", quick(now="2025-07-01"))
    assert (found["first"], found["weeks"]) == (f"{TRAINED_BY}T00:00:00", 13)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "replay.csv", "served.csv", "missed.csv", "missed_by_influence.csv", "answers.csv", "replay.json", "metrics.json",
    }  # fmt: skip
    answers = pd.read_csv(tmp_path / "out" / "answers.csv", parse_dates=["day"])
    by_day = answers.groupby(["policy", "day"]).size()
    assert by_day.max() <= 10
    assert set(answers["day"].dt.dayofweek) <= set(range(5))
    again = answers.sort_values("day").groupby(["policy", "customer_id"])["day"].diff().dropna()
    assert (again >= pd.Timedelta(days=30)).all()
    scores = pd.read_csv(tmp_path / "out" / "replay.csv")
    reached = scores[scores["metric"] == "events_reached"].set_index("policy")["value"]
    assert reached["oracle"] >= reached.max()
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["risk_only_events_reached"] == pytest.approx(reached["risk_only"])
    assert found["uses_influence"]["influence_only"]


def test_teams_are_a_setting(tables, champion, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        '[replay]\nworking_days = ["sun"]\n[[replay.teams]]\nname = "visits"\nanswers = 2\nper = "week"\n'
        '[[replay.teams]]\nname = "gold desk"\nanswers = 1\nonly = { tier = [1, 2, 3] }\n'
    )
    config = read_config(path, environ={}, flags={"n_bootstrap": 20, "now": "2025-06-01"})
    replay_policies(tables, champion, tmp_path / "out", config)
    answers = pd.read_csv(tmp_path / "out" / "answers.csv", parse_dates=["day"])
    assert set(answers["team"]) <= {"visits", "gold desk"}
    assert set(answers["day"].dt.dayofweek) == {6}
    assert (answers[answers["team"] == "visits"].groupby(["policy", "day"]).size() <= 2).all()


def test_a_team_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match=r"RR116.*\[\[replay.teams\]\].*answrs"):
        read_config(environ={}, flags={"replay.teams": '[{ name = "x", answrs = 3 }]'})


def test_there_must_be_two_weeks(tables, champion, tmp_path):
    with pytest.raises(GateError, match="RR411"):
        replay_policies(tables, champion, tmp_path / "out", quick(now="2025-04-10"))
    assert list(tmp_path.iterdir()) == []
