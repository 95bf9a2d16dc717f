"""Every chart, drawn from the tables of a run folder: ``python -m retaliation_risk.plots.gallery RUN_FOLDER docs``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from retaliation_risk import plots
from retaliation_risk.plots.svg import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PLATE = '<rect width="100%" height="100%" fill="#ffffff"/>'
_INTRODUCTION = """# Gallery

Every chart of the report is a function of `retaliation_risk.plots` that takes one table of a run folder and axes of
yours, computes nothing and returns the axes. The tables here are those of the
[sample](../reports/sample/report.html); this page is made by `python -m retaliation_risk.plots.gallery reports/sample docs`.
"""


class Exhibit(NamedTuple):
    """A chart: its function, the table it draws, which rows of it, what else it is told, and its height in inches."""

    plot: Callable[..., Axes]
    table: str
    rows: str
    settings: dict[str, Any]
    height: float = 3.9


EXHIBITS = (
    Exhibit(plots.plot_capacity_curve, "capacity", "policy.notna()", {"at": 50}),
    Exhibit(
        plots.plot_differences,
        "scores",
        "metric == 'events_reached_minus_influence_only' and policy == 'risk_only' and model == 'cox'",
        {"labels": {"all": "all moments together"}},
    ),
    Exhibit(plots.plot_decision_curve, "decision", "metric == 'net_benefit'", {}),
    Exhibit(
        plots.plot_served,
        "served",
        "group_kind in ['influence quartile', 'segment'] and policy in ['risk_only', 'influence_only']",
        {},
    ),
    Exhibit(plots.plot_effects, "effects", "model == 'cox'", {}, 6.5),
    Exhibit(plots.plot_love_becomes_hate, "effects", "model == 'love_becomes_hate'", {}),
    Exhibit(plots.plot_survival, "survival", "day >= 0", {}, 4.6),
    Exhibit(plots.plot_exit_or_voice, "incidence", "failed_recoveries == 'all'", {}, 4.2),
    Exhibit(plots.plot_calibration, "calibration", "model == 'cox'", {}, 4.4),
    Exhibit(
        plots.plot_over_time,
        "scores",
        "metric == 'auroc' and model == 'cox' and split != 'all'",
        {"name": "AUROC"},
    ),
)


def write_gallery(run_dir: Path, docs: Path) -> None:
    """Write ``gallery.md`` and ``gallery/*.svg`` into ``docs``.

    Parameters
    ----------
    run_dir : Path
        A run folder; its tables are drawn.
    docs : Path
        A folder that is there.
    """
    (docs / "gallery").mkdir(exist_ok=True)
    for exhibit in EXHIBITS:
        (docs / "gallery" / f"{_name(exhibit)}.svg").write_text(draw(exhibit, run_dir), encoding="utf-8")
    (docs / "gallery.md").write_text(page(), encoding="utf-8")


def draw(exhibit: Exhibit, run_dir: Path) -> str:
    """Return a chart as SVG, on a white plate, so that it can be read on a dark page too."""
    table = pd.read_csv(run_dir / f"{exhibit.table}.csv", dtype={"failed_recoveries": str})
    rows = table.query(exhibit.rows, engine="python").reset_index(drop=True)
    svg = draw_svg(lambda ax: exhibit.plot(rows, ax, **exhibit.settings), width=6.4, height=exhibit.height)
    head, end, rest = svg.partition(">")
    return f"{head}{end}{_PLATE}{rest}"


def page() -> str:
    """Return the gallery's page: what each function draws, of which table, and how it is called."""
    return "\n".join([_INTRODUCTION, *map(_section, EXHIBITS)])


def _section(exhibit: Exhibit) -> str:
    said = (inspect.getdoc(exhibit.plot) or "").splitlines()[0]
    settings = "".join(f", {name}={value!r}" for name, value in exhibit.settings.items())
    return f"""## {exhibit.plot.__name__}

{said}

```python
rows = pd.read_csv("{exhibit.table}.csv").query("{exhibit.rows}")
{exhibit.plot.__name__}(rows, Figure().subplots(){settings})
```

![{said}](gallery/{_name(exhibit)}.svg)
"""


def _name(exhibit: Exhibit) -> str:
    return exhibit.plot.__name__.removeprefix("plot_")


if __name__ == "__main__":
    write_gallery(Path(sys.argv[1]), Path(sys.argv[2]))
