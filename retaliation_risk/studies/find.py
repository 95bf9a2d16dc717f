"""Studies by name."""

from __future__ import annotations

from collections.abc import Sequence

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.frame import Study
from retaliation_risk.studies.papers import PAPERS, STUDIES

ALL = "all"


def find_studies(names: Sequence[str]) -> tuple[Study, ...]:
    """Find studies by name, each once, in the order asked; ``all`` is every paper.

    Raises
    ------
    ArgumentError
        RR111 for a name that is not there, with those that are.

    Examples
    --------
    >>> [study.name for study in find_studies(["knox_van_oest_2014"])]
    ['knox_van_oest_2014']
    """
    found: dict[str, Study] = {}
    for name in names:
        if name != ALL and name not in STUDIES:
            raise ArgumentError("RR111", f"study is {name!r}; it must be {ALL}, {', '.join(STUDIES)}.")
        found |= {study.name: study for study in (PAPERS if name == ALL else (STUDIES[name],))}
    return tuple(found.values())
