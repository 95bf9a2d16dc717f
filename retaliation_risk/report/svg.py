"""Charts small enough to stand inside the page: what matplotlib writes, less what nobody sees."""

from __future__ import annotations

import re

_PROLOGUE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
# Attributes that hold places on the drawing; scales must keep all their digits.
_PLACES = re.compile(r'(?<= )(?:d|x|y|x1|x2|y1|y2|width|height|points)="[^"]*"|translate\([^)]*\)')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_URI = str.maketrans({"%": "%25", "#": "%23", "<": "%3C", ">": "%3E", "&": "%26", '"': "'"})


def compact(svg: str) -> str:
    r"""Return the same drawing in fewer bytes: places to a hundredth of a point, no comments, no metadata.

    Comments of matplotlib repeat every label, text of customers among them; they go too.

    Examples
    --------
    >>> compact('<?xml version="1.0"?><svg> <!-- A --> <path d="M 0.123456 2.5 \nz\n" style="fill: none"/></svg>')
    '<svg><path d="M0.12 2.5z" style="fill: none"/></svg>'
    """
    bare = re.sub(r">\s+<", "><", _PROLOGUE.sub("", svg)).strip()
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
