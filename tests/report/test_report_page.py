"""The page: well formed, closed to the network, accessible, and the same bytes each time."""

from __future__ import annotations

import json
import os
import re
import time
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report_folder import NASTY, write_run_folder

from retaliation_risk.report import render_html, summarise, write_report
from retaliation_risk.report.figures import draw_figures

KINDS: dict[str, dict[str, Any]] = {
    "full": {"truth": True},
    "no influence": {"influence": False},
    "no model": {"model": False},
    "influence wins": {"difference": (-0.1, -0.2, -0.03), "auroc": 0.52},
}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements in order; fails on a tag that closes what is not open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module", params=KINDS)
def html(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = write_run_folder(tmp_path_factory.mktemp("page") / "run", **KINDS[request.param])
    return write_report(folder, show_contacts=True).read_text(encoding="utf-8")


def test_page_is_well_formed_with_unique_ids(html):
    ids = [attrs["id"] for _, attrs in Page(html).elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a in Page(html).all("a")} <= set(ids)


def test_page_loads_nothing_and_runs_nothing(html):
    page = Page(html)
    assert not re.search(r"<script|javascript:|\son\w+=", html, re.IGNORECASE)
    assert not re.search(r"(?:src|href)=[\"']?\s*(?:https?:)?//|url\((?!%23)|@import", html, re.IGNORECASE)
    policy = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert all(img["src"].startswith("data:image/svg+xml,%3Csvg ") for img in page.all("img"))


def test_page_is_under_a_megabyte(html):
    assert len(html.encode()) < 1_000_000


def test_images_have_alts_with_numbers(html):
    images = Page(html).all("img")
    assert len(images) >= 4
    assert all(re.search(r"\d", img["alt"]) for img in images)


def test_headings_landmarks_and_tables(html):
    page = Page(html)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(len(page.all(tag)) == 1 for tag in ("header", "nav", "main", "footer"))
    assert page.all("a")[0] == {"class": "skip", "href": "#report"}
    assert all(th.get("scope") in {"col", "row"} for th in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert page.all("html")[0]["lang"] == "en"


def test_customer_text_is_escaped(html):
    assert NASTY not in html
    assert "&lt;script&gt;" in html


def test_each_figure_has_its_numbers_behind_it(html):
    page = Page(html)
    assert len(page.all("figure")) == len(page.all("img"))
    assert len(page.all("details")) >= len(page.all("figure"))


def test_files_are_whole_and_the_same_bytes_each_time(full: Path):
    def bytes_of(folder: Path) -> dict[str, bytes]:
        made = [folder / "report.html", folder / "report.json", *sorted((folder / "figures").iterdir())]
        return {path.name: path.read_bytes() for path in made}

    assert write_report(full) == full / "report.html"
    first = bytes_of(full)
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    time.sleep(1.1)
    write_report(full)
    assert bytes_of(full) == first
    assert json.loads(first["report.json"]) == summarise(full)
    assert not list(full.rglob("*.partial-*"))
    assert {name for name in first if name.endswith(".svg")} == {
        "capacity.svg",
        "reach.svg",
        "differences.svg",
        "effects.svg",
        "love_becomes_hate.svg",
        "survival.svg",
        "exit_or_voice.svg",
        "over_time.svg",
        "calibration.svg",
        "served.svg",
    }


def test_a_page_from_report_json_is_the_page(full: Path):
    page = write_report(full).read_text(encoding="utf-8")
    assert render_html(json.loads((full / "report.json").read_text(encoding="utf-8"))) == page


def test_figures_leave_no_pyplot_state(full: Path):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    assert draw_figures(summarise(full))
    assert dict(mpl.rcParams) == before


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_contrast_is_at_least_four_and_a_half(mode):
    from retaliation_risk.report.render import _source

    blocks = re.findall(r":root \{(.*?)\}", _source("style.css"), re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", blocks[mode]))
    for text in ("ink", "muted", "accent"):
        for ground in ("paper", "sheet", "warm"):
            light, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_a_key_number_without_an_interval_names_no_level(full: Path):
    scores = pd.read_csv(full / "scores.csv")
    scores[["low", "high"]] = float("nan")
    scores["n_events"] = 9
    scores.to_csv(full / "scores.csv", index=False)
    page = write_report(full).read_text(encoding="utf-8")
    assert "<small>too few events for an interval</small>" in page
    assert "interval too few" not in page
