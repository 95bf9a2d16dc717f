"""train, evaluate, compare and drift: what they write, what they refuse, and that a gate still leaves its reasons."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.artefacts import load_artefact
from retaliation_risk.cli import main
from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.evaluate import contest
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories, compute_features
from retaliation_risk.metrics import auroc, events_needed, power_of
from retaliation_risk.pipeline import compare, evaluate_artefact, evaluate_models, train, watch_drift
from retaliation_risk.pipeline.comparing import judge_contest
from retaliation_risk.pipeline.config import Contest
from tests.pipeline.conftest import TRAINED_BY, quick


def read(path):
    return json.loads(path.read_text())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Training.


def test_training_writes_a_model_that_opens(trained, champion):
    assert names(trained) == ["metrics.json", "model", "scores.csv", "train.json"]
    about = champion.manifest.about
    assert (about.model, about.outcome, about.horizon_days) == ("logistic", "solved", 30.0)
    assert about.window.known_by == pd.Timestamp(TRAINED_BY)
    assert about.window.last + pd.Timedelta(days=30) <= about.window.known_by
    facts, metrics = read(trained / "train.json"), read(trained / "metrics.json")
    assert all(isinstance(value, int | float) for value in metrics.values())
    assert metrics["auroc"] == facts["metrics"]["auroc"] == about.metrics["auroc"]
    scores = pd.read_csv(trained / "scores.csv", keep_default_na=False)
    row = scores[(scores["split"] == "all") & (scores["model"] == "logistic") & (scores["metric"] == "auroc")]
    assert float(row["value"].iloc[0]) == pytest.approx(metrics["auroc"])


def test_nothing_later_than_the_moment_decides(tables, frames, trained, tmp_path):
    """Train as of a moment from tables that end there, and from tables that go on: the same model."""
    train(tables, tmp_path / "again", quick(now=TRAINED_BY))
    for name in ("parameters.json", "reference.json", "manifest.json", "MODEL_CARD.md"):
        assert (tmp_path / "again" / "model" / name).read_bytes() == (trained / "model" / name).read_bytes()


def test_rows_of_a_store_give_the_same_model(tables, tmp_path):
    moments = pd.date_range("2024-06-01", "2025-04-01", freq="MS")
    compute_features(tables, list(moments), FEATURES, tmp_path / "store")
    train(tables, tmp_path / "stored", quick(now="2025-05-01"), store=tmp_path / "store")
    artefact = load_artefact(tmp_path / "stored" / "model")
    assert artefact.manifest.about.window.first == moments[0]
    histories = build_histories(tables)
    wanted = sum(len(histories.at_risk(moment)) for moment in moments)
    assert artefact.reference.n_rows == wanted


def test_a_store_of_other_definitions_is_refused(tables, tmp_path):
    compute_features(tables, ["2024-06-01", "2025-01-01"], FEATURES, tmp_path / "store")
    config = quick(now="2025-05-01", definitions__repeat_days=7)
    with pytest.raises(Exception, match=r"RR502.*other features or definitions"):
        train(tables, tmp_path / "out", config, store=tmp_path / "store")
    assert names(tmp_path) == ["store"]


def test_below_the_minimum_nothing_is_trained(tables, tmp_path):
    with pytest.raises(
        GateError, match=r"RR410.* events of 'solved' are known and training begins at 99999: \d+ more"
    ):
        train(tables, tmp_path / "out", quick(minimum__events=99_999))
    assert names(tmp_path) == []


def test_the_power_calculation_is_that_of_simulation():
    """Two groups, a hazard ratio of 2: the share of log-rank-like tests that find it is what the formula says."""
    share, ratio, events = 0.2, 2.0, 120
    rng = np.random.default_rng(0)
    # Without censoring in between, each event is one of the group with odds ratio * share to (1 - share).
    hits = rng.binomial(events, ratio * share / (ratio * share + 1 - share), 20_000)
    found = (
        np.log((hits / (events - hits)) * (1 - share) / share) * np.sqrt(events * share * (1 - share)) > 1.96
    )
    assert power_of(events, ratio, share) == pytest.approx(found.mean(), abs=0.05)
    needed = events_needed(ratio, share)
    assert power_of(needed, ratio, share) >= 0.8 > power_of(needed - 1, ratio, share)


# Comparing.


def test_the_better_model_wins_and_the_worse_does_not(tables, champion, challenger, tmp_path):
    config = quick(n_bootstrap=50)
    found = compare(tables, challenger, champion, tmp_path / "won", config)
    assert found["better"]
    assert names(tmp_path / "won") == ["comparison.csv", "comparison.json", "metrics.json"]
    with pytest.raises(GateError, match=r"RR523.*auroc of the challenger is 0.5 against"):
        compare(tables, champion, challenger, tmp_path / "lost", config)
    lost = read(tmp_path / "lost" / "comparison.json")
    assert not lost["better"]
    assert lost["difference"] == pytest.approx(-found["difference"])
    assert (lost["low"], lost["high"]) == (pytest.approx(-found["high"]), pytest.approx(-found["low"]))
    assert read(tmp_path / "won" / "metrics.json")["better"] == 1
    assert all(moment >= TRAINED_BY for moment in lost["moments"])


def test_a_model_against_itself_is_a_draw(tables, champion, tmp_path):
    with pytest.raises(GateError, match="RR523"):
        compare(tables, champion, champion, tmp_path / "same", quick())
    table = pd.read_csv(tmp_path / "same" / "comparison.csv")
    assert (table[["difference", "low", "high"]].dropna() == 0).all().all()
    # Not worse by a hair is good enough where the margin says so; less error counts as better.
    assert compare(tables, champion, champion, tmp_path / "lenient", quick(contest__margin=-0.01))["better"]
    assert compare(
        tables, champion, champion, tmp_path / "brier", quick(contest__margin=-0.01, contest__metric="brier")
    )["better"]


def test_there_must_be_a_moment_that_neither_learned_from(tables, champion, tmp_path):
    with pytest.raises(
        GateError, match=r"RR411.*known by 2025-04-01T00:00:00, and the moment asked about is"
    ):
        compare(tables, champion, champion, tmp_path / "out", quick(now="2025-04-20"))
    assert names(tmp_path) == []


def test_models_of_different_questions_are_not_compared(tables, champion, tmp_path):
    manifest = replace(champion.manifest, about=replace(champion.manifest.about, horizon_days=7.0))
    with pytest.raises(
        ArgumentError, match=r"RR111.*champion 'solved' in 30 days, challenger 'solved' in 7 days"
    ):
        compare(tables, champion, replace(champion, manifest=manifest), tmp_path / "out", quick())


def test_the_contest_is_a_bootstrap_over_customers():
    rng = np.random.default_rng(3)
    n = 400
    customer, event = np.repeat(np.arange(n // 2), 2).astype(str), rng.random(n) < 0.2
    predictions = pd.DataFrame({
        "split": "2025-01-01", "customer_id": customer,
        "moment": np.tile(pd.to_datetime(["2025-01-01", "2025-02-01"]), n // 2),
        "event": event, "duration_days": 30.0, "competing": False, "reach": np.where(event, 5.0, np.nan), "weight": 1.0,
        "risk_old": rng.random(n), "risk_new": np.clip(rng.random(n) + 0.3 * event, 0, 1),
    })  # fmt: skip
    found = contest(predictions, "old", "new", capacity=20, n_bootstrap=200, seed=1).set_index("metric")
    assert found.loc["auroc", "first"] == auroc(event, predictions["risk_old"])
    assert found.loc["auroc", "difference"] == pytest.approx(
        found.loc["auroc", "second"] - found.loc["auroc", "first"]
    )
    draws = []
    for _ in range(400):
        count = np.bincount(rng.integers(n // 2, size=n // 2), minlength=n // 2)
        weight = np.repeat(count, 2).astype(float)
        draws.append(
            auroc(event, predictions["risk_new"], weight=weight)
            - auroc(event, predictions["risk_old"], weight=weight)
        )
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found.loc["auroc", ["low", "high"]].tolist() == pytest.approx([low, high], abs=0.02)


def test_one_act_that_everybody_saw_decides_nothing():
    n = 60
    predictions = pd.DataFrame({
        "split": "2025-01-01", "customer_id": [f"C{k:03}" for k in range(n)], "moment": pd.Timestamp("2025-01-01"),
        "event": np.arange(n) < 20, "duration_days": 30.0, "competing": False,
        "reach": np.where(np.arange(n) == 0, 1e6, np.nan), "weight": 1.0,
        "risk_old": np.linspace(0, 1, n), "risk_new": np.linspace(1, 0, n),
    })  # fmt: skip
    found = contest(predictions, "old", "new", capacity=10, n_bootstrap=50).set_index("metric")
    assert found.loc["reach_averted", "n_customers_with_event"] == 1
    assert found.loc["reach_averted", ["low", "high"]].isna().all()
    assert found.loc["auroc", ["low", "high"]].notna().all()


@pytest.mark.parametrize("job", [compare, evaluate_artefact, watch_drift, train])
def test_a_moment_after_the_end_is_refused(tables, champion, tmp_path, job):
    sides = {
        compare: (champion, champion),
        evaluate_artefact: (champion,),
        watch_drift: (champion,),
        train: (),
    }[job]
    with pytest.raises(GateError, match=r"RR412.*lies after the end of observation"):
        job(tables, *sides, tmp_path / "out", quick(now="2027-01-01"))
    assert list(tmp_path.iterdir()) == []


def test_a_feature_passed_over_must_be_one(tables, champion, tmp_path):
    with pytest.raises(ArgumentError, match=r"RR403.*'tenure_day'; did you mean 'tenure_days'"):
        watch_drift(tables, champion, tmp_path / "out", quick(drift__passed_over="tenure_day"))


# Evaluating.


def test_every_model_by_rolling_origin(tables, tmp_path):
    found = evaluate_models(tables, tmp_path / "out", quick(compare="prevalence,rule"))
    assert found["models"] == ["prevalence", "rule", "logistic"]
    metrics = read(tmp_path / "out" / "metrics.json")
    assert 0 < metrics["prevalence_auroc"] < 1
    assert {
        "rule_auroc",
        "logistic_auroc_low",
        "risk_only_events_reached",
        "influence_only_events_reached",
    } <= set(metrics)
    predictions = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert {"risk_prevalence", "risk_rule", "risk_logistic"} <= set(predictions)


def test_a_stored_model_is_judged_after_its_training(tables, champion, tmp_path):
    found = evaluate_artefact(tables, champion, tmp_path / "out", quick())
    predictions = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert found["moments"][0] >= TRAINED_BY
    kept = predictions[predictions["weight"] > 0]
    wanted = auroc(kept["event"], kept["risk_stored"], weight=kept["weight"])
    assert read(tmp_path / "out" / "metrics.json")["auroc"] == pytest.approx(wanted)


# Drift.


def test_the_rows_of_training_do_not_drift_and_strangers_do(tables, champion, tmp_path):
    lenient = quick(now=TRAINED_BY, drift__psi=50, drift__missing=1, drift__outside=1, drift__unseen=1)
    found = watch_drift(tables, champion, tmp_path / "calm", lenient)
    assert found["past_the_gate"] == []
    table = pd.read_csv(tmp_path / "calm" / "drift.csv")
    assert table["name"].tolist()[-2:] == ["risk", "label"]
    strict = quick(drift__psi=0, drift__outside=0)
    with pytest.raises(GateError, match="RR522"):
        watch_drift(tables, champion, tmp_path / "stormy", strict)
    assert read(tmp_path / "stormy" / "drift.json")["past_the_gate"]
    assert read(tmp_path / "stormy" / "metrics.json")["n_past_the_gate"] > 0


# On the command line.


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


SET = [
    part
    for key in ("every_days=60", "minimum.events=5", "test_moments=2", "n_bootstrap=20")
    for part in ("--set", key)
]


def test_the_commands_and_their_exit_codes(folder, trained, tmp_path):
    done = invoke(
        "train",
        folder,
        "--outcome",
        "solved",
        "--model",
        "prevalence",
        "--now",
        TRAINED_BY,
        *SET,
        "--out",
        tmp_path / "weak",
    )
    assert (done.exit_code, done.stdout) == (0, done.stdout)
    assert done.stdout.startswith("prevalence trained on ")
    # Both the folder of train and the model in it name a stored model.
    sides = ["--champion", trained, "--challenger", tmp_path / "weak" / "model"]
    done = invoke("compare", folder, *sides, *SET, "--out", tmp_path / "compared")
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.startswith("RR523")
    done = invoke("compare", folder, *sides, *SET, "--out", tmp_path / "told", "--json")
    assert (done.exit_code, json.loads(done.stdout)["better"]) == (4, False)
    assert names(tmp_path / "compared") == ["comparison.csv", "comparison.json", "metrics.json"]
    done = invoke(
        "score", folder, "--artefact", trained, "--at", "2025-07-01", "--out", tmp_path / "scores", "--json"
    )
    assert (done.exit_code, json.loads(done.stdout)["moment"]) == (0, "2025-07-01T00:00:00")
    done = invoke(
        "score",
        folder,
        "--artefact",
        trained,
        "--at",
        "2025-07-01",
        "--out",
        tmp_path / "x",
        "--digest",
        "ab",
    )
    assert (done.exit_code, done.stderr[:5]) == (5, "RR519")
    done = invoke("score", folder, "--artefact", trained, "--out", tmp_path / "at the end", "--json")
    assert (done.exit_code, json.loads(done.stdout)["moment"][:10]) == (0, "2025-12-31")
    done = invoke("drift", folder, "--artefact", trained, "--set", "drift.psi=0", "--out", tmp_path / "drift")
    assert (done.exit_code, done.stderr[:5]) == (4, "RR522")
    done = invoke("evaluate", folder, "--artefact", trained, *SET, "--out", tmp_path / "judged")
    assert done.exit_code == 0
    done = invoke("train", folder, *SET, "--set", "minimum.events=99999", "--out", tmp_path / "few")
    assert (done.exit_code, done.stderr[:5]) == (4, "RR410")
    done = invoke("train", folder, "--set", "horizn_days=3", "--out", tmp_path / "few")
    assert (done.exit_code, done.stderr[:5]) == (2, "RR116")
    done = invoke("train", folder, "--set", "horizon_days", "--out", tmp_path / "few")
    assert (done.exit_code, "is no KEY=VALUE" in done.stderr) == (2, True)
    assert not (tmp_path / "few").exists()


def test_the_folders_do_not_name_what_made_them(trained):
    """Equal inputs give equal bytes: no time of day, no path of the machine."""
    text = "".join(path.read_text() for path in Path(trained).rglob("*") if path.is_file())
    assert str(trained.parent) not in text


CONTEST = {
    "metric": "auroc", "champion": 0.8, "challenger": 0.84, "difference": 0.04, "low": 0.01, "high": 0.07,
    "n": 900, "n_events": 40, "n_customers_with_event": 38,
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "+0.04 [+0.01, +0.07], on 40 events."),
        ({"low": np.nan, "high": np.nan}, "without an interval: it is not defined in some resamples."),
        ({"challenger": np.nan, "difference": np.nan, "low": np.nan, "high": np.nan}, "nothing is shown."),
        (
            {"n_customers_with_event": 3, "low": np.nan, "high": np.nan},
            "on 3 customers with an event; 10 are needed for an interval.",
        ),
    ],
)
def test_a_contest_says_what_it_cannot_say(found, said):
    told = judge_contest(pd.DataFrame([CONTEST | found]), Contest())
    assert told["sentence"].endswith(said)
    assert "nan" not in told["sentence"]
    assert told["better"] is (found == {})
