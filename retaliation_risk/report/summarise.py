"""From a run folder to one dict: everything that the report says, as plain JSON-able values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArtefactError
from retaliation_risk.report import modelling, words
from retaliation_risk.report.answer import answer
from retaliation_risk.report.blocks import Block, column, flat, section, table
from retaliation_risk.report.compare import policies
from retaliation_risk.report.drivers import drivers
from retaliation_risk.report.folder import RunFolder, earlier_run, read_folder
from retaliation_risk.report.formats import current_locale
from retaliation_risk.report.queue import queue
from retaliation_risk.report.setup import Setup, read_setup, why_off
from retaliation_risk.report.since import since as changes
from retaliation_risk.report.trust import served, trust


def summarise(
    run_dir: Path, *, show_contacts: bool = False, min_cell: int = 5, since: Path | None = None
) -> dict[str, Any]:
    """Return what there is to say about a run.

    Parameters
    ----------
    run_dir : Path
        A run folder (docs/design/0001-spine.md); only its files are read.
    show_contacts : bool, default False
        Show ids of customers and tickets instead of short digests of them.
    min_cell : int, default 5
        Groups with fewer customers are hidden: who is served worse, who is missed, curves by failed recoveries.
    since : Path, optional
        An earlier run folder to say what changed since; by default the latest earlier one that stands beside this one
        and asked for the same outcome over the same horizon.

    Returns
    -------
    dict
        JSON-able, with the keys

        - ``schema_version`` (int), ``language`` (str) of the words and ``locale`` (str) of numbers and dates;
        - ``about``: run, now, outcome, horizon_days, capacity, period, model, lead, against,
          n_customers, n_events;
        - ``sections``: the sections below in the order of the page. Each has ``id``, ``title``,
          ``paragraphs``,
          ``figures``, ``tables``, ``folded``, ``lists`` and ``missing`` (why something is not there).

        A table has ``id``, ``caption``, ``columns`` (key, label, kind, interval), ``rows``, ``note`` and
        ``beneath`` (the key of the lines under each row, or nothing); a figure has
        ``name``, ``title``, ``alt``, ``how`` and ``data``, the table it is drawn from. ``answer``
        has also ``verdict``,
        ``verdict_reach``, ``sentence``, ``sentence_reach``, ``numbers`` and
        ``beats_baselines``; ``queue`` has ``policy``, ``total`` and
        ``pseudonymised``; ``since`` has ``before``. docs/report.schema.json says all of this to machines.

    Raises
    ------
    ArtefactError
        RR501: the folder has no ``run.json``, or a table without its columns.

    Examples
    --------
    >>> summarise(Path("nowhere"))
    Traceback (most recent call last):
    retaliation_risk.errors.ArtefactError: RR501 foreign run: nowhere has no run.json with a
    schema_version. Run again with this version.
    """
    positive("min_cell", min_cell)
    folder = read_folder(run_dir)
    setup = read_setup(folder, show_contacts=show_contacts, min_cell=min_cell)
    made: list[Block | None] = [
        make(folder, setup) for make in (answer, queue, policies, drivers, trust, served)
    ]
    made += [changes(folder, setup, _before(folder, since)), _truth(folder), _method(folder)]
    return {
        "schema_version": 1,
        "language": words.LANGUAGE,
        "locale": current_locale(),
        "about": _about(folder, setup),
        "sections": [section for section in made if section is not None],
    }


def _before(folder: RunFolder, since: Path | None) -> RunFolder | None:
    """Return the run named, or the latest earlier one beside this, passed over where it cannot be read."""
    if since is not None:
        return read_folder(since)
    path = earlier_run(folder)
    try:
        return None if path is None else read_folder(path)
    except ArtefactError:
        return None


def _about(folder: RunFolder, setup: Setup) -> Block:
    run, settings = folder.run, folder.run.get("settings") or {}
    return {
        "run": folder.name,
        "now": (run.get("moments") or {}).get("now"),
        "outcome": settings.get("outcome"),
        "horizon_days": settings.get("horizon_days"),
        "capacity": setup.capacity,
        "period": setup.period,
        "model": setup.model,
        "lead": setup.lead,
        "against": setup.against,
        "n_customers": run.get("n_customers"),
        "n_events": run.get("n_events"),
    }


def _truth(folder: RunFolder) -> Block | None:
    truth = folder.run.get("truth")
    if truth is None:
        return None
    return section("truth", paragraphs=[words.SIMULATED], tables=[table("truth", flat(truth), _SETTING)])


_SETTING: list[str | Block] = ["setting", column("value", kind="text")]


def _method(folder: RunFolder) -> Block:
    run = folder.run
    settings = [
        *flat(run.get("settings") or {}),
        *flat(run.get("moments") or {}),
        *flat({"seed": run.get("seed")}),
    ]
    versions = [{"package": k, "version": v} for k, v in sorted((run.get("versions") or {}).items())]
    rows = [{"table": k, "rows": v} for k, v in (run.get("tables") or {}).items()]
    features = [{**f, "why": f.get("why_off")} for f in folder.features]
    folded = [
        table("features", features, ["name", "unit", "about", "family", "source", "on", "why"]),
        table("inputs", run.get("inputs") or [], ["file", "rows", "sha256"]),
        table("tables", rows, ["table", "rows"]),
        table("versions", versions, ["package", "version"]),
    ]
    lists = [{"title": words.LIMITS_TITLE, "items": _limits(folder)}]
    if run.get("notes"):
        lists.append({"title": words.NOTES_TITLE, "items": [str(note) for note in run["notes"]]})
    return section(
        "method",
        paragraphs=_done(folder),
        lists=lists,
        tables=[table("settings", settings, _SETTING)],
        folded=[t for t in folded if t["rows"]],
    )


def _done(folder: RunFolder) -> list[str]:
    """Say how models were judged and orders compared, as far as this run did either."""
    compared, modelled = not folder.tables["scores"].empty, not why_off(folder, "models")
    if not modelled:
        return [words.FAILED_RECOVERY_IS, words.COMPARED_HOW if compared else words.NOTHING_DONE]
    done = [words.MODELS_SAW, f"{words.COMPARED_HOW} {words.MODEL_INTERVALS_ARE}"]
    learned = [modelling.training(folder.run["training"])] if folder.run.get("training") else []
    return [words.FAILED_RECOVERY_IS, *(done if compared else [words.NOTHING_COMPARED]), *learned]


def _limits(folder: RunFolder) -> list[str]:
    """Say what no number of this run shows, and what the list is for."""
    said = [words.RULE_IS if why_off(folder, "models") else words.RISK_IS]
    if folder.run.get("n_events") is not None:
        said.append(words.UNRECORDED_ACTS)
    if not folder.tables["scores"].empty:
        said.append(words.SCORES_AGE)
    return [*said, words.MEANT_FOR]
