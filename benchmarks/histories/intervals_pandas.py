"""The interval form by pandas and NumPy: the steps of all logs sorted once, then one running sum per count.

Steps of equal time stay in the order of their log, as the sort is stable. Shards of customers keep the table within memory,
whatever the size.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.histories.asked import NAMES_CONSTANT, OUTCOME
from benchmarks.histories.peer_pandas import derive
from benchmarks.histories.steps import CONTACTS_PER_SHARD, COUNTS, LASTS, MEANS, STEPS, TIMES

NUMBER = {step: number for number, step in enumerate(STEPS)}
DAY_US = 86_400_000_000
Int64 = npt.NDArray[np.int64]
Numbers = Any


def run(source: str, target: str) -> None:
    """One file per shard of customers: ``target`` is a folder."""
    customers, logs = _logs(source)
    latest = max(
        _microseconds(pd.read_parquet(f"{source}/{table}.parquet", columns=[time])[time]).max()
        for table, time in TIMES.items()
    )
    shards = -(-len(logs["tickets"]) // CONTACTS_PER_SHARD)
    edges = np.linspace(0, len(customers), shards + 1).astype(np.int64)
    Path(target).mkdir()
    for shard, (low, high) in enumerate(pairwise(edges)):
        mine = {name: log[(log["code"] >= low) & (log["code"] < high)] for name, log in logs.items()}
        rows = _rows(_steps(mine, latest), latest + 1)
        rows.insert(0, "customer_id", pd.Categorical.from_codes(rows.pop("code"), categories=customers))
        rows.to_parquet(f"{target}/{shard}.parquet", compression="lz4", index=False)


def _logs(source: str) -> tuple[pd.Index, dict[str, pd.DataFrame]]:
    """Return the customers, and the facts of each log: position of the customer, microseconds, value."""
    customers = pd.read_parquet(f"{source}/customers.parquet", columns=["customer_id", "first_seen_at"])
    names = pd.Index(customers["customer_id"])
    facts = derive(source)
    contacts, failed, events = facts["contacts"], facts["failed"], facts["events"]
    kind = events["event_type"]
    rated = events[kind == "csat_rated"].sort_values(["known_at", "occurred_at", "ticket_id"])
    logs = {
        "escalated": (events[kind == "escalated"], "known_at", None),
        "customers": (customers, "first_seen_at", None),
        "tickets": (contacts, "opened_at", "severity"),
        "repeats": (contacts[contacts["is_repeat"]], "opened_at", None),
        "failed": (failed, "known_at", "gap"),
        "deviations": (failed[failed["is_complaint"]], "known_at", None),
        "second": (facts["second"], "opened_at", None),
        "verdicts": (facts["verdicts"], "known_at", "streak"),
        "rated": (rated, "known_at", "value"),
        "reopened": (events[kind == "reopened"], "known_at", None),
        "closed": (events[kind == "closed"], "known_at", None),
    }
    return names, {
        log: pd.DataFrame(
            {
                "code": names.get_indexer(rows["customer_id"]),
                "known": _microseconds(rows[time]),
                "value": np.nan if value is None else rows[value].to_numpy(dtype=np.float64),
            }
        )
        for log, (rows, time, value) in logs.items()
    }


def _microseconds(times: pd.Series) -> Int64:
    return times.to_numpy().astype("datetime64[us]").view(np.int64)


def _steps(logs: dict[str, pd.DataFrame], latest: int) -> pd.DataFrame:
    """Return the steps of these logs by customer and time."""
    steps = pd.concat(
        [
            pd.DataFrame(
                {
                    "code": logs[log]["code"],
                    "start": logs[log]["known"] + days * DAY_US,
                    "step": np.uint8(number),
                    "value": logs[log]["value"],
                }
            ).loc[lambda rows: rows["start"] <= latest]
            for (log, days), number in NUMBER.items()
        ],
        ignore_index=True,
    )
    return steps.take(np.lexsort((steps["start"], steps["code"])))


def _rows(steps: pd.DataFrame, end: int) -> pd.DataFrame:
    """Return the interval that begins with the last step of each moment, with the sums up to it."""
    code, start, step, value = (steps[name].to_numpy() for name in ("code", "start", "step", "value"))
    is_last = np.append(code[1:] != code[:-1], True)
    stop = np.where(is_last, end, np.append(start[1:], 0))
    keep = start < stop
    n_steps = np.diff(np.flatnonzero(np.append(True, is_last)))
    columns = {
        "code": code[keep],
        "start": start[keep].view("datetime64[us]"),
        "stop": stop[keep].view("datetime64[us]"),
        "event": (~is_last & (np.append(step[1:], 0) == NUMBER[OUTCOME, 0]))[keep],
    }
    for name, (log, days) in COUNTS.items():
        columns[name] = _running(_change(step, log, days, np.int32(1)), n_steps)[keep]
    for name, (log, days, count) in MEANS.items():
        total = pd.Series(_change(step, log, days, value)).groupby(code).cumsum().to_numpy()[keep]
        columns[name] = np.where(columns[count] > 0, total / np.maximum(columns[count], 1), np.nan)
    for name, log in LASTS.items():
        given = pd.Series(np.where(step == NUMBER[log, 0], value, np.nan))
        columns[name] = given.groupby(code).ffill().to_numpy()[keep]
    columns["failure_streak"] = np.nan_to_num(columns["failure_streak"])
    return pd.DataFrame({name: columns[name] for name in ("code", "start", "stop", "event", *NAMES_CONSTANT)})


def _change(step: npt.NDArray[np.uint8], log: str, days: int, amount: Numbers) -> Numbers:
    """Return what each step does to a count, or a sum of values, over a log and a window."""
    entering = np.where(step == NUMBER[log, 0], amount, 0)
    return np.where(step == NUMBER[log, days], -amount, entering) if days else entering


def _running(change: Int64, n_steps: Int64) -> Int64:
    """Return the running sum of each customer's steps, of which there are ``n_steps``."""
    total = np.cumsum(change)
    before = np.cumsum(n_steps) - n_steps
    return total - np.repeat(total[before] - change[before], n_steps)
