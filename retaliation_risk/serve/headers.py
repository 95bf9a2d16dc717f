"""Headers that every response has, refusals and failures too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Of every response; the content policy is that of data, which loads nothing and stands in no frame.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
}


def page_policy(frame_ancestors: Sequence[str] = ()) -> str:
    """Return the content policy of a page: scripts, styles and data of this server only, in the frames named only.

    Parameters
    ----------
    frame_ancestors : sequence of str
        Origins whose frames may hold the page, such as ``https://firm.zendesk.com``; none without any.

    Examples
    --------
    >>> page_policy(["https://firm.zendesk.com"]).split("; ")[-1]
    'frame-ancestors https://firm.zendesk.com'
    """
    own = "; ".join(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "img"))
    frames = " ".join(frame_ancestors) or "'none'"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"


class SecureHeaders:
    """Add :data:`HEADERS` to every response that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
