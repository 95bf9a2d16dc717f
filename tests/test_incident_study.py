"""The study of docs/incident_study.md: differences against a loop, sentences that follow the numbers, the page itself."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.incidents import sentences
from benchmarks.incidents.__main__ import PAGE, RESULTS, plain
from benchmarks.incidents.paired import METRICS, Rows, compare, p_value
from benchmarks.incidents.readout import BEGIN, END, into, parts
from benchmarks.incidents.study import BASELINES, JUDGED, ask, backtest, read_log, study
from retaliation_risk.evaluate import evaluate
from retaliation_risk.histories import build_histories
from retaliation_risk.models import MODELS
from retaliation_risk.tables import read_tables

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
FEW_MODELS = {name: JUDGED[name] for name in ("prevalence", "rule", "landmark_cox", "open_tickets")}


def predictions(seed=0, customers=80, moments=3):
    """Customers at every moment, some censored; risk a knows something, b nothing, flat is one number a moment."""
    rng = np.random.default_rng(seed)
    n = customers * moments
    split = np.repeat([f"2025-0{1 + at}-01" for at in range(moments)], customers)
    signal, seen = rng.random(n), rng.random(n) < 0.9
    event = (rng.random(n) < 0.1 + 0.4 * signal) & seen
    return pd.DataFrame(
        {
            "split": split,
            "customer_id": np.tile([f"c{at:03}" for at in range(customers)], moments),
            "moment": pd.to_datetime(split),
            "event": event,
            "duration_days": np.where(event, 9.0, np.where(seen, 30.0, 12.0)),
            "competing": False,
            "reach": np.nan,
            "weight": np.where(seen, 1.1, 0.0),
            "risk_a": np.round(signal, 1),
            "risk_b": rng.random(n),
            "risk_flat": np.repeat(np.linspace(0.2, 0.4, moments), customers),
        }
    )


def line(found, model, baseline, metric):
    rows = found[(found["model"] == model) & (found["baseline"] == baseline) & (found["metric"] == metric)]
    (row,) = rows.itertuples()
    return row


# Paired differences.


def auroc_by_pairs(event, risk, weight):
    """Every event beside every other row."""
    won = total = 0.0
    for i in np.flatnonzero(event):
        for j in np.flatnonzero(~event):
            pair = weight[i] * weight[j]
            won += pair * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
            total += pair
    return won / total


def events_in_queue(rows, places):
    """Down the levels of risk, each level sharing what places are left."""
    found = 0.0
    for _, level in sorted(rows.groupby("risk_a"), reverse=True):
        found += level["event"].sum() * min(1.0, places / len(level))
        places = max(places - len(level), 0)
    return found


def test_metrics_of_a_resample_equal_a_loop_over_its_rows():
    frame = predictions(1, customers=30)
    times = np.random.default_rng(2).integers(0, 3, 30)[np.tile(np.arange(30), 3)]
    risk, copies = frame["risk_a"].to_numpy(), frame.loc[frame.index.repeat(times)]
    found = {
        name: metric(Rows(frame, 8), risk, times[None, :].astype(float))[0]
        for name, metric in METRICS.items()
    }
    each = [
        auroc_by_pairs(*(some[name].to_numpy() for name in ("event", "risk_a", "weight")))
        for _, some in copies.groupby("split")
    ]
    hits = sum(events_in_queue(some, 8) for _, some in copies.groupby("split"))
    assert found["auroc_within"] == pytest.approx(np.mean(each))
    square = (copies["risk_a"] - copies["event"]) ** 2
    assert found["brier"] == pytest.approx(np.average(square, weights=copies["weight"]))
    assert found["reached"] == pytest.approx(hits / copies["event"].sum())


def test_differences_are_those_of_evaluate_resample_by_resample():
    frame = predictions().rename(columns={"risk_flat": "risk_prevalence", "risk_b": "risk_rule"})
    asked = {"capacity": 8, "n_bootstrap": 60, "seed": 3}
    ours = compare(frame, ("prevalence", "rule"), **asked)
    theirs = evaluate(frame, frame[["customer_id", "moment"]], (), horizon_days=30, **asked)
    whole = theirs[(theirs["split"] == "all") & theirs["metric"].str.startswith("auroc_minus")]
    assert len(whole) == 4
    for row in whole.itertuples():
        mine = line(ours, row.model, row.metric.removeprefix("auroc_minus_"), "auroc")
        np.testing.assert_allclose(
            (mine.value, mine.low, mine.high), (row.value, row.low, row.high), atol=1e-10
        )


def test_who_knows_something_beats_chance_and_who_knows_nothing_does_not():
    found = compare(predictions(customers=200), ("flat",), capacity=20, n_bootstrap=400)
    knows, guesses = (line(found, name, "flat", "auroc_within") for name in ("a", "b"))
    assert knows.low > 0.05
    # Two models are compared with the third, and no resample lies on the other side of 0.
    assert (knows.p, knows.holm) == (2 / 401, 2 * 2 / 401)
    assert guesses.low < 0 < guesses.high
    assert line(found, "flat", "", "auroc_within").value == 0.5


def test_a_model_without_risk_at_a_moment_is_compared_at_the_others():
    frame = predictions()
    gone = frame.assign(risk_b=frame["risk_b"].mask(frame["split"] == "2025-01-01"))
    found = compare(gone, ("flat",), capacity=8, n_bootstrap=20)
    alone = compare(frame[frame["split"] > "2025-01-01"], ("flat",), capacity=8, n_bootstrap=20)
    row = line(found, "b", "flat", "brier")
    assert (row.moments, row.n) == (2, 160)
    assert row.value == line(alone, "b", "flat", "brier").value
    assert line(found, "a", "flat", "brier").moments == 3


def test_from_few_customers_with_an_event_there_is_no_interval_and_no_p():
    frame = predictions()
    few = frame.assign(event=frame["customer_id"].isin(["c001", "c002", "c003", "c004"]))
    row = line(compare(few, ("flat",), capacity=8, n_bootstrap=20), "a", "flat", "auroc_within")
    assert row.customers == 4
    assert np.isfinite(row.value)
    assert np.isnan([row.low, row.high, row.p, row.holm]).all()


def test_what_is_undefined_is_no_finding():
    frame = predictions()
    quiet = frame.assign(event=frame["event"] & (frame["split"] > "2025-01-01"))
    found = compare(quiet, ("flat",), capacity=8, n_bootstrap=20)
    within, whole = (line(found, "a", "flat", metric) for metric in ("auroc_within", "auroc"))
    assert np.isnan([within.value, within.low, within.p, within.holm]).all()
    assert np.isfinite([whole.value, whole.low, whole.p, whole.holm]).all()


def test_two_ways_to_one_risk_do_not_differ():
    frame = predictions()
    found = compare(
        frame.assign(risk_c=np.maximum(frame["risk_a"] - 1e-15, 0)), ("a",), capacity=8, n_bootstrap=50
    )
    assert line(found, "c", "a", "brier").p == 1.0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_a_difference_turned_round_has_the_same_p(drawn):
    values = np.array(drawn)
    assert p_value(values) == p_value(-values)
    assert min(1.0, 2 / (len(drawn) + 1)) <= p_value(values) <= 1.0


# Sentences.


def results(**values):
    """Results of five models in which only the differences given, by (model, metric), hold after Holm; baselines alike."""
    names = [*BASELINES, "kaplan_meier", "cox", "aft"]
    lines = [
        {
            "model": name,
            "baseline": base,
            "metric": metric,
            "value": values.get(f"{name}_{metric}", 0.0) if base else 0.1,
            "holm": 0.01 if base and f"{name}_{metric}" in values else 1.0,
        }
        for name in names
        for base in ("", *BASELINES)
        for metric in ("auroc_within", "brier", "reached")
    ]
    return {"facts": {"n_bootstrap": 2000}, "fits": [{"model": name} for name in names], "differences": lines}


def test_where_nothing_beats_the_baselines_the_first_sentence_says_so():
    said = sentences.answer("30", results(rule_auroc_within=0.2, cox_auroc_within=-0.2))
    assert said.startswith(
        "Within 30 days no model ranks callers better than a constant risk, no model ranks callers better than the rule"
    )
    assert "no model reaches more of those who reopen than chance" in said


def test_where_something_beats_them_it_says_by_how_much():
    found = results(
        cox_auroc_within=0.1, aft_auroc_within=0.2, cox_brier=0.01, aft_brier=-0.01, aft_reached=0.1
    )
    said = sentences.answer("30", found)
    assert (
        "all 2 models rank callers better than the rule (AUROC within a moment higher by 0.10 to 0.20)"
        in said
    )
    assert (
        "The Brier score of `aft` is lower (better) than that of a constant risk; that of 1 is higher."
        in said
    )
    assert "`aft` reach 10.0 % of those who reopen" in said


def test_too_few_resamples_for_holm_are_no_finding():
    found = results(cox_auroc_within=0.1)
    found["facts"]["n_bootstrap"] = 100
    assert "too few for Holm" in sentences.answer("30", found)


def test_parts_go_between_their_markers():
    page = "".join(f"{BEGIN.format(name)}\nold\n{END.format(name)}\n" for name in ("answer", "tables"))
    made = into(page, {"answer": "yes", "tables": "rows"})
    assert "old" not in made
    assert into(made, {"answer": "no"}) == made.replace("yes", "no")


# The whole line: on the sample always, on the public log where it is at hand.


@pytest.fixture(scope="module")
def found():
    """The study on simulated customers whose solved tickets are reopened at times, at two moments."""
    asked = ask(build_histories(read_tables(SAMPLE)), 30.0, test_moments=2)
    return plain(study(asked, models=FEW_MODELS, n_bootstrap=200, budget=2))


def test_the_study_runs_on_simulated_customers(found):
    assert {fit["model"] for fit in found["fits"]} == set(FEW_MODELS)
    assert all(fit["fitted"] and fit["seconds"] >= 0 for fit in found["fits"])
    assert found["facts"]["rows"] == sum(at["n"] for at in found["moments"]) > 1000
    assert sum(at["n_new"] for at in found["moments"]) == found["facts"]["callers"]
    made = parts({"30": found})
    assert made["tables"].count("| landmark_cox |") == 4
    assert made["answer"].startswith("**Within 30 days ")


def test_a_search_looks_at_nothing_from_the_last_moment_on(found):
    looked = found["search"]
    assert looked["last"] == found["moments"][-1]["split"]
    assert all(
        pd.Timestamp(at) + pd.Timedelta(days=30) <= pd.Timestamp(looked["last"]) for at in looked["moments"]
    )
    assert looked["n_fits"] == 2
    assert {row["moments"] for row in looked["differences"]} == {1}


def test_every_model_is_judged_and_the_page_is_made_from_its_results():
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert {fit["model"] for fit in found["30"]["fits"]} == {*MODELS, "open_tickets"}
    page = PAGE.read_text(encoding="utf-8")
    assert into(page, parts(found)) == page


def test_the_page_has_the_numbers_of_the_public_log(incident_log):
    asked = ask(read_log(incident_log), 30.0)
    models = {name: JUDGED[name] for name in ("prevalence", "rule", "open_tickets", "landmark_cox")}
    found = compare(backtest(asked, models)[0], BASELINES, capacity=50, n_bootstrap=0)
    kept = pd.DataFrame(json.loads(RESULTS.read_text(encoding="utf-8"))["30"]["differences"])
    for row in found.itertuples():
        told = line(kept, row.model, row.baseline, row.metric)
        assert row.value == pytest.approx(told.value, abs=1e-6)
        assert (row.n, row.n_events, row.customers) == (told.n, told.n_events, told.customers)
