# %% [markdown]
# # 01 · From an export to a queue
#
# A CX analyst has tables from a helpdesk and wants to know whom to call this week. Here the tables are the sample in
# `data/sample` (invented customers); yours come from `retaliation-risk import`, or from a folder of CSV files. On the
# command line all of this is `retaliation-risk run tables/ --out reports/ours`.

# %%
import json
import tempfile
from pathlib import Path

import pandas as pd

from retaliation_risk.report import summarise, write_report
from retaliation_risk.run import Settings, run
from retaliation_risk.tables import check_tables, read_tables

here = next(path for path in (Path.cwd(), *Path.cwd().parents) if (path / "data" / "sample").is_dir())
source = here / "data" / "sample"

# %% [markdown]
# ## Is the export sound?
#
# Every breach of the contract at once, each with a code, a count, the first ids and the cure. An empty list is good
# news.

# %%
[str(problem) for problem in check_tables(source)]

# %%
tables = read_tables(source)
pd.Series(
    {name: int(tables.query(f"SELECT count(*) AS n FROM {name}")["n"][0]) for name in tables.names},
    name="rows",
)

# %% [markdown]
# ## One run
#
# Three models judged at up to six moments, each trained on what was known by then. The folder appears whole or not at
# all.

# %%
work = Path(tempfile.mkdtemp())
settings = Settings(
    horizon_days=90,
    capacity=40,
    model="logistic",
    compare=("prevalence", "rule", "logistic"),
    test_moments=6,
    n_bootstrap=200,
)
folder = run(tables, work / "run", settings, finish=write_report)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# ## Whom to call, and why
#
# `action` comes from a playbook that anybody can edit; `tickets` are the evidence behind the reasons.

# %%
queue = pd.read_csv(folder / "queue_risk_only.csv")
with pd.option_context("display.max_colwidth", 60):
    display(
        queue[
            ["rank", "customer_id", "risk", "calls", "failed_recoveries", "action", "reasons", "tickets"]
        ].head(8)
    )

# %% [markdown]
# ## The answer in a sentence, and whether to trust it
#
# The page `report.html` says the same to people; this is what it was made from.

# %%
summary = summarise(folder)
answer, trust = (next(s for s in summary["sections"] if s["id"] == name) for name in ("answer", "trust"))
print(answer["sentence"], *trust["paragraphs"], sep="\n\n")

# %%
metrics = json.loads((folder / "metrics.json").read_text())
pd.Series(
    {
        name: metrics[name]
        for name in metrics
        if name.startswith(("logistic_auroc", "rule_auroc", "risk_only_events"))
    }
)
