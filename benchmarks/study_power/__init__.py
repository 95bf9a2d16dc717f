"""How many customers each claim of the studies takes: its power, by simulation."""
