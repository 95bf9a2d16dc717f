"""Whether a webhook comes from whom it says: HMAC-SHA256 over its timestamp and body, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from retaliation_risk.errors import DataError
from retaliation_risk.serve.rows import microseconds

ZENDESK = ("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp")
GENERIC = ("x-signature", "x-signature-timestamp")
"""Names of the headers with the signature and with the time of sending; letter case does not count."""


def sign_generic(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of the generic shape: HMAC-SHA256 of timestamp, a full stop and body, in hexadecimal.

    Examples
    --------
    >>> len(sign_generic(b"a secret of the firm", "2026-01-01T00:00:00Z", b"{}"))
    64
    """
    return hmac.digest(secret, timestamp.encode() + b"." + body, hashlib.sha256).hex()


def sign_zendesk(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature that Zendesk sends: HMAC-SHA256 of timestamp and body, in base64."""
    return base64.b64encode(hmac.digest(secret, timestamp.encode() + body, hashlib.sha256)).decode()


def verify(
    headers: Mapping[str, str], body: bytes, *, secret: bytes, zendesk: bool, now: int, window_seconds: float
) -> None:
    """Return if a webhook is signed with the secret and was sent just now; else raise.

    Parameters
    ----------
    headers : mapping of str to str
        Names in any letter case.
    body : bytes
        Exactly as it came.
    secret : bytes
        Not empty.
    zendesk : bool
        Whether the signature is that of Zendesk, or ours.
    now : int
        Microseconds since 1970.
    window_seconds : float
        How far from now the timestamp may be, before or after.

    Raises
    ------
    DataError
        RR707; the message does not say which of the two was expected.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = (given.get(name, "") for name in (ZENDESK if zendesk else GENERIC))
    if not secret or not signature or not timestamp:
        raise DataError("RR707", "the signature, its timestamp or our secret is not there.")
    expected = (sign_zendesk if zendesk else sign_generic)(secret, timestamp, body)
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        raise DataError("RR707", "the signature is not of this body.")
    if abs(now - _sent(timestamp)) > window_seconds * 1_000_000:
        raise DataError("RR707", f"the timestamp is more than {window_seconds:g} seconds from now.")


def _sent(timestamp: str) -> int:
    try:
        return microseconds(datetime.fromisoformat(timestamp))
    except ValueError as error:
        raise DataError("RR707", "the timestamp is no ISO 8601 time.") from error
