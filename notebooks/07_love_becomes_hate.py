# %% [markdown]
# # 07 · Love becomes hate, or is love blind?
#
# Researchers disagree. Some found that a strong relationship makes customers forgive; others that after two failures
# it turns them into the most vengeful. In the simulator the contest is a switch, so that we can see whether the
# analysis finds what is there, *and* does not find what is not.

# %%
import pandas as pd
from matplotlib.figure import Figure

from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories, history_rows
from retaliation_risk.models.love_becomes_hate import love_becomes_hate
from retaliation_risk.plots import plot_love_becomes_hate
from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.simulate.constants_outcomes import SCHOOLS
from retaliation_risk.tables import tables_from_frames

pd.DataFrame(SCHOOLS, index=["after 0", "after 1", "after 2 or more failed recoveries"]).T.rename_axis(
    "school"
)

# %% [markdown]
# The table above is the truth of each world: the log hazard ratio per standard deviation of loyalty just after so
# many failed recoveries. Now the same analysis in each: risk sets of every act, strength in classes of failed
# recoveries, errors by customer.


# %%
def turned(school, seed=9):
    """The love-becomes-hate table of a world of this school."""
    frames = simulate(6000, seed=seed, parameters=Parameters(loyalty_school=school)).frames
    histories = build_histories(tables_from_frames(frames))
    sets = history_rows(
        histories, FEATURES, outcome="retaliation", controls=60, counter_match="failed_recoveries", seed=0
    )
    return love_becomes_hate(sets, fewest_events=10)


tables = {school: turned(school) for school in SCHOOLS}
pd.concat(tables, names=["school"])[["group", "estimate", "low", "high", "n_events"]].round(2)

# %%
figure = Figure(figsize=(9, 3.4), layout="constrained")
for axes, (school, table) in zip(figure.subplots(1, len(tables)), tables.items(), strict=True):
    plot_love_becomes_hate(table, axes)
    axes.set_title(school)
figure

# %% [markdown]
# Two cautions. Strength is *measured* (tenure, tiers, spend), the truth is latent: measured ratios are pulled towards
# 1. And a class with few acts has a wide interval or none: what is not shown to differ is not shown to be equal.
