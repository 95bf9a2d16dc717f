"""Reopened incidents by rolling origin: every model against a constant risk and the rule."""
