"""Whether answers prevented retaliations: where the data hold who was answered, and what was known before.

Everywhere else in this package a retaliation is *reached*: who would retaliate stood in the queue. Whether an answer changed
anything is another question, which needs data on treatment, and is asked here and nowhere else. See docs/treatment.md.
"""

from __future__ import annotations

from retaliation_risk.evaluate.treatment.estimate import AnswerEffect, effect_of_answers
from retaliation_risk.evaluate.treatment.sensitivity import e_value

__all__ = ["AnswerEffect", "e_value", "effect_of_answers"]
