"""The table of claims as a page: Markdown for docs/, HTML without script or network for a study's folder."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined

from retaliation_risk.studies.frame import NOT_TESTABLE, Study
from retaliation_risk.studies.measures import ABOUT, Measures
from retaliation_risk.studies.summary import claimed, found, off_verdict, sentence, switched

BEGIN, END = "<!-- made by python -m retaliation_risk.studies -->", "<!-- /made -->"
HEAD = (
    "claim",
    "what is claimed",
    "tested as",
    "claimed",
    "found",
    "verdict",
    "switched off",
    "found then",
    "and then",
)


def render_markdown(studies: Sequence[Study], table: pd.DataFrame, how: str) -> str:
    """Write each study with its claims as a table, after the sentence that sums them up and ``how`` it was run."""
    parts = [sentence(table), how]
    for study in studies:
        rows = _rows(table, study)
        parts += [f"## {_titled(study)}", study.design, _markdown_table(rows)]
    return "\n\n".join(parts)


def into(page: str, made: str) -> str:
    """Put what was made between the markers of a page."""
    inside = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", flags=re.S)
    return inside.sub(lambda _: f"{BEGIN}\n\n{made}\n\n{END}", page)


def cells(row: dict[str, Any]) -> dict[str, str]:
    """Write one claim in words, by the columns of :data:`HEAD`."""
    verdict = str(row["verdict"])
    return {
        "claim": row["claim"],
        "what is claimed": f"{row['text']} ({row['source']})",
        "tested as": row["reads_as"],
        "claimed": claimed(row) + (f", {row['unit']}" if verdict != NOT_TESTABLE else ""),
        "found": found(row),
        "verdict": _verdict(row),
        "switched off": switched(row),
        "found then": found(row, "_off"),
        "and then": off_verdict(row),
    }


def _rows(table: pd.DataFrame, study: Study) -> list[dict[str, Any]]:
    rows = table[table["study"] == study.name].to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _verdict(row: dict[str, Any]) -> str:
    told = f"{row['verdict']}: {row['why']}" if row["why"] else str(row["verdict"])
    return (
        f"{told}, by construction ({row['by_construction']})"
        if row["by_construction"] and not row["why"]
        else told
    )


def _titled(study: Study) -> str:
    return f"{study.citation}, doi:{study.doi}" if study.doi else study.citation


def _markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in rows:
        told = cells(row)
        lines.append(f"| {' | '.join(told[name].replace('|', chr(92) + '|') for name in HEAD)} |")
    return "\n".join(lines)


def render_html(studies: Sequence[Study], table: pd.DataFrame, manifest: Mapping[str, Any], svg: str) -> str:
    """Write the claims as one HTML page that loads nothing and runs nothing; the figure stands in it as an image."""
    return _page(
        _CLAIMS,
        sentence=sentence(table),
        head=HEAD,
        parts=[
            (
                _titled(study),
                study.design,
                [cells(row) for row in _rows(table, study)],
            )
            for study in studies
        ],
        image="data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode() if svg else "",
        manifest=manifest,
    )


def render_measures(found: Measures, manifest: Mapping[str, Any]) -> str:
    """Write the tables of a survey, or of moments, as such a page."""
    tables = [
        (
            name,
            ABOUT[name],
            list(table),
            [[_cell(value) for value in row] for row in table.itertuples(index=False)],
        )
        for name, table in found.tables.items()
    ]
    return _page(_MEASURES, tables=tables, found=found, manifest=manifest)


def _cell(value: Any) -> str:
    """Write a value of a table: whole numbers as they are, others with three decimals, nothing for nothing.

    Examples
    --------
    >>> [_cell(value) for value in ("b1", True, 150, 150.0, 0.41666, float("nan"))]
    ['b1', 'yes', '150', '150', '0.417', '']
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3f}"


def _page(body: str, **values: Any) -> str:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_HEAD + body + _FOOT).render(**values)


_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Studies: what was claimed, and what was found</title>
<style>
:root { color-scheme: light dark; --paper: #fbfaf6; --ink: #24221f; --muted: #5f5b53; --line: #d8d3c7; --warm: #f3efe4; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #16171a; --ink: #ecebe6; --muted: #b3aea3; --line: #45433e; --warm: #232427; }
}
body { margin: 0 auto; max-width: 92rem; padding: 2rem clamp(1rem, 4vw, 2.5rem); background: var(--paper); color: var(--ink);
  font: 1.05rem/1.6 Charter, Cambria, Georgia, serif; }
p { max-width: 46rem; } h1, h2 { line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.answer { font-size: 1.3rem; }
.scroll { overflow-x: auto; }
img { max-width: 100%; background: #fff; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; font: .85rem/1.45 system-ui, sans-serif; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-top: 1px solid var(--line); }
tbody tr:nth-child(even) { background: var(--warm); }
footer { margin-top: 3rem; color: var(--muted); font: .85rem/1.5 system-ui, sans-serif; }
</style>
</head>
<body>
<main>
"""

_CLAIMS = """\
<h1>What was claimed, and what was found</h1>
<p class="answer">{{ sentence }}</p>
<p>{{ manifest.how }}</p>
{% if image %}
<figure>
<img src="{{ image }}" alt="How many half-widths of its 95 % interval each estimate lies from 0 in the claimed direction;
the tables below hold the numbers.">
<figcaption>Beyond the grey band, to the right, a claim is borne out. Filled: the world as it is. Hollow: with its
cause switched off, where it must lie in the band or left of it.</figcaption>
</figure>
{% endif %}
{% for title, design, rows in parts %}
<h2>{{ title }}</h2>
<p>{{ design }}</p>
<div class="scroll"><table>
<thead><tr>{% for name in head %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for name in head %}<td>{{ row[name] }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% endfor %}
"""

_MEASURES = """\
<h1>What the answers hold</h1>
{% for note in found.notes %}
<p>{{ note }}</p>
{% endfor %}
{% for name, about, head, rows in tables %}
<h2>{{ name.capitalize() }}</h2>
<p>{{ about }}</p>
<div class="scroll"><table>
<thead><tr>{% for column in head %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% endfor %}
{% if found.left_out %}
<h2>Left out</h2>
<ul>
{% for name, why in found.left_out.items() %}
<li>{{ name }}: {{ why }}</li>
{% endfor %}
</ul>
{% endif %}
"""

_FOOT = """\
</main>
<footer>Again: <code>{{ manifest.again }}</code>.
{% for name, version in manifest.versions.items() %}
{{ name }} {{ version }}{% if not loop.last %},{% else %}.{% endif %}

{% endfor %}
</footer>
</body>
</html>
"""
