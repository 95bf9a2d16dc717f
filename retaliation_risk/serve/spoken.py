"""What people said of readouts: acknowledged, snoozed, disagreed; the latest word of each kind holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Spoken:
    """Microseconds; 0 and false where nothing was said."""

    acknowledged_at: int = 0
    snoozed_until: int = 0
    disagreed: bool = False

    def heard(self, said: Mapping[str, Any], at: int) -> Spoken:
        """Return what holds after one more word; ``said`` is the body of a feedback entry.

        Examples
        --------
        >>> Spoken().heard({"kind": "snooze", "until": 9}, at=5)
        Spoken(acknowledged_at=0, snoozed_until=9, disagreed=False)
        """
        if said["kind"] == "acknowledged":
            return replace(self, acknowledged_at=at)
        if said["kind"] == "snooze":
            return replace(self, snoozed_until=said["until"])
        return replace(self, disagreed=True)
