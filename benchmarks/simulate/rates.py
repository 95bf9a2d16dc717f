"""The rates of the surveys that stand behind the simulator, as its world has them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from retaliation_risk.metrics import wilson
from retaliation_risk.simulate import Simulated
from retaliation_risk.simulate.declare import RAGE
from retaliation_risk.tables.contract import INDIRECT

MARGIN = 0.031
"""Of a share in the Rage study: the widest of the margins that it states (1.8 to 3.1 points)."""

SETTLED_DAYS = 60
"""Complaints of the last days are left out: what becomes of them is not known by the end."""

_COMPLAINTS = f"""
WITH of_tickets AS (
    SELECT ticket_id, opened_at, channel,
        min(occurred_at) FILTER (event_type = 'solved') AS solved_at,
        bool_or(event_type = 'apology') AS apology,
        bool_or(event_type = 'compensation') AS compensation,
        max(value) FILTER (event_type = 'csat_rated') AS satisfaction
    FROM tickets JOIN ticket_events USING (ticket_id)
    WHERE is_complaint GROUP BY ALL)
SELECT of_tickets.*, count(*) FILTER (event_type = 'message_in' AND occurred_at <= solved_at) AS contacts
FROM of_tickets JOIN ticket_events USING (ticket_id)
WHERE opened_at < (SELECT max(observed_to) FROM observation) - INTERVAL {SETTLED_DAYS} DAY
GROUP BY ALL
"""


@dataclass(frozen=True)
class Rate:
    """One quantity of a source and of the simulated world.

    ``published`` has one value per wave; ``set_by`` names the constants that put it there, empty where it follows from the
    whole. ``ours`` is NaN where the simulator has nothing to compare, and ``why`` says so, or why it differs.
    """

    quantity: str
    source: str
    published: tuple[float, ...]
    margin: float
    ours: float
    low: float
    high: float
    n: int
    set_by: str
    why: str

    @property
    def verdict(self) -> str:
        """Whether the interval reaches into the margins of the source: of its one value, or of the range of its waves."""
        if np.isnan(self.ours):
            return "not in the simulator"
        if self.high < min(self.published) - self.margin or self.low > max(self.published) + self.margin:
            return "differs"
        return "reproduced" if len(self.published) == 1 else "within the range"

    def as_dict(self) -> dict[str, Any]:
        """Return everything, with the verdict."""
        return {**asdict(self), "verdict": self.verdict}


def rates(world: Simulated) -> list[Rate]:
    """Compute every rate; intervals are of 95 %, and take tickets and customers as independent."""
    complaints, year = _complaints(world), _last_year(world)
    return [*_problems(world, year), *_contacts(complaints), *_answers(complaints), *_revenge(world, year)]


def share(found: Any) -> tuple[float, float, float, int]:
    """Return the share of true values, Wilson's interval, and their number.

    >>> share([True, False]) == (0.5, *[bound[0] for bound in wilson([0.5], [2])], 2)
    True
    """
    hit = np.asarray(found, dtype=float)
    low, high = wilson([hit.mean()], [len(hit)])
    return float(hit.mean()), float(low[0]), float(high[0]), len(hit)


def mean(values: Any) -> tuple[float, float, float, int]:
    """Return the mean, its normal interval, and the number of values.

    >>> mean([1.0, 1.0])
    (1.0, 1.0, 1.0, 2)
    """
    given = np.asarray(values, dtype=float)
    half = 1.96 * given.std(ddof=1) / np.sqrt(len(given))
    return float(given.mean()), float(given.mean() - half), float(given.mean() + half), len(given)


NOWHERE = (np.nan, np.nan, np.nan, 0)


def _complaints(world: Simulated) -> pd.DataFrame:
    """One row per complaint: contacts until it was solved, gestures, the answer to the survey."""
    with duckdb.connect(config={"pandas_analyze_sample": 0}) as connection:
        for name in ("tickets", "ticket_events", "observation"):
            connection.register(name, world.frames[name])
        return connection.execute(_COMPLAINTS).df()


def _last_year(world: Simulated) -> pd.DataFrame:
    """One row per customer there for the whole last year: complained, retaliated, posted in it."""
    end = world.frames["observation"]["observed_to"].max()
    begin = end - pd.Timedelta(days=365)
    tickets, acts = world.frames["tickets"], world.acts[world.acts["occurred_at"] >= begin]
    complaints = tickets[tickets["is_complaint"] & (tickets["opened_at"] >= begin)]
    there = world.frames["observation"].query("observed_from < @begin")["customer_id"]
    left = world.truth.loc[world.truth["left_at"] < end, "customer_id"]
    ids = there[~there.isin(left)]
    posts = acts[acts["outcome_type"] == "social_post"]
    return pd.DataFrame(
        {
            "complained": ids.isin(complaints["customer_id"]),
            "acted": ids.isin(acts["customer_id"]),
            "posted": ids.isin(posts["customer_id"]),
        }
    )


def _problems(world: Simulated, year: pd.DataFrame) -> list[Rate]:
    failed = len(world.failures) / int(world.frames["tickets"]["is_complaint"].sum())
    n = int(world.frames["tickets"]["is_complaint"].sum())
    low, high = wilson([failed], [n])
    return [
        Rate(
            "had a problem within 12 months", f"{RAGE}, 1976 to 2023",
            (0.32, 0.45, 0.50, 0.54, 0.56, 0.66, 0.74), MARGIN, *share(year["complained"]),
            "tickets_per_year, complaint_share, ticket_shape",
            "the survey asks of all firms together and of problems told to nobody; here it is one firm's complaints",
        ),
        Rate(
            "complained to the firm, given a problem", f"{RAGE}, 2015", (0.79,), MARGIN, *NOWHERE, "",
            "a problem that nobody reports leaves no trace here",
        ),
        Rate(
            "attempted recoveries that fail", "Casado, Nicolau & Mas 2011: more than half", (0.5, 1.0), 0.0,
            failed, float(low[0]), float(high[0]), n, "failed_share, failed_severity",
            "banking; here also tickets on the same issue within 30 days count",
        ),
    ]  # fmt: skip


def _contacts(complaints: pd.DataFrame) -> list[Rate]:
    solved = complaints[complaints["solved_at"].notna()]
    rated = complaints[complaints["satisfaction"].notna()]
    return [
        Rate(
            "resolved on first contact", f"{RAGE}, 2015", (0.14,), MARGIN,
            *share(complaints["contacts"] == 1), "contacts_extra, contacts_shape", "",
        ),
        Rate(
            "satisfied on first contact", f"{RAGE}, 2015", (0.35,), MARGIN,
            *share((rated["contacts"] == 1) & (rated["satisfaction"] >= 0.4)), "",
            "of answered surveys; .35 satisfied beside .14 resolved does not fit in the source either, and here nobody is "
            "satisfied by an unsolved contact",
        ),
        Rate(
            "mean contacts to satisfy", f"{RAGE}, 2015", (4.2,), 0.05, *mean(solved["contacts"]),
            "contacts_extra", "contacts until the first solution; the margin is of rounding",
        ),
        Rate(
            "digital is the primary channel", f"{RAGE}, 2023 (secondary)", (0.50,), MARGIN,
            *share(complaints["channel"] != "phone"), "channel_shares", "of complaints, not of persons",
        ),
    ]  # fmt: skip


def _answers(complaints: pd.DataFrame) -> list[Rate]:
    paid = complaints[complaints["compensation"] & complaints["satisfaction"].notna()]
    satisfied = paid["satisfaction"] >= 0.4
    why = "gestures change the desire for revenge here, not the answer to the survey"
    return [
        Rate(
            "got nothing", f"{RAGE}, 2013, 2015, 2020 (more than), 2023", (0.56, 0.63, 0.50, 0.48), MARGIN,
            *share(~(complaints["apology"] | complaints["compensation"])), "apology_share, compensation_share",
            "neither apology nor compensation; a solution alone counts as nothing here",
        ),
        Rate(
            "satisfied, given money only", f"{RAGE}, 2015", (0.37,), MARGIN, *share(satisfied[~paid["apology"]]),
            "csat_bad_share", why,
        ),
        Rate(
            "satisfied, given money and an apology", f"{RAGE}, 2015", (0.73,), MARGIN,
            *share(satisfied[paid["apology"]]), "csat_bad_share", why,
        ),
    ]  # fmt: skip


def _revenge(world: Simulated, year: pd.DataFrame) -> list[Rate]:
    asked = year[year["complained"]]
    acts = world.acts[world.acts["outcome_type"].isin(INDIRECT)]
    return [
        Rate(
            "rage about it", f"{RAGE}, 2013 to 2023", (0.68, 0.66, 0.56, 0.66, 0.63), MARGIN, *NOWHERE, "",
            "there is no anger here, only the hazard of an act",
        ),
        Rate(
            "want revenge", f"{RAGE}, 2015 (pairing of number and label uncertain)", (0.24,), MARGIN, *NOWHERE,
            "", "desire is a hazard here, which has no level from which it is wanted",
        ),
        Rate(
            "sought revenge, given a problem", f"{RAGE}, mean of 2003 to 2017, 2020, 2023 (secondary)",
            (0.17, 0.03, 0.09), MARGIN, *share(asked["acted"]), "base_per_year",
            "within the year, on this firm; base_per_year was set for 2 % of all customers",
        ),
        Rate(
            "posted on social media, given a complaint", f"{RAGE}, 2023 (secondary)", (0.32,), MARGIN,
            *share(asked["posted"]), "base_per_year, indirect_kinds",
            "only posts that retaliate are acts here; the survey counts all",
        ),
        Rate(
            "online complaints that follow a double deviation", "Tripp & Grégoire 2011 (secondary)", (0.96,),
            0.0, *share(follows_failure(world, acts)), "failure_ratio",
            "of indirect acts, after a failed recovery within a year; here everybody keeps a base risk, and complaints that "
            "are not let down raise it too; the source is of people on complaint sites",
        ),
    ]  # fmt: skip


def follows_failure(world: Simulated, acts: pd.DataFrame) -> np.ndarray:
    """Whether the customer of each act had a failed recovery in the year before."""
    failures = world.failures[["customer_id", "occurred_at"]].rename(columns={"occurred_at": "failed_at"})
    ordered = acts.reset_index(drop=True).reset_index(names="row").sort_values("occurred_at")
    beside = pd.merge_asof(
        ordered, failures.sort_values("failed_at"), left_on="occurred_at", right_on="failed_at",
        by="customer_id", allow_exact_matches=False, tolerance=pd.Timedelta(days=365),
    )  # fmt: skip
    return beside.sort_values("row")["failed_at"].notna().to_numpy()
