"""Constants of retaliation, exit, influence and reach."""

from __future__ import annotations

from dataclasses import dataclass

from retaliation_risk.simulate.declare import CROSSING, GRUDGE, KNOX, RAGE, constant
from retaliation_risk.tables.contract import DIRECT, INDIRECT

SCHOOLS: dict[str, tuple[float, float, float]] = {
    "amplifies_repeated": (-0.4, 0.0, 0.5),
    "love_is_blind": (-0.4, -0.4, -0.4),
    "love_becomes_hate": (0.4, 0.4, 0.4),
    "none": (0.0, 0.0, 0.0),
}


@dataclass(frozen=True)
class RetaliationConstants:
    """The hazards of retaliation and of leaving."""

    base_per_year: float = constant(
        0.0043,
        "retaliations a year of a customer of mean loyalty who never complained",
        "set so that about 2 % of customers retaliate within a year; the 2 % is assumed (sought revenge on "
        f"any firm: 3 % in 2020, 9 % in 2023, {RAGE}, secondary)",
        "derived",
    )
    complaint_ratio: float = constant(
        5.0, "hazard ratio just after a complaint of severity 3 is opened, against no complaint"
    )
    failure_ratio: tuple[float, ...] = constant(
        (6.0, 13.0, 24.0),
        "hazard ratio just after the 1st, 2nd, later failed recovery, against a complaint without",
        "Tripp & Grégoire 2011, MIT Sloan Management Review: 96 % of online complaints follow a double "
        "deviation (secondary); (.96 / q) / (.04 / (1 - q)) is 6, 13, 24 at q = .8, .65, .5; a selected "
        "sample, and which ratio goes with which count is assumed",
        "derived",
    )
    loyalty_school: str = constant(
        "amplifies_repeated",
        "log hazard ratios per SD of loyalty after 0, 1, 2 or more failed recoveries: "
        + "; ".join(f"{name} {ratios}" for name, ratios in SCHOOLS.items()),
        f"signs of amplifies_repeated: {CROSSING} (n = 316 and 492); love_is_blind: Béal, Sabadie & "
        "Grégoire 2019; love_becomes_hate: Grégoire & Fisher 2008; sizes not given",
        "assumed",
        switch=True,
    )
    history_strength: float = constant(
        1.0,
        "share at work of what complaints and failed recoveries add to the hazard; 0: they say nothing of who "
        "retaliates",
        switch=True,
    )
    memory_days: float = constant(365.0, "days for which an earlier failed recovery counts")
    severity_log_ratio: float = constant(
        0.2,
        "log hazard ratio per point of severity above 3",
        "Joireman, Grégoire, Devezer & Tripp 2013, J. Retailing 89(3): sign only",
    )
    frailty_sd: float = constant(
        0.5,
        "SD of the log of a person's proneness to retaliate (the mean of the factor is 1)",
        "Sakulsinlapakorn & Zhang 2019 (n = 532): aggressive personality matters; size not given",
    )
    revenge_half_life_days: float = constant(
        56.0,
        "half-life of the desire for revenge at mean loyalty, in days",
        f"{GRUDGE}: falls, yet remains high after two months; half-life not given",
    )
    half_life_loyalty: float = constant(
        0.25,
        "log of that half-life per SD of loyalty",
        f"{GRUDGE}: slower for strong relationships; sign only",
    )
    gesture_log_ratio: tuple[float, ...] = constant(
        (-0.3, -0.15, 0.0),
        "log ratio at the 1st, 2nd, later failed recovery if the firm had apologised or compensated before; "
        "zeros: no effect; above zero: it fuels the fire",
        f"{CROSSING}: helps at none or few earlier failures, not at several; size not given; against: "
        "Basso & Pizzutti 2016, Herhausen et al. 2019",
        switch=True,
    )
    controllable_share: float = constant(
        0.5, "share of failed recoveries that the customer thinks the firm could have helped"
    )
    controllable_log_ratio: tuple[float, float] = constant(
        (0.0, 0.0),
        "log hazard ratio at mean loyalty and its slope per SD of loyalty, added where the customer thinks that the firm "
        "could have helped it, taken away where not; zeros: it does not matter",
        "Grégoire & Fisher 2006, Marketing Letters 17(1): the loyal retaliate less at low controllability, more at high; "
        "sign of the slope only",
        switch=True,
    )
    greed_share: float = constant(0.3, "share of failed recoveries in which the customer sees greed")
    greed_log_ratio: float = constant(
        0.0,
        "log hazard ratio of a failed recovery in which the customer sees greed; 0: it does not matter",
        "Grégoire, Laufer & Tripp 2010, JAMS 38: greed matters most for the desire for revenge; sign only",
        switch=True,
    )
    act_ratio: tuple[float, ...] = constant(
        (0.5, 1.25),
        "factor on later desire for revenge after a direct, an indirect act; (1, 1) switches it off",
        "Grégoire, Ghadami, Laporte, Sénécal & Larocque 2018, JAMS 46(6): direct acts lower it, "
        "indirect acts raise it; sizes not given",
        switch=True,
    )
    act_limits: tuple[float, float] = constant(
        (0.25, 2.0), "least and most that a customer's acts together make of the desire for revenge"
    )
    vigilante_share: float = constant(
        0.5,
        "share of customers who follow the vigilante schema, not the reparation schema",
        "Grégoire, Legoux, Tripp et al. 2019, J. Business Ethics: two schemas; shares not seen",
    )
    direct_share: tuple[float, ...] = constant(
        (0.2, 0.6), "share of direct acts of the vigilante, the reparation schema"
    )
    indirect_kinds: tuple[float, ...] = constant(
        (0.25, 0.2, 0.25, 0.02, 0.08, 0.2), "shares among indirect acts: " + ", ".join(INDIRECT)
    )
    direct_kinds: tuple[float, ...] = constant(
        (0.5, 0.15, 0.25, 0.1), "shares among direct acts: " + ", ".join(DIRECT)
    )
    act_delay_days: tuple[float, ...] = constant(
        (0.5, 6.0), "mean days until the firm learns of a direct, an indirect act"
    )
    known_at_once_share: float = constant(0.4, "share of acts the firm learns of at once")
    exit_per_year: float = constant(0.10, "exits a year without any failed recovery, at mean loyalty")
    exit_loyalty: float = constant(
        -0.5, "log exit hazard per SD of loyalty", f"{KNOX}: prior purchases mitigate; sign only"
    )
    exit_ratio: tuple[float, ...] = constant(
        (2.0, 3.0, 4.5),
        "exit hazard ratio just after the 1st, 2nd, later failed recovery",
        "MLC++ churn data (artificial), 3,328 rows: churn .513 at 4 or more calls, .113 below; the last is "
        "their ratio, the others assumed",
        "derived",
    )
    exit_half_life_days: float = constant(
        90.0,
        "half-life of the raised exit hazard in days; long: a lasting grudge",
        f"{KNOX}: prior complaints exacerbate, short-lived; against: {GRUDGE}: avoidance "
        "grows; days not given",
        switch=True,
    )
    avoidance_share: float = constant(
        0.0,
        "share of orders that a customer in the end forgoes after a failed recovery; 0: nobody avoids the firm",
        f"{GRUDGE}: the desire for avoidance grows; size not given",
        switch=True,
    )
    avoidance_days: float = constant(
        60.0, "days in which avoidance comes to 63 % of that share, at mean loyalty"
    )
    avoidance_loyalty: float = constant(
        0.25,
        "log of that pace per SD of loyalty",
        f"{GRUDGE}: avoidance rises faster in strong relationships; sign only",
    )
    exit_delay_days: float = constant(7.0, "mean days until the firm learns of an exit")


@dataclass(frozen=True)
class InfluenceConstants:
    """Public accounts, and how many people see an act."""

    account_share: float = constant(0.65, "share of customers with a public account")
    followers_median: float = constant(150.0, "median followers of an account")
    followers_spread: float = constant(1.8, "SD of the log of followers")
    followers_noise: float = constant(0.05, "SD of the log of followers between observations of one account")
    posts: tuple[float, ...] = constant(
        (4.5, 0.3, 0.8), "posts in 90 days: median, log slope per SD of log followers, SD of the log"
    )
    answers: tuple[float, ...] = constant(
        (0.3, 0.4, 0.8), "mentions, shares and replies per post: median, the same slope, SD of the log"
    )
    observations_per_year: float = constant(1.5, "observations of an account a year, after the first")
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
        "log hazard ratio of retaliation per SD of log followers; 0: followers say nothing of who retaliates",
        "no source known makes followers predict who complains",
        switch=True,
    )
    spread_share: float = constant(
        0.02,
        "share of indirect acts that spread at all",
        "Bakshy et al. 2011 data, in Watts's book: about 98 % of cascades did not spread",
        "seen",
    )
    quiet_reach: float = constant(0.5, "mean people who see an indirect act that does not spread")
    spread_start: float = constant(100.0, "least people who see an act that spreads, at mean log followers")
    spread_tail: float = constant(1.1, "Pareto exponent of the reach of an act that spreads")
    reach_cap: float = constant(
        1e7,
        "most people who see one act",
        "MIT Technology Review, 5 May 2011: Carroll's video, 10 million views",
        "seen",
    )
    reach_log_slope: float = constant(
        0.3,
        "log reach per SD of log followers",
        "Martin et al. 2016 (arXiv 1602.01013): less than half of the variance can be explained; "
        "no slope given",
        switch=True,
    )
    reach_missing_share: float = constant(0.2, "share of indirect acts whose reach is not recorded")
