"""The gallery: every chart is in it, and page and pictures are made by the code."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from retaliation_risk import plots
from retaliation_risk.plots import gallery

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "reports" / "sample"


def test_every_chart_is_in_the_gallery():
    shown = {exhibit.plot.__name__ for exhibit in gallery.EXHIBITS}
    assert shown == {name for name in plots.__all__ if name.startswith("plot_")}


def test_the_page_is_made_by_the_code():
    assert (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8") == gallery.page()


@pytest.mark.parametrize("exhibit", gallery.EXHIBITS, ids=lambda exhibit: exhibit.plot.__name__)
def test_each_picture_is_drawn_from_the_sample(exhibit):
    name = exhibit.plot.__name__.removeprefix("plot_")
    made = gallery.draw(exhibit, SAMPLE)
    committed = (ROOT / "docs" / "gallery" / f"{name}.svg").read_text(encoding="utf-8")
    assert made == gallery.draw(exhibit, SAMPLE)
    if json.loads((SAMPLE / "versions.json").read_text(encoding="utf-8"))["matplotlib"] == version(
        "matplotlib"
    ):
        assert made == committed
    else:
        # Another matplotlib may place things otherwise, but draws as many.
        assert len(re.findall("<path", made)) == pytest.approx(len(re.findall("<path", committed)), rel=0.05)
