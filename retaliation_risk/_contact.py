"""Keys of contacts: what an e-mail address becomes before it is stored anywhere."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from retaliation_risk.errors import ArgumentError

FEWEST_BYTES = 16


def normalise_email(address: str, *, drop_tags: bool = False) -> str:
    """Return the address in the form that is hashed.

    Unicode is brought to NFKC, all white space taken out, and all letters made lower case. Nothing else: dots count, and
    no provider has a rule of its own, since a rule that is wrong for one address joins two people.

    Parameters
    ----------
    address : str
    drop_tags : bool
        Whether to cut what follows a ``+`` before the ``@``.

    Raises
    ------
    ArgumentError
        RR111, text that is no address; the message does not repeat it.

    Examples
    --------
    >>> normalise_email(" Ana.Lima+Shop@Example.ORG ")
    'ana.lima+shop@example.org'
    >>> normalise_email("ana.lima+shop@example.org", drop_tags=True)
    'ana.lima@example.org'
    """
    plain = unicodedata.normalize("NFKC", "".join(unicodedata.normalize("NFKC", address).split()).lower())
    name, _, domain = plain.rpartition("@")
    if drop_tags:
        name = name.partition("+")[0]
    if not name or not domain or "@" in name:
        raise ArgumentError(
            "RR111", f"an e-mail address of {len(address)} characters is not of the form name@domain."
        )
    return f"{name}@{domain}"


def contact_key(address: str, secret: bytes, *, drop_tags: bool = False) -> str:
    """HMAC-SHA256 of the normalised e-mail address, as the ``contact_key`` of the customers table.

    Without the secret nobody can find out whose key it is by hashing the addresses they know; so the secret must not be
    stored beside the keys.

    Parameters
    ----------
    address : str
    secret : bytes
        At least 16 of them, the same for customers and accounts.
    drop_tags : bool
        As for :func:`normalise_email`; the same for customers and accounts.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ArgumentError
        RR111, a secret that is too short, or text that is no address. Neither is repeated.

    References
    ----------
    Krawczyk, Bellare and Canetti (1997), RFC 2104.

    Examples
    --------
    >>> secret = b"a secret of the firm"
    >>> contact_key("Ana@example.org", secret) == contact_key(" ana@EXAMPLE.org", secret)
    True
    """
    if not isinstance(secret, bytes) or len(secret) < FEWEST_BYTES:
        raise ArgumentError("RR111", f"secret must be bytes, at least {FEWEST_BYTES} of them.")
    plain = normalise_email(address, drop_tags=drop_tags)
    return hmac.digest(secret, plain.encode(), hashlib.sha256).hex()
