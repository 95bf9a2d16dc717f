"""The readout service under a constant load."""
