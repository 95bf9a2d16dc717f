"""Charts small enough to stand inside the page: what matplotlib writes, less what nobody sees."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RC: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "retaliation-risk",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "path.simplify": True,
}
_PROLOGUE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
# Attributes that hold places on the drawing; scales must keep all their digits.
_PLACES = re.compile(r'(?<= )(?:d|x|y|x1|x2|y1|y2|width|height|points)="[^"]*"|translate\([^)]*\)')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_URI = str.maketrans({"%": "%25", "#": "%23", "<": "%3C", ">": "%3E", "&": "%26", '"': "'"})


def draw_svg(draw: Callable[[Axes], object], *, width: float, height: float) -> str:
    """Return what ``draw`` draws as SVG: text as paths, no date, the same bytes each time.

    Parameters
    ----------
    draw : callable
        Called with Axes of a Figure of its own; no global state is used, and none left behind.
    width, height : float
        Inches.

    Examples
    --------
    >>> draw_svg(lambda ax: ax.plot([0, 1]), width=3, height=2)[:4]
    '<svg'
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return compact(out.getvalue())


def compact(svg: str) -> str:
    r"""Return the same drawing in fewer bytes: places to a hundredth of a point, no comments, no metadata.

    Comments of matplotlib repeat every label, text of customers among them; they go too.

    Examples
    --------
    >>> compact('<?xml version="1.0"?><svg> <!-- A --> <path d="M 0.123456 2.5 \nz\n" style="fill: none"/></svg>')
    '<svg><path d="M0.12 2.5z" style="fill: none"/></svg>'
    """
    bare = re.sub(r">\s+<", "><", _PROLOGUE.sub("", svg)).strip().replace("DejaVuSans-", "g")
    return _PLACES.sub(lambda found: _rounded(found[0]), bare)


def _rounded(places: str) -> str:
    short = _LONG.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), places)
    return re.sub(r"\s*([MLQCz])\s*", r"\1", re.sub(r"\s+", " ", short)).replace(' "', '"')


def data_uri(svg: str) -> str:
    """Return a drawing as the address of an image, safe between double quotes in HTML.

    Percent-encoded text is two thirds of base64.

    Examples
    --------
    >>> data_uri('<svg id="a"/>')
    "data:image/svg+xml,%3Csvg id='a'/%3E"
    """
    return "data:image/svg+xml," + svg.replace("'", "&apos;").translate(_URI)
