"""Whether the intervals of ``retaliation_risk.studies.estimators`` hold the truth."""
