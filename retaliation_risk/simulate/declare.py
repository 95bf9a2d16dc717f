"""How a constant is declared: with its meaning, its source and how far it can be trusted."""

from __future__ import annotations

from dataclasses import field
from typing import Any

TAGS = ("seen", "derived", "assumed")
CHOICE = "a choice of this simulator; no source"
RAGE = "National Customer Rage study"
KNOX = "Knox & van Oest 2014, J. Marketing 78(5)"
CROSSING = "Hutzinger & Weitzl 2023, Internet Research 33(7)"
GRUDGE = "Grégoire, Tripp & Legoux 2009, J. Marketing 73(6)"


def constant(
    value: Any, about: str, source: str = CHOICE, tag: str = "assumed", *, switch: bool = False
) -> Any:
    """Declare one constant: a dataclass field with its meaning, source and tag (one of :data:`TAGS`).

    ``switch`` marks what is contested or meant to be changed. The default source says that there is none.
    """
    return field(default=value, metadata={"about": about, "source": source, "tag": tag, "switch": switch})
