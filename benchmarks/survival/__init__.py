"""Cox's model at size: ours against R's coxph, lifelines, statsmodels and scikit-survival."""
