# %% [markdown]
# # 04 · Risk first against influence first
#
# "Whom to please first?" In 2011 the answer was a reach score. Here both answers are judged by one ruler, in a world
# where we may choose what is true: once where influence says nothing about who acts, once where it decides.

# %%
import pandas as pd
from matplotlib.figure import Figure

from retaliation_risk.evaluate import capacity_curve, evaluate, one_more_caught, rolling_origin
from retaliation_risk.features import MODEL_FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.models import MODELS
from retaliation_risk.plots import plot_capacity_curve
from retaliation_risk.policies import POLICIES
from retaliation_risk.run import Settings, build_landmarks
from retaliation_risk.simulate import Parameters, simulate
from retaliation_risk.tables import tables_from_frames

pd.DataFrame(
    [
        {"policy": policy.name, "uses influence": policy.uses_influence, "what it does": policy.about}
        for policy in POLICIES
    ]
)


# %%
def backtest(parameters, seed=6):
    """Predictions by rolling origin, and what policies may look at, in a world of these constants."""
    histories = build_histories(tables_from_frames(simulate(3000, seed=seed, parameters=parameters).frames))
    known = build_landmarks(histories, Settings(horizon_days=30, test_moments=5))
    rows = known.rows[known.rows["moment"] < known.now].reset_index(drop=True)

    def outcomes(known_by):
        return histories.follow_up(rows["customer_id"], rows["moment"], horizon_days=30, known_by=known_by)

    found = rolling_origin(
        rows, outcomes, {"logistic": lambda: MODELS["logistic"](30.0, 0)}, horizon_days=30, test_moments=known.test,
        columns=list(MODEL_FEATURES),
    )  # fmt: skip
    return found.predictions, rows


worlds = {
    "influence says nothing": Parameters(base_per_year=0.0152),
    "influence decides": Parameters(influence_effect=1.5, history_strength=0.0, base_per_year=0.0738),
}
judged = {name: backtest(parameters) for name, parameters in worlds.items()}

# %% [markdown]
# ## The headline, in both worlds
#
# Retaliations reached at fifty answers a month, and the paired difference to influence alone, resampled by customer.
# A comparison that could only come out one way would be no comparison.

# %%
table = []
for name, (predictions, seen) in judged.items():
    scores = evaluate(predictions, seen, capacity=50, horizon_days=30, n_bootstrap=200)
    pooled = scores[
        (scores["split"] == "all")
        & (scores["policy"].isin(["risk_only", "influence_only", "influence_x_complaint"]))
    ]
    table.append(
        pooled[pooled["metric"].isin(["events_reached", "events_reached_minus_influence_only"])].assign(
            world=name
        )
    )
pd.concat(table)[["world", "policy", "metric", "value", "low", "high", "p_holm"]].round(3)

# %% [markdown]
# ## At any capacity
#
# The shading holds the whole curve 95 times in 100.

# %%
predictions, seen = judged["influence says nothing"]
shown = [
    policy
    for policy in POLICIES
    if policy.name in ("risk_only", "influence_only", "influence_x_complaint", "rule")
]
curve = capacity_curve(
    predictions, seen, shown, model="logistic", capacities=[10, 20, 50, 100, 200, 400], n_bootstrap=200
)
figure = Figure(figsize=(7, 4), layout="constrained")
plot_capacity_curve(curve.assign(low=curve["band_low"], high=curve["band_high"]), figure.subplots(), at=50)
figure

# %%
for reading in one_more_caught(
    predictions, seen, shown, model="logistic", capacity=50, n_bootstrap=200
).itertuples():
    print(f"{reading.policy}: {reading.reading}")

# %% [markdown]
# Reached is not prevented: whoever is spoken to in time may still go public. For that, see `effect_of_answers` and
# docs/treatment.md.
