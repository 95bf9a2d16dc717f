"""Sentences with numbers in them; for another language, translate this, modelling, stories and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retaliation_risk._words import NBSP, noun
from retaliation_risk.evaluate import FEWEST_EVENTS
from retaliation_risk.report import words
from retaliation_risk.report.formats import show

Row = Mapping[str, Any]


def policy_name(policy: str) -> str:
    """Return a policy's short name.

    Examples
    --------
    >>> policy_name("risk_only"), policy_name("own_idea")
    ('Risk first', 'Own idea')
    """
    known = words.POLICIES.get(policy)
    return known.name if known else policy.replace("_", " ").capitalize()


def doing(policy: str) -> str:
    """Return what one does when one follows ``policy``.

    Examples
    --------
    >>> doing("own_idea")
    'answering by own idea'
    """
    known = words.POLICIES.get(policy)
    return known.doing if known else f"answering by {policy.replace('_', ' ')}"


def metric_name(metric: str) -> str:
    """Return a metric's heading."""
    known = words.METRICS.get(metric)
    return known.name if known else metric.replace("_", " ").capitalize()


def span(row: Row, kind: str) -> str:
    """Write a row's interval.

    Examples
    --------
    >>> span({"low": 0.15, "high": 0.29}, "per_hundred")
    '15 to 29'
    """
    if row.get("low") is None or row.get("high") is None:
        # Also where a run made no resamples, or where the events are those of a few customers.
        enough = (row.get("n_events") or 0) >= FEWEST_EVENTS
        return "no interval" if enough else "too few events for an interval"
    low, high = show(row["low"], kind), show(row["high"], kind)
    if low.endswith(f"{NBSP}%") and high.endswith(f"{NBSP}%"):
        low = low.removesuffix(f"{NBSP}%")
    return f"{low} to {high}"


def interval(row: Row, kind: str = "per_hundred") -> str:
    """Write a row's interval with its level; say so where there is none.

    Examples
    --------
    >>> interval({"low": None, "high": None})
    'too few events for an interval'
    """
    if row.get("low") is None or row.get("high") is None:
        return span(row, kind)
    return f"95{NBSP}% interval {span(row, kind)}"


def events(outcome: str) -> str:
    """Return what the events of an outcome are called.

    Examples
    --------
    >>> events("retaliation"), events("chargeback")
    ('retaliations', '\u201cchargeback\u201d events')
    """
    return "retaliations" if outcome == "retaliation" else f"\u201c{outcome}\u201d events"


def counted(n: float | None, plural: str, one: str = "") -> str:
    """Write a number with what it counts; ``one`` as in :func:`retaliation_risk._words.noun`.

    Examples
    --------
    >>> counted(1, "retaliations"), counted(1200, "retaliations"), counted(1, "people", "person")
    ('1 retaliation', '1,200 retaliations', '1 person')
    """
    return f"{show(n, 'count')} {noun(n, plural, one)}"


def failures(group: str) -> str:
    """Write a class of failed recoveries, which may be an open one.

    Examples
    --------
    >>> failures("1"), failures("3+")
    ('1 failed recovery', '3+ failed recoveries')
    """
    return f"{group} failed {'recovery' if group == '1' else 'recoveries'}"


def per(gap_days: float | None) -> str:
    """Say how often ``capacity`` customers can be answered, from the days between moments.

    Examples
    --------
    >>> per(30), per(7), per(None)
    ('a month', 'a week', 'at a time')
    """
    if gap_days is None:
        return "at a time"
    return next(
        (
            word
            for low, high, word in (
                (1, 1, "a day"),
                (7, 7, "a week"),
                (28, 31, "a month"),
                (89, 92, "a quarter"),
            )
            if low <= gap_days <= high
        ),
        "at a time",
    )


def places(setup: Any) -> str:
    """Say how many customers can be answered, and how often."""
    return f"{counted(setup.capacity, 'customers')} {setup.period}"


def headline(setup: Any, lead: Row, against: Row, difference: Row | None) -> str:
    """Return the answer where influence is known: two values, their difference, and its interval."""
    kind = points(lead, against, difference)
    first = (
        f"At {places(setup)}, {doing(setup.lead)} reaches {show(lead['value'], kind)} of 100 {setup.events} "
        f"before they happen; {doing(setup.against)} reaches {show(against['value'], kind)}"
    )
    if difference is None:
        return f"{first}. This run holds no interval for the difference, so it is not judged."
    return (
        f"{first}: a difference of {show(difference['value'], kind)} points ({interval(difference, kind)})."
    )


def points(lead: Row, against: Row, difference: Row | None) -> str:
    """Return how to write two values out of 100 and their difference: with a decimal where rounding would contradict it.

    Examples
    --------
    >>> points({"value": 0.222}, {"value": 0.037}, {"value": 0.1852}), points({"value": 0.31}, {"value": 0.09}, None)
    ('tenths', 'per_hundred')
    """
    if difference is None or None in (lead["value"], against["value"], difference["value"]):
        return "per_hundred"
    first, second, between = (round(100 * row["value"]) for row in (lead, against, difference))
    return "per_hundred" if first - second == between else "tenths"


def audience(setup: Any, lead: Row, against: Row, difference: Row, kind: str) -> str:
    """Return the other half of the answer: how much of the audience each policy covers."""
    ahead, behind = policy_name(setup.lead), policy_name(setup.against or "").lower()
    whole = "the people who saw those acts"
    if setup.people is not None and setup.acts_seen is not None:
        whole = f"the {counted(setup.people, 'people', 'person')} who saw those acts"
        whole += f" ({counted(setup.acts_seen, 'acts')} with any audience)"
    said = (
        f"Of {whole}, {ahead.lower()} covers {show(lead['value'], 'percent')}, {behind} "
        f"{show(against['value'], 'percent')}: a difference of {show(difference['value'], 'per_hundred')} "
        f"points ({interval(difference)})."
    )
    heavy = " Audiences are uneven, so a few large ones decide such shares." if kind == "undecided" else ""
    return said + heavy


def no_audience(setup: Any) -> str:
    """Say that nobody is recorded to have seen the acts."""
    return (
        f"No audience of these {setup.events} is recorded, so the orders are compared by their number alone."
    )


def against_rule(setup: Any, lead: Row, rule: Row, difference: Row, kind: str) -> str:
    """Say how the lead compares with the rule, with a decimal where rounding would contradict the difference."""
    style = points(lead, rule, difference)
    ahead = policy_name(setup.lead).lower()
    told = {
        "lead": f"{ahead} reaches more",
        "against": f"the rule reaches more than {ahead}",
        "undecided": f"{ahead} is not shown to reach more",
        "few": f"too few {setup.events} to tell",
    }[kind]
    return (
        f"The rule, which needs no model, reaches {show(rule['value'], style)}; difference "
        f"{show(difference['value'], style)} points ({span(difference, style)}): {told}."
    )


def verdict(kind: str, reach: str, setup: Any) -> str:
    """Return what the differences mean, in one short sentence: on events reached, and on their audience."""
    lead, against = policy_name(setup.lead), policy_name(setup.against or "").lower()
    if kind == "few":
        pair = f"tell {lead.lower()} and {against} apart" if against else f"judge {lead.lower()}"
        return f"Too few {setup.events} to {pair}: an interval from so few would say less than it seems to."
    if kind == reach == "undecided":
        return (
            f"Both intervals cover 0: on these data {lead.lower()} and {against} cannot be told apart, neither on "
            f"{setup.events} reached nor on audience."
        )
    first = {
        "lead": f"{lead} wins on {setup.events} reached",
        "against": f"{policy_name(setup.against or '')} wins on {setup.events} reached",
        "undecided": (
            f"The interval covers 0: on {setup.events} reached {lead.lower()} and {against} cannot be told apart"
        ),
    }.get(kind)
    if first is None:
        return ""
    second = {
        "lead": f"on audience {lead.lower()} wins",
        "against": f"on audience {against} wins",
        "undecided": "on audience the two cannot be told apart",
        "few": "too few acts had an audience to judge the two on that",
    }.get(reach)
    if kind == reach:
        return f"{first} and on audience."
    return f"{first}; {second}." if second else f"{first}."


def audience_base(setup: Any) -> str:
    """Say what the shares of audience rest on."""
    if setup.people is None or setup.acts_seen is None:
        return ""
    if setup.acts_seen == 0:
        return no_audience(setup)
    few = "; that is too few acts to compare policies by it" if setup.acts_seen < setup.fewest else ""
    return (
        f"The shares of audience rest on {counted(setup.acts_seen, 'acts')} with any recorded audience, seen by "
        f"{counted(setup.people, 'people', 'person')} in all{few}."
    )


def without_influence(setup: Any, lead: Row, others: Sequence[Row]) -> str:
    """Return the answer where influence is not known: each policy with its own interval."""
    rest = "; ".join(
        f"{doing(row['policy'])} reaches {show(row['value'], 'per_hundred')} ({span(row, 'per_hundred')})"
        for row in others
    )
    return (
        f"At {places(setup)}, {doing(setup.lead)} reaches "
        f"{show(lead['value'], 'per_hundred')} of 100 {setup.events} before they happen "
        f"({interval(lead)})" + (f"; {rest}." if rest else ".")
    )


def influence_off(why: str) -> str:
    """Say that influence is not known, and why."""
    return f"Influence is switched off ({why}), so risk first cannot be compared with influence first."


def no_model(why: str) -> str:
    """Say that no model could be made, and why."""
    return f"No model could be fitted ({why.rstrip('.')}). {words.UNTIL_THEN}"


def no_judgement(why: str) -> str:
    """Say that there is no model to be trusted or not, and why."""
    return f"There is no model to judge ({why.rstrip('.')})."


def no_events(setup: Any) -> str:
    """Say that nothing happened at the test moments."""
    return f"No {setup.events} followed within the horizon at any test moment, so no order can be judged by them."


def not_judged() -> str:
    """Say that a model is there, but no stretch of time to judge it on."""
    return (
        "A model was fitted and orders the queue, but the history is too short to judge it on a later stretch "
        "of time than it learned from. Until it can be judged, the rule is the safer order."
    )


def no_answer() -> str:
    """Say that there is nothing to compare."""
    return "No order could be judged in this run, so nobody knows yet which one reaches more. The list below is a start."


def sample(n: Any, n_events: Any, setup: Any) -> str:
    """Say how much the answer rests on."""
    rows, acts = counted(n, "customer-moments"), counted(n_events, setup.events)
    by = "" if setup.retaliators is None else f" by {counted(setup.retaliators, 'customers')}"
    moments = counted(setup.moments, "test moments")
    again = setup.retaliators is not None and n_events is not None and n_events > setup.retaliators
    said = " Each counts at every test moment whose horizon holds it." if again else ""
    return f"Measured on {acts}{by} among {rows} (a customer at a moment), at {moments}.{said}"


def one_more(row: Row) -> str:
    """Read the lead over influence first as answers per one more event."""
    return (
        f"{policy_name(row['policy'])} against {policy_name(row['compared_with']).lower()}: {row['reading']}"
    )


def half(mine: Row, theirs: Row, setup: Any) -> str:
    """Say at which capacity two policies reach half of the events."""
    return (
        f"To reach half of the {setup.events}, {doing(mine['policy'])} takes {counted(mine['value'], 'customers')} "
        f"{setup.period} ({span(mine, 'count')}); {doing(theirs['policy'])} takes {show(theirs['value'], 'count')} "
        f"({span(theirs, 'count')})."
    )


def missing(*files: str, why: str = "") -> str:
    """Say that files are not there, and why if the run says so.

    Examples
    --------
    >>> missing("served.csv", why="there is no moment to judge at (RR405)")
    'No shares of the queue by group (served.csv): there is no moment to judge at (RR405).'
    >>> missing("effects.csv", "scores.csv")
    'No effects of features (effects.csv), no scores of policies (scores.csv).'
    """
    what = [f"no {words.FILES[file]} ({file})" if file in words.FILES else f"no {file}" for file in files]
    said = ", ".join(what)
    return f"{said[:1].upper()}{said[1:]}" + (f": {why.rstrip('.')}" if why else "") + "."


def suppressed(min_cell: int) -> str:
    """Say which cells are hidden."""
    return f"Groups with fewer than {min_cell} customers are hidden. {words.SUPPRESSED}"


def missed(row: Row) -> str:
    """Say who those are whom a policy misses, beside their share of all retaliators."""
    return (
        f"Of the retaliations that {policy_name(row['policy']).lower()} misses, "
        f"{show(row['missed'], 'percent')} are by customers of one group, {row['group']} "
        f"({counted(row['n_missed'], 'customers')}); of all retaliations, {show(row['all'], 'percent')} "
        f"({counted(row['n_all'], 'customers')})."
    )


def not_reached(rows: Sequence[Row], setup: Any) -> str:
    """Say that what each of these policies does not reach it misses."""
    said = ", ".join(f"{doing(row['policy'])} comes before {show(row['value'], 'percent')}" for row in rows)
    return f"Of all {setup.events}, {said}. The rest would have been missed."


def quarter(rows: Sequence[Row]) -> str:
    """Say how much of each queue the least influential quarter fills."""
    if not rows:
        return ""
    said = "; ".join(
        f"{show(r['share_of_queue'], 'percent')} of the queue by {policy_name(r['policy']).lower()}"
        for r in rows
    )
    group = f"{rows[0]['group_kind'].capitalize()} {rows[0]['group']}"
    return f"{group}, {show(rows[0]['share_of_customers'], 'percent')} of customers, fills {said}."
