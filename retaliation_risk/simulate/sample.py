"""The sample that ships with the project: simulated tables, and a card made from the declaration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retaliation_risk._version import __version__
from retaliation_risk._words import percent
from retaliation_risk.simulate.parameters import DEFAULTS, Parameters, declaration
from retaliation_risk.simulate.truth import Simulated
from retaliation_risk.simulate.world import simulate
from retaliation_risk.tables import tables_from_frames, write_tables

SAMPLE_CUSTOMERS = 3000
SAMPLE_SEED = 7


def write_sample(folder: Path, n_customers: int = SAMPLE_CUSTOMERS, *, seed: int = SAMPLE_SEED) -> Simulated:
    """Write simulated tables as Parquet files, with their card README.md, into a new folder.

    Parameters
    ----------
    folder : Path
        Must not exist.
    n_customers : int, default 3000
    seed : int, default 7

    Returns
    -------
    Simulated
        The world that was written, with its truth.
    """
    world = simulate(n_customers, seed=seed)
    write_tables(tables_from_frames(world.frames), folder)
    (Path(folder) / "README.md").write_text(render_card(world), encoding="utf-8")
    return world


def render_card(world: Simulated, parameters: Parameters = DEFAULTS) -> str:
    """Render the dataset card of a simulated world as Markdown."""
    summary: dict[str, Any] = world.truth_summary
    return _CARD.format(
        customers=len(world.truth),
        seed=summary["seed"],
        version=__version__,
        rows="\n".join(f"| {name} | {len(frame):,} |" for name, frame in world.frames.items()),
        sentences="\n".join(f"- {sentence}" for sentence in summary["sentences"]),
        known=_known(summary["numbers"]),
        constants="\n".join(_row(one) for one in declaration(parameters)),
    )


def _known(numbers: dict[str, Any]) -> str:
    """Say what happened in this world."""
    return (
        f"- {numbers['acts']} acts of retaliation ({numbers['direct_acts']} direct), of which "
        f"{numbers['acts_not_yet_known']} had not become known by the end and are not in the tables.\n"
        f"- {percent(numbers['acts_after_a_failed_recovery'])} of the acts came within a year of a failed "
        "recovery, "
        f"{percent(numbers['acts_after_two_or_more'])} of two or more. (Tripp & Grégoire's 96 % is of people "
        "already on complaint sites; here a small baseline risk remains for everybody.)\n"
        f"- {numbers['left']} customers left."
    )


def _row(one: dict[str, Any]) -> str:
    """One constant as a row of the card's table."""
    value = one["value"]
    words = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    name = f"{one['name']} (switch)" if one["switch"] else one["name"]
    return f"| {name} | {words} | {one['about']} | {one['source']} | {one['tag']} |"


_CARD = """\
# Sample: {customers:,} invented customers

All eight tables, simulated. Nobody in them exists; nothing in them is evidence about people. They are for
demonstration and for tests, where it helps that the truth is known.

Licence: MIT, as the project. Made by retaliation-risk {version} with seed {seed}:

    python -m retaliation_risk.simulate data/sample

The folder must not exist. A test makes the tables again and compares them with these files. The columns
are those of the contract: README.md of the project, section Tables, or
`retaliation_risk.tables.CONTRACT`.

| table | rows |
|---|---|
{rows}

Times are UTC, from 2024-01-01 to 2025-12-31. The tables hold what a firm would have recorded by then: an
act, an exit or an answer to a survey that had not reached the firm is missing, and a customer whose exit
is unknown counts as observed. `contact_key` is a keyed hash of an invented address, under a key that is
public.

## The truth

{sentences}
{known}

`simulate({customers}, seed={seed})` gives the same world with its truth: `truth` (loyalty and all else
that is latent), `failures`, `acts` (also those not yet known) and `true_risk(customer_ids, moments,
horizon_days)`.

## Limits

- Only what is tagged *seen* or *derived* below has a number behind it, and mostly from other settings.
  Most sizes are assumed; the literature gives signs. Do not quote effects found here.
- A failed recovery happens in the truth exactly where the default definition finds it. Real evidence is
  noisier.
- Nothing before 2024-01-01 is recorded, and nothing before it has left a grudge: risks are low in the
  first months.
- Tickets come at a constant rate for each customer: no seasons, no lag after purchases, no firm-wide
  incidents.
- Answering a customer changes nothing: these tables cannot show what intervention would prevent.

## Every constant

Tags: *seen* in the source, *derived* from numbers seen there, *assumed* because no source gives one. A
switch is a contested point: simulate it both ways.

| constant | value | meaning | source | tag |
|---|---|---|---|---|
{constants}
"""
