"""Metrics of survival predictions at size: ours against scikit-survival and lifelines."""
