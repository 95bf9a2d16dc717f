"""Every constant of the simulator, declared with its meaning, its source and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from retaliation_risk.tables.contract import DIRECT, INDIRECT

TAGS = ("seen", "derived", "assumed")
SCHOOLS: dict[str, tuple[float, float, float]] = {
    "amplifies_repeated": (-0.4, 0.0, 0.5),
    "love_is_blind": (-0.4, -0.4, -0.4),
    "love_becomes_hate": (0.4, 0.4, 0.4),
    "none": (0.0, 0.0, 0.0),
}

_RAGE = "National Customer Rage study, wave 2015 (n about 1,000)"
_CROSSING = "Hutzinger & Weitzl 2023, Internet Research 33(7)"
_LONGEST = "Grégoire, Tripp & Legoux 2009, J. Marketing 73(6)"
_AFTER = "Grégoire, Ghadami, Laporte, Sénécal & Larocque 2018, JAMS 46(6)"
_TRIPP = "Tripp & Grégoire 2011, MIT Sloan Management Review"
_CALLS = "MLC++ churn data (artificial), 3,328 rows"
_SERVICENOW = "ServiceNow incident log extract, 890 incidents"
_CHOICE = "a choice of this simulator; no source"


def constant(value: Any, about: str, source: str, tag: str, *, switch: bool = False) -> Any:
    """One declared constant: a dataclass field that carries its meaning, source and tag."""
    return field(default=value, metadata={"about": about, "source": source, "tag": tag, "switch": switch})


@dataclass(frozen=True)
class Parameters:
    """The constants of the invented world; :func:`declaration` lists them with source and tag.

    Tags: *seen* in the source, *derived* from numbers seen there, *assumed* because no source gives one.

    Examples
    --------
    >>> Parameters(influence_effect=0.5).loyalty_log_ratio
    (-0.4, 0.0, 0.5)
    """

    # Customers.
    history_days: int = constant(730, "days of recorded history from 2024-01-01 UTC", _CHOICE, "assumed")
    joined_before_share: float = constant(
        0.7, "share of customers who joined before the history", _CHOICE, "assumed"
    )
    earlier_tenure_days: float = constant(
        900.0,
        "mean days of tenure at the start of the history, of those who joined before",
        _CHOICE,
        "assumed",
    )
    tenure_loyalty: float = constant(0.3, "log of that tenure per SD of loyalty", _CHOICE, "assumed")
    segments: tuple[str, ...] = constant(("consumer", "family", "business"), "segments", _CHOICE, "assumed")
    segment_shares: tuple[float, ...] = constant((0.7, 0.2, 0.1), "their shares", _CHOICE, "assumed")
    opt_out_share: float = constant(
        0.005, "share of customers who opted out of profiling", _CHOICE, "assumed"
    )
    frailty_sd: float = constant(
        0.5,
        "SD of the log of a person's proneness to retaliate (mean of the factor is 1)",
        "Sakulsinlapakorn & Zhang 2019 (n = 532): aggressive personality matters; size not given",
        "assumed",
    )
    vigilante_share: float = constant(
        0.5,
        "share of customers who follow the vigilante schema, not the reparation schema",
        "Grégoire, Legoux, Tripp et al. 2019, J. Business Ethics: two schemas; shares not seen",
        "assumed",
    )
    # Orders and standing.
    orders_per_year: float = constant(
        2.0,
        "orders a year at mean loyalty",
        "Knox & van Oest 2014, J. Marketing 78(5): example interpurchase time 182 days",
        "derived",
    )
    order_loyalty: float = constant(0.6, "log order rate per SD of loyalty", _CHOICE, "assumed")
    order_amount: float = constant(60.0, "median amount of an order", _CHOICE, "assumed")
    order_spread: float = constant(0.7, "SD of the log amount", _CHOICE, "assumed")
    refund_share: float = constant(0.03, "share of orders that are refunds (negative)", _CHOICE, "assumed")
    tier_points: tuple[float, ...] = constant(
        (100.0, 250.0, 600.0), "spend in the year before from which tiers 1, 2, 3 hold", _CHOICE, "assumed"
    )
    tier_review_days: int = constant(91, "days between reviews of a customer's tier", _CHOICE, "assumed")
    # Tickets.
    tickets_per_year: float = constant(1.2, "tickets a year of the mean customer", _CHOICE, "assumed")
    ticket_shape: float = constant(
        1.29,
        "shape of the gamma mixture of ticket rates (negative binomial counts)",
        "twcs extract, 1,443 customers: mean 1.93, variance 4.82; shape = mean² / (variance - mean); counts there "
        "start at 1 and a zero-truncated fit has no solution",
        "derived",
    )
    complaint_share: float = constant(0.5, "share of tickets that report a failure", _CHOICE, "assumed")
    channels: tuple[str, ...] = constant(("phone", "email", "chat", "web"), "channels", _CHOICE, "assumed")
    channel_shares: tuple[float, ...] = constant(
        (0.5, 0.2, 0.2, 0.1),
        "their shares: digital 0.50, its split assumed",
        "National Customer Rage study, wave 2023: digital is the primary channel of 50 %",
        "derived",
    )
    issues: tuple[str, ...] = constant(
        (
            "late delivery",
            "damaged goods",
            "wrong item",
            "billing error",
            "double charge",
            "refund missing",
            "login",
            "cancellation",
            "contract terms",
            "rude staff",
            "warranty",
            "app crash",
            "missing part",
            "price promise",
            "data privacy",
            "appointment missed",
        ),
        "what tickets are about",
        _CHOICE,
        "assumed",
    )
    severity_shares: tuple[float, ...] = constant(
        (0.15, 0.25, 0.3, 0.2, 0.1), "shares of severity 1 to 5 among complaints", _CHOICE, "assumed"
    )
    contacts_extra: float = constant(
        3.2,
        "mean further contacts on a complaint after the first",
        f"{_RAGE}: 4.2 contacts to satisfy",
        "derived",
    )
    contacts_shape: float = constant(
        2.2,
        "negative binomial shape of the further contacts",
        f"{_RAGE}: solves (1 + 3.2 / shape)^(-shape) = 0.14 resolved on first contact",
        "derived",
    )
    question_extra: float = constant(0.6, "mean further contacts on a plain question", _CHOICE, "assumed")
    contact_gap_days: float = constant(1.5, "mean days between contacts of one ticket", _CHOICE, "assumed")
    handoff_counts: tuple[int, ...] = constant(
        (499, 204, 92, 33, 16, 14, 32),
        "incidents with 0, 1, ... 6 or more reassignments",
        _SERVICENOW,
        "seen",
    )
    failed_share: float = constant(
        0.52,
        "share of complaints of severity 3 whose recovery fails",
        "Casado, Nicolau & Mas 2011, Int. J. Bank Marketing: more than half of recovery efforts fail",
        "derived",
    )
    failed_severity: float = constant(
        0.2, "log-odds of a failed recovery per point of severity", _CHOICE, "assumed"
    )
    question_failed_share: float = constant(0.08, "the same share of plain questions", _CHOICE, "assumed")
    failure_modes: tuple[float, ...] = constant(
        (0.15, 0.15, 0.2, 0.1, 0.1, 0.15, 0.15),
        "how a failed recovery shows: reopened, follow-up ticket, repeat ticket, message left unanswered, bad "
        "satisfaction, escalated, SLA breached",
        _CHOICE,
        "assumed",
    )
    csat_share: float = constant(0.2, "share of solved tickets whose survey is answered", _CHOICE, "assumed")
    csat_delay_days: float = constant(1.0, "mean days until an answer reaches the firm", _CHOICE, "assumed")
    apology_share: float = constant(0.35, "share of complaints with an apology", _CHOICE, "assumed")
    compensation_share: float = constant(0.2, "share of complaints with a compensation", _CHOICE, "assumed")
    # Retaliation.
    base_per_year: float = constant(
        0.0118,
        "retaliations a year without any failed recovery, at mean loyalty",
        "set so that about 2 % of customers retaliate within a year; the 2 % is assumed (sought revenge: 3 % in "
        "2020, 9 % in 2023, any firm, National Customer Rage study)",
        "derived",
    )
    failure_ratio: tuple[float, ...] = constant(
        (6.0, 13.0, 24.0),
        "hazard ratio just after the 1st, 2nd, 3rd or later failed recovery",
        f"{_TRIPP}: 96 % of online complaints follow a double deviation; (.96 / q) / (.04 / (1 - q)) is 6, 13, 24 "
        "at q = .8, .65, .5; selected sample, and which ratio goes with which count is assumed",
        "derived",
    )
    loyalty_school: str = constant(
        "amplifies_repeated",
        "which log hazard ratios of loyalty hold after 0, 1, 2 or more failed recoveries: "
        + "; ".join(f"{name} {ratios}" for name, ratios in SCHOOLS.items()),
        f"signs of amplifies_repeated: {_CROSSING} (n = 316 and 492); love_is_blind: Béal, Sabadie & Grégoire 2019; "
        "love_becomes_hate: Grégoire & Fisher 2008; sizes not given",
        "assumed",
        switch=True,
    )
    memory_days: float = constant(
        365.0, "days for which an earlier failed recovery counts", _CHOICE, "assumed"
    )
    severity_log_ratio: float = constant(
        0.2,
        "log hazard ratio of a failed recovery per point of severity above 3",
        "Joireman, Grégoire, Devezer & Tripp 2013, J. Retailing 89(3): sign only",
        "assumed",
    )
    revenge_half_life_days: float = constant(
        56.0,
        "half-life of the desire for revenge at mean loyalty",
        f"{_LONGEST}: falls, yet remains high after two months; half-life not given",
        "assumed",
    )
    half_life_loyalty: float = constant(
        0.25,
        "log of that half-life per SD of loyalty",
        f"{_LONGEST}: slower for strong relationships; sign only",
        "assumed",
    )
    gesture_log_ratio: tuple[float, ...] = constant(
        (-0.3, -0.15, 0.0),
        "log ratio of the jump at the 1st, 2nd, later failed recovery when the firm had "
        "apologised or compensated before; zeros: no effect, above zero: it fuels the fire",
        f"{_CROSSING}: helps at none or few earlier failures, not at several; size not given; against: Basso & "
        "Pizzutti 2016, Herhausen et al. 2019",
        "assumed",
        switch=True,
    )
    act_ratio: tuple[float, ...] = constant(
        (0.5, 1.25),
        "later desire for revenge after each direct, indirect act; (1, 1) switches it off",
        f"{_AFTER}: direct acts lower it, indirect acts raise it; sizes not given",
        "assumed",
        switch=True,
    )
    direct_share: tuple[float, ...] = constant(
        (0.2, 0.6), "share of direct acts of the vigilante, the reparation schema", _CHOICE, "assumed"
    )
    indirect_kinds: tuple[float, ...] = constant(
        (0.25, 0.2, 0.25, 0.02, 0.08, 0.2),
        "shares among indirect acts: " + ", ".join(INDIRECT),
        _CHOICE,
        "assumed",
    )
    direct_kinds: tuple[float, ...] = constant(
        (0.5, 0.15, 0.25, 0.1), "shares among direct acts: " + ", ".join(DIRECT), _CHOICE, "assumed"
    )
    act_delay_days: tuple[float, ...] = constant(
        (0.5, 6.0), "mean days until the firm learns of a direct, an indirect act", _CHOICE, "assumed"
    )
    known_at_once_share: float = constant(0.4, "share of acts the firm learns of at once", _CHOICE, "assumed")
    # Exit.
    exit_per_year: float = constant(
        0.10, "exits a year without any failed recovery, at mean loyalty", _CHOICE, "assumed"
    )
    exit_loyalty: float = constant(
        -0.5,
        "log exit hazard per SD of loyalty",
        "Knox & van Oest 2014: prior purchases mitigate; sign only",
        "assumed",
    )
    exit_ratio: tuple[float, ...] = constant(
        (2.0, 3.0, 4.5),
        "exit hazard ratio just after the 1st, 2nd, later failed recovery",
        f"{_CALLS}: churn .513 at 4 or more calls, .113 below; the last is their ratio, the others assumed",
        "derived",
    )
    exit_half_life_days: float = constant(
        90.0,
        "half-life of the raised exit hazard (long: a lasting grudge)",
        "Knox & van Oest 2014: complaints exacerbate, short-lived; against: Grégoire, Tripp & Legoux 2009, avoidance "
        "grows; days not given",
        "assumed",
        switch=True,
    )
    exit_delay_days: float = constant(7.0, "mean days until the firm learns of an exit", _CHOICE, "assumed")
    # Influence and reach.
    account_share: float = constant(0.65, "share of customers with a public account", _CHOICE, "assumed")
    followers_median: float = constant(150.0, "median followers of an account", _CHOICE, "assumed")
    followers_spread: float = constant(1.8, "SD of the log of followers", _CHOICE, "assumed")
    observations_per_year: float = constant(1.5, "observations of an account a year", _CHOICE, "assumed")
    score_mean: float = constant(
        20.0, "mean of the bought-in score", "student account of Klout (secondary)", "seen"
    )
    score_sd: float = constant(
        18.2,
        "SD of the bought-in score before it is cut at 1 and 100",
        "student account of Klout (secondary): 50 is the 95th percentile, so (50 - 20) / 1.645",
        "derived",
    )
    score_r2: float = constant(
        0.94,
        "share of the score that log followers explain",
        "Golliher 2011, 99 profiles (secondary)",
        "seen",
    )
    influence_effect: float = constant(
        0.0,
        "log hazard ratio of retaliation per SD of log followers; 0: influence says nothing of who retaliates",
        "no source makes followers predict who complains",
        "assumed",
        switch=True,
    )
    spread_share: float = constant(
        0.02,
        "share of public acts that spread at all",
        "Bakshy et al. 2011 data, in Watts's book: about 98 % of cascades did not spread",
        "seen",
    )
    quiet_reach: float = constant(
        0.5, "mean people who see a public act that does not spread", _CHOICE, "assumed"
    )
    spread_start: float = constant(100.0, "least people who see an act that spreads", _CHOICE, "assumed")
    spread_tail: float = constant(
        1.1, "Pareto exponent of the reach of an act that spreads", _CHOICE, "assumed"
    )
    reach_cap: float = constant(
        1e7,
        "most people who see one act",
        "MIT Technology Review, 5 May 2011: Carroll's video, 10 million views",
        "seen",
    )
    reach_log_slope: float = constant(
        0.3,
        "log reach per SD of log followers",
        "Martin et al. 2016 (arXiv 1602.01013): less than half of the "
        "variance can be explained; slope not given",
        "assumed",
        switch=True,
    )
    reach_missing_share: float = constant(
        0.2, "share of public acts whose reach is not recorded", _CHOICE, "assumed"
    )

    @property
    def loyalty_log_ratio(self) -> tuple[float, float, float]:
        """Log hazard ratio per SD of loyalty just after 0, 1 and 2 or more failed recoveries."""
        return SCHOOLS[self.loyalty_school]


DEFAULTS = Parameters()


def declaration(parameters: Parameters = DEFAULTS) -> list[dict[str, Any]]:
    """List every constant with ``name``, ``value``, ``about``, ``source``, ``tag`` and ``switch``.

    Examples
    --------
    >>> declaration()[0]["name"], declaration()[0]["tag"]
    ('history_days', 'assumed')
    """
    return [{"name": f.name, "value": getattr(parameters, f.name), **f.metadata} for f in fields(parameters)]
