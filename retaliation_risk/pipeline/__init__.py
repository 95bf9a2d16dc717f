"""What a training script that runs every night calls: train, score, evaluate, compare, drift; one file of settings for all.

Each writes one folder, whole or not at all, with a flat ``metrics.json``; a gate that says no raises after its folder is
written, so that a scheduler has the exit code and the reasons.
"""

from retaliation_risk.pipeline.comparing import compare
from retaliation_risk.pipeline.config import CONTESTS, Config, Contest, Minimum, Walk, read_config
from retaliation_risk.pipeline.drifting import watch_drift
from retaliation_risk.pipeline.evaluating import evaluate_artefact, evaluate_models
from retaliation_risk.pipeline.replaying import replay_policies
from retaliation_risk.pipeline.scoring import has_features, score, score_frame
from retaliation_risk.pipeline.scoring_on_spark import score_on_spark, spark_scores
from retaliation_risk.pipeline.training import train

__all__ = [
    "CONTESTS",
    "Config",
    "Contest",
    "Minimum",
    "Walk",
    "compare",
    "evaluate_artefact",
    "evaluate_models",
    "has_features",
    "read_config",
    "replay_policies",
    "score",
    "score_frame",
    "score_on_spark",
    "spark_scores",
    "train",
    "watch_drift",
]
