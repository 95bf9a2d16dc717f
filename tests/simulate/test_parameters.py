import json
from dataclasses import replace

import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.simulate import DEFAULTS, SCHOOLS, Parameters, declaration
from retaliation_risk.simulate.declare import CHOICE, TAGS


@pytest.mark.parametrize("one", declaration(), ids=lambda one: one["name"])
def test_every_constant_says_what_it_is_where_it_is_from_and_how_sure(one):
    assert one["about"].strip()
    assert one["source"].strip()
    assert one["tag"] in TAGS
    assert one["tag"] == "assumed" or one["source"] != CHOICE, "a number with a source must name it"
    json.dumps(one)


def test_shares_sum_to_one():
    for one in declaration():
        if one["name"] in {
            "segment_shares",
            "channel_shares",
            "severity_shares",
            "failure_modes",
            "indirect_kinds",
        }:
            assert sum(one["value"]) == pytest.approx(1)


def test_derived_numbers_follow_from_their_sources():
    assert pytest.approx(1.93**2 / (4.82 - 1.93), abs=0.005) == DEFAULTS.ticket_shape
    assert pytest.approx(0.14, abs=0.002) == (1 + DEFAULTS.contacts_extra / 2.2) ** -DEFAULTS.contacts_shape
    assert pytest.approx((50 - 20) / 1.645, abs=0.05) == DEFAULTS.score_sd
    assert pytest.approx(0.513 / 0.113, abs=0.05) == DEFAULTS.exit_ratio[-1]
    ratios = [round(0.96 / q / (0.04 / (1 - q))) for q in (0.8, 0.65, 0.5)]
    assert ratios == list(DEFAULTS.failure_ratio)


def test_loyalty_crosses_by_default_and_is_a_switch():
    none, one, more = DEFAULTS.loyalty_log_ratio
    assert none < 0 == one < more
    assert {name: replace(DEFAULTS, loyalty_school=name).loyalty_log_ratio for name in SCHOOLS} == SCHOOLS
    with pytest.raises(ArgumentError, match=r"RR111.*loyalty_school.*'tough love'"):
        Parameters(loyalty_school="tough love")
