"""The frame: what a claim must say, verdicts, rates, stretches of time, and running with the cause switched off."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import build_histories
from retaliation_risk.simulate import simulate
from retaliation_risk.studies import (
    Claim,
    Estimate,
    Study,
    build_panel,
    find_studies,
    run_on_panel,
    run_studies,
    summarise,
    verdict,
)
from retaliation_risk.studies import running as runner
from retaliation_risk.studies.drawing import draw_claims, firmness
from retaliation_risk.studies.frame import PRINTED, why
from retaliation_risk.studies.page import BEGIN, END, HEAD, into, render_html, render_markdown
from retaliation_risk.studies.rates import fit_rates
from retaliation_risk.studies.spells import ACT, AGES, COMPLAINT, EXIT, FAILED, START, STOP, Marks, cut_spells
from retaliation_risk.tables import tables_from_frames


def claim(kind="sign", published=1.0, **more):
    test = more.pop("test", lambda: Estimate(0.0, 0.0, 0.0))
    return Claim("X1", "it is so", kind, "abstract", published=published, test=test, data=PRINTED, **more)


# Claims and verdicts.


@pytest.mark.parametrize(
    ("kind", "published", "tolerance", "interval", "told"),
    [
        ("sign", 1, 0, (0.1, 0.9), "reproduced"),
        ("sign", 1, 0, (-0.9, -0.1), "differs"),
        ("sign", 1, 0, (-0.1, 0.9), "differs"),
        ("order", -1, 0, (-0.9, -0.1), "reproduced"),
        ("sign", 0, 0, (-0.9, -0.1), "reproduced"),
        ("sign", 0, 0, (-0.1, 0.1), "differs"),
        ("number", 4.2, 0.05, (4.161, 4.161), "reproduced"),
        ("number", 4.2, 0.01, (4.161, 4.161), "differs"),
        ("number", 0.0, 0.2, (-0.1, 0.19), "reproduced"),
        ("number", 0.0, 0.2, (-0.1, 0.21), "differs"),
    ],
)
def test_a_verdict_needs_the_whole_interval(kind, published, tolerance, interval, told):
    estimate = Estimate(sum(interval) / 2, *interval)
    assert verdict(claim(kind, published, tolerance=tolerance), estimate) == told


def test_why_tells_the_other_sign_from_nothing_shown():
    assert why(claim(), Estimate(-0.5, -0.9, -0.1)) == "the other sign"
    assert why(claim(), Estimate(0.5, -0.1, 0.9)) == "the interval holds 0: not shown"
    assert why(claim("number", 3.0), Estimate(4.0, 4.0, 4.0)) == "another number"
    assert why(claim("number", 0.0, tolerance=0.2), Estimate(0.1, -0.1, 0.3)).startswith(
        "the interval holds it, and more"
    )
    assert why(claim(), Estimate(0.5, 0.1, 0.9)) == ""


@given(value=st.floats(-5, 5), half=st.floats(0.01, 5))
def test_no_estimate_is_both_a_rise_and_a_fall(value, half):
    one = Estimate(value, value - half, value + half)
    told = [verdict(claim(published=sign), one) for sign in (1, -1)]
    assert told.count("reproduced") <= 1
    assert ("reproduced" in told) == (verdict(claim(published=0), one) == "reproduced")


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"test": None}, "X1.*needs either a test or a reason"),
        ({"why_not": "no data"}, "X1.*needs either a test or a reason"),
        ({"by_construction": ("failure_ratio",)}, "X1.*by construction.*switches it off"),
        ({"published": 0.3}, "X1.*is a sign; 0.3"),
    ],
)
def test_a_claim_that_says_too_little_is_refused(more, match):
    with pytest.raises(ArgumentError, match=match):
        claim(**more)


def test_an_unknown_study_is_named_with_those_there_are():
    with pytest.raises(ArgumentError, match=r"RR111.*'freud_1905'.*predictions"):
        find_studies(["freud_1905"])


def test_all_is_every_paper_once():
    names = [study.name for study in find_studies(["all", "predictions", "casado_2011"])]
    assert len(names) == len(set(names)) == 16


# Rates.


def test_two_rates_by_hand():
    # 20 acts in 100 days against 10 in 200: rates 0.2 and 0.05, ratio 4; one customer per act.
    exposure = np.concatenate([np.full(20, 5.0), np.full(10, 20.0)])
    group = np.repeat([1.0, 0.0], [20, 10])
    fit = fit_rates({"more": group}, np.ones(30), exposure, np.arange(30))
    assert fit.coefficients == pytest.approx([np.log(0.05), np.log(4)])
    assert fit.contrast({"more": 1.0}).low < np.log(4) < fit.contrast({"more": 1.0}).high


def test_rates_agree_with_statsmodels_clustered():
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    customer = np.repeat(np.arange(150), 4)
    x = rng.normal(size=600)
    days = rng.uniform(1, 9, 600)
    events = rng.poisson(days * np.exp(-1 + 0.4 * x + 0.5 * rng.normal(size=150)[customer]))
    ours = fit_rates({"x": x}, events, days, customer)
    theirs = sm.GLM(events, sm.add_constant(x), family=sm.families.Poisson(), offset=np.log(days)).fit(
        cov_type="cluster", cov_kwds={"groups": customer, "use_correction": True}
    )
    assert ours.coefficients == pytest.approx(theirs.params, rel=1e-7)
    # statsmodels also multiplies by (n - 1) / (n - p), here 599 / 598.
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse / np.sqrt(599 / 598), rel=1e-6)


def test_rates_refuse_too_few_events_and_columns_that_add_up():
    with pytest.raises(ArgumentError, match=r"RR401.*3 events"):
        fit_rates({}, [1, 1, 1], [1.0] * 3, range(3))
    with pytest.raises(ArgumentError, match="RR408"):
        fit_rates({"one": np.ones(20)}, np.ones(20), np.ones(20), range(20))


def test_a_contrast_of_what_never_varied_is_refused_not_zero():
    with pytest.raises(ArgumentError, match=r"RR406.*gesture"):
        fit_rates({}, np.ones(20), np.ones(20), range(20)).contrast({"gesture": 1.0})


# Stretches of time.

BLANK = {"number": 0, "severity": 3.0, "gesture": False, "direct": False}


def marks(*rows):
    return Marks(
        pd.DataFrame([{"customer": c, "day": float(d), "mark": m, **BLANK, **more} for c, d, m, more in rows])
    )


def test_stretches_of_one_customer_by_hand():
    # Joined on day 0, complains on 10, let down on 12, acts in public on 20, leaves on 30; an act after that is left out.
    spells = cut_spells(
        marks(
            (0, 0, START, {}), (0, 10, COMPLAINT, {}), (0, 12, FAILED, {"number": 1}), (0, 20, ACT, {}), (0, 30, EXIT, {}),
            (0, 40, ACT, {}),
        )
    )  # fmt: skip
    columns = ["kind", "number", "days", "acts", "exits", "n_indirect"]
    assert spells[columns].to_numpy().tolist() == [
        [0, 0, 10, 0, 0, 0],  # quiet until the complaint
        [1, 0, 2, 0, 0, 0],  # complaint
        [2, 1, 7, 0, 0, 0],  # let down: first week
        [2, 1, 1, 1, 0, 0],  # second week, until the act
        [2, 1, 6, 0, 0, 1],  # rest of the second week, after the act
        [2, 1, 4, 0, 1, 1],  # third week, until leaving
    ]
    # The age of a stretch is that of its class, so that an act does not make it younger.
    assert spells["since"].tolist()[2:] == [3.5, 10.5, 10.5, 17.5]


@st.composite
def histories(draw):
    rows = []
    for customer in range(draw(st.integers(1, 4))):
        end = draw(st.floats(1, 400))
        rows.append((customer, 0.0, START, {}))
        for _ in range(draw(st.integers(0, 6))):
            mark = draw(st.sampled_from([COMPLAINT, FAILED, ACT]))
            rows.append((customer, draw(st.floats(0, 450)), mark, {"direct": draw(st.booleans())}))
        rows.append((customer, end, draw(st.sampled_from([EXIT, STOP])), {}))
    return marks(*rows)


@given(histories())
def test_stretches_cover_each_customers_time_once(found):
    spells, rows = cut_spells(found), found.rows
    ends = rows[rows["mark"] >= EXIT].set_index("customer")
    assert spells.groupby("customer")["days"].sum().to_numpy() == pytest.approx(ends["day"].to_numpy())
    assert (spells["days"] > 0).all()
    assert spells["exits"].sum() == (ends["mark"] == EXIT).sum()
    assert (spells.loc[spells["kind"] > 0, "since"] < AGES[-1]).all()
    inside = rows["day"].to_numpy() < ends["day"].loc[rows["customer"]].to_numpy()
    acts = rows[(rows["mark"] == ACT) & inside & (rows["day"] > 0)]
    assert spells["acts"].sum() <= len(acts)  # acts at one time end one stretch
    if (
        not acts.duplicated(["customer", "day"]).any()
        and not acts["day"].isin(rows.loc[rows["mark"] != ACT, "day"]).any()
    ):
        assert spells["acts"].sum() == len(acts)


# Running.


@pytest.fixture
def worlds(monkeypatch):
    """Worlds of one number each: what loyalty_school makes of it."""
    made = []

    def simulated(n_customers, *, seed, switched):
        made.append(dict(switched))
        return -1.0 if switched else 1.0

    monkeypatch.setattr(runner, "simulated_panel", simulated)
    return made


def around(value):
    return Estimate(value, value - 0.1, value + 0.1, 50)


def test_a_claim_by_construction_is_run_again_switched_off(worlds):
    off = {"loyalty_school": "none"}
    made = Claim("M1", "so", "sign", "abstract", test=around, by_construction=("loyalty_school",), off=off)
    deaf = Claim(
        "M2",
        "so",
        "sign",
        "abstract",
        test=lambda panel: around(1.0),
        by_construction=("loyalty_school",),
        off=off,
    )
    free = Claim("M3", "so", "sign", "abstract", published=-1, test=around)
    table = run_studies([Study("s", "S 2000", "a design", (made, deaf, free))])
    assert worlds == [{}, off]
    assert table["verdict"].tolist() == ["reproduced", "reproduced", "differs"]
    assert table["verdict_off"].tolist() == ["differs", "reproduced", ""]
    told = summarise(table)
    assert (told["by_construction"], told["fails_when_off"], told["says_nothing"]) == (2, 1, 1)
    page = render_markdown([Study("s", "S 2000", "a design", ())], table, "how")
    assert "holds all the same: the test says nothing" in page


def test_printed_numbers_need_no_world(worlds):
    run_studies([Study("s", "S", "d", (claim(),))])
    assert worlds == []


def test_what_cannot_be_estimated_is_not_testable_and_says_why(worlds):
    def few(panel):
        raise ArgumentError("RR401", "3 events in customers let down; at least 10 are needed.")

    told = Claim("M1", "so", "sign", "abstract", test=few)
    unsaid = Claim("M2", "so", "sign", "abstract", why_not="nobody was asked")
    unmade = Claim("M3", "so", "sign", "abstract", test=around, not_simulated="no constant makes it")
    study = Study("s", "S", "d", (told, unsaid, unmade))
    table = run_studies([study])
    assert set(table["verdict"]) == {"not testable here"}
    assert table["why"].tolist() == [
        "3 events in customers let down; at least 10 are needed.", "nobody was asked", "no constant makes it",
    ]  # fmt: skip
    # A firm's own tables can tell what no constant makes.
    assert run_on_panel([study], 1.0)["verdict"].tolist() == [
        "not testable here",
        "not testable here",
        "reproduced",
    ]


def test_a_mistake_in_a_test_is_not_hidden_as_a_verdict(worlds):
    broken = Claim("M1", "so", "sign", "abstract", test=lambda panel: panel["no such thing"])
    with pytest.raises(TypeError, match="not subscriptable"):
        run_studies([Study("s", "S", "d", (broken,))])


def test_an_argument_out_of_range_is_a_mistake_and_no_verdict(worlds):
    def wrong(panel):
        raise ArgumentError("RR111", "capacity is -1.")

    with pytest.raises(ArgumentError, match="capacity is -1"):
        run_studies([Study("s", "S", "d", (Claim("M1", "so", "sign", "abstract", test=wrong),))])


# Pages and figure.


@pytest.fixture
def table(worlds):
    off = {"loyalty_school": "none"}
    claims = (
        Claim(
            "M1",
            "<b>so</b> | so",
            "sign",
            "abstract",
            test=around,
            by_construction=("loyalty_school",),
            off=off,
        ),
        Claim("M2", "so", "sign", "abstract", why_not="nobody was asked"),
        claim("number", 4.2, tolerance=0.05, test=lambda: Estimate(4.16, 4.16, 4.16)),
    )
    study = Study("s", "S 2000", "a design", claims, doi="10.1/x")
    return [study], run_studies([study])


def test_the_page_escapes_and_tells_both_worlds(table):
    html = render_html(
        *table, {"how": "how", "again": "again", "versions": {"numpy": "2"}}, draw_claims(table[1])
    )
    assert "<b>so</b>" not in html
    assert "&lt;b&gt;so&lt;/b&gt;" in html
    assert "<script" not in html
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html
    for told in (
        "1 [0.9, 1.1]",
        "-1 [-1.1, -0.9]",
        "fails, as it must",
        "nobody was asked",
        "4.2 ± 0.05",
        "doi:10.1/x",
    ):
        assert told in html


def test_markdown_goes_between_the_markers_and_keeps_its_columns(table):
    page = into(f"before\n{BEGIN}\nstale\n{END}\nafter", render_markdown(*table, "how"))
    assert "stale" not in page
    assert page.startswith("before")
    assert page.endswith("after")
    rows = [line for line in page.split("\n") if line.startswith(("| M", "| X"))]
    assert [line.replace("\\|", "").count("|") for line in rows] == [len(HEAD) + 1] * 3


def test_firmness_is_one_at_the_edge_of_the_interval_and_the_figure_is_the_same_twice(table):
    rows = firmness(pd.DataFrame([{**table[1].iloc[0], "value": 2.0, "low": 0.0, "high": 4.0}]))
    assert rows["here"].tolist() == [1.0]
    assert draw_claims(table[1]) == draw_claims(table[1])
    assert draw_claims(table[1].iloc[1:2]) == ""


def test_a_panel_needs_outcomes(small_frames):
    frames = {name: frame for name, frame in small_frames.items() if name != "outcomes"}
    with pytest.raises(ArgumentError, match=r"RR105.*outcomes"):
        build_panel(build_histories(tables_from_frames(frames)))


def test_customers_who_were_never_seen_have_no_stretches():
    world = simulate(300, seed=2)
    seen = world.frames["observation"].iloc[1:-1]
    panel = build_panel(build_histories(tables_from_frames({**world.frames, "observation": seen})))
    whole = build_panel(build_histories(tables_from_frames(world.frames)))
    assert set(whole.spells["customer"]) - set(panel.spells["customer"]) == {0, 299}
    others = whole.spells[whole.spells["customer"].between(1, 298)]
    assert panel.spells["days"].sum() == pytest.approx(others["days"].sum())


def test_switched_off_is_json_that_rebuilds_the_world(table):
    assert json.loads(table[1]["switched_off"].iloc[0]) == {"loyalty_school": "none"}
