"""Reasons: true sentences about what pushes risk up, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.explain import Reason, band, in_words, reasons, say
from retaliation_risk.explain.experience import FAILED, HAPPENED
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import EVIDENCE, Definitions, Experience
from retaliation_risk.histories.experiences import BAD_CSAT, NO_REPLY
from retaliation_risk.tables.contract import EVENT_TYPES


def feature(about, phrase="", unit="tickets", family="contacts", when=""):
    return SimpleNamespace(about=about, phrase=phrase, unit=unit, family=family, when=when)


DECLARED = {
    "failed": feature(
        "Failed recoveries in the last 90 days.", "Let down {value:.0f} times in the last 90 days"
    ),
    "spend": feature("Amount bought ever.", unit="currency"),
    "wait": feature("Days waited.", "Waited {value:.0f} days", "days"),
    "loyal_x_failed": feature("Loyalty times failures.", "A loyal customer, let down", family="interactions"),
}


def table(*rows):
    return pd.DataFrame(rows, columns=list(DECLARED), dtype=float)


def sentences(found):
    return [[reason.sentence for reason in row] for row in found]


def test_strongest_first_and_only_what_pushes_up():
    part = table([0.5, -1.0, 0.9, 0.0], [-0.1, -0.1, -0.1, -0.1])
    value = table([3, 100, 9, 2], [0, 0, 1, 0])
    found = reasons(part, value, DECLARED, typical={"failed": 0, "wait": 2})
    assert sentences(found) == [
        [
            "Waited 9 days (typical: 2)",
            "Let down 3 times in the last 90 days (typical: 0)",
        ],
        [],
    ]
    assert found[0][1] == Reason("failed", "Let down 3 times in the last 90 days (typical: 0)", 0.5, 3.0)


def test_at_most_as_many_as_asked_and_ties_in_the_order_of_columns():
    part, value = table([0.5, 0.5, 0.5, 0.5]), table([3, 100, 9, 2])
    assert [r.feature for r in reasons(part, value, DECLARED)[0]] == ["failed", "wait", "loyal_x_failed"]
    assert len(reasons(part, value, DECLARED, top=1)[0]) == 1
    assert len(reasons(part, value, DECLARED, top=9)[0]) == 3
    with pytest.raises(ArgumentError, match="top is 0"):
        reasons(part, value, DECLARED, top=0)


def test_columns_by_name_are_as_good_as_a_table():
    part, value = table([0.5, 0.2, 0.9, 0.1], [1, 0, 0, 1]), table([3, 100, 9, 2], [1, 0, 0, 1])
    by_name = [{name: frame[name].to_numpy() for name in frame} for frame in (part, value)]
    assert reasons(*by_name, DECLARED) == reasons(part, value, DECLARED)


def test_what_is_unknown_is_no_reason():
    assert reasons(table([1, 1, 1, 1]), table([np.nan] * 4), DECLARED) == [[]]


def test_interactions_are_never_quoted_as_numbers():
    said = sentences(
        reasons(table([0, 0, 0, 1]), table([0, 0, 0, 3.7]), DECLARED, typical={"loyal_x_failed": 0})
    )
    assert said == [["A loyal customer, let down"]]
    raw = {
        **DECLARED,
        "loyal_x_failed": feature("Loyalty times failures.", "{value} loyal", family="interactions"),
    }
    assert sentences(reasons(table([0, 0, 0, 1]), table([0, 0, 0, 3.7]), raw)) == [["Loyalty times failures"]]


def test_what_has_no_phrase_or_did_not_happen_is_no_reason():
    assert reasons(table([0, 9, 0, 0]), table([0, 100, 0, 0]), DECLARED) == [[]]
    assert reasons(table([9, 0, 0, 0]), table([0, 0, 0, 0]), DECLARED) == [[]]


def test_a_claim_is_made_only_where_its_condition_holds():
    recent = feature("Grudge.", "Let down recently", when="(loyal_x_failed >= 0.5) * (failed >= 2)")
    part = table([0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1])
    value = table([2, 0, 0, 0.6], [1, 0, 0, 0.6], [2, 0, 0, 0.1])
    said = reasons(part, value, {**DECLARED, "loyal_x_failed": recent})
    assert sentences(said) == [["Let down recently"], [], []]


@pytest.mark.parametrize(("value", "typical"), [(0.0, None), (2.0, 2.5)])
def test_a_statement_that_would_be_untrue_is_not_made(value, typical):
    """A negative coefficient can push risk up because the customer is *not* let down."""
    usual = None if typical is None else {"loyal_x_failed": typical}
    assert reasons(table([0, 0, 0, 1]), table([0, 0, 0, value]), DECLARED, typical=usual) == [[]]


@pytest.mark.parametrize(
    ("about", "phrase", "unit", "value", "said"),
    [
        ("Orders ever.", "{value:.0f} orders in all", "orders", 1.0, "1 order in all"),
        ("x", "{value:.0f} new failures so far", "tickets", 1.0, "1 new failure so far"),
        ("x", "{value:.0f} failures were never made good", "tickets", 1.0, "1 failure was never made good"),
        ("x", "{value:.0f} recoveries failed", "tickets", 1.0, "1 recovery failed"),
        ("x", "{value:.0f} times in the last 31 days", "tickets", 21.0, "21 times in the last 31 days"),
        ("Orders ever.", "{value:.0f} orders in all", "orders", 0.0, "Orders ever: 0"),
        ("Days since the last order.", "", "days", 40.0, "Days since the last order: 40"),
        ("Mean wait.", "", "hours", 2.25, "Mean wait: 2.2 hours"),
        ("Amount bought.", "", "currency", 1234.5, "Amount bought: 1234"),
        ("Tier held.", "", "tier", 2.0, "Tier held: 2"),
    ],
)
def test_words(about, phrase, unit, value, said):
    assert say(feature(about, phrase, unit), value) == said


def test_every_declared_feature_can_be_said():
    names = [f.name for f in FEATURES]
    declared = {f.name: f for f in FEATURES}
    for value in (0.0, 1.0, 3.0, 250.5):
        frame = pd.DataFrame([[value] * len(names)], columns=names)
        part = pd.DataFrame([[1.0] * len(names)], columns=names)
        for reason in reasons(part, frame, declared, top=len(names))[0]:
            assert reason.sentence
            assert "{" not in reason.sentence
            assert not reason.sentence.endswith(".")


def test_tables_that_do_not_match_are_refused():
    part, value = table([1, 1, 1, 1]), table([1, 1, 1, 1])
    with pytest.raises(ArgumentError, match=r"RR403.*\['spend'\]"):
        reasons(part, value, {name: f for name, f in DECLARED.items() if name != "spend"})
    with pytest.raises(ArgumentError, match=r"values lacks \['wait'\]"):
        reasons(part, value.drop(columns="wait"), DECLARED)
    with pytest.raises(ArgumentError, match="contributions has 1 rows, values 2"):
        reasons(part, table([1] * 4, [1] * 4), DECLARED)


def test_nobody_has_no_reasons():
    assert reasons(table(), table(), DECLARED) == []


def test_bands_are_multiples_of_the_base_rate():
    assert band([0.0, 0.0299, 0.03, 0.0599, 0.06, 1.0], 0.02).tolist() == [
        "usual", "usual", "raised", "raised", "high", "high",
    ]  # fmt: skip
    with pytest.raises(ArgumentError, match="prevalence is 0"):
        band([0.5], 0)
    with pytest.raises(ArgumentError, match=r"outside \[0, 1\] or missing"):
        band([np.nan], 0.1)


def test_a_ticket_is_told_with_the_days_of_the_definitions():
    told = Experience("T1", pd.Timestamp("2026-02-01"), False, ("message_in", "solved"), "repeat", None)
    assert in_words(told, Definitions(repeat_days=14)) == [
        "asked, solved",
        "not made good: the same issue came back within 14 days",
    ]
    assert in_words(replace(told, failed="of another {version}"), Definitions())[1:] == [
        "not made good: of another {version}"
    ]


def test_every_kind_of_evidence_and_every_event_that_is_told_has_words():
    assert FAILED.keys() == EVIDENCE.keys()
    assert HAPPENED.keys() <= {*EVENT_TYPES, BAD_CSAT, NO_REPLY}
