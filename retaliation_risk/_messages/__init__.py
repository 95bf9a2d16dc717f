"""The catalogue of everything this package says on purpose: codes that never change, and the words for them.

docs/messages.md is made from it; :mod:`retaliation_risk.errors` raises it.
"""

from __future__ import annotations

from retaliation_risk._messages.imports import OF_IMPORTS
from retaliation_risk._messages.library import OF_LIBRARY
from retaliation_risk._messages.message import Message
from retaliation_risk._messages.service import OF_SERVICE

__all__ = ["MESSAGES", "Message"]

_ALL = sorted((*OF_LIBRARY, *OF_IMPORTS, *OF_SERVICE), key=lambda message: message.code)

MESSAGES: dict[str, Message] = {message.code: message for message in _ALL}
