"""Who complains, in the Iranian churn data: classifiers judged on customers held out, and signs of theory."""
