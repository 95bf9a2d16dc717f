"""The agent's page and the team lead's: static files, served by the app as they are."""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType

__all__ = ["PAGES", "read_page"]

_SCRIPTS = ("agent.js", "queue.js", "parts.js", "readout.js", "talk.js", "words.js")

PAGES = MappingProxyType(
    {
        "/agent": "agent.html",
        "/queue": "queue.html",
        **{f"/pages/{name}": name for name in (*_SCRIPTS, "readout.css", "icon.svg")},
    }
)
"""Path of the address -> file of this folder. Nothing else is served."""

_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def read_page(path: str) -> tuple[bytes, str]:
    """Return the bytes of a page and its media type.

    Parameters
    ----------
    path : str
        A key of :data:`PAGES`.

    Raises
    ------
    KeyError
        If nothing is served under this path.

    Examples
    --------
    >>> content, kind = read_page("/agent")
    >>> kind
    'text/html; charset=utf-8'
    """
    name = PAGES[path]
    return files(__name__).joinpath(name).read_bytes(), f"{_KINDS[name.rsplit('.')[-1]]}; charset=utf-8"
