"""Figures show what their tables say."""

import numpy as np
from matplotlib.figure import Figure

from retaliation_risk.studies.estimators.growth import Growth, fit_growth, growth_curves
from retaliation_risk.studies.estimators.meta import effects_from_r, meta_analysis
from retaliation_risk.studies.estimators.moderation import (
    Moderated,
    fit_moderation,
    johnson_neyman,
    simple_slopes,
)
from retaliation_risk.studies.figures import plot_forest, plot_growth, plot_simple_slopes

from .golden import data


def test_regions_are_cut_where_the_slope_stops_to_differ_from_nothing():
    fit = fit_moderation(data("moderation"), Moderated("betrayal", "unfairness", "quality", ("age",)))
    found = johnson_neyman(fit)
    slopes = simple_slopes(fit, np.linspace(1, 7, 30))
    ax = plot_simple_slopes(
        slopes, found.table, Figure().subplots(), moderator="Relationship quality", predictor="unfairness"
    )
    assert len(ax.collections) == 3
    marked = sorted(float(text.get_text()) for text in ax.texts)
    np.testing.assert_allclose(marked, found.roots, rtol=5e-3)
    assert ax.get_xlim() == (1, 7)


def test_roots_beyond_what_was_drawn_are_not_marked():
    fit = fit_moderation(data("moderation"), Moderated("betrayal", "unfairness", "quality", ("age",)))
    slopes = simple_slopes(fit, np.linspace(3, 4, 5))
    ax = plot_simple_slopes(
        slopes, johnson_neyman(fit).table, Figure().subplots(), moderator="w", predictor="x"
    )
    assert (len(ax.collections), len(ax.texts)) == (1, 0)


def test_growth_has_a_named_line_per_strength():
    curves = growth_curves(
        fit_growth(data("growth"), Growth("revenge", "week", "person", "quality")), [-1, 1]
    )
    ax = plot_growth(
        curves, Figure().subplots(), time="Week", outcome="Desire for revenge", strength="quality"
    )
    assert [text.get_text() for text in ax.texts] == ["quality -1", "quality 1"]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), curves[curves["at"] == 1]["estimate"])


def test_a_forest_names_its_studies_and_the_mean():
    effects = effects_from_r([0.1, 0.4], [50, 200], studies=["A", "B"])
    found = meta_analysis(effects)
    ax = plot_forest(effects, found.table, Figure().subplots(), label="Fisher's z")
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "A (n = 50)",
        "B (n = 200)",
        "mean effect",
    ]
    sizes = ax.collections[1].get_sizes()
    assert sizes[1] / sizes[0] > 4
