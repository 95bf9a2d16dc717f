"""Constants of customers, orders and tickets."""

from __future__ import annotations

from dataclasses import dataclass

from retaliation_risk.simulate.declare import KNOX, RAGE, constant

_SERVICENOW = "ServiceNow incident log extract, 890 incidents"


@dataclass(frozen=True)
class CustomerConstants:
    """Who the customers are and what they buy."""

    history_days: int = constant(730, "days of recorded history from 2024-01-01 UTC")
    burn_in_days: int = constant(
        0,
        "days lived before the recorded history: tickets, failed recoveries and acts of that time leave grudges and "
        "exits behind, and no rows; 0: the history begins with nobody let down",
        switch=True,
    )
    joined_before_share: float = constant(0.7, "share of customers who joined before the history")
    joined_until_share: float = constant(0.95, "share of the history in which the others join")
    earlier_tenure_days: float = constant(900.0, "mean tenure of those at the start of the history, in days")
    tenure_loyalty: float = constant(0.3, "log of that tenure per SD of loyalty")
    segments: tuple[str, ...] = constant(("consumer", "family", "business"), "segments")
    segment_shares: tuple[float, ...] = constant((0.7, 0.2, 0.1), "shares of the segments")
    opt_out_share: float = constant(0.005, "share of customers who opted out of profiling")
    orders_per_year: float = constant(
        2.0, "orders a year at mean loyalty", f"{KNOX}: example interpurchase time 182 days", "derived"
    )
    order_loyalty: float = constant(0.6, "log order rate per SD of loyalty")
    order_amount: float = constant(60.0, "median amount of an order")
    order_spread: float = constant(0.7, "SD of the log amount of an order")
    refund_share: float = constant(0.03, "share of orders that are refunds (negative)")
    tier_points: tuple[float, ...] = constant(
        (100.0, 250.0, 600.0), "spend in the year before from which tiers 1, 2, 3 hold"
    )
    tier_review_days: int = constant(91, "days between reviews of a customer's tier")


@dataclass(frozen=True)
class TicketConstants:
    """How customers contact the firm, and how often the recovery fails."""

    tickets_per_year: float = constant(1.2, "first tickets a year of the mean customer")
    ticket_shape: float = constant(
        1.29,
        "shape of the gamma mixture of ticket rates (negative binomial counts)",
        "twcs extract, 1,443 customers: mean 1.93, variance 4.82; shape = mean^2 / (variance - mean); counts "
        "there start at 1, and a zero-truncated fit to these two moments has no solution",
        "derived",
    )
    complaint_share: float = constant(0.5, "share of first tickets that report a failure")
    channels: tuple[str, ...] = constant(("phone", "email", "chat", "web"), "channels")
    channel_shares: tuple[float, ...] = constant(
        (0.5, 0.2, 0.2, 0.1),
        "shares of the channels: digital 0.5, its split assumed",
        f"{RAGE}, wave 2023: digital is the primary channel of 50 % (secondary)",
        "derived",
    )
    issues: tuple[str, ...] = constant(
        ("late delivery", "damaged goods", "wrong item", "billing error", "double charge", "refund missing",
         "login", "cancellation", "contract terms", "rude staff", "warranty", "app crash", "missing part",
         "price promise", "data privacy", "appointment missed"),
        "what tickets are about",
    )  # fmt: skip
    severity_shares: tuple[float, ...] = constant(
        (0.15, 0.25, 0.3, 0.2, 0.1), "shares of severity 1 to 5 among complaints"
    )
    question_severity: int = constant(2, "highest severity of a plain question")
    contacts_extra: float = constant(
        3.2,
        "mean further contacts on a complaint after the first",
        f"{RAGE}, wave 2015: 4.2 contacts to satisfy",
        "derived",
    )
    contacts_shape: float = constant(
        2.2,
        "negative binomial shape of the further contacts",
        f"{RAGE}, wave 2015: solves (1 + 3.2 / shape)^(-shape) = .14 resolved on first contact; a geometric "
        "law cannot meet both figures",
        "derived",
    )
    question_extra: float = constant(0.6, "mean further contacts on a plain question")
    contact_gap_days: float = constant(1.5, "mean days between contacts of one ticket")
    reply_share: tuple[float, float] = constant(
        (0.2, 0.8), "share of such a gap after which the firm replies, from, to"
    )
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
    failed_severity: float = constant(0.2, "log odds of a failed recovery per point of severity")
    question_failed_share: float = constant(0.08, "share of plain questions whose answer fails")
    failure_modes: tuple[float, ...] = constant(
        (0.15, 0.15, 0.2, 0.1, 0.1, 0.15, 0.15),
        "how a failed recovery shows: reopened, follow-up ticket, repeat ticket, message left unanswered, "
        "bad satisfaction, escalated, service level breached",
    )
    left_share: float = constant(0.5, "share of tickets with a breached service level that are never solved")
    trouble_share: tuple[float, float] = constant(
        (0.3, 0.95),
        "share of a ticket's length at which the firm escalates, is late, apologises or pays, from, to",
    )
    least_wait_days: float = constant(0.1, "least days a ticket takes, and from an answer to what follows")
    closed_days: tuple[float, ...] = constant(
        (6.0, 14.0), "days until a ticket is closed: once solved, once left"
    )
    reopened_days: float = constant(3.0, "mean days from solved to reopened")
    unanswered_days: float = constant(5.0, "most days from solved to the message that is left unanswered")
    follow_up_days: float = constant(6.0, "mean days from closed to the follow-up ticket")
    csat_share: float = constant(0.2, "share of solved tickets whose survey is answered")
    csat_shape: tuple[float, float] = constant(
        (3.0, 1.5), "beta shapes of an answer within its range, good or bad"
    )
    csat_bad_share: float = constant(0.6, "share of bad answers where a recovery failed in another way")
    csat_wait_days: float = constant(4.0, "most days from solved to the answer")
    csat_delay_days: float = constant(1.0, "mean days until an answer reaches the firm")
    apology_share: float = constant(0.35, "share of complaints with an apology")
    compensation_share: float = constant(0.2, "share of complaints with a compensation")
    compensation_amount: float = constant(12.0, "median compensation")
    compensation_spread: float = constant(0.6, "SD of the log of a compensation")
