"""Bootstrap of policies at size, and whether the intervals of policies hold the truth."""
