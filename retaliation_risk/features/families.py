"""The declared features, family by family. The dictionary (``retaliation-risk features``) is made from this list."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retaliation_risk.histories import (
    Area,
    Count,
    DaysSince,
    DaysSinceFirst,
    Decayed,
    Expression,
    Feature,
    Last,
    Mean,
    Spell,
    Streak,
    Sum,
)

KNOX = "Knox & van Oest 2014, Journal of Marketing 78(5)"
BITNER = "Bitner, Booms & Tetreault 1990, Journal of Marketing 54(1)"
MAXHAM = "Maxham & Netemeyer 2002, Journal of Marketing 66(4)"
GREGOIRE = "Grégoire, Tripp & Legoux 2009, Journal of Marketing 73(6)"
PACHECO = "Pacheco et al. 2019, Journal of Service Management 30(1)"
HERHAUSEN = "Herhausen et al. 2019, Journal of Marketing 83(3)"
HUTZINGER = "Hutzinger & Weitzl 2023, Internet Research 33(7)"
JOIREMAN = "Joireman, Grégoire, Devezer & Tripp 2013, Journal of Retailing 89(3)"
TRIPP = "Tripp & Grégoire 2011, MIT Sloan Management Review"

PURCHASE_HALF_LIFE = 365.0
COMPLAINT_HALF_LIFE = 30.0

#: When a sentence may call a customer loyal: a year with us, and still buying.
LOYAL = "(tenure_days >= 365) * (purchase_stock >= 1)"

RELATIONSHIP = (
    Feature("tenure_days", "days", "Days since the relationship began.", "relationship",
            DaysSinceFirst("customers"), "A customer for {value:.0f} days", GREGOIRE),
    Feature("orders_365d", "orders", "Orders in the last 365 days.", "relationship",
            Count("orders", days=365), "{value:.0f} orders in the last year"),
    Feature("orders_90d", "orders", "Orders in the last 90 days.", "relationship", Count("orders", days=90)),
    Feature("orders_ever", "orders", "Orders ever.", "relationship", Count("orders")),
    Feature("spend_90d", "currency", "Amount bought in the last 90 days.", "relationship",
            Sum("orders", "amount", days=90)),
    Feature("mean_order_amount", "currency", "Mean amount of an order.", "relationship", Mean("orders", "amount")),
    Feature("spend_365d", "currency", "Amount bought in the last 365 days.", "relationship",
            Sum("orders", "amount", days=365)),
    Feature("spend_ever", "currency", "Amount bought ever.", "relationship", Sum("orders", "amount")),
    Feature("days_since_order", "days", "Days since the last order.", "relationship", DaysSince("orders")),
    Feature("purchase_stock", "orders", "Orders, each counting half after 365 days: slow to fade.", "relationship",
            Decayed("orders", half_life_days=PURCHASE_HALF_LIFE), source=KNOX),
    Feature("tier", "tier", "Loyalty tier held.", "relationship", Last("loyalty", "tier")),
    Feature("points", "points", "Loyalty points held.", "relationship", Last("loyalty", "points")),
    Feature("relationship_strength", "log units", "Log tenure in years plus log purchase stock.", "relationship",
            Expression("log1p(tenure_days / 365) + log1p(purchase_stock)"), "A strong relationship with us", GREGOIRE),
)  # fmt: skip

CONTACTS = (
    Feature("tickets_7d", "tickets", "Tickets opened in the last 7 days.", "contacts",
            Count("tickets", days=7), "{value:.0f} contacts in the last week"),
    Feature("tickets_30d", "tickets", "Tickets opened in the last 30 days.", "contacts",
            Count("tickets", days=30), "{value:.0f} contacts in the last 30 days"),
    Feature("tickets_90d", "tickets", "Tickets opened in the last 90 days.", "contacts",
            Count("tickets", days=90), "{value:.0f} contacts in the last 90 days"),
    Feature("tickets_365d", "tickets", "Tickets opened in the last 365 days.", "contacts",
            Count("tickets", days=365), "{value:.0f} contacts in the last year"),
    Feature("tickets_ever", "tickets", "Tickets opened ever.", "contacts",
            Count("tickets"), "{value:.0f} contacts in all"),
    Feature("repeats_90d", "tickets", "Tickets in the last 90 days about an issue raised within 30 days before.",
            "contacts", Count("tickets", where="repeat", days=90),
            "Came back {value:.0f} times about the same issue in the last 90 days"),
    Feature("open_tickets", "tickets", "Tickets open at the moment.", "contacts",
            Sum("open_tickets", "change"), "{value:.0f} tickets still open"),
    Feature("unresolved_days", "days", "Days since the customer last had nothing open.", "contacts",
            Spell("open_tickets", "change"), "Something has been open for {value:.0f} days", source=TRIPP, sign=1),
    Feature("days_since_contact", "days", "Days since the last ticket was opened.", "contacts", DaysSince("tickets")),
    Feature("messages_30d", "messages", "Messages from the customer in the last 30 days.", "contacts",
            Count("events", where="message_in", days=30), "Wrote {value:.0f} messages in the last 30 days"),
    Feature("channel_changes_90d", "tickets", "Tickets in the last 90 days by another channel than the one before.",
            "contacts", Count("tickets", where="channel_changed", days=90),
            "Changed channel {value:.0f} times in the last 90 days"),
    Feature("public_contacts_365d", "tickets", "Tickets that came by a public channel in the last 365 days.", "contacts",
            Count("tickets", where="public_channel", days=365), "Wrote in public {value:.0f} times in the last year",
            HERHAUSEN),
    Feature("follow_ups_365d", "tickets", "Tickets that follow up an earlier one, in the last 365 days.", "contacts",
            Count("tickets", where="follow_up", days=365), "Followed up {value:.0f} times in the last year"),
    Feature("days_between_contacts", "days", "Mean days between tickets, over the last 365 days.", "contacts",
            Mean("tickets", "gap_days", days=365)),
    Feature("replies_30d", "messages", "Messages to the customer in the last 30 days.", "contacts",
            Count("events", where="message_out", days=30)),
    Feature("log_tickets_365d", "log tickets", "Logarithm of one more than the tickets of the last 365 days.", "contacts",
            Expression("log1p(tickets_365d)")),
)  # fmt: skip

DEVIATIONS = (
    Feature("complaints_365d", "tickets", "Service failures reported in the last 365 days.", "deviations",
            Count("tickets", where="complaint", days=365), "Reported {value:.0f} failures in the last year"),
    Feature("complaint_stock", "tickets", "Service failures reported, each counting half after 30 days.", "deviations",
            Decayed("tickets", where="complaint", half_life_days=COMPLAINT_HALF_LIFE),
            "Reported a failure recently", KNOX, when="complaint_stock >= 0.5"),
    Feature("failed_recoveries_30d", "tickets", "Failed recoveries that became known in the last 30 days.",
            "deviations", Count("failed_recoveries", days=30), "Let down {value:.0f} times in the last 30 days",
            source=TRIPP, sign=1),
    Feature("failed_recoveries_90d", "tickets", "Failed recoveries that became known in the last 90 days.",
            "deviations", Count("failed_recoveries", days=90), "Let down {value:.0f} times in the last 90 days",
            source=TRIPP, sign=1),
    Feature("failed_recoveries_365d", "tickets", "Failed recoveries that became known in the last 365 days.",
            "deviations", Count("failed_recoveries", days=365), "Let down {value:.0f} times in the last year",
            source=TRIPP, sign=1),
    Feature("failed_recoveries_ever", "tickets", "Failed recoveries known ever.", "deviations",
            Count("failed_recoveries"), "Let down {value:.0f} times in all", source=TRIPP, sign=1),
    Feature("grudge", "tickets", "Failed recoveries, each counting half after 30 days.", "deviations",
            Decayed("failed_recoveries", half_life_days=30.0), "Let down recently, and not for the first time",
            GREGOIRE, when="(grudge >= 0.5) * (failed_recoveries_ever >= 2)", sign=1),
    Feature("failure_streak", "tickets", "Failed recoveries in a row, without a ticket closed clean in between.",
            "deviations", Streak("verdicts", where="failed"), "{value:.0f} recoveries in a row failed",
            source=TRIPP, sign=1),
    Feature("days_since_failed_recovery", "days", "Days since the last failed recovery became known.", "deviations",
            DaysSince("failed_recoveries"), source=GREGOIRE, sign=-1),
    Feature("days_between_failures", "days", "Days between the last two failed recoveries.", "deviations",
            Last("failed_recoveries", "gap_days"), source=MAXHAM),
    Feature("double_deviations_180d", "tickets", "Reported failures whose recovery failed, in the last 180 days.",
            "deviations", Count("double_deviations", where="failed_recovery", days=180),
            "{value:.0f} failures not made good in the last 180 days", BITNER, sign=1),
    Feature("double_deviations_ever", "tickets", "Reported failures whose recovery failed, ever.", "deviations",
            Count("double_deviations", where="failed_recovery"), "{value:.0f} failures never made good", BITNER, sign=1),
    Feature("second_failures_180d", "tickets", "Failures reported in the last 180 days, soon after a failed recovery.",
            "deviations", Count("double_deviations", where="second_failure", days=180),
            "{value:.0f} new failures after one that was not made good", MAXHAM, sign=1),
    Feature("same_issue_failures_ever", "tickets", "Failed recoveries about the same issue as the one before.", "deviations",
            Count("failed_recoveries", where="same_issue"), "Let down {value:.0f} times about the same thing again",
            MAXHAM, sign=1),
    Feature("close_failures_365d", "tickets", "Failed recoveries within 30 days of the one before, in the last 365 days.",
            "deviations", Count("failed_recoveries", where="soon", days=365),
            "Let down {value:.0f} times within a month of the last time", MAXHAM, sign=1),
    Feature("unanswered_365d", "tickets", "Recoveries that failed because a message stayed without reply, in the last 365 "
            "days.", "deviations", Count("failed_recoveries", where="unanswered", days=365),
            "{value:.0f} messages stayed without reply in the last year", source=TRIPP, sign=1),
    Feature("failed_share_365d", "share", "Failed recoveries for each ticket of the last 365 days.", "deviations",
            Expression("failed_recoveries_365d / maximum(tickets_365d, 1)")),
    Feature("log_failed_recoveries", "log tickets", "Logarithm of one more than the failed recoveries ever.", "deviations",
            Expression("log1p(failed_recoveries_ever)"), source=TRIPP, sign=1),
    Feature("escalations_365d", "events", "Escalations in the last 365 days.", "deviations",
            Count("events", where="escalated", days=365), "Escalated {value:.0f} times in the last year"),
    Feature("reopens_365d", "events", "Reopenings in the last 365 days.", "deviations",
            Count("events", where="reopened", days=365), "{value:.0f} solutions did not hold in the last year"),
    Feature("sla_breaches_365d", "events", "Promised times missed, as known in the last 365 days.", "deviations",
            Count("events", where="sla_breached", days=365), "{value:.0f} promised times missed in the last year"),
)  # fmt: skip

EXPERIENCE = (
    Feature("mean_csat_365d", "0 to 1", "Mean satisfaction given in the last 365 days.", "experience",
            Mean("events", "csat", days=365)),
    Feature("last_csat", "0 to 1", "Last satisfaction given.", "experience", Last("events", "csat")),
    Feature("bad_csat_365d", "ratings", "Bad ratings given in the last 365 days.", "experience",
            Count("events", where="bad_csat", days=365), "Rated us badly {value:.0f} times in the last year"),
    Feature("first_reply_hours_365d", "hours", "Mean hours from opening to first reply, in the last 365 days.",
            "experience", Mean("events", "hours_since_opening", where="first_reply", days=365),
            "Waited {value:.0f} hours for a first reply on average"),
    Feature("assignments_90d", "events", "Assignments to an agent in the last 90 days; more than one a ticket is a "
            "hand-off.", "experience", Count("events", where="assigned", days=90),
            "Assigned {value:.0f} times in the last 90 days, more often than there were tickets",
            when="assignments_90d > tickets_90d"),
    Feature("mean_severity_365d", "1 to 5", "Mean severity of tickets in the last 365 days.", "experience",
            Mean("tickets", "severity", days=365)),
    Feature("last_severity", "1 to 5", "Severity of the last ticket.", "experience", Last("tickets", "severity")),
    Feature("resolution_hours_365d", "hours", "Mean hours from opening to solution, over the last 365 days.", "experience",
            Mean("events", "hours_since_opening", where="solved", days=365),
            "Waited {value:.0f} hours for a solution on average"),
    Feature("assignments_per_ticket_90d", "events", "Assignments for each ticket of the last 90 days.", "experience",
            Expression("assignments_90d / maximum(tickets_90d, 1)")),
    Feature("ratings_365d", "ratings", "Ratings given in the last 365 days; few are asked and fewer answer.", "experience",
            Count("events", where="csat_rated", days=365)),
    Feature("csat_change", "0 to 1", "Last satisfaction less the mean of the last 365 days.", "experience",
            Expression("last_csat - mean_csat_365d")),
    Feature("open_days_ever", "ticket-days", "Days that tickets have stood open, added up.", "experience",
            Area("open_tickets", "change")),
)  # fmt: skip

RECOVERY = (
    Feature("apologies_365d", "events", "Apologies in the last 365 days.", "recovery",
            Count("events", where="apology", days=365), source=JOIREMAN),
    Feature("compensations_365d", "events", "Compensations in the last 365 days.", "recovery",
            Count("events", where="compensation", days=365), source=JOIREMAN),
    Feature("amends_365d", "tickets", "Tickets with both an apology and a compensation, completed in the last 365 "
            "days.", "recovery", Count("events", where="amends", days=365), source=JOIREMAN),
    Feature("days_since_recovery", "days", "Days since the last apology or compensation.", "recovery",
            DaysSince("events", where="recovery")),
    Feature("days_since_apology", "days", "Days since the last apology.", "recovery",
            DaysSince("events", where="apology"), source=PACHECO),
    Feature("apology_delay_hours_365d", "hours", "Mean hours from opening to an apology, over the last 365 days.",
            "recovery", Mean("events", "hours_since_opening", where="apology", days=365), source=PACHECO),
    Feature("compensation_delay_hours_365d", "hours", "Mean hours from opening to a compensation, over the last 365 days.",
            "recovery", Mean("events", "hours_since_opening", where="compensation", days=365), source=PACHECO),
    Feature("compensation_365d", "currency", "Amount given in compensation in the last 365 days.", "recovery",
            Sum("events", "compensation_amount", days=365), source=JOIREMAN),
    Feature("unrepaired_365d", "tickets", "Failed recoveries less tickets with both apology and compensation, in the last "
            "365 days; not below 0.", "recovery", Expression("maximum(failed_recoveries_365d - amends_365d, 0)"),
            "{value:.0f} failures without amends in the last year", JOIREMAN),
)  # fmt: skip

INTERACTIONS = (
    Feature("tenure_x_failed_recoveries", "log years x tickets", "Log tenure times failed recoveries ever: a long "
            "relationship, let down.", "interactions",
            Expression("log1p(tenure_days / 365) * minimum(failed_recoveries_ever, 3)"),
            "A long-standing customer, let down", HUTZINGER,
            when="(tenure_days >= 365) * (failed_recoveries_ever >= 1)"),
    Feature("strength_x_failed_recoveries", "log units x tickets", "Relationship strength times failed recoveries ever.",
            "interactions", Expression("relationship_strength * minimum(failed_recoveries_ever, 3)"),
            "A loyal customer, let down", HUTZINGER, when=f"{LOYAL} * (failed_recoveries_ever >= 1)"),
    Feature("strength_x_repeated_failure", "log units", "Relationship strength, from the second failed recovery on.",
            "interactions", Expression("relationship_strength * (failed_recoveries_ever >= 2)"),
            "A loyal customer, let down at least twice", HUTZINGER,
            when=f"{LOYAL} * (failed_recoveries_ever >= 2)"),
    Feature("strength_x_grudge", "log units x tickets", "Relationship strength times recent failed recoveries.",
            "interactions", Expression("relationship_strength * grudge"),
            "A loyal customer, let down of late", GREGOIRE, when=f"{LOYAL} * (grudge >= 0.5)"),
    Feature("strength_at_0_failures", "log units", "Relationship strength, if never let down; else 0.", "interactions",
            Expression("relationship_strength * (failed_recoveries_ever == 0)"), source=HUTZINGER),
    Feature("strength_at_1_failure", "log units", "Relationship strength, if let down once; else 0.", "interactions",
            Expression("relationship_strength * (failed_recoveries_ever == 1)"), source=HUTZINGER),
    Feature("strength_at_2_failures", "log units", "Relationship strength, if let down twice; else 0.", "interactions",
            Expression("relationship_strength * (failed_recoveries_ever == 2)"), source=HUTZINGER),
    Feature("strength_at_3_failures", "log units", "Relationship strength, if let down three times or more; else 0.",
            "interactions", Expression("relationship_strength * (failed_recoveries_ever >= 3)"), source=HUTZINGER),
    Feature("purchases_x_complaints", "orders x tickets", "Purchase stock times complaint stock.", "interactions",
            Expression("purchase_stock * complaint_stock"), source=KNOX),
)  # fmt: skip

INFLUENCE = (
    Feature("followers", "people", "Followers at the last observation.", "influence", Last("influence", "followers")),
    Feature("bought_score", "1 to 100", "Bought-in score at the last observation.", "influence",
            Last("influence", "score")),
)  # fmt: skip

FEATURES: tuple[Feature, ...] = RELATIONSHIP + CONTACTS + DEVIATIONS + EXPERIENCE + RECOVERY + INTERACTIONS

#: Which way the risk must go with a feature, where research fixes it. Being let down, again, of late or still, raises it
#: (Bitner et al., Maxham & Netemeyer, Tripp & Grégoire); the desire for revenge fades (Grégoire et al. 2009). Not here,
#: because studies disagree: the relationship and its interactions, voiced complaints, apology and compensation.
SIGNS: Mapping[str, int] = MappingProxyType({f.name: f.sign for f in FEATURES if f.sign})

#: What the models of a run look at unless told otherwise: few, and each with a reason in the literature or in the mission.
MODEL_FEATURES: tuple[str, ...] = (
    "relationship_strength", "tenure_days", "tickets_30d", "tickets_365d", "repeats_90d", "open_tickets", "unresolved_days",
    "complaint_stock", "failed_recoveries_ever", "grudge", "double_deviations_180d", "second_failures_180d",
    "failure_streak", "reopens_365d", "sla_breaches_365d", "bad_csat_365d", "assignments_90d", "amends_365d",
    "tenure_x_failed_recoveries", "strength_x_repeated_failure", "strength_x_grudge",
)  # fmt: skip
