"""What one kind of complaint is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One kind of complaint: a code that never changes, a name to remember it by, and its cure."""

    code: str
    name: str
    about: str
    cure: str
    level: str = "error"
