"""Small worlds that more than one test needs."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from retaliation_risk.datasets import read_iranian_churn
from retaliation_risk.tables import tables_from_frames
from tests.browser.opening import chromium, open_browser

# Needs atheris, which is no part of any extra: it has no wheels for every Python.
collect_ignore = ["fuzz/guided.py"]

# How long an example takes is the machine's matter, and not what these tests are about.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def utc(text):
    """A moment, as text without a zone means it: UTC."""
    return pd.Timestamp(text)


@pytest.fixture
def small_frames():
    """Two customers by hand: C1 is let down twice about one issue and complains in public, C2 is content."""
    return {
        "customers": pd.DataFrame(
            {
                "customer_id": ["C1", "C2"],
                "first_seen_at": ["2024-01-01", "2025-01-01"],
                "segment": ["a", "b"],
            }
        ),
        "tickets": pd.DataFrame(
            {
                "ticket_id": ["T1", "T2", "T3"],
                "customer_id": ["C1", "C1", "C2"],
                "opened_at": ["2025-03-01T10:00", "2025-03-11T10:00", "2025-03-05T09:00"],
                "channel": ["phone", "email", "phone"],
                "issue_key": ["billing", "billing", "delivery"],
                "severity": [2, 4, 1],
            }
        ),
        "ticket_events": pd.DataFrame(
            [
                ("T1", "2025-03-01T10:00", "message_in", None, None),
                ("T1", "2025-03-01T16:00", "message_out", None, None),
                ("T1", "2025-03-02T10:00", "solved", None, None),
                ("T2", "2025-03-12T10:00", "solved", None, None),
                ("T2", "2025-03-13T10:00", "reopened", None, None),
                ("T2", "2025-03-15T10:00", "csat_rated", "2025-03-20T10:00", 0.2),
                ("T3", "2025-03-05T10:00", "solved", None, None),
                ("T3", "2025-03-06T10:00", "closed", None, None),
            ],
            columns=["ticket_id", "occurred_at", "event_type", "known_at", "value"],
        ),
        "orders": pd.DataFrame(
            {"customer_id": ["C1", "C1"], "ordered_at": ["2024-02-01", "2025-01-15"], "amount": [100.0, 50.0]}
        ),
        "outcomes": pd.DataFrame(
            {
                "customer_id": ["C1"],
                "occurred_at": ["2025-04-01T12:00"],
                "outcome_type": ["public_complaint"],
                "known_at": ["2025-04-03T12:00"],
                "reach": [250.0],
            }
        ),
        "observation": pd.DataFrame(
            {
                "customer_id": ["C1", "C2"],
                "observed_from": ["2024-01-01", "2025-01-01"],
                "observed_to": ["2025-12-31", "2025-04-10"],
            }
        ),
    }


@pytest.fixture
def small_tables(small_frames):
    """The small world, read and checked."""
    return tables_from_frames(small_frames)


@pytest.fixture(scope="module")
def browser():
    """A real browser, closed with the module: playwright has one at a time; or a skip that says what is missing."""
    pytest.importorskip("playwright", reason="playwright is not installed (pip install '.[browser]')")
    if chromium() is None:
        pytest.skip("no chromium on this machine (RETALIATION_RISK_CHROMIUM or apt install chromium)")
    with open_browser() as found:
        yield found


@pytest.fixture(scope="session")
def incident_log():
    """The public incident log, or a skip that says how to have it."""
    folder = os.environ.get("RETALIATION_RISK_DATA")
    path = Path(folder or ".") / "uci_incident_log" / "incident_event_log.csv.gz"
    if not folder or not path.exists():
        pytest.skip("needs RETALIATION_RISK_DATA with uci_incident_log/incident_event_log.csv.gz")
    return path


@pytest.fixture(scope="session")
def iranian_churn():
    """The public churn data, or a skip that says how to have them."""
    folder = os.environ.get("RETALIATION_RISK_DATA")
    if not folder or not (Path(folder) / "iranian_churn" / "iranian_churn.csv").exists():
        pytest.skip("needs RETALIATION_RISK_DATA with iranian_churn/iranian_churn.csv")
    return read_iranian_churn()
