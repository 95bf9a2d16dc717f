"""Real runs of small and lame worlds: each gives a page that says what it can and why not more, with traced numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from retaliation_risk.report import render_html, summarise
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
