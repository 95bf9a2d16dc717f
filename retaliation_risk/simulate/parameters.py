"""All constants of the simulator together, and their declaration as a table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from retaliation_risk._validate import one_of
from retaliation_risk.simulate.constants_contacts import CustomerConstants, TicketConstants
from retaliation_risk.simulate.constants_outcomes import SCHOOLS, InfluenceConstants, RetaliationConstants


@dataclass(frozen=True)
class Parameters(InfluenceConstants, RetaliationConstants, TicketConstants, CustomerConstants):
    """The constants of the invented world; :func:`declaration` lists each with its source and tag.

    Tags: *seen* in the source, *derived* from numbers seen there, *assumed* because no source gives one.

    Examples
    --------
    >>> Parameters(influence_effect=0.5).loyalty_log_ratio
    (-0.4, 0.0, 0.5)
    """

    def __post_init__(self) -> None:
        one_of("loyalty_school", self.loyalty_school, tuple(SCHOOLS))

    @property
    def loyalty_log_ratio(self) -> tuple[float, float, float]:
        """Log hazard ratio per SD of loyalty just after 0, 1 and 2 or more failed recoveries."""
        return SCHOOLS[self.loyalty_school]


DEFAULTS = Parameters()


def declaration(parameters: Parameters = DEFAULTS) -> list[dict[str, Any]]:
    """List every constant with ``name``, ``value``, ``about``, ``source``, ``tag`` and ``switch``.

    Examples
    --------
    >>> declaration()[0]["name"], declaration()[0]["tag"]
    ('history_days', 'assumed')
    """
    return [{"name": f.name, "value": getattr(parameters, f.name), **f.metadata} for f in fields(parameters)]
