"""The model card: what a model is, is for and is not for, in words, made from its manifest and reference alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from retaliation_risk.artefacts.manifest import Manifest
from retaliation_risk.artefacts.reference import Reference
from retaliation_risk.features.dictionary import describe

INTENDED = (
    "Ordering a team's calls, so that customers who were let down and may retaliate are made good first.",
    "Showing the person on the phone what happened to a customer, with the tickets behind it.",
    "Counting and studying how failed recoveries lead to complaints in public, switching and the like.",
)

FORBIDDEN = (
    "Denying, delaying or worsening service to anybody because of a predicted act, or because of a low one.",
    "Setting or influencing prices, credit, contract terms or offers by predicted anger.",
    "Deciding about a person without a human who can see why and decide otherwise.",
    "Silencing, deterring or tracking people who complain; complaining is their right.",
    "Judging employees by the risks of the customers whom they served.",
)

LIMITS = (
    "A risk is a share among customers alike in these features, not knowledge of what one of them will do.",
    "It says who may retaliate, not who would be calmed by a call: that needs data on treatment.",
    "It was learned in the window below from one firm's records; elsewhere and later it can be wrong. Watch drift.",
    "Complaints nobody recorded were not learned from; customers who never contact the firm are hardly known.",
)


def model_card(manifest: Manifest, reference: Reference) -> str:
    """Return the card as Markdown; equal models have equal cards.

    Parameters
    ----------
    manifest : Manifest
        Its seals are not part of the card, which is sealed itself.
    reference : Reference
        For the number of rows, customers and events.
    """
    return "\n".join(
        [
            f"# Model card: {_text(manifest.about.model)}",
            "",
            *_what(manifest, reference),
            *_list("Intended uses", INTENDED),
            *_list("Forbidden uses", FORBIDDEN),
            *_list("Limits", LIMITS),
            *_metrics(manifest.about.metrics),
            *_features(manifest),
            *_settings(manifest),
        ]
    )


def _what(manifest: Manifest, reference: Reference) -> Iterator[str]:
    about, labels = manifest.about, reference.labels
    window = about.window.as_dict()
    events = "" if labels is None else f", {labels.n_events:,} of them followed by the outcome"
    yield f"Predicts **{_text(about.outcome)}** within **{about.horizon_days:g} days** of a moment, as a probability."
    yield ""
    yield f"- Trained on {reference.n_rows:,} rows of {reference.n_customers:,} customers{events}."
    yield f"- Moments from {window['first']} to {window['last']}; nothing known later than {window['known_by']} was used."
    if labels is not None:
        yield f"- Share of rows with the outcome, weighted for those lost from sight: {labels.rate:.4g}."
    yield f"- Written by retaliation-risk {manifest.package}, Python {manifest.python}; stored as {manifest.storage}."
    if manifest.storage == "joblib":
        yield "- **Stored as a pickle: opening it runs code of whoever wrote it.**"
    yield ""


def _list(title: str, items: tuple[str, ...]) -> Iterator[str]:
    yield from (f"## {title}", "", *(f"- {item}" for item in items), "")


def _metrics(metrics: Mapping[str, float]) -> Iterator[str]:
    """Metrics with their intervals; a value without one is shown as such."""
    yield from ("## Metrics", "")
    bounds = {f"{name}{end}" for name in metrics for end in ("_low", "_high")}
    shown = {name: value for name, value in metrics.items() if name not in bounds}
    if not shown:
        yield from ("None were given: this model has not been judged.", "")
        return
    yield from ("| metric | value | low | high |", "|---|--:|--:|--:|")
    for name, value in shown.items():
        low, high = (metrics.get(f"{name}{end}", math.nan) for end in ("_low", "_high"))
        yield f"| {_text(name)} | {_number(value)} | {_number(low)} | {_number(high)} |"
    yield ""


def _features(manifest: Manifest) -> Iterator[str]:
    yield from ("## Features", "", "| feature | unit | about | computed as |", "|---|---|---|---|")
    for feature in manifest.about.features:
        note = "" if feature.name in manifest.columns else " (for the formulas of others)"
        told = (feature.name, feature.unit, feature.about + note, describe(feature.value))
        yield "| " + " | ".join(map(_text, told)) + " |"
    yield ""


def _settings(manifest: Manifest) -> Iterator[str]:
    definitions = manifest.about.definitions.as_dict()
    yield from ("## Settings", "", "| setting | value |", "|---|---|")
    for name, value in {**manifest.about.settings, **definitions}.items():
        yield f"| {_text(name)} | {_text(value)} |"
    yield ""


def _number(value: float) -> str:
    """Four digits; a dash where there is none.

    Examples
    --------
    >>> _number(0.71234), _number(float("nan"))
    ('0.7123', '-')
    """
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _text(value: object) -> str:
    r"""One line of text that no reader of Markdown takes for markup.

    Examples
    --------
    >>> print(_text("a|b <script>"))
    a\|b &lt;script&gt;
    """
    line = " ".join(str(value).split())
    for sign, written in {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "\\": "\\\\",
        "|": "\\|",
        "`": "\\`",
        "[": "\\[",
    }.items():
        line = line.replace(sign, written)
    return line
