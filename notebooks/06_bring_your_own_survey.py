# %% [markdown]
# # 06 · Bring your own survey
#
# A researcher has answers in a CSV file and a codebook that says which columns are items of what. Here both are invented,
# with a known truth: betrayal grows with unfairness, and the more so the stronger the relationship was.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from retaliation_risk.studies.estimators import fit_path_model, path_estimates
from retaliation_risk.studies.estimators.measurement import (
    cronbach_alpha,
    fit_factor_model,
    fornell_larcker,
    reliability,
)
from retaliation_risk.studies.estimators.mediation import Mediated, mediated_effects
from retaliation_risk.studies.estimators.moderation import (
    Moderated,
    fit_moderation,
    johnson_neyman,
    simple_slopes,
)
from retaliation_risk.studies.figures import plot_simple_slopes
from retaliation_risk.studies.survey import item_moments, read_survey, scale_moments, scale_scores

work, rng, n = Path(tempfile.mkdtemp()), np.random.default_rng(5), 400
unfairness, quality = rng.standard_normal((2, n))
betrayal = 0.5 * unfairness + 0.1 * quality + 0.3 * unfairness * quality + 0.7 * rng.standard_normal(n)
revenge = 0.6 * betrayal + 0.1 * unfairness + 0.7 * rng.standard_normal(n)


def answers(latent, name):
    """Three items from 1 to 7, the third worded the other way."""
    items = 4 + 1.3 * (latent[:, None] + 0.5 * rng.standard_normal((n, 3)))
    items[:, 2] = 8 - items[:, 2]
    return pd.DataFrame(np.clip(items.round(), 1, 7), columns=[f"{name}{k}" for k in (1, 2, 3)])


latents = {"u": unfairness, "q": quality, "b": betrayal, "r": revenge}
table = pd.concat([answers(latent, name) for name, latent in latents.items()], axis=1)
table.iloc[3, 2] = -99  # no answer
table.to_csv(work / "answers.csv", index=False)
names = {"unfairness": "u", "quality": "q", "betrayal": "b", "revenge": "r"}
(work / "codebook.toml").write_text(
    'layout = "wide"\nmissing = [-99]\nscale = [1, 7]\n'
    + "".join(
        f'[constructs.{name}]\nitems = ["{c}1", "{c}2", "{c}3"]\nreversed = ["{c}3"]\n'
        for name, c in names.items()
    )
)
print((work / "codebook.toml").read_text()[:180])

# %%
survey = read_survey(work / "answers.csv", work / "codebook.toml")
survey.answers.describe().loc[["count", "mean", "std", "min", "max"]].round(2)

# %% [markdown]
# ## Are the scales any good?

# %%
items = item_moments(survey)
measured = fit_factor_model(items, survey.constructs)
cronbach_alpha(items, survey.constructs).round(3)

# %%
display(reliability(measured).round(3))
fornell_larcker(measured).round(3)

# %% [markdown]
# ## Does a strong relationship make it worse?
#
# A moderated regression with robust errors, its simple slopes, and where along the moderator the slope differs from 0.

# %%
scores = scale_scores(survey).dropna()
fit = fit_moderation(scores, Moderated("betrayal", "unfairness", "quality"), errors="robust")
fit.coefficients.table().round(3)

# %%
regions = johnson_neyman(fit)
print(regions.seen)
figure = Figure(figsize=(6, 3.6), layout="constrained")
along = simple_slopes(fit, at=np.linspace(scores["quality"].min(), scores["quality"].max(), 50).tolist())
plot_simple_slopes(
    along, regions.table, figure.subplots(), moderator="relationship quality", predictor="unfairness"
)
figure

# %% [markdown]
# ## What does it pass through?
#
# The indirect effect of unfairness on revenge by way of betrayal, at weak, mean and strong relationships, with the index of
# moderated mediation. Nothing here makes an effect of a mediator that was not randomised causal.

# %%
model = Mediated("unfairness", ("betrayal",), "revenge", moderator="quality", moderated=("first",))
mediated_effects(scores, model, seed=1).round(3)

# %% [markdown]
# ## The same from a printed table
#
# Only what a paper would print of these answers: number, standard deviations, correlations of the scales.

# %%
path_estimates(
    fit_path_model("betrayal ~ unfairness + quality; revenge ~ betrayal + unfairness", scale_moments(survey))
).round(3)
