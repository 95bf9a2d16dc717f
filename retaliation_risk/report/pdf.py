"""The page as a PDF that screen readers can follow (PDF/UA-1). Needs the extra ``pdf``."""

from __future__ import annotations

from retaliation_risk.errors import ArgumentError


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
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        found = f"WeasyPrint cannot be loaded ({error}); it is in the extra 'pdf'. A browser prints the page without it."
        raise ArgumentError("RR113", found) from error
    inside = URLFetcher(allowed_protocols={"data"})
    made: bytes = HTML(string=page, url_fetcher=inside).write_pdf(pdf_variant="pdf/ua-1")
    return made
