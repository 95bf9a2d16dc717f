"""Do 95 % intervals hold the truth 95 times in 100? Replications from a known Cox truth."""
