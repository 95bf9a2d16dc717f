"""Real runs of small and lame worlds: each gives a page that says what it can and why not more, with traced numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from retaliation_risk.report import render_html, summarise, words
from retaliation_risk.report.schema import report_schema
from retaliation_risk.run import Settings, run
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames
from tests.traced import untraced

Frames = dict[str, pd.DataFrame]
SETTINGS = {"capacity": 30, "n_bootstrap": 20, "test_moments": 2, "compare": ("prevalence", "rule", "cox")}
HOSTILE = '"><img src=x onerror=alert(1)>'


def four_events(frames: Frames) -> Frames:
    outcomes = frames["outcomes"]
    acts = outcomes[outcomes["outcome_type"] != "switching"].sort_values("occurred_at").tail(4)
    return {**frames, "outcomes": acts}


def one_segment(frames: Frames) -> Frames:
    return {**frames, "customers": frames["customers"].assign(segment="only")}


def without(name: str) -> Any:
    return lambda frames: {key: frame for key, frame in frames.items() if key != name}


def hostile(frames: Frames) -> Frames:
    """Every text of customers would be markup, were it not escaped."""

    def renamed(column: pd.Series) -> pd.Series:
        return column + HOSTILE

    made = {name: frame.copy() for name, frame in frames.items()}
    for frame in made.values():
        for key in ("customer_id", "ticket_id", "parent_ticket_id", "issue_key", "segment"):
            if key in frame:
                frame[key] = renamed(frame[key])
    return made


WORLDS = {
    "four events": four_events,
    "one segment": one_segment,
    "no orders": without("orders"),
    "no outcomes": without("outcomes"),
    "no influence": without("influence"),
    "hostile": hostile,
}


@pytest.fixture(scope="module")
def frames() -> Frames:
    return simulate(300, seed=1).frames


@pytest.fixture(scope="module")
def pages(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run of each world, its summary and its page, made once; charts are left empty but for the hostile world's."""
    made: dict[str, tuple[Path, dict[str, Any], str]] = {}

    def page_of(world: str) -> tuple[Path, dict[str, Any], str]:
        if world not in made:
            folder = tmp_path_factory.mktemp("worlds") / world.replace(" ", "-")
            run(tables_from_frames(WORLDS[world](frames)), folder, Settings(**SETTINGS))
            summary = summarise(folder, show_contacts=True)
            (folder / "report.json").write_text(json.dumps(summary), encoding="utf-8")
            blank = {f["name"]: "" for part in summary["sections"] for f in part["figures"]}
            made[world] = folder, summary, render_html(summary, None if world == "hostile" else blank)
        return made[world]

    return page_of


def told(summary: dict[str, Any], name: str) -> str:
    (section,) = [section for section in summary["sections"] if section["id"] == name]
    return " ".join([section.get("sentence", ""), *section["paragraphs"], *section["missing"]])


@pytest.mark.parametrize("world", WORLDS)
def test_every_world_gives_a_page_with_traced_numbers_that_keeps_to_the_schema(pages, world):
    folder, summary, page = pages(world)
    assert untraced(folder, page, also=["5"]) == []
    assert [
        e.message for e in Draft202012Validator(report_schema()).iter_errors(json.loads(json.dumps(summary)))
    ] == []
    names = [section["id"] for section in summary["sections"]]
    assert names == ["answer", "queue", "policies", "drivers", "trust", "served", "since", "method"]
    (queue,) = summary["sections"][1]["tables"]
    assert len(queue["rows"]) == SETTINGS["capacity"]
    assert all(bool(row["experiences"]) == (row["calls"] > 0) for row in queue["rows"])
    assert any(row["experiences"] for row in queue["rows"])
    assert summary["sections"][0]["sentence"]


def test_four_events_are_too_few_and_no_model_is_shown(pages):
    _, summary, page = pages("four events")
    assert "No model could be fitted (RR401 too few events" in told(summary, "answer")
    assert summary["sections"][1]["policy"] == "rule"
    assert "hazard ratio" not in told(summary, "drivers").lower()
    assert "Effects" not in page
    assert summary["sections"][0]["verdict"] in {"few", "nothing"}


def test_without_outcomes_nothing_is_judged_and_nobody_is_called_quiet(pages):
    _, summary, page = pages("no outcomes")
    assert summary["sections"][1]["policy"] == "rule"
    assert "nobody knows who retaliated" in told(summary, "answer")
    assert all(not section["figures"] for section in summary["sections"])
    assert "have not retaliated" not in page.lower()


@pytest.mark.parametrize("world", ["four events", "no outcomes"])
def test_a_queue_by_the_rule_says_which_of_its_conditions_hold(pages, world):
    folder, summary, _ = pages(world)
    front = pd.read_csv(folder / "queue_rule.csv")
    (table,) = summary["sections"][1]["tables"]
    assert "reasons" in [column["key"] for column in table["columns"]]
    for row, given in zip(table["rows"], front.itertuples(), strict=True):
        said = " · ".join(row["reasons"])
        applies = given.failed_recoveries >= 2 and given.tenure_days >= 365
        assert (f"Let down {given.failed_recoveries} times" in said) == applies
        assert (f"A customer for {given.tenure_days:.0f} days" in said) == applies
        assert said
    assert front["reasons"].str.contains("contacts? in the last 90 days").any()


@pytest.mark.parametrize("world", ["four events", "no outcomes"])
def test_a_page_without_a_model_says_only_what_was_done(pages, world):
    _, summary, page = pages(world)
    by_id = {section["id"]: section for section in summary["sections"]}
    assert by_id["policies"]["title"] == words.POLICIES_WITHOUT_MODEL
    assert f"{SETTINGS['capacity']} customers a month" in told(summary, "queue")
    assert "Learned from" not in page
    assert words.MODELS_SAW not in page
    assert (words.COMPARED_HOW in page) == (world == "four events")
    assert (words.NOTHING_DONE in page) == (world == "no outcomes")
    assert words.RULE_IS in page
    assert words.RISK_IS not in page
    assert "AUROC" not in told(summary, "answer")


def test_what_is_missing_for_one_reason_is_said_once(pages):
    _, summary, _ = pages("no outcomes")
    (said,) = next(section for section in summary["sections"] if section["id"] == "drivers")["missing"]
    assert [file in said for file in ("effects.csv", "survival.csv", "incidence.csv")] == [True] * 3


@pytest.mark.parametrize("world", WORLDS)
def test_one_is_never_many(pages, world):
    _, _, page = pages(world)
    plural = re.findall(
        r"(?<![\w.,-])1 (?:failed recoveries|\w+ customers|customers|tickets|acts|contacts|events)\b", page
    )
    assert plural == []


@pytest.mark.parametrize("world", WORLDS)
def test_percent_signs_stand_apart(pages, world):
    _, summary, _ = pages(world)
    assert re.findall(r"\d%", json.dumps(summary, ensure_ascii=False)) == []


def test_without_influence_the_alternatives_are_named(pages):
    _, summary, _ = pages("no influence")
    assert "Influence is switched off" in told(summary, "answer")
    assert "influence" not in [column["key"] for column in summary["sections"][1]["tables"][0]["columns"]]


def test_text_of_customers_is_never_markup(pages):
    folder, _, page = pages("hostile")
    assert "onerror=alert" in page
    assert "<img src=x" not in page
    assert HOSTILE not in page
    assert '"><img' not in page.replace('alt="', "")
    assert HOSTILE in pd.read_csv(folder / "experiences.csv")["issue_key"].iloc[0]


@pytest.mark.parametrize("world", ["hostile", "no influence"])
def test_without_being_asked_for_no_id_is_on_the_page(pages, world):
    folder, _, _ = pages(world)
    summary = summarise(folder)
    page = render_html(summary, {f["name"]: "" for part in summary["sections"] for f in part["figures"]})
    told = pd.read_csv(folder / "experiences.csv", dtype=str)
    for key in ("customer_id", "ticket_id"):
        assert not [name for name in told[key].unique() if name.removesuffix(HOSTILE) in page]
