"""What the report says of strong relationships, and of how its model was trained."""

import pandas as pd
import pytest

from retaliation_risk.report import summarise


def section(summary, name):
    return next(part for part in summary["sections"] if part["id"] == name)


def changed(folder, group, **values):
    """Effects in which one class of strength is changed."""
    effects = pd.read_csv(folder / "effects.csv", dtype={"group": str})
    rows = (effects["model"] == "love_becomes_hate") & (effects["group"] == group)
    for name, value in values.items():
        effects.loc[rows, name] = value
    effects.to_csv(folder / "effects.csv", index=False)
    return section(summarise(folder), "drivers")


def test_the_figure_states_each_class_and_which_has_too_few_acts(full):
    drivers = section(summarise(full), "drivers")
    names = [made["name"] for made in drivers["figures"]]
    assert names == ["effects", "love_becomes_hate", "survival", "exit_or_voice"]
    made = drivers["figures"][1]
    assert "0: 0.80 (0.66 to 0.97, 41 acts); 2: 1.20" in made["alt"]
    assert made["alt"].endswith("Too few acts for an estimate: 1 (7 acts).")
    assert [row["group"] for row in made["data"]["rows"]] == ["0", "1", "2", "3+", "trend"]
    # The effects of the model are drawn apart.
    assert {row["model"] for row in drivers["figures"][0]["data"]["rows"]} == {"cox"}


def test_the_sentence_follows_the_trend(full):
    said = section(summarise(full), "drivers")["paragraphs"][-2]
    assert said.startswith("Love becomes hate here: one standard deviation more of relationship strength")
    assert "0.80 times the hazard (95\u00a0% interval 0.66 to 0.97) after 0 failed recoveries" in said
    assert "1.55 times the hazard (95\u00a0% interval 1.20 to 2.00) after 3+" in said
    assert "is multiplied by 1.25 (95\u00a0% interval 1.12 to 1.39)" in said


@pytest.mark.parametrize(
    ("group", "values", "said"),
    [
        ("trend", {"estimate": 1.05, "low": 0.94, "high": 1.17}, "That love becomes hate is not shown here"),
        ("trend", {"estimate": 0.8, "low": 0.7, "high": 0.9}, "Strong relationships protect more"),
        ("3+", {"estimate": 0.95}, "Strong relationships protect less and less"),
    ],
)
def test_another_trend_is_another_sentence(full, group, values, said):
    assert changed(full, group, **values)["paragraphs"][-2].startswith(said)


def test_without_a_trend_there_is_no_sentence_and_without_a_class_no_figure(full):
    nothing = dict.fromkeys(("estimate", "low", "high"), None)
    drivers = changed(full, "trend", **nothing)
    assert not any("strength goes with" in paragraph for paragraph in drivers["paragraphs"])
    for group in ("0", "2", "3+"):
        drivers = changed(full, group, **nothing)
    assert [made["name"] for made in drivers["figures"]] == ["effects", "survival", "exit_or_voice"]


def test_the_method_says_what_sampling_saved_and_cost(full):
    said = section(summarise(full), "method")["paragraphs"][-1]
    assert "Learned from 130 acts, each against up to 20 drawn from those at risk" in said
    assert "2,730 rows, where everybody at risk would make 120,000" in said
    assert "keep 83\u00a0% of their precision (inverse variance) on average and 71\u00a0% at worst" in said
    assert "theory says 95\u00a0% for plain sampling" in said
