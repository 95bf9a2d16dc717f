"""The dictionary is made from the declarations, and so is its page."""

from pathlib import Path

import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.features import FEATURES, MODEL_FEATURES, dictionary, markdown_table
from retaliation_risk.histories import LOGS, Aggregate, Count, Expression, Feature, build_histories

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_names_are_unique_and_every_entry_is_complete():
    names = [feature.name for feature in FEATURES]
    assert len(names) == len(set(names)) >= 60
    assert set(MODEL_FEATURES) <= set(names)
    for entry in dictionary():
        for key in ("unit", "about", "family", "value"):
            assert entry[key], entry["name"]
        assert entry["about"].endswith("."), entry["name"]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_each_feature_reads_what_there_is(feature):
    if isinstance(feature.value, Aggregate):
        spec = LOGS[feature.value.log]
        assert not feature.value.column or feature.value.column in dict(spec.columns)
        assert not feature.value.where or feature.value.where in dict(spec.flags)
    else:
        assert set(feature.value.names) <= {other.name for other in FEATURES}
    assert feature.phrase.format(value=2.0) is not None


def test_the_page_is_current():
    assert markdown_table() in PAGE.read_text(encoding="utf-8")


def test_five_lines_make_a_feature_of_ones_own(small_tables):
    page = PAGE.read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    scope = {"tables": small_tables}
    exec(code, scope)
    table = scope["known"]
    assert table.columns.tolist() == ["customer_id", "moment", "grave_tickets_30d", "grave_share"]
    mine = table.set_index("customer_id").loc["C1"]
    # T1 (severity 2) and T2 (severity 4) in the 30 days before the 20th of March.
    assert mine["grave_tickets_30d"] == 2
    assert mine["grave_share"] == pytest.approx(2 / 3)


def test_a_feature_that_cannot_be_is_refused_with_what_there_is(small_tables):
    histories = build_histories(small_tables)
    wrong = Feature("gossip", "words", "Gossip.", "own", Count("rumours"))
    with pytest.raises(
        ArgumentError, match="RR403 .*log 'rumours' is not declared; logs are customers, tickets"
    ):
        histories.as_of(["C1"], "2025-03-20", [wrong])
    wrong = Feature("gossip", "words", "Gossip.", "own", Count("tickets", where="loud"))
    with pytest.raises(
        ArgumentError, match="RR403 .*log 'tickets' has no flag 'loud'; it has complaint, repeat"
    ):
        histories.as_of(["C1"], "2025-03-20", [wrong])
    wrong = Feature("gossip", "words", "Gossip.", "own", Expression("rumour + 1"))
    with pytest.raises(ArgumentError, match=r"'gossip' uses \['rumour'\]"):
        histories.as_of(["C1"], pd.Timestamp("2025-03-20"), [wrong])
