"""From the summary to one HTML file without scripts or network, and all of it into the run folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from retaliation_risk.errors import ArgumentError
from retaliation_risk.plots.svg import data_uri
from retaliation_risk.report import words
from retaliation_risk.report.formats import DEFAULT_LOCALE, NOTHING, show, written_for
from retaliation_risk.report.sentences import policy_name, span
from retaliation_risk.report.summarise import summarise


def render_html(summary: dict[str, Any], figures: Mapping[str, str] | None = None) -> str:
    """Return the report as one HTML page.

    Parameters
    ----------
    summary : dict
        As made by :func:`summarise`.
    figures : mapping of str to str, optional
        SVG text by the figure's name; drawn from ``summary`` by default.

    Returns
    -------
    str
        A page that loads nothing and runs nothing: charts are inside it as images, and its content
        security policy
        forbids the rest. The same summary gives the same bytes.
    """
    from retaliation_risk.report.figures import draw_figures

    drawn = draw_figures(summary) if figures is None else figures
    with written_for(summary["locale"]):
        return _filled(summary, drawn)


def _filled(summary: dict[str, Any], drawn: Mapping[str, str]) -> str:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": cell, "along": along}
    return environment.get_template("template.html").render(
        summary=summary,
        images={name: Markup(data_uri(svg)) for name, svg in drawn.items()},
        css=Markup(_source("style.css")),
        page=words.PAGE,
        policy_name=policy_name,
        span=span,
        show=show,
    )


def write_report(
    run_dir: Path,
    *,
    show_contacts: bool = False,
    min_cell: int = 5,
    since: Path | None = None,
    locale: str = DEFAULT_LOCALE,
) -> Path:
    """Write ``figures/*.svg``, ``report.json`` and ``report.html``; return the page's path.

    Each file is written beside its place and moved there when whole, the page last, so a killed process leaves either the
    old page or the new one.

    Parameters
    ----------
    run_dir, show_contacts, min_cell, since
        As for :func:`summarise`, whose errors are raised too.
    locale : str, default "en"
        Whose marks numbers and dates have: ``en``, ``de`` or ``fr``. Words are English.

    Raises
    ------
    ArgumentError
        RR111 for another locale, or where the folder cannot be written to.
    """
    from retaliation_risk.report.figures import draw_figures

    run_dir = Path(run_dir)
    with written_for(locale):
        summary = summarise(run_dir, show_contacts=show_contacts, min_cell=min_cell, since=since)
    drawn = draw_figures(summary)
    texts = {f"figures/{name}.svg": svg for name, svg in drawn.items()}
    texts["report.json"] = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    texts["report.html"] = render_html(summary, drawn)
    for name, text in texts.items():
        replace_file(run_dir / name, text.encode())
    return run_dir / "report.html"


def cell(row: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    """Write one cell of a table, with its interval where the column has one.

    Examples
    --------
    >>> column = {"key": "value", "kind": "per_hundred", "interval": True}
    >>> cell({"value": 0.31, "low": 0.2, "high": 0.4}, column)
    '31 (20 to 40)'
    >>> cell({"value": 0.31, "low": None, "high": None}, column) == f"31 ({NOTHING})"
    True
    """
    key = column["key"]
    value = row.get(key)
    if key == "policy":
        return policy_name(str(value))
    if key == "model":
        return words.MODELS.get(str(value), show(value))
    if key == "split":
        return words.POOLED if value == "all" else show(value, "date")
    written = show(value, column["kind"])
    ends = {"low": row.get(f"{key}_low", row.get("low")), "high": row.get(f"{key}_high", row.get("high"))}
    if not column["interval"] or value is None:
        return written
    if None in ends.values():
        return f"{written} ({NOTHING})"
    return f"{written} ({span(ends, column['kind'])})"


def along(share: float, signed: bool) -> float:
    """Return where a share lies on a ruler, in percent of its length: from 0 to 1, or from -1 to 1.

    Examples
    --------
    >>> along(0.25, False), along(-0.5, True)
    (25.0, 25.0)
    """
    place = (share + 1) / 2 if signed else share
    return round(100 * min(max(place, 0.0), 1.0), 2)


def _source(name: str) -> str:
    return files("retaliation_risk.report").joinpath(name).read_text(encoding="utf-8")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there when whole.

    Raises
    ------
    ArgumentError
        RR111 where it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise ArgumentError("RR111", f"{str(path)!r} cannot be written ({error.strerror}).") from error
