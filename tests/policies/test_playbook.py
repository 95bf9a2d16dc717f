"""The playbook: what the shipped one advises, the first rule that fits, errors with the nearest name, round trip."""

from __future__ import annotations

import re
import tomllib
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, DataError, RetaliationRiskWarning
from retaliation_risk.explain import Reason, band
from retaliation_risk.policies import (
    Condition,
    Playbook,
    PlaybookRule,
    choose_action,
    choose_actions,
    fits,
    parse_playbook,
    playbook_toml,
    read_playbook,
    review_playbook,
    unusable_rules,
)
from retaliation_risk.policies._conditions import are_apart, is_part
from retaliation_risk.policies._playbook_checks import BANDS, COLUMNS

HEAD = """
actions = { call = "Call.", wait = "Wait." }
default = { action = "wait", why = "Nothing else." }
"""


def rule(text, name="one", action="call"):
    return f'{HEAD}\n[[rules]]\nname = "{name}"\naction = "{action}"\n{text}\n'


def numbered(conditions):
    """Rules r0, r1, ... from pairs of action and condition."""
    rules = (rule(f'why = "x"\nwhen.{when}', f"r{k}", action) for k, (action, when) in enumerate(conditions))
    return HEAD + "".join(text.replace(HEAD, "") for text in rules)


def quietly(text, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RetaliationRiskWarning)
        return parse_playbook(text, **options)


def customers():
    return pd.DataFrame(
        {
            "band": ["high", "raised", "high", "raised", "high", "usual", "usual", "usual", "usual"],
            "failed_recoveries_ever": [3, 5, 1, 2, 0, 0, 0, 0, 4],
            "failed_recoveries_365d": [1, 2, 1, 1, 0, 0, 1, 0, 0],
            "open_tickets": [0, 2, 2, 1, 0, 0, 0, 1, 0],
            "influence": [99.0, np.nan, np.nan, 50.0, 95.0, 95.0, 95.0, 95.0, np.nan],
        },
        index=list("abcdefghi"),
    )


def test_what_the_shipped_playbook_advises():
    chosen = choose_actions(customers(), read_playbook())
    assert chosen["action"].to_dict() == {
        "a": "manager_call",  # three failures: a person with authority, however influential
        "b": "manager_call",
        "c": "call_back_now",
        "d": "call_back_now",
        "e": "monitor",  # likely, but there is nothing to answer; that the score is 95 changes nothing
        "f": "proactive_offer",
        "g": "standard_referral",  # let down within the year: no offer in place of an answer
        "h": "standard_referral",  # something is open
        "i": "standard_referral",
    }
    assert chosen.loc["a", "action_why"] == (
        "Let down 3 times: another apology or voucher from the front line is worth little now."
    )
    assert chosen.loc["f", "action_why"] == (
        "Among the most influential (score 95 of 100), not let down in a year, and nothing open. (uses influence)"
    )
    assert chosen.index[chosen["action_uses_influence"]].tolist() == ["f"]
    assert chosen.loc["i", "action_rule"] == "default"


def test_the_shipped_playbook_is_sound():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        playbook = read_playbook()
    assert review_playbook(playbook) == []
    assert [rule.name for rule in playbook.rules if rule.uses_influence] == ["influential and content"]
    assert all(rule.source for rule in playbook.rules if rule.action != "monitor")
    assert set(playbook.actions) == {rule.action for rule in (*playbook.rules, playbook.default)}
    low_risk = Condition("band", values=("usual",))
    assert all(low_risk in rule.when for rule in playbook.rules if rule.uses_influence)


def test_no_risk_turns_influence_into_an_offer():
    grid = pd.MultiIndex.from_product(
        [["high", "raised"], [0, 1, 5], [0, 3], [0, 1], [1.0, 100.0, np.nan]],
        names=["band", "failed_recoveries_ever", "failed_recoveries_365d", "open_tickets", "influence"],
    ).to_frame(index=False)
    chosen = choose_actions(grid, read_playbook())
    assert not chosen["action_uses_influence"].any()
    without = choose_actions(grid.assign(influence=np.nan), read_playbook())
    pd.testing.assert_frame_equal(chosen, without)


def test_bands_are_the_words_of_the_readout():
    assert set(band(np.array([0.01, 0.016, 0.9]), prevalence=0.01).tolist()) == set(BANDS)


def test_the_first_rule_that_fits_decides():
    text = HEAD + "".join(
        f'[[rules]]\nname = "{name}"\naction = "{action}"\nwhy = "{name}"\nwhen.tier = {{ at_least = {tier} }}\n'
        for name, action, tier in (("gold", "call", 3), ("silver", "wait", 2), ("bronze", "call", 1))
    )
    playbook = parse_playbook(text)
    chosen = choose_actions(pd.DataFrame({"tier": [1, 2, 3, 0, None]}), playbook)
    assert chosen["action_rule"].tolist() == ["bronze", "silver", "gold", "default", "default"]


def choose_by_loop(scored, playbook):
    found = []
    for _, row in scored.iterrows():
        for one in (*playbook.rules, playbook.default):
            if all(holds_by_hand(test, row[test.column]) for test in one.when):
                found.append(one.name)
                break
    return found


def holds_by_hand(test, value):
    if test.known is not None:
        return pd.notna(value) == test.known
    if test.values is not None:
        return pd.notna(value) and value in test.values
    if pd.isna(value):
        return False
    return (
        (test.at_least is None or value >= test.at_least)
        and (test.above is None or value > test.above)
        and (test.at_most is None or value <= test.at_most)
        and (test.below is None or value < test.below)
    )


limit = st.sampled_from([0, 1, 2, 2.5, 3])
intervals = st.dictionaries(
    st.sampled_from(["at_least", "above", "at_most", "below"]), limit, min_size=1, max_size=2
)
tests_of_numbers = st.one_of(
    intervals,
    st.builds(lambda known: {"known": known}, st.booleans()),
    st.builds(lambda values: {"values": tuple(values)}, st.lists(limit, min_size=1, max_size=2, unique=True)),
)
words = st.builds(
    lambda v: {"values": tuple(v)}, st.lists(st.sampled_from(BANDS), min_size=1, max_size=2, unique=True)
)


@st.composite
def playbooks(draw):
    rules = []
    for k in range(draw(st.integers(0, 4))):
        columns = draw(st.sets(st.sampled_from(["tier", "open_tickets", "band"]), min_size=1))
        when = tuple(
            Condition(c, **draw(words if c == "band" else tests_of_numbers)) for c in sorted(columns)
        )
        why = draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), min_size=1))
        rules.append(
            PlaybookRule(
                f"rule {k}",
                draw(st.sampled_from(["call", "wait"])),
                f"{why}.",
                when,
                source=draw(st.text('ab"\\\n')),
            )
        )
    return Playbook(
        {"call": "Call.", "wait": "Wait."}, tuple(rules), PlaybookRule("default", "wait", "Else.")
    )


@given(playbook=playbooks())
def test_what_is_written_reads_back(playbook):
    assert quietly(playbook_toml(playbook)) == playbook


rows = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 2.0, 2.5, 3.0, np.nan]),
        st.sampled_from([0.0, 1.0, 2.0]),
        st.sampled_from(BANDS),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(playbook=playbooks(), rows=rows)
def test_the_choice_is_that_of_the_loop(playbook, rows):
    scored = pd.DataFrame(rows, columns=["tier", "open_tickets", "band"])
    assert choose_actions(scored, playbook)["action_rule"].tolist() == choose_by_loop(scored, playbook)


EVERY = pd.DataFrame({"tier": [np.nan, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.2, 2.5, 2.7, 3.0, 9.0]})


@settings(max_examples=300)
@given(one=tests_of_numbers, other=tests_of_numbers)
@example(one={"above": 2}, other={"at_most": 2})
@example(one={"above": 2}, other={"at_least": 2, "at_most": 2})
@example(one={"at_least": 2}, other={"below": 2})
@example(one={"at_least": 2}, other={"above": 2})
def test_parts_and_overlaps_are_those_of_the_values(one, other):
    # Limits are among 0, 1, 2, 2.5, 3: the values at, between and beyond them stand for all.
    one, other = Condition("tier", **one), Condition("tier", **other)
    here, there = one.holds(EVERY), other.holds(EVERY)
    assert are_apart(one, other) == (not (here & there).any())
    assert one.can_hold() == here.any()
    if is_part(one, other):
        assert not (here & ~there).any()
    elif one.can_hold() and one.known is None and other.values is None:
        assert (here & ~there).any()


@settings(max_examples=60)
@given(playbook=playbooks())
def test_a_rule_said_never_to_decide_never_does(playbook):
    grid = pd.MultiIndex.from_product(
        [EVERY["tier"], [0.0, 0.5, 1.0, 2.0, 2.2, 2.5, 3.0, 4.0], BANDS]
    ).to_frame(index=False)
    grid.columns = ["tier", "open_tickets", "band"]
    decided = set(choose_actions(grid, playbook)["action_rule"])
    dead = {
        re.match("rule '(.*?)' never", line)[1]
        for line in review_playbook(playbook)
        if "never decides" in line
    }
    assert not decided & dead


def test_reasons_are_looked_for_by_feature():
    playbook = parse_playbook(rule('why = "Waits."\nwhen.reasons = ["unresolved_days", "open_tickets"]'))
    given = [
        [Reason("unresolved_days", "Something has been open for 9 days", 0.4, 9.0)],
        ["grudge", "open_tickets"],
        ["grudge"],
        [],
    ]
    chosen = choose_actions(pd.DataFrame({"reasons": given}), playbook)
    assert chosen["action"].tolist() == ["call", "call", "wait", "wait"]


def test_conditions_on_numbers_words_and_what_is_known():
    text = rule(
        'why = "{risk:.0%} at {tier:g}"\nwhen.risk = { above = 0.1, at_most = 0.3 }\nwhen.tier = { below = 3 }\n'
        'when.segment = "b2b"\nwhen.influence = { known = false }'
    )
    scored = pd.DataFrame(
        {
            "risk": [0.1, 0.3, 0.3, 0.3, 0.3, np.nan],
            "tier": [1, 1, 3, 1, 1, 1],
            "segment": ["b2b", "b2b", "b2b", "home", "b2b", "b2b"],
            "influence": [np.nan, np.nan, np.nan, np.nan, 4.0, np.nan],
        }
    )
    playbook = parse_playbook(text)
    assert fits(playbook.rules[0], scored).tolist() == [False, True, False, False, False, False]
    assert choose_actions(scored, playbook)["action_why"][1] == "30% at 1 (uses influence)"


def test_columns_that_are_not_there_switch_rules_off():
    playbook = read_playbook()
    scored = customers().drop(columns=["influence"])
    assert unusable_rules(playbook, scored) == {"influential and content": "column influence is not there"}
    assert choose_actions(scored, playbook)["action"]["f"] == "standard_referral"
    assert set(choose_actions(customers()[["band"]], playbook)["action"]) == {"monitor", "standard_referral"}


def test_nobody_to_choose_for():
    chosen = choose_actions(customers().head(0), read_playbook())
    assert list(chosen.columns) == ["action", "action_rule", "action_why", "action_uses_influence"]
    assert chosen.empty


def test_columns_of_ones_own():
    text = rule('why = "VIP."\nwhen.vip = true')
    with pytest.raises(DataError, match="rule 'one' looks at 'vip', which is not a column"):
        parse_playbook(text)
    playbook = parse_playbook(text, columns=["vip"])
    assert choose_actions(pd.DataFrame({"vip": [True, False]}), playbook)["action"].tolist() == [
        "call",
        "wait",
    ]


def test_words_are_not_compared_with_numbers():
    playbook = parse_playbook(rule('why = "x"\nwhen.segment = { at_least = 2 }'))
    with pytest.raises(
        ArgumentError, match="column segment holds 'b2b', but a rule compares it with a number"
    ):
        choose_actions(pd.DataFrame({"segment": ["b2b"]}), playbook)


WHY = 'why = "x"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("actions = {", "playbook is not TOML"),
        ('actions = { wait = "Wait." }', r"\[default\] is required"),
        ('default = { action = "wait", why = "x" }', r"\[actions\] is required"),
        (HEAD.replace('{ action = "wait"', '{ action = "wwait"'), "'wwait', which is not in .actions. .nearest: 'wait'"),
        (HEAD + "rulez = []", "the file has 'rulez', which means nothing there .nearest: 'rules'"),
        (HEAD + 'rules = ["x"]', r"written as \[\[rules\]\] sections"),
        (rule(WHY + "when.tier = 2", action="cal"), "rule 'one' asks for action 'cal', which is not .* .nearest: 'call'"),
        (rule(WHY + "when.open_ticket = 2"), "'open_ticket', which is not a column .nearest: 'open_tickets'"),
        (rule(WHY + "when.tier = { at_leats = 2 }"), "has 'at_leats', which means nothing there .nearest: 'at_least'"),
        (rule(WHY + 'when.band = ["hihg"]'), "when.band names 'hihg', which is none of its values .nearest: 'high'"),
        (rule(WHY + "when.band = { at_least = 2 }"), "when.band compares words with numbers; write a list of words"),
        (rule(WHY + 'when.reasons = ["grduge"]'), "when.reasons names 'grduge', .* .nearest: 'grudge'"),
        (rule(WHY + "when.reasons = { known = true }"), "when.reasons must be a list of features"),
        (rule(WHY + "when.tier = []"), r"when.tier is \[\]; it must be a text, a number"),
        (rule(WHY + "when.tier = [nan]"), r"when.tier is \[nan\]; it must be"),
        (rule(WHY + "when.tier = {}"), "when.tier is empty; use one of at_least, above, at_most, below, known"),
        (rule(WHY + 'when.tier = { at_least = "2" }'), "when.tier has at_least = '2', which is not a number"),
        (rule(WHY + "when.tier = { at_least = true }"), "at_least = True, which is not a number"),
        (rule(WHY + "when.tier = { known = true, below = 3 }"), "known = true or known = false, and nothing beside it"),
        (rule(WHY), "rule 'one' has no condition"),
        (rule("when.tier = 2"), "rule 'one' needs a sentence why"),
        (rule(WHY + "when.tier = 2\nprio = 3"), "rule 'one' has 'prio', which means nothing there"),
        (rule(WHY + "when.tier = 2", name="default"), "needs a name of its own, other than 'default'"),
        (rule(WHY + "when.tier = 2") + rule(WHY + "when.tier = 3").replace(HEAD, ""), "2 rules are called 'one'"),
        (rule(WHY + 'when.tier = 2\nover = ["tow"]'), "goes over 'tow', which is not a rule"),
        (rule(WHY + 'when.tier = 2\nover = "two"'), "has over = 'two'; it must be a list"),
        (rule('why = "{risk}"\nwhen.tier = 2'), "shows {risk} in its sentence, but only columns of its conditions"),
        (rule('why = "{tier.real}"\nwhen.tier = { below = 2 }'), "shows {tier.real} in its sentence"),
        (rule('why = "{tier"\nwhen.tier = 2'), "braces in its sentence that do not fit together"),
        (rule('why = "{tier:.0f}"\nwhen.tier = 2'), "writes tier as '.0f'; only a column compared with numbers"),
        (rule('why = "{tier:zz}"\nwhen.tier = { below = 2 }'), "writes tier as 'zz'"),
        (rule('why = "{influence}"\nwhen.influence = { known = false }'), "shows {influence} in its sentence"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text, message):
    with pytest.raises(DataError, match=f"RR114 bad playbook: .*{message}"):
        parse_playbook(text)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(DataError) as raised:
        parse_playbook(rule("when.teir = 2\nover = 3", action="cal"))
    for part in ("needs a sentence why", "action 'cal'", "'teir'", "over = 3"):
        assert part in str(raised.value)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([("call", "risk = { at_least = 0.1 }"), ("wait", "risk = { above = 0.2 }")], "'r1' never decides: 'r0', which"),
        ([("call", "tier = [1, 2]"), ("call", "tier = 2\nwhen.risk = { above = 0 }")], "rule 'r1' never decides"),
        ([("call", "risk = { at_least = 0.5, below = 0.5 }")], "rule 'r0' never decides: its conditions exclude"),
        ([("call", "risk = { at_least = 0.1 }"), ("wait", "tier = [3]")], r"'r0' and 'r1' both fit.*write over = ..r1"),
        ([("call", 'reasons = ["grudge"]'), ("wait", 'reasons = ["tenure_days"]')], "'r0' and 'r1' both fit"),
        ([("call", "influence = { known = true }"), ("wait", "influence = { above = 50 }")], "rule 'r1' never decides"),
    ],
)  # fmt: skip
def test_what_is_odd_is_warned_of(conditions, message):
    text = numbered(conditions)
    with pytest.warns(RetaliationRiskWarning, match=f"RR115 odd playbook: playbook: .*{message}"):
        parse_playbook(text)


@pytest.mark.parametrize(
    "conditions",
    [
        [("call", "risk = { above = 0.2 }"), ("wait", "risk = { at_least = 0.1 }")],  # first the special case
        [("call", "risk = { below = 0.2 }"), ("wait", "risk = { at_least = 0.2 }")],
        [("call", "risk = { above = 0.2 }"), ("call", "tier = [3]")],  # the same action
        [("call", "risk = { above = 0.2 }\nover = ['r1']"), ("wait", "tier = [3]")],  # said which is to win
        [("call", "influence = { known = false }"), ("wait", "influence = { above = 50 }")],
    ],
)
def test_what_is_in_order_is_not(conditions):
    text = numbered(conditions)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse_playbook(text)


def test_files(tmp_path):
    path = tmp_path / "mine.toml"
    with pytest.raises(DataError, match=r"RR107 not found: playbook .*mine.toml' does not exist"):
        read_playbook(path)
    path.write_text(playbook_toml(read_playbook()), encoding="utf-8")
    assert read_playbook(path) == read_playbook()
    path.write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"mine.toml is not UTF-8 text"):
        read_playbook(path)
    path.write_text("x = 1", encoding="utf-8")
    with pytest.raises(DataError, match=r"RR114 bad playbook: mine.toml: the file has 'x'"):
        read_playbook(path)


def test_the_columns_offered_are_there_once():
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert tomllib.loads(playbook_toml(read_playbook()))["default"]["action"] == "standard_referral"


@given(
    band=st.sampled_from([None, "usual", "raised", "high"]),
    failed=st.sampled_from([None, 0.0, 1.0, 2.0, 3.0, 7.0]),
    lately=st.sampled_from([None, 0.0, 1.0]),
    opened=st.sampled_from([None, 0.0, 1.0, 2.0]),
    influence=st.sampled_from([None, 1.0, 90.0, 99.5]),
)
def test_one_customer_alone_gets_the_action_that_the_table_gives(band, failed, lately, opened, influence):
    playbook = read_playbook()
    numbers = {"failed_recoveries_ever": failed, "failed_recoveries_365d": lately, "open_tickets": opened}
    customer = {**numbers, "influence": influence, "band": band}
    table = pd.DataFrame(
        {name: pd.Series([value], dtype=float) for name, value in customer.items() if name != "band"}
    )
    chosen = choose_actions(table.assign(band=pd.Series([band], dtype=object)), playbook).iloc[0]
    rule, why = choose_action(customer, playbook)
    assert (rule.action, rule.name, why) == (chosen["action"], chosen["action_rule"], chosen["action_why"])
