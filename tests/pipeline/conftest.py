"""A world with enough outcomes to train on, and two models of it that were stored."""

from __future__ import annotations

import numpy as np
import pytest

from retaliation_risk.artefacts import load_artefact
from retaliation_risk.pipeline import read_config, train
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames, write_tables

#: What makes training quick, and possible at all on few customers.
QUICK = {
    "model": "logistic", "n_bootstrap": 20, "test_moments": 2, "capacity": 20, "every_days": 60, "minimum.events": 5,
    "outcome": "solved",
}  # fmt: skip
TRAINED_BY = "2025-04-01"


def quick(**changes):
    return read_config(
        environ={}, flags={**QUICK, **{name.replace("__", "."): v for name, v in changes.items()}}
    )


@pytest.fixture(scope="session")
def frames():
    return simulate(400, seed=2).frames


@pytest.fixture(scope="session")
def tables(frames):
    return tables_from_frames(frames)


@pytest.fixture(scope="session")
def folder(tables, tmp_path_factory):
    place = tmp_path_factory.mktemp("pipeline") / "tables"
    write_tables(tables, place)
    return place


@pytest.fixture(scope="session")
def trained(tables, tmp_path_factory):
    """Folder of what train wrote, as of a moment half a year before the end."""
    out = tmp_path_factory.mktemp("trained") / "champion"
    train(tables, out, quick(now=TRAINED_BY))
    return out


@pytest.fixture(scope="session")
def champion(trained):
    return load_artefact(trained / "model")


@pytest.fixture(scope="session")
def challenger(tables, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "challenger"
    train(tables, out, quick(now=TRAINED_BY, model="prevalence"))
    return load_artefact(out / "model")


@pytest.fixture(scope="session")
def incident_log():
    return write_incidents


def write_incidents(path, until, callers=150, seed=0):
    """An incident log in ServiceNow's shape that ends on a day: some callers' incidents are reopened far more often."""
    rng = np.random.default_rng(seed)
    start, days = np.datetime64("2025-07-01T08:00"), 180
    lines, number = [], 0
    for caller in range(callers):
        bad = rng.random() < 0.3
        for day in np.sort(rng.uniform(0, days, rng.poisson(9))):
            opened = start + np.timedelta64(int(day * 1440), "m")
            again, length = rng.random() < (0.6 if bad else 0.08), int(rng.uniform(60, 4000))
            number += 1
            if opened < np.datetime64(until):
                lines += _incident(
                    f"INC{number:05d}", f"Caller {caller}", opened, length, again, np.datetime64(until)
                )
    header = (
        "number,incident_state,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_at,sys_updated_at,"
        "contact_type,category,subcategory,u_symptom,priority,closed_code,resolved_by,resolved_at,closed_at"
    )
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def _incident(number, caller, opened, length, again, until):
    steps = [("New", 0, 5), ("Resolved", 0, length)]
    steps += [("Active", 1, length + 700), ("Resolved", 1, length + 2000)] if again else []
    steps += [("Closed", int(again), length + 9000)]
    told = []
    for count, (state, reopened, minutes) in enumerate(steps):
        at = opened + np.timedelta64(minutes, "m")
        if at < until:
            told.append(
                f"{number},{state},0,{reopened},{count},true,{caller},{_said(opened)},{_said(at)},"
                "Phone,Cat 1,Sub 1,Sym 1,3 - Moderate,c,r,x,y"
            )
    return told


def _said(when):
    return when.astype("datetime64[m]").item().strftime("%d/%m/%Y %H:%M")
