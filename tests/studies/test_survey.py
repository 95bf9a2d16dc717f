"""Surveys: wide and long are the same, codes and turned items are understood, slips are named."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import DataError
from retaliation_risk.studies.survey import item_moments, read_survey, scale_moments, scale_scores, survey_of
from tests.studies.conftest import CODEBOOK, GOLDEN

BOOK = tomllib.loads(CODEBOOK)


@pytest.fixture
def wide():
    return pd.read_csv(GOLDEN / "survey.csv")


def long_of(wide):
    long = wide.melt(id_vars="person", var_name="question", value_name="answer")
    return long.sample(frac=1.0, random_state=3)


def test_the_scales_are_those_of_r(survey, golden):
    np.testing.assert_allclose(scale_moments(survey).means, golden["scale_means"], rtol=1e-12)
    assert survey.constructs["quality"] == ("q1", "q2", "q3")


def test_wide_and_long_give_the_same(wide, tmp_path, survey):
    long_of(wide).to_csv(tmp_path / "long.csv", index=False)
    book = 'layout = "long"\n' + CODEBOOK + '\n[columns]\nitem = "question"\n'
    (tmp_path / "book.toml").write_text(book)
    found = read_survey(tmp_path / "long.csv", tmp_path / "book.toml")
    pd.testing.assert_frame_equal(found.answers, survey.answers)
    assert found.constructs == survey.constructs


def test_answers_left_out_in_long_are_missing(wide, survey):
    long = long_of(wide).rename(columns={"question": "item"})
    kept = long[~((long["person"] == 1) & (long["item"] == "b2"))]
    found = survey_of(kept, {**BOOK, "layout": "long"})
    assert np.isnan(found.answers.loc[0, "b2"])
    assert found.answers.isna().to_numpy().sum() == 1
    assert item_moments(found).n == len(survey.answers) - 1


def test_a_turned_item_is_turned_about_its_own_scale_and_codes_are_missing():
    book = {
        "scale": [1, 7],
        "missing": [-99],
        "constructs": {
            "rq": {"items": ["q1", "q2"], "reversed": ["q2"], "scale": [0, 10]},
            "years": {"items": ["y"]},
        },
    }
    found = survey_of(pd.DataFrame({"q1": [0, 10, 4], "q2": [3, -99, 10], "y": [1, 2, None]}), book)
    assert found.answers["q2"].tolist()[::2] == [7, 0]
    assert found.answers.isna().sum().tolist() == [0, 1, 1]
    assert scale_scores(found)["rq"].tolist()[::2] == [3.5, 2.0]
    assert np.isnan(scale_scores(found)["rq"][1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layout": "tall"}, "layout 'tall'; it must be wide or long"),
        ({"construct": {}}, "the codebook has the key 'construct'"),
        ({"constructs": {}}, r"no \[constructs.<name>\] sections"),
        ({"constructs": {"rq": {"items": []}}}, r"\[constructs.rq\] has no items"),
        ({"constructs": {"rq": {"items": ["q1"], "reverse": ["q1"]}}}, "the key 'reverse'"),
        ({"constructs": {"rq": {"items": ["q1"], "reversed": ["q2"]}}}, "reverses 'q2', which is not among"),
        ({"constructs": {"rq": {"items": ["q1", "q9"]}}}, "lacks the items q9"),
        ({"constructs": {"rq": {"items": ["q1"]}, "b": {"items": ["q1"]}}}, "has the item 'q1' twice"),
        ({"scale": [7, 1]}, r"scale \[7, 1\]; it must be \[lowest, highest\]"),
        (
            {"scale": [1, 5]},
            r"answers to 'u1' are outside of \[1, 5\] and not among the missing codes \[-99\]",
        ),
        ({"layout": "long"}, "lacks the column 'item'"),
    ],
)
def test_slips_of_a_codebook(wide, change, said):
    with pytest.raises(DataError, match=f"RR621 .*{said}"):
        survey_of(wide, {**BOOK, **change})


def test_slips_of_a_file(wide, codebook, tmp_path):
    with pytest.raises(DataError, match="RR621 .*answer to 'u1' is 'often', which is not a number"):
        survey_of(wide.astype({"u1": object}).assign(u1="often"), BOOK)
    twice = pd.concat([long_of(wide).rename(columns={"question": "item"})] * 2)
    with pytest.raises(DataError, match="RR621 .*answers '.*' more than once"):
        survey_of(twice, {**BOOK, "layout": "long"})
    with pytest.raises(DataError, match=r"RR107 .*none\.csv"):
        read_survey(tmp_path / "none.csv", codebook)
    (tmp_path / "bad.toml").write_text("scale = [")
    with pytest.raises(DataError, match=r"RR621 .*bad\.toml cannot be parsed"):
        read_survey(GOLDEN / "survey.csv", tmp_path / "bad.toml")
