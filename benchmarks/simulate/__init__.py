"""How long the simulator takes, and whether its world has the rates of the surveys."""
