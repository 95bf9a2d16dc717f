"""How the time and the memory of ``compute_features`` change with its limit."""
