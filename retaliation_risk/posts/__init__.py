"""An aid for reading posts: does one want revenge, or to be made whole? It sorts the reading; it is never truth."""

from __future__ import annotations

from retaliation_risk.posts.agreement import Agreement, compute_alpha, compute_kappa, confusion
from retaliation_risk.posts.classifier import LABELS, PostsFit, PostsModel, fit_posts
from retaliation_risk.posts.storage import load_posts, save_posts

__all__ = [
    "LABELS",
    "Agreement",
    "PostsFit",
    "PostsModel",
    "compute_alpha",
    "compute_kappa",
    "confusion",
    "fit_posts",
    "load_posts",
    "save_posts",
]
