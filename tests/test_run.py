"""A run from tables to folder: its contract, the same bytes again, nothing half-made, and blind to the future."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.cli import main
from retaliation_risk.errors import ArgumentError
from retaliation_risk.evaluate import evaluate
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.policies import POLICIES
from retaliation_risk.report import write_report
from retaliation_risk.run import Settings, run
from retaliation_risk.run.landmarks import build_landmarks
from retaliation_risk.run.risk_sets import plan
from retaliation_risk.run.run import judge
from retaliation_risk.run.work import landmark_rows, outcomes_of
from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.tables import CONTRACT, tables_from_frames
from tests.parquet import read_parquet

SPINE = Path(__file__).parents[1] / "docs" / "design" / "0001-spine.md"
SETTINGS = {"capacity": 40, "n_bootstrap": 60, "test_moments": 3, "every_days": 60.0}
QUICK = {"capacity": 40, "n_bootstrap": 20, "test_moments": 1, "every_days": 120.0}
KNOWN = {
    "tickets": "opened_at", "ticket_events": "known_at", "orders": "ordered_at", "loyalty": "valid_from",
    "outcomes": "known_at", "influence": "observed_at",
}  # fmt: skip


def world():
    """Eight hundred customers; every tenth, and the one who called most, must not be profiled."""
    frames = simulate(800, seed=1).frames
    customers = frames["customers"]
    busiest = frames["tickets"]["customer_id"].value_counts().index[0]
    out = (np.arange(len(customers)) % 10 == 3) | (customers["customer_id"] == busiest)
    return {**frames, "customers": customers.assign(profiling_opt_out=out)}


def made(frames, folder, **settings):
    """A whole run with its report."""
    return run(tables_from_frames(frames), folder, Settings(**{**SETTINGS, **settings}), finish=write_report)


@pytest.fixture(scope="module")
def frames():
    return world()


@pytest.fixture(scope="module")
def folder(frames, tmp_path_factory):
    return made(frames, tmp_path_factory.mktemp("run") / "run")


def read(folder, name):
    """A JSON file of a run; NaN and Infinity are no JSON."""

    def refuse(word):
        raise AssertionError(f"{name} holds {word}")

    return json.loads((folder / name).read_text(encoding="utf-8"), parse_constant=refuse)


# The contract of the folder.


def contract():
    """File to columns or keys, as docs/design/0001-spine.md has them."""
    text = SPINE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+\.(?:csv|json)) \| (.+) \|$", text, flags=re.M)
    named = {name: re.sub(r"\([^)]*\)|\{[^}]*\}|\[[^]]*\]*\]?", "", words) for name, words in rows}
    named["scores.csv"] = re.search(r"\*\*Scores table\*\*: `(.+?)`", text)[1]
    named["features.json"] = named["features.json"].split(":")[1]
    return {name: re.findall(r"[a-z_]+", words.split(",  null")[0]) for name, words in named.items()}


TABLES = [name for name in contract() if name.endswith(".csv")]


def test_the_spine_names_the_files():
    assert len(TABLES) == 12
    assert contract()["served.csv"] == [
        "policy", "group_kind", "group", "share_of_queue", "share_of_customers", "n",
    ]  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_exactly_the_columns_of_the_spine(folder, name):
    columns = contract()[name]
    files = sorted(folder.glob(name.replace("<policy>", "*")))
    assert files
    for path in files:
        table = pd.read_csv(path)
        assert set(columns) == set(table.columns), path.name
        assert len(table) > 0


def test_every_policy_but_the_oracle_has_a_queue(folder):
    queues = {path.stem.removeprefix("queue_") for path in folder.glob("queue_*.csv")}
    assert queues == {policy.name for policy in POLICIES} - {"oracle"}


def test_the_facts_have_the_keys_of_the_spine(folder):
    facts, validation = read(folder, "run.json"), read(folder, "validation.json")
    assert list(facts) == [
        "schema_version", "versions", "seed", "settings", "moments", "inputs", "tables", "n_customers", "n_events",
        "training", "switched_off", "notes", "truth",
    ]  # fmt: skip
    assert {"outcome", "horizon_days", "capacity", "model", "n_bootstrap", "definitions"} <= set(
        facts["settings"]
    )
    assert list(facts["moments"]) == ["landmarks", "test", "now"]
    assert facts["tables"] == {name: len(frame) for name, frame in world().items()}
    assert list(facts["tables"]) == list(CONTRACT)
    assert [sorted(source) for source in facts["inputs"]] == [["file", "rows", "sha256"]] * len(CONTRACT)
    assert facts["switched_off"] == []
    assert list(validation) == ["problems", "splits", "models"]
    assert [split["split"] for split in validation["splits"]] == [m[:10] for m in facts["moments"]["test"]]
    assert list(validation["models"]) == list(Settings().models)
    features = read(folder, "features.json")
    assert [entry["name"] for entry in features] == [feature.name for feature in FEATURES]
    assert all(set(entry) >= set(contract()["features.json"]) for entry in features)


def test_nothing_else_is_in_the_folder(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    told = {name for name in contract() if "<" not in name} | {
        "readout.sqlite", "report.html", "report.json", "metrics.json", "playbook.toml",
        "model/manifest.json", "model/parameters.json",
        "model/reference.json", "model/MODEL_CARD.md",
    }  # fmt: skip
    rest = {name for name in files - told if not name.startswith(("queue_", "figures/"))}
    assert rest == set()
    assert told <= files
    assert all(name.endswith(".svg") for name in files if name.startswith("figures/"))


def test_every_json_is_json(folder):
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    assert len(names) == 8
    assert all(read(folder, name) for name in names)


def test_counts_agree_across_files(frames, folder):
    facts, validation, scores = (
        read(folder, "run.json"),
        read(folder, "validation.json"),
        pd.read_csv(folder / "scores.csv"),
    )
    kinds = frames["outcomes"]["outcome_type"]
    assert facts["n_events"] == (kinds != "switching").sum()
    assert facts["n_customers"] == len(frames["customers"])
    pooled = scores[(scores["split"] == "all") & (scores["policy"] == "risk_only")]
    assert set(pooled["n"]) == {sum(split["n"] for split in validation["splits"])}
    assert set(pooled["n_events"]) == {sum(split["n_events"] for split in validation["splits"])}


# Queues and readouts.


def at_risk(frames):
    histories = build_histories(tables_from_frames(frames))
    return histories, set(histories.at_risk(histories.now))


def readouts(folder):
    with sqlite3.connect(folder / "readout.sqlite") as connection:
        table = pd.read_sql("SELECT * FROM readout", connection)
    connection.close()
    return table


def test_one_readout_for_each_customer_at_risk(frames, folder):
    histories, ids = at_risk(frames)
    table = readouts(folder)
    assert table["customer_id"].is_unique
    assert set(table["customer_id"]) == ids
    assert list(table) == [
        "customer_id", "contact_key", "risk", "band", "reasons", "history", "influence", "action", "moment", "model",
    ]  # fmt: skip
    keys = frames["customers"].set_index("customer_id")["contact_key"]
    assert table["contact_key"].tolist() == keys[table["customer_id"]].tolist()
    assert set(table["moment"]) == {histories.now.isoformat()}
    assert table["risk"].between(0, 1).all()
    assert set(table["band"]) == {"usual", "raised", "high"}
    assert set(table["model"]) == {"cox"}


def test_reasons_and_history_are_json_that_the_features_bear_out(frames, folder):
    histories, _ = at_risk(frames)
    table = readouts(folder)
    names = {feature.name for feature in FEATURES}
    features = histories.as_of(table["customer_id"], histories.now, FEATURES).set_index("customer_id")
    for row in table.itertuples():
        for reason in json.loads(row.reasons):
            assert list(reason) == ["feature", "sentence", "contribution"]
            assert reason["feature"] in names
            assert reason["sentence"]
            assert reason["contribution"] > 0
        for name, value in json.loads(row.history).items():
            expected = features.at[row.customer_id, name]
            assert (value is None and np.isnan(expected)) or value == pytest.approx(expected)
    assert sum(len(json.loads(text)) for text in table["reasons"]) > len(table)


def test_influence_is_null_without_an_account_and_a_score_with_one(frames, folder):
    now = pd.Timestamp(read(folder, "run.json")["moments"]["now"])
    seen = frames["influence"][frames["influence"]["observed_at"] < now]
    with_account = set(seen.loc[seen["followers"].notna(), "customer_id"])
    table = readouts(folder).set_index("customer_id")["influence"]
    assert set(table.index[table.notna()]) == with_account & set(table.index)
    assert table.isna().any()
    assert table.min() >= 1
    assert table.max() == 100


def test_who_opted_out_is_nowhere(frames, folder):
    customers = frames["customers"]
    out = set(customers.loc[customers["profiling_opt_out"].astype(bool), "customer_id"])
    assert len(out) > 80
    assert not out & set(readouts(folder)["customer_id"])
    for path in folder.glob("queue_*.csv"):
        assert not out & set(pd.read_csv(path)["customer_id"]), path.name


def test_queues_are_in_order_and_their_tickets_are_the_customers_own(frames, folder):
    owner = frames["tickets"].set_index("ticket_id")["customer_id"]
    for path in folder.glob("queue_*.csv"):
        queue = pd.read_csv(path)
        # First come names nobody beyond those who wait: the rest all share its lowest priority.
        full = SETTINGS["capacity"]
        assert queue["rank"].tolist() == list(range(1, len(queue) + 1))
        assert len(queue) == full or (path.stem == "queue_first_come" and (queue["priority"] > 0).all())
        assert queue["priority"].is_monotonic_decreasing
        for row in queue.itertuples():
            tickets = [] if pd.isna(row.tickets) else row.tickets.split()
            assert {owner[ticket] for ticket in tickets} <= {row.customer_id}
            assert len(tickets) <= min(5, row.calls)
    told = readouts(folder).set_index("customer_id")["risk"]
    queue = pd.read_csv(folder / "queue_risk_only.csv")
    assert queue["risk"].tolist() == pytest.approx(told.nlargest(len(queue)).tolist())


def test_experiences_are_of_those_in_the_queues_and_hold_every_ticket_named(frames, folder):
    told = pd.read_csv(folder / "experiences.csv")
    owner = frames["tickets"].set_index("ticket_id")
    queues = [pd.read_csv(path) for path in folder.glob("queue_*.csv")]
    assert set(told["customer_id"]) == {
        customer for queue in queues for customer in queue.loc[queue["calls"] > 0, "customer_id"]
    }
    assert (owner.loc[told["ticket_id"], "customer_id"].to_numpy() == told["customer_id"]).all()
    assert (owner.loc[told["ticket_id"], "issue_key"].to_numpy() == told["issue_key"]).all()
    assert told["ticket_id"].is_unique
    for queue in queues:
        named = {ticket for cell in queue["tickets"].dropna() for ticket in cell.split()}
        assert named <= set(told["ticket_id"])


def test_leaving_and_retaliating_add_up(folder):
    curves = pd.read_csv(folder / "incidence.csv")
    everybody = curves[curves["failed_recoveries"] == "all"]
    both = everybody.pivot(index="day", columns="cause", values="incidence")
    assert list(both) == ["leaving", "retaliation"]
    assert both.index.tolist() == pytest.approx(list(range(31)))
    assert (both.diff().dropna() >= 0).all(axis=None)
    # With few who leave, the share who retaliate is close to one minus Kaplan-Meier, and never above it.
    survival = pd.read_csv(folder / "survival.csv", dtype={"failed_recoveries": str})
    for name, mine in survival.groupby("failed_recoveries"):
        one = curves[(curves["failed_recoveries"] == name) & (curves["cause"] == "retaliation")]
        if len(one):
            gap = (1 - mine["survival"].to_numpy()) - one["incidence"].to_numpy()
            assert gap.min() > -1e-9
            assert gap.max() < 0.001


# The same bytes again.


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def differing(one, other):
    """Names of files that differ or are in one folder alone, the database by its rows."""
    first, second = contents(one), contents(other)
    names = {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
    return names - {"readout.sqlite"}


def test_shuffled_rows_give_the_same_bytes(frames, folder, tmp_path):
    shuffled = {name: frame.sample(frac=1, random_state=7) for name, frame in frames.items()}
    again = made(dict(reversed(shuffled.items())), tmp_path / "run")
    assert differing(folder, again) == set()
    pd.testing.assert_frame_equal(readouts(folder), readouts(again))


def test_another_process_gives_the_same_bytes(folder, tmp_path):
    script = "import sys; from tests.test_run import made, world; from pathlib import Path; made(world(), Path(sys.argv[1]))"
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(root), "TZ": "Asia/Kathmandu"}
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        check=True,
        cwd=tmp_path,
        env=environment,
        timeout=600,
    )
    assert differing(folder, tmp_path / "run") == set()
    pd.testing.assert_frame_equal(readouts(folder), readouts(tmp_path / "run"))


def test_another_seed_moves_intervals_alone(frames, tmp_path, monkeypatch):
    # This small world has a handful of outcomes, which would give no intervals at all.
    monkeypatch.setattr("retaliation_risk.evaluate._bootstrap.FEWEST_EVENTS", 1)
    folder, other = (made(frames, tmp_path / f"run{seed}", seed=seed) for seed in (0, 1))
    names = {name for name in differing(folder, other) if not name.startswith(("figures/", "report"))}
    told_with_metrics = {"metrics.json", "model/manifest.json", "model/MODEL_CARD.md"}
    drawn = {"run.json", "scores.csv", "capacity.csv", "needed.csv", "one_more.csv", "decision.csv"}
    assert names == drawn | told_with_metrics
    for name in ("scores.csv", "capacity.csv"):
        one, two = pd.read_csv(folder / name), pd.read_csv(other / name)
        drawn = {"low", "high", "band_low", "band_high", "p_value", "p_holm"} & set(one)
        pd.testing.assert_frame_equal(one.drop(columns=drawn), two.drop(columns=drawn))
        assert (one["low"] != two["low"])[one["low"].notna()].any()


# Whole or not at all.

KILLED = """
import json, os, signal, sys
from pathlib import Path
import matplotlib.figure, numpy, pandas, sklearn.ensemble  # loaded once, before the first fork
from retaliation_risk.report import write_report
from retaliation_risk.run import Settings, run
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

here = Path(sys.argv[1])

def whole(out, progress=lambda step: None, finish=write_report):
    run(tables_from_frames(simulate(40, seed=1).frames), out, Settings(n_bootstrap=20, test_moments=1),
        finish=finish, progress=progress)

def forked(work):
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def noted():
    steps = []
    whole(here / "first", steps.append)
    (here / "steps.json").write_text(json.dumps(steps))

assert forked(noted) == 0
found = []
steps = [*json.loads((here / "steps.json").read_text()), None]
for step in steps:
    place = here / f"place-{len(found)}"
    place.mkdir()
    def cut():
        if step is None:  # all is written, and the folder has not yet its name
            whole(place / "run", finish=lambda folder: (write_report(folder), die()))
        else:
            whole(place / "run", lambda reached: die() if reached == step else None)
    code = forked(cut)
    left = sorted(path.name for path in place.iterdir())
    found.append({"step": step, "code": code, "left": left})
last = here / f"place-{len(found) - 1}"
(last / ".run.partial-notapid").mkdir()
(last / f".run.partial-{os.getppid()}").mkdir()
again = forked(lambda: whole(last / "run"))
print(json.dumps({"found": found, "again": again, "left": sorted(path.name for path in last.iterdir()),
                  "parent": os.getppid()}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_there_is_no_run_and_the_next_one_clears_up(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said["found"]) >= 6
    for killed in said["found"]:
        assert killed["code"] == -9, killed
        assert len(killed["left"]) == 1, killed
        assert re.fullmatch(r"\.run\.partial-\d+", killed["left"][0])
    assert said["again"] == 0
    # What another live process is making, and what is not ours, stays.
    assert said["left"] == sorted([".run.partial-notapid", f".run.partial-{said['parent']}", "run"])


def test_an_error_leaves_nothing(frames, tmp_path):
    def fail(folder):
        assert (folder / "run.json").exists()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run(tables_from_frames(small()), tmp_path / "run", Settings(**QUICK), finish=fail)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_appears_meanwhile_is_kept(tmp_path):
    def meddle(folder):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "theirs").touch()

    with pytest.raises(ArgumentError, match=r"^RR108 output exists: .*run' appeared while it was being made"):
        run(tables_from_frames(small()), tmp_path / "run", Settings(**QUICK), finish=meddle)
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "theirs"]


def test_a_leftover_of_our_own_number_is_cleared(tmp_path):
    # In a container every run may have the same process number.
    left = tmp_path / f".run[1].partial-{os.getpid()}"
    left.mkdir()
    (left / "old.csv").touch()
    run(tables_from_frames(small()), tmp_path / "run[1]", Settings(**QUICK))
    assert [path.name for path in tmp_path.iterdir()] == ["run[1]"]
    assert not (tmp_path / "run[1]" / "old.csv").exists()


# What is missing is said.


def small(**parameters):
    """Three hundred customers of whom nobody retaliates, unless told otherwise."""
    return simulate(300, seed=1, parameters=Parameters(**{"base_per_year": 1e-7, **parameters})).frames


def without(frames, *names):
    return {name: frame for name, frame in frames.items() if name not in names}


def off(folder):
    return {entry["what"]: entry["why"] for entry in read(folder, "run.json")["switched_off"]}


def told(folder):
    """All text of report.json."""
    return json.dumps(read(folder, "report.json"), ensure_ascii=False)


def answer(folder):
    (section,) = [s for s in read(folder, "report.json")["sections"] if s["id"] == "answer"]
    return section


def test_without_orders(frames, tmp_path):
    folder = made(without(frames, "orders"), tmp_path / "run", **QUICK)
    assert off(folder)["table orders"] == "not delivered"
    assert "spend_365d" in off(folder)["policy biggest_spender"]
    assert not (folder / "queue_biggest_spender.csv").exists()
    effects = pd.read_csv(folder / "effects.csv")["feature"]
    assert not effects.str.startswith(("relationship", "strength")).any()
    assert "needs the table orders" in told(folder)


def test_without_influence(frames, tmp_path):
    folder = made(
        without(frames, "influence"), tmp_path / "run", n_bootstrap=20, test_moments=12, every_days=30.0
    )
    assert "no influence table" in off(folder)["influence"]
    assert {"policy influence_only", "policy expected_harm"} <= off(folder).keys()
    assert readouts(folder)["influence"].isna().all()
    # Eight hundred customers hold few acts: at twelve moments there are some, at one there may be none.
    assert answer(folder)["verdict"] in {"no_influence", "few"}
    assert "Influence is switched off (there is no influence table" in told(folder)
    assert not {"influence_only", "expected_harm"} & set(
        pd.read_csv(folder / "scores.csv")["policy"].dropna()
    )


def test_without_outcomes_the_queue_follows_the_rule(frames, tmp_path):
    folder = made(without(frames, "outcomes"), tmp_path / "run", **QUICK)
    assert "nobody knows who retaliated" in off(folder)["models"]
    assert off(folder)["comparison"] == off(folder)["models"]
    facts = read(folder, "run.json")
    assert (facts["n_events"], facts["moments"]["test"]) == (None, [])
    absent = {"scores.csv", "survival.csv", "incidence.csv", "effects.csv", "queue_risk_only.csv", "model"}
    assert not absent & {path.name for path in folder.iterdir()}
    assert len(pd.read_csv(folder / "queue_rule.csv")) == QUICK["capacity"]
    assert answer(folder)["verdict"] == "nothing"
    assert "queue follows the rule" in told(folder)


def test_without_outcomes_an_event_can_be_one(frames, tmp_path):
    bare = without(frames, "outcomes")
    with pytest.raises(
        ArgumentError, match=r"^RR404 unknown outcome: 'review' is not recorded here; .*reopened"
    ):
        made(bare, tmp_path / "none", outcome="review")
    assert list(tmp_path.iterdir()) == []
    folder = made(bare, tmp_path / "run", outcome="reopened", **QUICK)
    assert off(folder)["table outcomes"] == "not delivered"
    facts = read(folder, "run.json")
    assert facts["n_events"] == (frames["ticket_events"]["event_type"] == "reopened").sum()
    assert any("'reopened', not an act of retaliation" in note for note in facts["notes"])
    assert "not an act of retaliation" in told(folder)


def test_with_too_few_events_the_queue_follows_the_rule(tmp_path):
    frames = small()
    assert (frames["outcomes"]["outcome_type"] == "switching").all()
    folder = made(frames, tmp_path / "run", **QUICK)
    assert off(folder)["models"].startswith("RR401 too few events")
    assert not (folder / "model").exists()
    assert not (folder / "effects.csv").exists()
    assert not (folder / "queue_risk_only.csv").exists()
    rule = pd.read_csv(folder / "queue_rule.csv")
    assert len(rule) == QUICK["capacity"]
    assert rule["risk"].isna().all()
    table = readouts(folder)
    assert table[["risk", "band"]].isna().all(axis=None)
    assert set(table["model"]) == {"rule"}
    assert all(not model["fitted"] for model in read(folder, "validation.json")["models"].values())
    assert "No model could be fitted (RR401" in told(folder)
    assert "queue follows the rule" in told(folder)


def test_a_model_that_fails_at_some_moments_is_fitted_and_says_where(frames, tmp_path):
    # No act was known at the first test moment: there the models have nothing to learn from.
    outcomes = frames["outcomes"]
    late = outcomes[(outcomes["outcome_type"] == "switching") | (outcomes["known_at"] > "2025-08-03")]
    folder = made({**frames, "outcomes": late}, tmp_path / "run", n_bootstrap=20)
    assert read(folder, "run.json")["moments"]["test"][0] == "2025-08-03T00:00:00"
    models = read(folder, "validation.json")["models"]
    for name in ("prevalence", "cox", "boosting"):
        assert models[name]["fitted"]
        assert models[name]["why"].startswith(
            "at 1 of 3 test moments, last at 2025-08-03: RR401 too few events"
        )
        assert off(folder)[f"model {name}"] == models[name]["why"]


def test_with_one_segment(frames, tmp_path):
    one = {**frames, "customers": frames["customers"].assign(segment="only")}
    folder = made(one, tmp_path / "run", **QUICK)
    served = pd.read_csv(folder / "served.csv")
    segments = served[served["group_kind"] == "segment"]
    assert set(segments["group"]) == {"only"}
    assert (segments[["share_of_queue", "share_of_customers"]] == 1).all(axis=None)


def test_with_a_history_too_short_to_judge(frames, tmp_path):
    folder = made(frames, tmp_path / "run", horizon_days=3000.0, **QUICK)
    assert "RR405" in off(folder)["comparison"]
    assert "RR405" in off(folder)["models"]
    assert not (folder / "scores.csv").exists()
    assert len(pd.read_csv(folder / "queue_rule.csv")) == QUICK["capacity"]
    assert {model["fitted"] for model in read(folder, "validation.json")["models"].values()} == {False}
    assert answer(folder)["verdict"] == "nothing"
    assert "RR405" in told(folder)


def test_settings_refuse_a_seed_that_no_generator_takes():
    for seed in (-1, 2**32):
        with pytest.raises(
            ArgumentError, match=rf"^RR111 bad argument: seed is {seed}; it must be in \[0, 4294967295\]"
        ):
            Settings(seed=seed)


# Which models, and how many customers are compared.


def test_a_run_trains_the_models_asked_for_and_the_one_that_orders_the_queue(frames, tmp_path):
    folder = made(frames, tmp_path / "run", **QUICK, compare=("prevalence",), model="landmark_cox")
    assert list(read(folder, "validation.json")["models"]) == ["prevalence", "landmark_cox"]
    assert read(folder, "run.json")["settings"]["compare"] == ["prevalence", "landmark_cox"]
    assert read(folder, "run.json")["training"]["efficiency"] is None
    scores = pd.read_csv(folder / "scores.csv")
    assert set(scores["model"].dropna()) == {"prevalence", "landmark_cox"}


@pytest.mark.parametrize("controls", ["all", "auto", 5])
def test_the_run_says_what_it_compared(frames, tmp_path, controls):
    folder = made(frames, tmp_path / "run", **QUICK, compare=("cox",), controls=controls)
    facts = read(folder, "run.json")["training"]
    assert facts["acts"] > 10
    if controls == 5:
        assert facts["rows"] == 6 * facts["acts"] < facts["rows_of_everybody"]
        assert facts["counter_match"] == "failed_recoveries"
        assert 0 < facts["efficiency"]["least"] < facts["efficiency"]["mean"] < 1
        assert "each against up to 5 drawn" in told(folder)
    else:
        # Few customers: everybody is compared without asking.
        assert facts["rows"] == facts["rows_of_everybody"]
        assert facts["efficiency"] == {"mean": 1.0, "least": 1.0}


def test_the_number_of_controls_follows_from_the_room_there_is(frames, monkeypatch):
    histories = build_histories(tables_from_frames(frames))
    now = histories.now
    everybody = plan(histories, Settings(), now)
    assert everybody.controls is None
    monkeypatch.setattr("retaliation_risk.run.risk_sets.MOST_ROWS", everybody.n_acts * 101)
    assert plan(histories, Settings(), now).controls == 100
    monkeypatch.setattr("retaliation_risk.run.risk_sets.MOST_ROWS", everybody.n_acts)
    assert plan(histories, Settings(), now).controls == 10
    monkeypatch.setattr("retaliation_risk.run.risk_sets.MOST_COHORT_ROWS", 1000)
    with pytest.raises(ArgumentError, match=r"RR111 .*controls is 'all', which is [\d,]+ rows for"):
        plan(histories, Settings(controls="all"), now)


# Blind to the future.


def cut(frames, moment):
    """The tables without any fact known at or after the moment; observation is not knowledge of customers."""
    kept = {
        name: frame[frame[KNOWN[name]] < moment] if name in KNOWN else frame for name, frame in frames.items()
    }
    known = kept["ticket_events"]["ticket_id"].isin(set(kept["tickets"]["ticket_id"]))
    kept["ticket_events"] = kept["ticket_events"][known]
    return kept


def judged(frames, settings):
    histories = build_histories(tables_from_frames(frames))
    known = build_landmarks(histories, settings)
    return known, judge(histories, known, settings).predictions


def moment_between_act_and_knowledge(frames):
    """Halfway between an act of somebody who is profiled and the day it became known: the longest such wait."""
    customers = frames["customers"]
    profiled = set(customers.loc[~customers["profiling_opt_out"].astype(bool), "customer_id"])
    acts = frames["outcomes"][frames["outcomes"]["outcome_type"] != "switching"]
    acts = acts[acts["customer_id"].isin(profiled) & (acts["occurred_at"] > "2025-01-01")]
    waits = acts["known_at"] - acts["occurred_at"]
    return acts.loc[waits.idxmax(), "occurred_at"] + waits.max() / 2


def test_nothing_known_from_the_test_moment_on_moves_its_features_or_risks(frames):
    moment = moment_between_act_and_knowledge(frames)
    settings = Settings(test_moments=1, every_days=30.0, now=moment + pd.Timedelta(days=30))
    histories = build_histories(tables_from_frames(frames))
    known = build_landmarks(histories, settings)
    assert known.test == (moment,)
    # There is something to leak: an act that a training row holds, and that was not yet known.
    trained = landmark_rows(known)
    trained = trained[trained["moment"] + pd.Timedelta(days=30) <= moment]
    then, later = (outcomes_of(histories, trained, settings, at)["event"] for at in (moment, None))
    assert later.sum() > then.sum() > 5
    gone = cut(frames, moment)
    assert all(len(gone[name]) < len(frames[name]) for name in KNOWN)
    predictions = judge(histories, known, settings).predictions
    blind, again = judged(gone, settings)
    rows, without_future = (k.rows[k.rows["moment"] <= moment].reset_index(drop=True) for k in (known, blind))
    assert len(rows) > 5000
    pd.testing.assert_frame_equal(rows, without_future, check_exact=True)
    risks = [f"risk_{name}" for name in settings.models]
    assert predictions[risks].notna().all(axis=None)
    assert predictions["risk_cox"].nunique() > 50
    columns = ["customer_id", "moment", *risks]
    pd.testing.assert_frame_equal(predictions[columns], again[columns], check_exact=True)


def test_nothing_known_from_now_on_moves_what_a_run_says(frames, tmp_path):
    moment = moment_between_act_and_knowledge(frames)
    asked = Settings(**{**QUICK, "every_days": 90.0, "n_bootstrap": 5}, now=moment, compare=("prevalence",))
    # There is something to leak: an act within the last horizon judged, and known only later.
    late = frames["outcomes"][
        (frames["outcomes"]["known_at"] >= moment) & (frames["outcomes"]["occurred_at"] < moment)
    ]
    assert len(late) > 0
    full, gone = (
        run(tables_from_frames(each), tmp_path / name, asked)
        for each, name in ((frames, "full"), (cut(frames, moment), "gone"))
    )
    for path in [*sorted(gone.glob("*.csv")), gone / "metrics.json"]:
        assert (full / path.name).read_bytes() == path.read_bytes(), path.name
    facts, blind = read(full, "run.json"), read(gone, "run.json")
    assert {name for name in facts if facts[name] != blind[name]} == {"inputs", "tables"}


def test_outcomes_known_late_do_not_train(frames):
    histories = build_histories(tables_from_frames(frames))
    settings = Settings(**QUICK)
    known = build_landmarks(histories, settings)
    rows = landmark_rows(known)
    acts = frames["outcomes"][frames["outcomes"]["outcome_type"] != "switching"]
    late = acts[acts["known_at"] > acts["occurred_at"] + pd.Timedelta(days=1)].iloc[0]
    between = late["occurred_at"] + (late["known_at"] - late["occurred_at"]) / 2
    asked = pd.DataFrame(
        {"customer_id": [late["customer_id"]], "moment": [late["occurred_at"] - pd.Timedelta(hours=1)]}
    )
    seen = [bool(outcomes_of(histories, asked, settings, at)["event"].iloc[0]) for at in (between, None)]
    assert seen == [False, True]
    for moment in (*known.test, known.now):
        y = outcomes_of(histories, rows, settings, moment)
        ends = y["moment"] + pd.to_timedelta(y["duration_days"], unit="D")
        assert (ends[y["moment"] < moment] <= moment + pd.Timedelta(seconds=2)).all()


def test_the_queue_of_a_moment_needs_nothing_known_from_then_on(frames, tmp_path):
    now = pd.Timestamp("2025-09-01T12:00")
    settings = Settings(**{**QUICK, "now": now})
    folders = [
        run(tables_from_frames(given), tmp_path / name, settings)
        for name, given in (("all", frames), ("cut", cut(frames, now)))
    ]
    names = {
        name for name in differing(*folders) if name.startswith(("queue_", "model", "effects", "features"))
    }
    assert names == set()
    pd.testing.assert_frame_equal(*map(readouts, folders))


# Known truth.


def difference(influence_effect, seed):
    """What risk first reaches more than influence first, in a world of that truth: value, low, high, events."""
    world = simulate(2000, seed=seed, parameters=Parameters(influence_effect=influence_effect))
    histories = build_histories(tables_from_frames(world.frames))
    settings = Settings(test_moments=8, compare=("cox",))
    known = build_landmarks(histories, settings)
    scores = evaluate(
        judge(histories, known, settings).predictions,
        known.rows,
        capacity=50,
        horizon_days=30,
        n_bootstrap=200,
    )
    metric = "events_reached_minus_influence_only"
    chosen = (scores["split"] == "all") & (scores["policy"] == "risk_only") & (scores["metric"] == metric)
    (row,) = scores[chosen].itertuples()
    return row


@pytest.mark.slow
def test_where_influence_says_nothing_risk_first_wins():
    row = difference(0.0, seed=1)
    assert row.n_events > 20
    assert row.value > 0.1
    assert row.low > 0


@pytest.mark.slow
def test_where_influence_decides_risk_first_does_not_win():
    row = difference(2.5, seed=2)
    assert row.n_events > 20
    assert row.value < 0
    assert row.high < 0.1


# The public log, when it is at hand.


@pytest.fixture(scope="module")
def incidents(incident_log, tmp_path_factory):
    """Import, check and run on the public incident log, through the program."""
    here = tmp_path_factory.mktemp("incidents")
    tables, out = str(here / "tables"), str(here / "run")
    asked = ["--outcome", "reopened", "--horizon-days", "30", "--capacity", "50", "--bootstraps", "40"]
    for arguments in (
        ["import", "servicenow", str(incident_log), "--out", tables],
        ["check", tables],
        ["run", tables, "--out", out, *asked],
    ):
        with pytest.raises(SystemExit, match=r"^0$"):
            main(arguments)
    return here


@pytest.mark.slow
def test_the_incident_log_says_what_it_cannot_say(incidents):
    folder = incidents / "run"
    assert answer(folder)["verdict"] == "no_influence"
    said = told(folder)
    assert "Influence is switched off (there is no influence table" in said
    assert "Callers are employees of the firm that runs the log, not buying customers." in said
    assert "'reopened', not an act of retaliation" in said
    assert off(folder).keys() >= {"influence", "table outcomes", "table orders", "policy influence_only"}


def by_missed_promises(incidents):
    """Reopenings within 30 days of each landmark, by promises missed in the year before: plain pandas."""
    tables = incidents / "tables"
    tickets, events, spans = (
        read_parquet(tables / f"{name}.parquet") for name in ("tickets", "ticket_events", "observation")
    )
    events = events.merge(tickets[["ticket_id", "customer_id"]], on="ticket_id")
    found = []
    for text in read(incidents / "run", "run.json")["moments"]["landmarks"]:
        moment = pd.Timestamp(text)
        seen = spans[(spans["observed_from"] <= moment) & (moment <= spans["observed_to"])]
        known = set(tickets.loc[tickets["opened_at"] < moment, "customer_id"])
        here = seen[seen["customer_id"].isin(known)]
        missed = events[
            (events["event_type"] == "sla_breached")
            & (events["known_at"] < moment)
            & (events["known_at"] >= moment - pd.Timedelta(days=365))
        ]
        end = here.set_index("customer_id")["observed_to"].clip(upper=moment + pd.Timedelta(days=30))
        after = events[(events["event_type"] == "reopened") & (events["occurred_at"] >= moment)]
        after = after[after["occurred_at"] < after["customer_id"].map(end)]
        count = missed.groupby("customer_id").size()
        found.append(
            pd.DataFrame(
                {
                    "missed": here["customer_id"].map(count).fillna(0).to_numpy(),
                    "event": here["customer_id"].isin(set(after["customer_id"])).to_numpy(),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


@pytest.mark.slow
def test_missed_promises_go_with_fewer_reopenings(incidents):
    rows = by_missed_promises(incidents)
    none, many = rows.loc[rows["missed"] == 0, "event"], rows.loc[rows["missed"] >= 3, "event"]
    assert many.mean() < none.mean()
    shares = [f"{100 * rows.mean():.2f}\u00a0% of {len(rows):,} rows" for rows in (many, none)]
    sentence = (
        "Customers with three or more missed promises went on to have FEWER outcomes (reopened): "
        f"{shares[0]}, against {shares[1]} without any. "
        "The raw count is no risk score here."
    )
    assert sentence in " ".join(read(incidents / "run", "run.json")["notes"])
    assert sentence in told(incidents / "run")


def test_spans_cut_at_each_last_ticket_are_noticed(frames, tmp_path):
    last = frames["tickets"].groupby("customer_id")["opened_at"].max().rename("last")
    cut = frames["observation"].merge(last, left_on="customer_id", right_index=True, how="inner")
    cut = cut[cut["last"] > cut["observed_from"]].assign(observed_to=lambda table: table["last"])
    short = {**frames, "observation": cut.drop(columns="last")}
    folder = made(short, tmp_path / "run", **QUICK)
    assert any("check observed_to" in note for note in read(folder, "run.json")["notes"])


def test_follow_up_shorter_than_the_horizon_leaves_the_queue_by_rule(frames, tmp_path):
    first = frames["observation"]["observed_from"].min()
    begins = pd.date_range(first, periods=40, freq="23D")
    ids = frames["customers"]["customer_id"]
    spans = [(c, b, b + pd.Timedelta(days=20)) for c in ids for b in begins]
    short = {
        **frames,
        "observation": pd.DataFrame(spans, columns=["customer_id", "observed_from", "observed_to"]),
    }
    folder = made(short, tmp_path / "run", **QUICK)
    assert off(folder)["models"].startswith(("RR401", "RR405"))
    assert (folder / "queue_rule.csv").is_file()
    assert not (folder / "queue_risk_only.csv").exists()
