"""What the literature asks of such a world, and where the simulator has it."""

from __future__ import annotations

from dataclasses import dataclass

THERE, OFF, PARTLY, MISSING = "there", "there, off by default", "partly", "missing"


@dataclass(frozen=True)
class Element:
    """One structural element: the names of its constants, whether it is there, and what is missing of it."""

    name: str
    constants: tuple[str, ...]
    state: str
    missing: str = ""


ELEMENTS = (
    Element(
        "latent relationship strength", ("tenure_loyalty", "order_loyalty", "loyalty_school"), PARTLY,
        "it is one number for life: purchases do not build it up and neglect does not wear it down",
    ),
    Element("over-dispersed failures", ("tickets_per_year", "ticket_shape", "complaint_share"), THERE),
    Element(
        "contacts until a complaint is resolved or abandoned", ("contacts_extra", "contacts_shape", "left_share"),
        PARTLY, "the firm leaves tickets unsolved; no customer gives up before the end",
    ),
    Element(
        "a failed recovery raises a betrayal state", ("complaint_ratio", "failure_ratio", "memory_days"), PARTLY,
        "betrayal, anger, fairness and inferred motive are not apart: one hazard stands for all",
    ),
    Element("loyalty times number of failed recoveries", ("loyalty_school",), THERE),
    Element(
        "controllability, and its crossing with loyalty", ("controllable_share", "controllable_log_ratio"), OFF
    ),
    Element("perceived greed", ("greed_share", "greed_log_ratio"), OFF),
    Element(
        "severity and personality", ("severity_log_ratio", "frailty_sd"), PARTLY,
        "severity is that of the ticket; expectations do not rise with what went before",
    ),
    Element(
        "desire for revenge decays, slower in strong relationships",
        ("revenge_half_life_days", "half_life_loyalty"), THERE,
    ),
    Element(
        "avoidance rises, faster in strong relationships",
        ("avoidance_share", "avoidance_days", "avoidance_loyalty"), OFF,
        "it is orders not made; the hazard of leaving falls back after a failure",
    ),
    Element("direct and indirect acts with feedback", ("direct_share", "act_ratio", "act_limits"), THERE),
    Element("power, which matters for direct acts only", (), MISSING, "nobody has more power than another"),
    Element(
        "vigilante and reparation schemas", ("vigilante_share", "direct_share"), PARTLY,
        "they differ in the share of direct acts, not in platforms, words or relief",
    ),
    Element(
        "apology and compensation, which fade with earlier failures", ("gesture_log_ratio",), PARTLY,
        "one gesture is as good as the other or as both, early as late; strong relationships do not answer more",
    ),
    Element(
        "answers to a public complaint (webcare)", (), MISSING, "answering changes nothing: no treatment is simulated"
    ),
    Element(
        "exit as a competing risk", ("exit_per_year", "exit_loyalty", "exit_ratio", "exit_half_life_days"), THERE
    ),
    Element(
        "heavy-tailed reach, nearly independent of followers",
        ("spread_share", "spread_tail", "reach_log_slope", "reach_cap"), PARTLY,
        "ties to a brand community do not spread an act",
    ),
    Element("people without accounts", ("account_share",), THERE),
    Element(
        "grudges from before the records", ("burn_in_days",), OFF,
        "by default the tables begin with nobody let down, and risk rises through the first year",
    ),
    Element(
        "similar or close failures weaken a recovery", (), PARTLY,
        "a ticket on the same issue within 30 days fails the first; its nearness adds nothing to the hazard",
    ),
)  # fmt: skip
