"""Every label and fixed sentence.

For another language, translate this, sentences, modelling, stories, alts and explain.experience.
"""

from __future__ import annotations

from typing import NamedTuple

LANGUAGE = "en"


class PolicyWords(NamedTuple):
    """A policy's short name, what one does when one follows it, and what it is."""

    name: str
    doing: str
    about: str


class MetricWords(NamedTuple):
    """A heading, how values are written (formats.py), and which way is better: 1, -1 or 0."""

    name: str
    kind: str
    better: int


POLICIES = {
    "risk_only": PolicyWords(
        "Risk first", "answering the likeliest to retaliate first", "by predicted risk alone"
    ),
    "influence_only": PolicyWords(
        "Influence first", "answering the most influential first", "by influence alone"
    ),
    "rule": PolicyWords(
        "Rule",
        "answering by the rule (loyal, and let down at least twice)",
        "loyal and let down at least twice first, then by contacts; it needs no model",
    ),
    "expected_harm": PolicyWords(
        "Expected harm", "answering by risk times expected reach", "by risk and reach"
    ),
    "most_contacts": PolicyWords("Most contacts", "answering those who called most often first", "by calls"),
    "first_come": PolicyWords("First come", "answering in order of arrival", "by waiting time"),
    "biggest_spender": PolicyWords("Biggest spender", "answering the biggest spenders first", "by spend"),
    "influence_if_open": PolicyWords(
        "Influence, if open",
        "answering the most influential with an open matter first",
        "by influence among those who wait",
    ),
    "influence_x_complaint": PolicyWords(
        "Influence times complaint",
        "answering by influence times recent complaints",
        "by influence and complaints",
    ),
    "mixed_50": PolicyWords(
        "Half risk, half influence", "answering by risk and influence, half each", "by risk and influence"
    ),
    "oracle": PolicyWords("Oracle", "knowing the future", "the most that any order could reach"),
}

MODELS = {
    "prevalence": "Prevalence (same risk for all)",
    "kaplan_meier": "Kaplan-Meier (same risk for all)",
    "rule": "Rule (no model)",
    "cox": "Cox",
    "landmark_cox": "Cox on landmarks",
    "supermodel": "Landmark supermodel",
    "aft": "Accelerated failure time",
    "hazard": "Discrete-time hazard",
    "exit_or_voice": "Exit or voice",
    "logit": "Logit",
    "logistic": "Logistic",
    "boosting": "Boosting",
    "answer_all": "Answer everybody",
    "answer_none": "Answer nobody",
}
BASELINES = ("prevalence", "kaplan_meier", "rule")

METRICS = {
    "events_reached": MetricWords("Retaliations reached", "percent", 1),
    "reach_averted": MetricWords("Audience of those reached", "percent", 1),
    "precision": MetricWords("Precision", "percent", 1),
    "lift": MetricWords("Lift", "ratio", 1),
    "workload_saved": MetricWords("Workload saved", "percent", 1),
    "auroc": MetricWords("AUROC", "ratio", 1),
    "concordance": MetricWords("Concordance", "ratio", 1),
    "auprc": MetricWords("AUPRC", "number", 1),
    "brier": MetricWords("Brier", "number", -1),
    "scaled_brier": MetricWords("Scaled Brier", "number", 1),
    "calibration_slope": MetricWords("Calibration slope", "ratio", 0),
    "calibration_intercept": MetricWords("Calibration intercept", "ratio", 0),
}
# A model is judged by the first of these that the scores hold: a queue needs only the order.
RANKING = ("auroc", "concordance", "auprc")
# What a metric of RANKING gives for an order by chance, where that is one number.
CHANCE = {"auroc": 0.5, "concordance": 0.5}

# How people react: what stands in incidence.csv, and what it is called. Leaving first: it is the commoner.
CAUSES = {"leaving": "Has left", "retaliation": "Has retaliated"}

EVIDENCE = "evidence"

SECTIONS = {
    "answer": "The answer",
    "queue": "Whom to call",
    "policies": "Risk first against the alternatives",
    "drivers": "What drives the risk",
    "trust": "Can we trust it?",
    "served": "Who is served worse",
    "since": "What changed since the last run",
    "truth": "The simulated truth",
    "method": "Method, settings and limits",
}
# Where no model could be fitted, nobody is put first by risk.
POLICIES_WITHOUT_MODEL = "How the orders compare"

# What stands in the files of a run folder.
FILES = {
    "effects.csv": "effects of features",
    "survival.csv": "curves of how long customers stay quiet",
    "incidence.csv": "curves of who leaves and who retaliates",
    "calibration.csv": "predicted against observed risks",
    "scores.csv": "scores of policies",
    "capacity.csv": "curves by capacity",
    "served.csv": "shares of the queue by group",
    "validation.json": "sample sizes",
}

PAGE = {
    "title": "Whom to call first",
    "skip": "Skip to the report",
    "contents": "Contents",
    "data": "The numbers behind this chart",
    "interval": "95\u00a0% interval",
    "run": "Run",
    "as_of": "as of",
    "not_here": "Not in this report",
    "no_experience": "No ticket on record.",
    "footer": (
        "Made by retaliation-risk from the run folder alone. This page loads nothing and runs nothing."
    ),
}

# Column headings, by the column's name in the run folder.
COLUMNS = {
    "rank": "Rank",
    "customer": "Customer",
    "risk": "Risk",
    "influence": "Influence",
    "reasons": "Why",
    "calls": "Calls",
    "tenure_days": "Tenure, days",
    "failed_recoveries": "Failed recoveries",
    "double_deviation": "Let down again",
    "tickets": "Tickets",
    "policy": "Policy",
    "model": "Model",
    "capacity": "Customers answered",
    "value": "Value",
    "split": "Test moment",
    "n": "Customer-moments",
    "customers": "Customers",
    "reached": "Of those reached",
    "all": "Of all retaliators",
    "missed": "Of those missed",
    "n_all": "Retaliators",
    "n_missed": "Retaliators missed",
    "n_events": "Retaliations",
    "n_censored": "Censored",
    "feature": "Feature",
    "estimate": "Estimate",
    "unit": "Unit",
    "about": "Meaning",
    "day": "Day",
    "survival": "Have not retaliated",
    "incidence": "Has happened to",
    "cause": "What",
    "rank_before": "Rank then",
    "risk_before": "Risk then",
    "level": "Level of risk",
    "before": "Then",
    "now": "Now",
    "at_risk": "Customer-moments at risk",
    "bin": "Bin",
    "predicted": "Predicted",
    "observed": "Observed",
    "group_kind": "Grouped by",
    "group": "Group",
    "share_of_queue": "Share of the queue",
    "share_of_customers": "Share of customers",
    "what": "What",
    "why": "Why",
    "code": "Code",
    "table": "Table",
    "found": "Found",
    "count": "Rows",
    "file": "File",
    "sha256": "SHA-256",
    "rows": "Rows",
    "name": "Name",
    "family": "Family",
    "on": "Available",
    "fitted": "Fitted at the test moments",
    "setting": "Setting",
    "package": "Package",
    "version": "Version",
    "difference": "Difference, points",
    "source": "Source",
    "baseline": "Against",
    "verdict": "Verdict",
    "metric": "Metric",
    "kind": "Kind",
    "p_value": "p",
    "strength": "Hazard ratio of strength",
    "n_customers": "Customers",
    "priority": "Priority",
    "action": "What to do",
    "needed": "Customers answered",
    "less_than_influence": "Against influence first",
    "threshold": "Risk from which to answer",
    "reading": "Reading",
    "p_holm": "p (Holm)",
}

CAPTIONS = {
    "queue": "The queue",
    "policies": "What each policy reaches at this capacity, pooled over test moments",
    "differences": "Difference to influence first, in points",
    "differences_first_come": "Difference to order of arrival, in points",
    "differences_rule": "Difference to the rule, which needs no model, in points",
    "splits": "The chosen model and policies, by test moment",
    "performance": "Models, pooled over test moments",
    "baselines": "Models against what any model must beat, under the same resamples",
    "by_split": "The chosen model, by test moment",
    "sizes": "Sample sizes",
    "models": "Models asked for",
    "problems": "Problems in the data",
    "effects": "Effects",
    "served": "Shares of the queue by group",
    "truth": "What the simulator knows",
    "settings": "Settings and definitions",
    "features": "Features",
    "inputs": "Input files",
    "switched_off": "Switched off",
    "tables": "Rows read",
    "versions": "Versions",
    "missed": "Who is missed",
    "needed": "Capacity at which half of the retaliations are reached",
    "one_more": "One more caught per so many answers, against influence first",
    "decision": "Net benefit per 1,000 customers",
    "by_class": "Who leaves and who retaliates, by failed recoveries",
    "entered": "New in the queue",
    "left": "No longer in the queue",
    "risk_levels": "How many customers are at which level of risk",
    "moved_effects": "Effects then and now",
}

FIGURES = {
    "capacity": "Retaliations reached, by how many customers can be answered",
    "reach": "Audience of the retaliations reached, by how many customers can be answered",
    "differences": "The difference to influence first, in points, by test moment",
    "effects": "What goes with more risk, and what with less",
    "love_becomes_hate": "What a strong relationship does, by how often the customer was let down",
    "survival": "How long customers go without retaliating, by failed recoveries",
    "exit_or_voice": "Exit or voice: who leaves, and who retaliates",
    "over_time": "How well the model ranks, test moment by test moment",
    "calibration": "Predicted against observed risk",
    "decision": "Is it worth answering all above a risk?",
    "served": "Who fills the queue",
}

HOW = {
    "capacity": (
        "Higher is better. The dotted line marks this run's capacity; shading is a 95\u00a0% band for the whole curve "
        "(so it may be read at any capacity), where there are enough events for one."
    ),
    "reach": (
        "Higher is better. Audience: people who saw the acts of the customers reached. One act that many saw can decide "
        "such a share, and then its interval is too short: read it as a direction."
    ),
    "differences": (
        "Filled points: the interval excludes 0; crosses: too few events for an interval. To the right of 0, "
        "influence first does worse."
    ),
    "effects": "Filled points: the interval excludes 1. To the right of 1 the risk is higher.",
    "love_becomes_hate": (
        "Filled points: the 95\u00a0% interval excludes 1. Above 1, customers with stronger relationships are more "
        "likely to retaliate at that moment; below 1, less. Classes with too few acts have no point."
    ),
    "survival": (
        "Kaplan-Meier curves with 95\u00a0% intervals; beneath, how many customer-moments are still observed."
    ),
    "exit_or_voice": (
        "Cumulative incidence (Aalen-Johansen): the share of customers that has left, or has retaliated, first. Shading is "
        "a 95\u00a0% interval by customer; beneath, how many customer-moments are still observed."
    ),
    "over_time": (
        "1 would be perfect, and 0.5 is what chance gives. Crosses: too few events for an interval. A fall from left to "
        "right would mean that the model ages."
    ),
    "calibration": "On the dashed line as many retaliate as predicted; above it, more.",
    "decision": (
        "Net benefit: retaliations reached, less needless answers at their price, per 1,000 customers. A needless answer at "
        "a threshold of 1 % costs a 99th of what a retaliation reached is worth. Where a line lies above answering all "
        "and above 0, answering by it pays; shading is a 95\u00a0% band for the whole curve."
    ),
    "served": "A marker beyond its bar: the group fills more of that queue than its share of customers.",
}

# What stands over the difference of two policies, and in what it is counted.
DIFFERENCE = {"label": "Difference", "unit": "points"}
DIFFERENCE_ON_AUDIENCE = {"label": "Difference on audience", "unit": "points"}
REACHED = (
    "Reached is not prevented. A retaliation counts as reached when its customer stood in the"
    " queue before it "
    "happened; whether a call would have prevented it needs data on what was done and what followed."
)
PSEUDONYMS = (
    "Customers appear under a short digest of their id. It guards against a glance, not "
    "against someone who holds "
    "the list of ids; the ids themselves are in the queue file, in the same order."
)
# The same for a terminal, where the ids are one option away.
PSEUDONYMS_HERE = (
    "Customers appear under a short digest of their id; --show-contacts prints the ids themselves."
)
SUPPRESSED = (
    "Groups with too few customers are left out, and with a single such group the next "
    "smallest too, so that it "
    "cannot be worked out."
)
# What the method section says, as far as the run did it.
FAILED_RECOVERY_IS = (
    "A failed recovery is a ticket with any of the kinds of evidence listed below, counted once, from the time it became "
    "known. A double deviation is a complaint followed by a failed recovery of it."
)
MODELS_SAW = (
    "At each test moment the model saw only what was known before it, trained on earlier moments with a gap of one "
    "horizon. Customers who could not be observed to the end of the horizon are weighted, never counted as quiet."
)
COMPARED_HOW = (
    "Policies are compared at the same capacity and moments. Intervals of scores, of their differences and of "
    "capacity curves are paired bootstrap intervals over customers, and not given for fewer than ten customers "
    "with an event."
)
MODEL_INTERVALS_ARE = (
    "Those of calibration are Wilson intervals and those of survival Kaplan-Meier intervals, both over "
    "customer-moments: a customer seen at several moments counts several times, so they are too narrow. Those of "
    "effects are cluster-robust, by customer."
)
NOTHING_DONE = "In this run no model was trained and no orders were compared; the queue follows the rule."
NOTHING_COMPARED = "In this run no orders were compared."
RISK_IS = (
    "Risk is an association with what was recorded before. It does not show that a call, an apology or a payment "
    "changes what follows."
)
RULE_IS = (
    "The rule says who was let down, not what they will do. It does not show that a call, an apology or a payment "
    "changes what follows."
)
UNRECORDED_ACTS = "Retaliations that nobody recorded are missing from every number here."
SCORES_AGE = (
    "Once the queue is worked, outcomes change because of it; scores from before then no longer describe it."
)
MEANT_FOR = (
    "Meant for: choosing whom to call first, to make it good. Not meant for: refusing service, pricing, blocking, or "
    "putting anyone further back than the order of arrival would."
)
UNTIL_THEN = (
    "Until one can, the queue follows the rule: who is loyal and was let down at least twice comes first, then who got "
    "in touch most often."
)
RISKS_OF_THE_PAST = (
    "Orders by risk here are those of models fitted at the test moments; no model can order the queue now."
)
OTHER_QUEUE = "The earlier run has no queue in this order, so who entered and who left cannot be said."
FIRST_MOVED = "Only the first are listed, in the order of their ranks."
# Levels of risk, by how many times the mean risk of the run it is (explain.band).
LEVELS = {"high": "High", "raised": "Raised", "usual": "Usual"}
TOO_FEW = "Every group is too small for a curve of its own."
NO_EXITS = "Leaving cannot be set beside retaliating: within the horizon one of the two is not on record for anybody."
NO_INTERVALS = "The chosen model gives no intervals for its effects; they stand in effects.csv."
EFFECTS_ARE = "Associations, adjusted for the other features of the model; not effects of changing them."
AT_ACTS = (
    "The Cox model compares each customer who acted with others at risk at that same moment, as their histories stood then. "
    "So these ratios say who acts here and now. Risks over the horizon are smaller in contrast, because what is known at a "
    "moment fades: by how much is learned from the landmarks."
)
# What the names of metrics mean; those that the reader meets in the answer, and those of the tables.
RANKING_IS = {
    "auroc": (
        "AUROC: the chance that a customer who goes on to retaliate is ranked above one who does not; a half is what chance "
        "gives, 1 is perfect."
    ),
}
METRICS_ARE = (
    "AUROC and concordance: the chance that who retaliates (sooner) is ranked above who does not (yet); chance gives 0.5. "
    "AUPRC: precision averaged over all lengths of the list; chance gives the share who retaliate. Brier: mean squared "
    "error of the risks, lower is better; scaled: what share of it knowing the risks removes. Calibration slope: 1 is "
    "right, less means too sure; intercept: 0 is right, less means risks too high."
)
POLICY_METRICS_ARE = (
    "Audience of those reached: the share of all people who saw the acts. Precision: the share of those answered who went "
    "on to retaliate. Lift: how many times as many as in a list of the same length by chance. Workload saved: how much "
    "shorter the list may be to reach as many as influence first. A dash for an interval: fewer than ten customers acted, "
    "or less than one act tells what the value says."
)
QUEUE_TERMS = (
    "A failed recovery is a ticket that was not made good. Let down again: a complaint whose recovery failed (a double "
    "deviation) in the last half year. Under each customer stands the latest ticket in a line; open it for the others. "
    "Evidence: a ticket that a reason rests on, or that was not made good."
)
STRENGTH_IS = (
    "From one Cox model on the same comparisons: strength in each class, the classes, contacts of the last year, recent "
    "complaints and recent failures. Researchers disagree on what to expect here (love is blind, or love becomes hate)."
)
HOLM = (
    "p (Holm): chance of a difference in retaliations reached this large where there is none, corrected for all the "
    "differences of policies in this report."
)
USES_INFLUENCE = "This order uses influence: who is widely followed stands further in front than risk alone would put them."
ACTION_USES_INFLUENCE = (
    "What is proposed for some of these customers looks at their influence; each is marked (uses influence)."
)
BEST_CASE = (
    "Influence is given its best case too: among those with an open matter, times recent complaints, and mixed half and "
    "half with risk."
)
SIMULATED = (
    "These customers are simulated. What follows is the truth they were made from, which no "
    "analysis of real "
    "customers could know; nothing above used it."
)
ACTIONS_TITLE = "What to do, by the playbook"
LIMITS_TITLE = "Limits and intended use"
NOTES_TITLE = "Notes of the run"
POOLED = "All moments together"
