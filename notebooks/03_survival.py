# %% [markdown]
# # 03 · Survival: who acts, when, and who leaves instead
#
# A customer who was let down may complain in public, or leave; who leaves cannot complain any more, and whoever is
# still here may do either tomorrow. So: time to event, competing risks, effects that change in time.

# %%
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from retaliation_risk.features import FEATURES, MODEL_FEATURES
from retaliation_risk.histories import build_histories, history_rows
from retaliation_risk.models import MODELS
from retaliation_risk.models.curves import survival_table
from retaliation_risk.plots import plot_effects, plot_survival
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

world = simulate(6000, seed=4)
histories = build_histories(tables_from_frames(world.frames))
moments = pd.date_range("2024-06-01", "2025-09-01", freq="MS")
rows = pd.concat([histories.as_of(histories.at_risk(m), m, FEATURES) for m in moments], ignore_index=True)
y = histories.follow_up(rows["customer_id"], rows["moment"], horizon_days=90)
y[["event", "competing"]].sum()

# %% [markdown]
# ## Curves by how often they were let down
#
# Kaplan-Meier, with the number still watched beneath: at the right edge few are left, and the band says so.

# %%
let_down = rows["failed_recoveries_ever"].clip(upper=3).astype(int).map({0: "0", 1: "1", 2: "2", 3: "3+"})
curves = survival_table(let_down, y["event"], y["duration_days"], np.linspace(0, 90, 31))
figure = Figure(figsize=(6.5, 4.6), layout="constrained")
plot_survival(curves.rename(columns={"group": "failed_recoveries"}), figure.subplots())
figure

# %% [markdown]
# ## The Cox model on histories as they stood
#
# Each act is compared with customers at risk at that very moment (a risk set), so the model sees what changed
# yesterday. Errors are summed by customer. Associations, not effects of doing anything.

# %%
sets = history_rows(histories, FEATURES, outcome="retaliation", controls=50, seed=0)
model = MODELS["cox"](90.0, 0).fit(rows[list(MODEL_FEATURES)], y, risk_sets=sets)
figure = Figure(figsize=(6.5, 5), layout="constrained")
plot_effects(model.effects_.head(12), figure.subplots())
figure

# %% [markdown]
# ## Exit or voice
#
# Two hazards, one risk that knows of both: the chance of retaliating within the horizon *and* before leaving.

# %%
both = MODELS["exit_or_voice"](90.0, 0).fit(rows[list(MODEL_FEATURES)], y)
late = rows[rows["moment"] == moments[-1]]
risk = both.predict_risk(late[list(MODEL_FEATURES)], 90)
pd.Series({
    "customers": len(late),
    "mean risk said": float(risk.mean()),
    "share that acted within 90 days": float(y.loc[late.index, "event"].mean()),
    "share that left first": float(y.loc[late.index, "competing"].mean()),
}).round(4)  # fmt: skip
