# %% [markdown]
# # 02 · Histories, and what goes wrong without `known_at`
#
# Everything in this package is one question asked at many moments: *what did we know about this customer then?* A
# fact has a time when it happened and a time when the firm learned of it. Features use the second. Here we see what
# happens to a model's score when they use the first, or when a status column of today is taken for what was true last
# year.

# %%
import numpy as np
import pandas as pd

from retaliation_risk.features import FEATURES, MODEL_FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.metrics import auroc
from retaliation_risk.models import MODELS
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

world = simulate(4000, seed=11)
honest = build_histories(tables_from_frames(world.frames))
moments = pd.date_range("2024-06-01", "2025-09-01", freq="MS")


def asked(histories, features=FEATURES):
    """One row for everybody at risk at each moment."""
    return pd.concat([histories.as_of(honest.at_risk(m), m, features) for m in moments], ignore_index=True)


rows = asked(honest)
y = honest.follow_up(rows["customer_id"], rows["moment"], horizon_days=30)
rows.shape, int(y["event"].sum())

# %% [markdown]
# ## A fact known exactly at the moment is the future
#
# One customer's double deviation, read before and after the firm learned of its second failure.

# %%
failed = world.frames["ticket_events"].query("event_type == 'reopened'").sort_values("known_at")
ticket = failed.iloc[len(failed) // 2]
owner = world.frames["tickets"].set_index("ticket_id").loc[ticket["ticket_id"], "customer_id"]
learned = pd.Timestamp(ticket["known_at"]).tz_localize(None)
shown = [learned, learned + pd.Timedelta(microseconds=1)]
honest.as_of(
    [owner] * 2, shown, [f for f in FEATURES if f.name in ("failed_recoveries_ever", "tickets_ever")]
)

# %% [markdown]
# ## Four ways to fool oneself
#
# 1. **Late knowledge taken as early**: what the firm learned of with a delay counts from when it happened. We rebuild
#    the histories with `known_at = occurred_at`.
# 2. **The month itself**: features of a monthly table that holds the month whose outcome is asked for.
# 3. **The snapshot**: each customer's features as the export shows them today, joined to last year's rows as if they had
#    been known all along.
# 4. **Shuffled rows**: the same customer's neighbouring months on both sides of a random split.

# %%
leaky_frames = {
    name: frame.assign(known_at=frame["occurred_at"]) if "known_at" in frame else frame
    for name, frame in world.frames.items()
}
early = asked(build_histories(tables_from_frames(leaky_frames)))
month = honest.as_of(rows["customer_id"], rows["moment"] + pd.Timedelta(days=30), FEATURES)
snapshot = honest.as_of(rows["customer_id"], honest.now, FEATURES)

past = (rows["moment"] < "2025-04-01").to_numpy()
later = (
    rows["moment"] >= "2025-05-01"
).to_numpy()  # a horizon lies between: no outcome of training is of the test's time
columns = list(MODEL_FEATURES)


def score(X, train, test):
    """AUROC of a logistic model trained and judged on these rows."""
    model = MODELS["logistic"](30.0, 0).fit(X[train].reset_index(drop=True), y[train].reset_index(drop=True))
    return auroc(y["event"][test], model.predict_risk(X[test].reset_index(drop=True), 30))


rng = np.random.default_rng(0)
shuffled = rng.random(len(rows)) < past.mean()
found = pd.Series({
    "honest: known before, judged later": score(rows[columns], past, later),
    "late knowledge taken as early": score(early[columns], past, later),
    "the month itself among the features": score(month[columns], past, later),
    "snapshot of the export": score(snapshot[columns], past, later),
    "shuffled rows": score(rows[columns], shuffled, ~shuffled),
}, name="AUROC")  # fmt: skip
found.round(3)

# %% [markdown]
# The differences are those of this one world and of a few dozen acts: read the direction, not the digits. The first
# costs nothing here, because this firm learns of almost everything at once; where reviews or chargebacks arrive weeks
# late it does. The second flatters: what happened after the moment, and after the complaint, is taken for what led to it.
# The third may flatter or hurt, which is worse: nobody can tell from the score. That is why the contract's `tickets` table
# holds only what was true at opening, and everything that can change is an event with its times.

# %% [markdown]
# ## The same call in three forms
#
# Landmarks (above), intervals on which every covariate is constant, and risk sets: each act with some who were at
# risk at that very moment.

# %%
from retaliation_risk.histories import build_intervals, history_rows

few = [f for f in FEATURES if f.name in ("failed_recoveries_365d", "tickets_90d", "open_tickets")]
intervals = build_intervals(honest, few, outcome="retaliation")
sets = history_rows(honest, few, outcome="retaliation", controls=3, seed=0)
intervals.head(4)

# %%
sets.head(4)
