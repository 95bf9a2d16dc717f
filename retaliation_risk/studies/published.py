"""Numbers that may be printed as fact, each with where it stands: moments of a replication, loadings of a survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from retaliation_risk.studies.moments import moments_of

#: Commitment in a close relationship and four responses to betrayal, 16 laboratories, answers from 0 to 8. Correlations are
#: pooled within laboratories (Fisher's z), standard deviations and means are those of all persons. Betrayal between persons,
#: not between a customer and a firm.
BETRAYAL_REPLICATION = moments_of(
    {
        "n": 1696,
        "mean": {"Commit": 6.8591, "Exit": 1.8654, "Neglect": 3.5323, "Voice": 4.7620, "Loyalty": 3.8338},
        "sd": {"Commit": 1.3968, "Exit": 1.1324, "Neglect": 1.1594, "Voice": 1.2065, "Loyalty": 1.0983},
        "r": [
            [-0.1800],
            [-0.1305, 0.7135],
            [0.2241, -0.1449, -0.1254],
            [0.0997, -0.1739, -0.1848, 0.5578],
        ],
        "source": "Registered Replication Report, Cheung et al. 2016, of Finkel et al. 2002, Study 1: computed from the "
        "laboratories' files, scored as the authors' script does, exclusions and incomplete answers left out",
    }
)


@dataclass(frozen=True)
class PrintedScale:
    """What a paper prints of a scale: standardised loadings, and what it computed from them.

    Attributes
    ----------
    loadings : tuple of float
        Standardised, in [-1, 1].
    composite, extracted, alpha : float
        Composite reliability, average variance extracted, Cronbach's alpha, in [0, 1].
    mean, sd : float
        Of the scale.
    """

    loadings: tuple[float, ...]
    composite: float
    extracted: float
    alpha: float
    mean: float
    sd: float


#: Perceived betrayal, blame and boycott after product harm, n = 188: Li and Zhao 2025, Table 3,
#: doi:10.1057/s41599-025-05058-6. Correlations between the scales were not to be had.
LI_ZHAO_2025: Mapping[str, PrintedScale] = MappingProxyType(
    {
        "betrayal": PrintedScale((0.818, 0.766, 0.800), 0.837, 0.632, 0.836, 4.385, 0.847),
        "blame": PrintedScale((0.803, 0.774, 0.757), 0.821, 0.606, 0.820, 4.507, 0.780),
        "boycott": PrintedScale((0.722, 0.753, 0.742), 0.783, 0.546, 0.779, 4.663, 0.725),
    }
)
