"""Numbers and sentences, on the dict."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from report_folder import NASTY, write_run_folder

from retaliation_risk.errors import ArtefactError
from retaliation_risk.report import summarise, write_report
from retaliation_risk.report.formats import FORMATS, show
from retaliation_risk.report.queue import pseudonym
from retaliation_risk.report.sentences import against_rule
from retaliation_risk.report.small import suppress


def section(summary: dict[str, Any], name: str) -> dict[str, Any]:
    return next(s for s in summary["sections"] if s["id"] == name)


def answer(folder: Path, **kinds: Any) -> dict[str, Any]:
    return section(summarise(write_run_folder(folder, **kinds)), "answer")


def test_answer_is_the_paired_difference_with_its_interval(full):
    said = section(summarise(full), "answer")
    assert said["sentence"] == (
        "At 50 customers a month, answering the likeliest to retaliate first reaches 31 of 100 retaliations "
        "before they happen; answering the most influential first reaches 9: a difference of 22 points "
        "(95\u00a0% interval 15 to 29)."
    )
    assert said["verdict"] == "lead"
    assert said["beats_baselines"] is True
    assert [(n["value"], n["low"], n["high"]) for n in said["numbers"]][2] == pytest.approx(
        (0.22, 0.15, 0.29)
    )
    assert any(p.startswith("Reached is not prevented.") for p in said["paragraphs"])


@pytest.mark.parametrize(
    ("difference", "verdict", "words"),
    [
        ((0.03, -0.04, 0.10), "undecided", "cannot be told apart"),
        ((0.03, 0.0, 0.10), "undecided", "cannot be told apart"),
        ((-0.10, -0.20, -0.03), "against", "Influence first wins on retaliations reached"),
    ],
)
def test_answer_says_when_it_is_not_a_win(tmp_path, difference, verdict, words):
    said = answer(tmp_path / "run", difference=difference)
    assert said["verdict"] == verdict
    assert words in " ".join(said["paragraphs"])


def test_no_influence_compares_with_contacts_and_arrival_and_says_so(tmp_path):
    said = answer(tmp_path / "run", influence=False)
    assert said["verdict"] == "no_influence"
    assert "Influence is switched off (the table influence was not delivered)" in said["paragraphs"][0]
    assert "called most often first reaches 18 (13 to 23)" in said["sentence"]
    assert "order of arrival reaches 12" in said["sentence"]
    assert "most influential" not in said["sentence"]


def test_without_risks_one_action_for_all_is_not_proposed(tmp_path):
    run = write_run_folder(tmp_path / "run", model=False)
    rows = pd.read_csv(run / "queue_rule.csv", dtype=str, keep_default_na=False)
    rows.assign(risk="", action="manager_call").to_csv(run / "queue_rule.csv", index=False)
    said = section(summarise(run), "queue")
    assert "What to do" not in [column["label"] for column in said["tables"][0]["columns"]]
    assert said["lists"] == []


def test_the_rule_is_written_as_closely_as_its_difference():
    setup = SimpleNamespace(lead="risk_only", events="retaliations")
    difference = {"value": -0.064, "low": -0.31, "high": 0.16}
    said = against_rule(setup, {"value": 0.2222}, {"value": 0.2857}, difference, "undecided")
    assert "reaches 28.6; difference \u22126.4 points (\u221231.0 to 16.0)" in said


def test_no_model_leads_with_the_rule(tmp_path):
    summary = summarise(write_run_folder(tmp_path / "run", model=False))
    said = section(summary, "answer")
    assert "No model could be fitted (RR401 too few events: 7 of at least 20)" in said["paragraphs"][0]
    assert said["beats_baselines"] is None
    assert section(summary, "queue")["policy"] == "rule"
    assert "effects.csv" in section(summary, "drivers")["missing"][0]
    assert "There is no model to judge (RR401" in section(summary, "trust")["missing"][0]


def test_model_no_better_than_baselines_is_said(tmp_path):
    said = answer(tmp_path / "run", auroc=0.52)
    assert said["beats_baselines"] is False
    assert "No model beats the baselines" in " ".join(said["paragraphs"])


def test_only_run_json_gives_reasons_instead_of_sections(tmp_path):
    folder = write_run_folder(tmp_path / "run")
    for path in folder.iterdir():
        if path.name != "run.json":
            path.unlink()
    summary = summarise(folder)
    assert section(summary, "answer")["verdict"] == "nothing"
    for name in ("queue", "policies", "drivers", "trust", "served"):
        assert section(summary, name)["missing"], name


def test_a_folder_without_run_json_is_foreign(tmp_path):
    with pytest.raises(ArtefactError, match=r"RR501 foreign run: .* has no run\.json"):
        summarise(tmp_path)


def test_a_table_without_its_columns_is_foreign(full):
    pd.DataFrame({"policy": ["rule"]}).to_csv(full / "scores.csv", index=False)
    with pytest.raises(ArtefactError, match=r"RR501.*scores\.csv lacks the columns \['split'"):
        summarise(full)


def test_another_schema_is_foreign(full):
    (full / "run.json").write_text('{"schema_version": 99}')
    with pytest.raises(ArtefactError, match=r"RR501.*schema version 99"):
        summarise(full)


def test_summary_is_json_and_repeats(full):
    first = json.dumps(summarise(full), allow_nan=False)
    assert first == json.dumps(summarise(full), allow_nan=False)


def test_customers_are_pseudonymised_unless_asked(full):
    hidden = json.dumps(section(summarise(full), "queue"))
    assert "C-1001" not in hidden
    assert pseudonym("C-1001") in hidden
    assert "C-1001" in json.dumps(section(summarise(full, show_contacts=True), "queue"))


def test_queue_stops_at_capacity_and_keeps_its_evidence(full):
    queue = section(summarise(full, show_contacts=True), "queue")
    rows = queue["tables"][0]["rows"]
    assert len(rows) == queue["total"] == 50
    assert rows[0]["reasons"] == ["2 failed recoveries in 90 days", f"issue '{NASTY}' came back"]
    assert rows[1]["tickets"] == ["T-1", "T-900"]
    assert (rows[0]["double_deviation"], rows[1]["double_deviation"]) == (True, False)


def test_examples_of_data_problems_stay_in_the_run_folder(full):
    assert "T-2" not in json.dumps(section(summarise(full), "trust"))


def test_small_groups_are_hidden_and_so_is_the_next_smallest():
    # By hand: of 500, 60 and 3 customers the 3 are hidden; alone they could be worked out, so the 60 are too.
    frame = pd.DataFrame(
        {
            "policy": ["rule"] * 3,
            "group_kind": ["segment"] * 3,
            "group": ["a", "b", "c"],
            "share_of_queue": [0.7, 0.2, 0.1],
            "share_of_customers": [0.89, 0.105, 0.005],
            "n": [500.0, 60.0, 3.0],
        }
    )
    assert [row["share_of_queue"] for row in suppress(frame, 5)] == [0.7, None, None]
    assert [row["share_of_queue"] for row in suppress(frame, 2)] == [0.7, 0.2, 0.1]


def test_simulated_truth_is_told_only_where_there_is_one(full, tmp_path):
    assert section(summarise(full), "truth")["tables"][0]["rows"][1] == {
        "setting": "second_failure_ratio",
        "value": 2.5,
    }
    real = summarise(write_run_folder(tmp_path / "real"))
    assert "truth" not in [s["id"] for s in real["sections"]]


def leaves(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [x for v in value.values() for x in leaves(v)]
    if isinstance(value, list):
        return [x for v in value for x in leaves(v)]
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_every_number_comes_from_a_file_of_the_run_folder(full):
    held = {round(x, 9) for path in full.glob("*.json") for x in leaves(json.loads(path.read_text()))}
    for path in full.glob("*.csv"):
        numbers = pd.read_csv(path).apply(pd.to_numeric, errors="coerce").to_numpy().ravel()
        held |= {round(float(x), 9) for x in numbers if x == x}
    summary = summarise(full)
    # Layout apart (schema, rows shown): figures, tables and the key numbers hold nothing of their own.
    for part in summary["sections"]:
        shown = leaves([part.get("numbers", []), part["figures"], part["tables"], part["folded"]])
        assert {round(x, 9) for x in shown} <= held, part["id"]


def test_every_number_in_the_answer_stands_in_its_tables(full):
    summary = summarise(full)
    raw = leaves([section(summary, "answer")["numbers"], summary["about"]])
    written = {show(x, kind) for x in raw for kind in FORMATS if kind not in ("text", "date")}
    sentence = section(summary, "answer")["sentence"].replace("95\u00a0% interval", "").replace("of 100", "")
    assert set(re.findall(r"\d[\d,.]*\d|\d", sentence)) <= written


def test_who_is_missed_stands_apart_from_who_is_served(full):
    summary = summarise(full)
    missed = section(summary, "policies")["tables"][-1]
    row = next(r for r in missed["rows"] if r["policy"] == "influence_only")
    assert (row["group"], row["reached"], row["all"], row["missed"]) == (
        "below-median influence",
        0.1,
        0.48,
        0.55,
    )
    assert section(summary, "policies")["paragraphs"] == [
        "Of the retaliations that influence first misses, 55\u00a0% are by customers of one group, "
        "below-median influence (110 customers); of all retaliations, 48\u00a0% (120 customers).",
        "Of all retaliations, answering the likeliest to retaliate first comes before 31\u00a0%, answering the most "
        "influential first comes before 9.0\u00a0%. The rest would have been missed.",
        "The shares of audience rest on 130 acts with any recorded audience, seen by 5,321 people in all.",
    ]
    kinds = {r["group_kind"] for r in section(summary, "served")["folded"][0]["rows"]}
    assert kinds == {"influence quartile", "segment"}


def test_a_run_is_called_by_its_name_while_it_is_being_made(tmp_path):
    folder = write_run_folder(tmp_path / ".spring.partial-4711")
    assert summarise(folder)["about"]["run"] == "spring"


def with_events(folder: Path, n_events: int, **kinds: Any) -> dict[str, Any]:
    """The answer of a run whose test moments held so many events."""
    write_run_folder(folder, **kinds)
    scores = pd.read_csv(folder / "scores.csv").assign(n_events=n_events)
    scores.loc[scores["metric"] == "customers_with_event", "value"] = n_events
    scores.to_csv(folder / "scores.csv", index=False)
    return section(summarise(folder), "answer")


def test_an_interval_from_a_few_events_is_no_verdict(tmp_path):
    said = with_events(tmp_path / "few", 5)
    assert said["verdict"] == "few"
    assert any(
        "Too few retaliations to tell risk first and influence first apart" in p for p in said["paragraphs"]
    )
    assert with_events(tmp_path / "enough", 10)["verdict"] == "lead"


@pytest.mark.parametrize("influence", [True, False])
def test_no_event_at_all_is_said_and_gives_no_numbers(tmp_path, influence):
    said = with_events(tmp_path / "none", 0, influence=influence)
    assert said["sentence"].startswith("No retaliations followed within the horizon at any test moment")
    assert said["numbers"] == []


def test_a_model_that_could_not_be_judged_is_not_called_unfitted(tmp_path):
    folder = write_run_folder(tmp_path / "run")
    for name in ("scores.csv", "capacity.csv", "served.csv", "calibration.csv"):
        (folder / name).unlink()
    said = section(summarise(folder), "answer")
    assert any("the history is too short to judge it" in p for p in said["paragraphs"])
    assert not any("No model could be fitted" in p for p in said["paragraphs"])


def with_slope(folder: Path, low: float, high: float, n_events: int = 260) -> list[str]:
    """What the section on trust says of a calibration slope."""
    write_run_folder(folder)
    scores = pd.read_csv(folder / "scores.csv")
    row = scores[(scores["metric"] == "auroc") & (scores["model"] == "cox") & (scores["split"] == "all")]
    slope = row.assign(
        metric="calibration_slope", value=(low + high) / 2, low=low, high=high, n_events=n_events
    )
    pd.concat([scores, slope]).to_csv(folder / "scores.csv", index=False)
    return list(section(summarise(folder), "trust")["paragraphs"])


@pytest.mark.parametrize(
    ("low", "high", "n_events", "words"),
    [
        (0.8, 1.2, 260, "The risks may be read as they stand: calibration slope 1.00"),
        (-5.0, 9.0, 260, "Too few events to say whether the risks can be read as they stand"),
        (0.6, 1.2, 260, "Too few events to say whether the risks can be read as they stand"),
        (0.8, 1.2, 9, "Too few events to say whether the risks can be read as they stand"),
        (0.2, 0.5, 260, "Cox is too sure of itself"),
        (1.2, 1.9, 260, "Cox is too timid"),
    ],
)
def test_a_wide_calibration_slope_proves_nothing(tmp_path, low, high, n_events, words):
    assert words in with_slope(tmp_path / "run", low, high, n_events)[-1]


def test_one_event_ranks_no_model_and_is_one_retaliation(tmp_path):
    said = with_events(tmp_path / "one", 1)
    assert said["beats_baselines"] is None
    assert "ranks customers better than every baseline" not in " ".join(said["paragraphs"])
    assert any("AUROC 0.83 from 1 retaliation." in p for p in said["paragraphs"])
    assert any(
        p.startswith("Measured on 1 retaliation by 1 customer among 4,000 customer-moments")
        for p in said["paragraphs"]
    )


def test_few_events_are_said_without_influence_too(tmp_path):
    said = with_events(tmp_path / "few", 5, influence=False)
    assert said["verdict"] == "few"
    assert any(
        "Too few retaliations to tell risk first and most contacts apart" in p for p in said["paragraphs"]
    )


def test_moments_without_an_interval_are_points_and_said_to_be(full):
    scores = pd.read_csv(full / "scores.csv")
    scores.loc[scores["split"] != "all", ["low", "high"]] = float("nan")
    scores.loc[scores["split"] == "2026-03-01", "n_events"] = 9
    scores.to_csv(full / "scores.csv", index=False)
    figure = next(f for f in section(summarise(full), "policies")["figures"] if f["name"] == "differences")
    assert "intervals that exclude 0: 1 of 1" in figure["alt"]
    assert "2026-03-01 25 (too few events for an interval)" in figure["alt"]
    assert "2026-04-01 20 (no interval)" in figure["alt"]
    assert [row["low"] for row in figure["data"]["rows"]] == [None] * 4 + [0.15]
    page = write_report(full).read_text(encoding="utf-8")
    assert "25 (\u2013)" in page


def test_the_answer_judges_the_audience_too(tmp_path):
    said = answer(tmp_path / "run")
    assert (said["verdict"], said["verdict_reach"]) == ("lead", "undecided")
    assert said["sentence_reach"].startswith(
        "Of the 5,321 people who saw those acts (130 acts with any audience), risk first covers 28\u00a0%, "
        "influence first 8.1\u00a0%: a difference of 20 points (95\u00a0% interval \u22125 to 40)."
    )
    wins = "Risk first wins on retaliations reached; on audience the two cannot be told apart."
    assert wins in said["paragraphs"]
    number = said["numbers"][3]
    assert (number["metric"], number["value"]) == ("reach_averted_minus_influence_only", pytest.approx(0.2))


@pytest.mark.parametrize(
    ("events", "reach", "words"),
    [
        (1, 1, "Risk first wins on retaliations reached and on audience."),
        (1, -1, "Risk first wins on retaliations reached; on audience influence first wins."),
        (-1, -1, "Influence first wins on retaliations reached and on audience."),
        (0, 1, "cannot be told apart; on audience risk first wins."),
        (0, 0, "cannot be told apart, neither on retaliations reached nor on audience."),
    ],
)
def test_verdict_names_both_halves(tmp_path, events, reach, words):
    intervals = {1: (0.2, 0.1, 0.3), 0: (0.0, -0.1, 0.1), -1: (-0.2, -0.3, -0.1)}
    said = answer(tmp_path / "run", difference=intervals[events], reach=intervals[reach])
    assert any(words in p for p in said["paragraphs"]), said["paragraphs"]


def with_total(folder: Path, metric: str, value: float) -> dict[str, Any]:
    write_run_folder(folder)
    scores = pd.read_csv(folder / "scores.csv")
    scores.loc[scores["metric"] == metric, "value"] = value
    scores.to_csv(folder / "scores.csv", index=False)
    return summarise(folder)


def test_few_acts_with_an_audience_give_no_verdict_on_it(tmp_path):
    summary = with_total(tmp_path / "run", "acts_with_audience", 9)
    said = section(summary, "answer")
    assert (said["verdict"], said["verdict_reach"]) == ("lead", "few")
    assert any("too few acts had an audience" in p for p in said["paragraphs"])
    assert any(
        "too few acts to compare policies by it" in p for p in section(summary, "policies")["paragraphs"]
    )
    none = section(with_total(tmp_path / "none", "acts_with_audience", 0), "answer")
    assert (none["verdict_reach"], len(none["numbers"])) == ("nothing", 3)
    assert none["sentence_reach"].startswith("No audience of these retaliations is recorded")


def test_many_events_of_few_customers_are_few(tmp_path):
    said = section(with_total(tmp_path / "run", "customers_with_event", 9), "answer")
    assert said["verdict"] == "few"
    assert said["beats_baselines"] is None
    assert any(p.startswith("Measured on 260 retaliations by 9 customers among") for p in said["paragraphs"])


@pytest.mark.parametrize("influence", [True, False])
def test_the_rule_is_compared_with(tmp_path, influence):
    said = answer(tmp_path / "run", influence=influence)
    assert (
        "The rule, which needs no model, reaches 22; difference 9 points (4 to 14): risk first reaches more."
    ) in said["paragraphs"]


def test_a_model_is_judged_by_the_paired_difference(full):
    # The model's own interval lies above every baseline, the paired difference to one of them does not.
    scores = pd.read_csv(full / "scores.csv")
    pair = (scores["metric"] == "auroc_minus_kaplan_meier") & (scores["model"] == "cox")
    better = " ".join(section(summarise(full), "answer")["paragraphs"])
    assert "the smallest difference, to Prevalence (same risk for all), is 0.33 (95\u00a0% interval" in better
    scores.loc[pair & (scores["split"] == "all"), "low"] = -0.01
    scores.to_csv(full / "scores.csv", index=False)
    said = section(summarise(full), "answer")
    assert said["beats_baselines"] is False
    told = " ".join(said["paragraphs"])
    assert "Boosting beats the baselines, the chosen model does not" in told
    assert "Cox is not shown to be better than Kaplan-Meier" in told
    assert "Prevalence" not in told


def test_models_have_a_table_of_differences_and_no_row_without_a_name(full):
    tables = {t["id"]: t for t in section(summarise(full), "trust")["tables"]}
    assert {row["model"] for row in tables["performance"]["rows"]} == {
        "cox", "boosting", "prevalence", "kaplan_meier",
    }  # fmt: skip
    labels = [c["label"] for c in tables["baselines"]["columns"]]
    assert "AUROC minus that of Kaplan-Meier (same risk for all)" in labels
    assert not any("minus" in c["label"] for c in tables["performance"]["columns"])


def test_who_is_missed_is_not_said_of_a_few(full):
    served = pd.read_csv(full / "served.csv")
    served.loc[served["group_kind"] == "missed retaliators", "n"] = 9
    served.to_csv(full / "served.csv", index=False)
    assert not any("misses" in p for p in section(summarise(full), "policies")["paragraphs"])


def test_a_small_number_reached_is_hidden():
    # By hand: of 30 and 40 retaliators 28 and 20 are missed, so 2 and 20 are reached.
    frame = pd.DataFrame(
        {
            "policy": ["rule"] * 4,
            "group_kind": ["retaliators"] * 2 + ["missed retaliators"] * 2,
            "group": ["a", "b"] * 2,
            "share_of_queue": [0.1, 0.9, None, None],
            "share_of_customers": [0.43, 0.57, 0.58, 0.42],
            "n": [30.0, 40.0, 28.0, 20.0],
        }
    )
    rows = suppress(frame, 5)
    assert [row["share_of_queue"] for row in rows] == [None] * 4
    assert [row["share_of_customers"] for row in rows] == [0.43, 0.57, 0.58, 0.42]
    assert [row["share_of_queue"] for row in suppress(frame, 2)[:2]] == [0.1, 0.9]


def test_alt_text_does_not_round_up_to_all(full):
    survival = pd.read_csv(full / "survival.csv")
    survival.loc[survival["failed_recoveries"] == "0", "survival"] = 0.9991
    survival.to_csv(full / "survival.csv", index=False)
    alt = next(f for f in section(summarise(full), "drivers")["figures"] if f["name"] == "survival")["alt"]
    assert "0 failed recoveries: 99.9\u00a0% at day 90" in alt


def test_each_kind_of_interval_is_named(full):
    told = " ".join(section(summarise(full), "method")["paragraphs"])
    for kind in ("paired bootstrap", "Wilson", "Kaplan-Meier", "cluster-robust", "customer-moments"):
        assert kind in told
