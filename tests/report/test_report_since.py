"""What changed since an earlier run: found beside this one or named, and counted rightly."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report_folder import NASTY, write_run_folder

from retaliation_risk.errors import ArtefactError
from retaliation_risk.report import render_html, summarise, write_report
from tests.traced import untraced


def section(summary: dict[str, Any]) -> dict[str, Any]:
    return next(s for s in summary["sections"] if s["id"] == "since")


def with_readout(folder: Path, rows: list[tuple[str, float, str]]) -> Path:
    with closing(sqlite3.connect(folder / "readout.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE readout (customer_id TEXT, risk REAL, band TEXT)")
        connection.executemany("INSERT INTO readout VALUES (?, ?, ?)", rows)
    return folder


def earlier(folder: Path, now: str = "2026-08-31T00:00:00", **kinds: Any) -> Path:
    """A run of a month before, whose queue held C-1101 to C-1103 in place of the first three of today's."""
    write_run_folder(folder, **kinds)
    run = json.loads((folder / "run.json").read_text())
    run["moments"]["now"] = now
    (folder / "run.json").write_text(json.dumps(run))
    for path in folder.glob("queue_*.csv"):
        queue = pd.read_csv(path)
        queue.loc[:2, "customer_id"] = ["C-1101", "C-1102", "C-1103"]
        queue.to_csv(path, index=False)
    return with_readout(
        folder, [("C-1003", 0.02, "raised"), ("C-1101", 0.4, "high"), (NASTY, 0.03, "raised")]
    )


def undrawn(summary: dict[str, Any]) -> str:
    """The page with empty charts."""
    return render_html(
        summary, {made["name"]: "" for part in summary["sections"] for made in part["figures"]}
    )


@pytest.fixture
def now(tmp_path: Path) -> Path:
    folder = write_run_folder(tmp_path / "now")
    return with_readout(folder, [("C-1003", 0.1, "high"), ("C-1101", 0.0004, "usual"), (NASTY, 0.4, "high")])


def test_without_an_earlier_run_a_line_says_so(now):
    found = section(summarise(now))
    assert found["before"] is None
    assert found["paragraphs"][0].startswith("There is no earlier run beside this one")
    assert found["tables"] == []


def test_who_entered_and_who_left_by_hand(now, tmp_path):
    earlier(tmp_path / "before")
    found = section(summarise(now, show_contacts=True))
    assert found["before"] == "before"
    assert "In the queue 3 customers are new, 47 stayed, 3 left it." in found["paragraphs"]
    entered, left, levels = found["tables"]
    assert [row["customer"] for row in entered["rows"]] == [NASTY, "C-1001", "C-1002"]
    assert [row["customer"] for row in left["rows"]] == ["C-1101", "C-1102", "C-1103"]
    assert (entered["rows"][0]["risk"], entered["rows"][0]["risk_before"]) == (0.4, 0.03)
    assert (left["rows"][0]["risk"], left["rows"][0]["risk_before"]) == (0.0004, 0.4)
    assert [(row["before"], row["now"]) for row in levels["rows"]] == [(1, 2), (2, 0), (0, 1)]


def test_small_risks_are_not_written_as_none_and_customers_are_pseudonyms(now, tmp_path):
    earlier(tmp_path / "before")
    page = undrawn(summarise(now))
    assert "0.04\u00a0%" in page
    assert "C-1101" not in page
    assert "C-1101" in undrawn(summarise(now, show_contacts=True))


def test_every_number_of_the_change_stands_in_one_of_the_folders(now, tmp_path):
    before = earlier(tmp_path / "before")
    page = write_report(now, show_contacts=True).read_text(encoding="utf-8")
    risks = [0.02, 0.4, 0.03, 0.1, 0.0004, 0.4]
    # Counted by hand above: 3 came and left, 47 stayed; four effects; the means of three risks are 15 % and 17 %.
    also = ["3", "47", "4", "15", "17", *(f"{100 * risk:g}" for risk in risks)]
    assert untraced(now, page, before, also=also, only="since") == []
    assert untraced(now, page.replace("47 stayed", "9,999 stayed"), before, also=also, only="since")


def test_the_latest_earlier_run_that_asked_the_same_is_taken(now, tmp_path):
    earlier(tmp_path / "spring", now="2026-03-31T00:00:00")
    earlier(tmp_path / "summer", now="2026-08-31T00:00:00")
    write_run_folder(tmp_path / "same day")
    other = earlier(tmp_path / "other", now="2026-09-15T00:00:00")
    run = json.loads((other / "run.json").read_text())
    run["settings"]["outcome"] = "reopened"
    (other / "run.json").write_text(json.dumps(run))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    assert section(summarise(now))["before"] == "summer"
    assert section(summarise(now, since=tmp_path / "spring"))["before"] == "spring"


def test_other_settings_are_said(now, tmp_path):
    other = earlier(tmp_path / "elsewhere" / "run")
    run = json.loads((other / "run.json").read_text())
    run["settings"]["horizon_days"] = 30
    (other / "run.json").write_text(json.dumps(run))
    said = section(summarise(now, since=other))["paragraphs"]
    assert any("differ in their settings (horizon_days)" in paragraph for paragraph in said)


def test_an_earlier_run_that_cannot_be_read_is_refused_by_name_and_passed_over_else(now, tmp_path):
    before = earlier(tmp_path / "before")
    (before / "scores.csv").write_text("a,b\n1,2\n")
    assert section(summarise(now))["before"] is None
    with pytest.raises(ArtefactError, match=r"RR501 .*scores\.csv lacks the columns"):
        summarise(now, since=before)
    with pytest.raises(ArtefactError, match=r"RR501 .*nowhere has no run\.json"):
        summarise(now, since=tmp_path / "nowhere")


def test_an_effect_beyond_its_old_interval_is_named(now, tmp_path):
    before = earlier(tmp_path / "before")
    effects = pd.read_csv(before / "effects.csv", dtype={"group": str})
    rows = (effects["model"] == "cox") & (effects["feature"] == "tenure_days")
    effects.loc[rows, ["estimate", "low", "high"]] = [0.5, 0.4, 0.6]
    effects.to_csv(before / "effects.csv", index=False)
    found = section(summarise(now))
    assert "Of 4 effects 1 moved beyond the interval: tenure_days." in found["paragraphs"]
    assert found["folded"][0]["rows"][0]["feature"] == "tenure_days"
