"""The page as a PDF that screen readers can follow (PDF/UA-1). Needs the extra ``pdf``."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from retaliation_risk.errors import ArgumentError

_IMAGE = "data:image/svg+xml,"


def render_pdf(page: str) -> bytes:
    """Return a page of :func:`render_html` as a PDF.

    Parameters
    ----------
    page : str
        HTML. Nothing but the charts inside it is loaded.

    Returns
    -------
    bytes
        Tagged, with title and language; no date stands in it, so that the same page gives the same bytes.

    Raises
    ------
    ArgumentError
        RR113 where WeasyPrint, or a library of the system that it needs, is not installed.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        found = f"WeasyPrint cannot be loaded ({error}); it is in the extra 'pdf'. A browser prints the page without it."
        raise ArgumentError("RR113", found) from error
    made: bytes = HTML(string=page, url_fetcher=_inside).write_pdf(pdf_variant="pdf/ua-1")
    return made


def _inside(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    """Return a chart that stands in the page; anything else is not fetched."""
    if not url.startswith(_IMAGE):
        raise ValueError(f"{url[:60]!r} is outside the page")
    return {"string": unquote_to_bytes(url.removeprefix(_IMAGE)), "mime_type": "image/svg+xml"}
