"""Papers as code: one file each, with what it claims and how that is tested here."""

from __future__ import annotations

from retaliation_risk.studies.frame import Study
from retaliation_risk.studies.papers import (
    bitner_1990,
    casado_2011,
    cheung_2016,
    gregoire_2018,
    gregoire_fisher_2006,
    gregoire_fisher_2008,
    gregoire_laufer_tripp_2010,
    gregoire_tripp_legoux_2009,
    hutzinger_weitzl_2023,
    joireman_2013,
    knox_van_oest_2014,
    lariviere_van_den_poel_2005,
    li_zhao_2025,
    maxham_netemeyer_2002,
    montgomery_damian_2017,
)
from retaliation_risk.studies.papers.predictions import predictions as _gather

__all__ = ["PAPERS", "STUDIES"]

#: Every paper: on double deviations by year, then on real histories, then those of which numbers were seen.
PAPERS: tuple[Study, ...] = (
    bitner_1990.STUDY,
    maxham_netemeyer_2002.STUDY,
    gregoire_fisher_2006.STUDY,
    gregoire_fisher_2008.STUDY,
    gregoire_tripp_legoux_2009.STUDY,
    gregoire_laufer_tripp_2010.STUDY,
    joireman_2013.STUDY,
    gregoire_2018.STUDY,
    hutzinger_weitzl_2023.STUDY,
    casado_2011.STUDY,
    knox_van_oest_2014.STUDY,
    lariviere_van_den_poel_2005.STUDY,
    montgomery_damian_2017.STUDY,
    cheung_2016.STUDY,
    li_zhao_2025.STUDY,
)
#: What can be run by name: each paper, and the suite of predictions.
STUDIES: dict[str, Study] = {study.name: study for study in (*PAPERS, _gather(PAPERS))}
