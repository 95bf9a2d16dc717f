# %% [markdown]
# # 05 · Reproducing a study
#
# A paper is code here: its claims, how each is tested, and a verdict (reproduced, differs, not testable here) with its
# interval. Of most papers only the abstract could be seen, so most claims are signs and orders; a number is tested only
# where the number itself was printed.

# %%
import pandas as pd

from retaliation_risk.studies import find_studies, run_studies
from retaliation_risk.studies.estimators import fit_indices, fit_path_model, path_estimates
from retaliation_risk.studies.published import BETRAYAL_REPLICATION

(paper,) = find_studies(["gregoire_tripp_legoux_2009"])
print(paper.citation, paper.design, sep="\n")
pd.DataFrame([{"claim": c.name, "text": c.text, "tested as": c.reads_as or c.why_not} for c in paper.claims])

# %% [markdown]
# ## On simulated customers, with the cause switched on and off
#
# The simulator was built on these papers, so that a claim holds in it says that the *test* works, not that people are so.
# Therefore each such claim runs a second time with its cause switched off, on customers drawn with the same seed. There
# it must fail; a claim that held all the same would be a worthless test.

# %%
found = run_studies([paper], n_customers=15_000, seed=1)
found[["claim", "value", "low", "high", "verdict", "switched_off", "value_off", "verdict_off"]].round(3)

# %% [markdown]
# ## From the printed table of a paper
#
# Number of persons, standard deviations and correlations are all that a path model needs. Here those of the registered
# replication of betrayal in close relationships (sixteen laboratories, 1,696 persons). Which model to fit was left open,
# so this one is ours: four responses on commitment, their rests correlated.

# %%
fit = fit_path_model(
    "Exit ~ Commit; Neglect ~ Commit; Voice ~ Commit; Loyalty ~ Commit", BETRAYAL_REPLICATION
)
path_estimates(fit).query("term.str.contains('Commit')").round(4)

# %% [markdown]
# Commitment goes with less leaving and neglect and with more voice and loyalty: between persons, love is rather blind. Does
# a model of two kinds of response, destructive and constructive, describe the same table?

# %%
kinds = fit_path_model(
    "destructive =~ Exit + Neglect; constructive =~ Voice + Loyalty; destructive ~ Commit; constructive ~ Commit",
    BETRAYAL_REPLICATION,
)
fit_indices(kinds).round(3)

# %% [markdown]
# The whole suite is `retaliation-risk study run predictions --out predictions/`; its results stand in docs/studies.md.
