"""The worlds and the counting behind docs/studies_method.md, and that the page has what the code finds."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.constructs.readout import BEGIN, END, into, markdown
from benchmarks.constructs.study import DRAWS, ITEMS, RELIABILITY, WORLDS, Found, draw, lines, replicate
from retaliation_risk.studies.estimators import cronbach_alpha, fit_factor_model
from retaliation_risk.studies.moments import Moments, moments_from_frame, moments_of
from retaliation_risk.studies.survey import survey_of

PAGE = (Path(__file__).parents[1] / "docs" / "studies_method.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("skewed", [False, True])
def test_scales_are_as_reliable_as_said(skewed):
    world = next(world for world in WORLDS if world.skewed == skewed)
    answers = pd.concat([draw(np.random.default_rng(seed), world) for seed in range(100)])
    alphas = cronbach_alpha(moments_from_frame(answers), ITEMS)["alpha"]
    np.testing.assert_allclose(alphas, list(RELIABILITY.values()), atol=0.01)


def test_lines_count_what_intervals_hold():
    one = [Found(world, 0.3, 0.2, True, False) for world in WORLDS]
    other = [Found(world, 0.5, 0.2, False, False) for world in WORLDS]
    for line in lines([one, other]):
        assert (line.estimate, line.uncorrected, line.normal, line.resampled) == pytest.approx(
            (0.4, 0.2, 0.5, 0)
        )
        assert (line.replications, line.spread) == (2, pytest.approx(np.std([0.3, 0.5], ddof=1)))


def test_a_replication_is_its_number():
    assert replicate(3) == replicate(3)
    assert replicate(3) != replicate(4)


def test_the_page_has_what_the_code_finds_in_printed_numbers():
    made = markdown(list(lines([replicate(0), replicate(1)])))
    fixed = made.split("### An interaction")[0]
    assert fixed in PAGE
    assert f"{DRAWS} resamples each" in PAGE
    written = into(PAGE, made)
    assert written.startswith(PAGE.split(BEGIN)[0])
    assert written.endswith(PAGE.split(END)[1])
    assert into(written, made) == written


def test_the_files_of_the_page_can_be_read():
    table, book = (tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.S))
    assert moments_of(table).correlations[1, 2] == 0.56
    book["layout"] = "wide"
    assert list(
        survey_of(pd.DataFrame({"b1": [1], "b2": [2], "b3": [7], "tenure": [9]}), book).answers.iloc[0]
    ) == [1, 2, 1, 9]


def test_three_scales_of_three_items_have_the_printed_degrees_of_freedom():
    items = {name: [f"{name}{k}" for k in range(3)] for name in "abc"}
    names = tuple(item for group in items.values() for item in group)
    within = np.kron(np.eye(3), np.ones((3, 3))) * 0.4 + 0.2
    np.fill_diagonal(within, 1)
    assert fit_factor_model(Moments(names, 188, np.ones(9), within), items).degrees_of_freedom == 24
