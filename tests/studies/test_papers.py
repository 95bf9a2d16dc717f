"""The papers: printed numbers by hand, claims that are found in a small world and gone where switched off, honest gaps."""

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.errors import ArgumentError
from retaliation_risk.simulate import DEFAULTS, Parameters
from retaliation_risk.studies import PAPERS, STUDIES, run_on_panel, simulated_panel
from retaliation_risk.studies.contrasts import after_failure, aftermath, loyalty_by_failures
from retaliation_risk.studies.estimators import composite_reliability
from retaliation_risk.studies.frame import PRINTED
from retaliation_risk.studies.papers import casado_2011, cheung_2016, li_zhao_2025, montgomery_damian_2017
from retaliation_risk.studies.papers.bitner_1990 import groups_by_outcome
from retaliation_risk.studies.published import BETRAYAL_REPLICATION, LI_ZHAO_2025
from retaliation_risk.studies.running import judge

CLAIMS = [claim for study in PAPERS for claim in study.claims]
BY_NAME = {claim.name: claim for claim in CLAIMS}


@pytest.fixture(scope="module")
def panel():
    return simulated_panel(8000, seed=5)


# The declarations.


def test_every_claim_has_its_own_name():
    assert len(BY_NAME) == len(CLAIMS)


def test_the_suite_holds_every_prediction_by_its_letter():
    names = {claim.name.split("-")[0] for claim in STUDIES["predictions"].claims}
    wanted = {"MN": 7, "G": 5, "F": 2, "L": 2, "A": 1, "H": 2, "K": 4}
    assert names == {f"{code}{k + 1}" for code, n in wanted.items() for k in range(n)}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_claim_names_constants_that_exist_and_changes_them(claim):
    for name in claim.by_construction:
        assert hasattr(DEFAULTS, name)
    if claim.off:
        changed = Parameters(**claim.off)
        assert changed != DEFAULTS


@pytest.mark.parametrize(
    "claim", [c for c in CLAIMS if c.test and c.data != PRINTED and not c.not_simulated], ids=lambda c: c.name
)
def test_whatever_holds_in_the_simulated_world_says_what_makes_it_so(claim):
    # G2 is the one that the simulator contradicts: nothing makes it true.
    assert bool(claim.off) == (claim.name != "G2")


def test_every_test_says_how_it_stands_for_the_claim():
    assert [claim.name for claim in CLAIMS if claim.test and not claim.reads_as] == []


# Printed numbers.


def test_lift_and_precision_by_hand():
    # 79.9 % of 10,000 among 19.2 % of 2.5 million: 7,990 of 480,000 flagged.
    assert montgomery_damian_2017.precision(0.799, 0.808).value == pytest.approx(100 * 7990 / 480_000)
    assert montgomery_damian_2017.lift(0.799, 0.808).value == pytest.approx(
        7990 / 480_000 / (10_000 / 2_500_000)
    )


@pytest.mark.parametrize(
    "claim", [c for c in CLAIMS if c.data == PRINTED and c.kind == "number"], ids=lambda c: c.name
)
def test_printed_numbers_follow_from_each_other(claim):
    assert judge(claim).verdict == "reproduced"


def test_the_tolerance_of_a_printed_loading_is_its_rounding():
    # Blame: loadings sum to 2.334, errors to 1.183; 5.448 / 6.631 is .8216, printed as .821.
    blame = LI_ZHAO_2025["blame"]
    off = abs(composite_reliability(blame.loadings) - blame.composite)
    assert 0.0005 < off < li_zhao_2025.rounding(composite_reliability, blame.loadings) < 0.0015


def test_the_replication_is_not_the_original():
    assert judge(BY_NAME["R7"]).verdict == "differs"
    assert judge(BY_NAME["R8"]).verdict == "reproduced"
    # Fixed effect -0.049 with error 0.049: one error from nothing.
    assert cheung_2016.replicated().high == pytest.approx(0.049 * 0.96, abs=2e-4)


def test_paths_from_one_variable_alone_are_its_correlations():
    for k, answer in ((1, "Exit"), (2, "Neglect"), (3, "Voice"), (4, "Loyalty")):
        correlation = BETRAYAL_REPLICATION.correlations[0, k]
        assert cheung_2016.path(cheung_2016.RESPONSES, answer).value == pytest.approx(correlation, abs=1e-6)
    assert [judge(BY_NAME[f"R{k}"]).verdict for k in range(1, 7)] == ["reproduced"] * 6


def test_chi_square_of_groups_refuses_what_is_no_table():
    with pytest.raises(ArgumentError, match=r"RR111.*two rows and columns"):
        groups_by_outcome([[3, 4]])
    with pytest.raises(ArgumentError, match="RR111"):
        groups_by_outcome([[3, 4], [0, 0]])


# Simulated customers.


def test_the_panel_counts_what_the_tables_hold(panel):
    spells = panel.spells
    assert len(panel.complaints) > 5000
    assert panel.complaints["failed"].notna().mean() == pytest.approx(0.5, abs=0.05)
    assert spells["exits"].sum() == spells.groupby("customer")["exits"].max().sum()
    assert 0 < spells["acts"].sum() <= len(panel.acts)
    assert spells["loyalty"].std() == pytest.approx(1, abs=0.1)


def test_the_panel_numbers_failures_as_a_plain_loop_does(panel):
    rows = panel.complaints[panel.complaints["customer"] < 400]
    for _, mine in rows.groupby("customer"):
        failed = mine["failed"].dropna().to_numpy()
        for opened, number in zip(mine["opened"], mine["number"], strict=True):
            assert number == ((failed < opened) & (failed >= opened - 365)).sum()


def test_the_aftermath_is_followed_as_a_plain_loop_does(panel):
    rows = aftermath(panel)
    acts = panel.acts
    whole = panel.complaints.assign(next=panel.complaints.groupby("customer")["opened"].shift(-1))
    wanted = []
    for one in whole[whole["customer"] < 400].itertuples():
        end = np.nanmin([one.next, one.left_at, one.seen_to, one.decided + 90])
        if end > one.decided:
            inside = (acts["customer"] == one.customer) & (acts["day"] >= one.decided) & (acts["day"] < end)
            wanted.append((one.customer, end - one.decided, inside.sum()))
    mine = rows.loc[rows["customer"] < 400, ["customer", "days", "acts"]]
    pd.testing.assert_frame_equal(
        mine.reset_index(drop=True), pd.DataFrame(wanted, columns=mine.columns), check_dtype=False
    )


def test_estimates_hold_the_constants_of_the_simulator(panel):
    # The half-life is 56 days, so the rate falls by log(2) / 56 a day; severity adds 0.2 a point; proneness is a factor.
    rates = after_failure(panel)
    for name, truth in {"months": -np.log(2) / 56 * 30, "severity": 0.2, "proneness": 1.0}.items():
        one = rates.contrast({name: 1.0})
        assert abs(one.value - truth) < 1.5 * (one.high - one.low) / 2
    by_failures, _ = loyalty_by_failures(panel)
    for name, truth in zip(("0", "1", "2+"), DEFAULTS.loyalty_log_ratio, strict=True):
        one = by_failures.contrast({f"loyalty at {name}": 1.0})
        assert abs(one.value - truth) < 1.5 * (one.high - one.low) / 2


@pytest.mark.parametrize("name", ["G1", "H1-several", "K1", "C1", "C2"])
def test_what_holds_by_construction_fails_where_it_is_switched_off(panel, name):
    claim = BY_NAME[name]
    assert judge(claim, panel).verdict == "reproduced"
    assert judge(claim, simulated_panel(8000, seed=5, switched=claim.off)).verdict == "differs"


def test_nothing_raises_in_a_world_too_small(panel):
    few = simulated_panel(150, seed=0)
    table = run_on_panel(PAPERS, few)
    assert len(table) == len(CLAIMS)
    assert "at least 10 are needed" in " ".join(table["why"])


def test_the_share_of_failed_recoveries_is_that_of_settled_complaints(panel):
    rows = panel.complaints
    settled = rows[(rows["seen_to"] >= rows["opened"] + 60) & (rows["left_at"] >= rows["opened"] + 60)]
    assert casado_2011.more_than_half_fail(panel).value == pytest.approx(
        settled["failed"].notna().mean() - 0.5
    )


def test_what_followed_a_failed_recovery_is_named_as_a_plain_loop_does(panel):
    rows = casado_2011.episodes(panel)
    assert set(rows["did"]) == set(casado_2011.CHOICES)
    for index, did in rows["did"].iloc[:300].items():
        one = panel.complaints.loc[index]
        mine = panel.acts[panel.acts["customer"] == one["customer"]]["day"]
        acted = ((mine >= one["failed"]) & (mine < one["failed"] + 84)).any()
        left = one["left_at"] <= one["failed"] + 84
        assert did == {(True, True): "both", (True, False): "complain", (False, True): "leave"}.get(
            (acted, left), "neither"
        )
