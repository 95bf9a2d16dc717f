"""Worlds of known truth for reach, and for what answers do: whether the intervals of both hold it."""
