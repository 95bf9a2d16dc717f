"""The tables of docs/studies_method.md: what was printed, computed again, and the interactions of worlds of known truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from benchmarks.constructs.study import DRAWS, Line
from retaliation_risk.studies.estimators import (
    average_variance_extracted,
    composite_reliability,
    fit_indices,
    fit_path_model,
    path_estimates,
    standardized_estimates,
)
from retaliation_risk.studies.published import BETRAYAL_REPLICATION, LI_ZHAO_2025

BEGIN, END = "<!-- made by python -m benchmarks.constructs --save -->", "<!-- end -->"
RESPONSES = "Exit ~ Commit; Neglect ~ Commit; Voice ~ Commit; Loyalty ~ Commit"
TWO_KINDS = "destructive =~ Exit + Neglect; constructive =~ Voice + Loyalty; destructive ~ Commit; constructive ~ Commit"


def markdown(found: Sequence[Line]) -> str:
    """Return all tables, each under its heading."""
    return "\n\n".join(["\n".join(part) for part in (_replication(), _printed(), _products(found))])


def into(page: str, tables: str) -> str:
    """Put tables between the markers of a page."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.split(END)[1]}"


def _replication() -> Iterator[str]:
    yield "### Commitment and responses to betrayal: sixteen laboratories, 1,696 persons\n"
    yield "| model | term | estimate | standard error | standardised | 95 % interval of that |"
    yield "|---|---|--:|--:|--:|---|"
    for name, model in (("responses", RESPONSES), ("two kinds", TWO_KINDS)):
        fit = fit_path_model(model, BETRAYAL_REPLICATION)
        tables = path_estimates(fit), standardized_estimates(fit)
        shown = [term.op != "~~" for term in fit.structure.model.terms]
        for (_, row), (_, share) in zip(*(table[shown].iterrows() for table in tables), strict=True):
            error = "fixed" if pd.isna(row.se) else f"{row.se:.4f}"
            interval = f"{share.low:.3f} to {share.high:.3f}"
            yield f"| {name} | `{row.term}` | {row.estimate:.4f} | {error} | {share.estimate:.3f} | {interval} |"
    yield f"\n{_fit(TWO_KINDS)}"


def _fit(model: str) -> str:
    table = fit_indices(fit_path_model(model, BETRAYAL_REPLICATION)).set_index("index")
    value, rmsea = table["value"], table.loc["rmsea"]
    return (
        f"Two kinds: chi-square {value['chi2']:.2f} with {value['df']:.0f} degrees of freedom, p {value['p']:.1e}, CFI "
        f"{value['cfi']:.3f}, RMSEA {rmsea.value:.3f} ({rmsea.low:.3f} to {rmsea.high:.3f}), SRMR {value['srmr']:.3f}. "
        "Responses has no degrees of freedom: it cannot but fit."
    )


def _printed() -> Iterator[str]:
    yield "### Li and Zhao 2025, Table 3: from the printed loadings\n"
    yield "| scale | composite reliability: printed | ours | average variance extracted: printed | ours |"
    yield "|---|--:|--:|--:|--:|"
    for name, scale in LI_ZHAO_2025.items():
        ours = composite_reliability(scale.loadings), average_variance_extracted(scale.loadings)
        yield f"| {name} | {scale.composite:.3f} | {ours[0]:.3f} | {scale.extracted:.3f} | {ours[1]:.3f} |"


def _products(found: Sequence[Line]) -> Iterator[str]:
    replications = found[0].replications
    error = 100 * (0.95 * 0.05 / replications) ** 0.5
    yield "### An interaction of scales reliable to .80 and .70, in worlds of known truth\n"
    yield (
        f"{replications:,} replications, {DRAWS} resamples each; share of 95 % intervals that hold the truth in %, one "
        f"Monte-Carlo error at 95 % is {error:.1f}.\n"
    )
    yield "| world | truth | mean estimate | its spread | plain regression | held: normal curve | held: resamples |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for line in found:
        yield (
            f"| {line.world.name} | {line.world.effect:.1f} | {line.estimate:.3f} | {line.spread:.3f} "
            f"| {line.uncorrected:.3f} | {100 * line.normal:.1f} | {100 * line.resampled:.1f} |"
        )
