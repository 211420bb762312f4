"""A `bound_scatter` of a few pairs, cheap to train, for the tests of experiments and of figures."""

import functools
from typing import Any
from unittest import mock

from w2s_theory.catalogue import find_claim
from w2s_theory.experiments import bound_scatter as experiment
from w2s_theory.experiments.pair_design import Budget, PairDesign

RISK = tuple(map(find_claim, ("generalization-forward", "generalization-instance-envelope")))
CALIBRATION = tuple(
    map(find_claim, ("calibration-common-conditioning", "calibration-score-conditional", "calibration-refinement"))
)
SMOOTH = (find_claim("calibration-smooth"),)

MIXTURE_DESIGNS = tuple(
    PairDesign(variant, Budget(1, 0, 30, steps), Budget(2, hidden, 40, 30))
    for variant, steps, hidden in ((0, 8, 0), (1, 30, 4), (2, 30, 0))
)
DIGITS_DESIGNS = tuple(PairDesign(0, Budget(4, 0, 100, 30), Budget(64, hidden, 80, 30)) for hidden in (0, 4))


@functools.lru_cache(maxsize=1)
def small_scatter() -> dict[str, Any]:
    """Three pairs on mixtures and two on digits, with the claims the figures draw."""
    with (
        mock.patch.object(experiment, "mixture_designs", lambda quick: MIXTURE_DESIGNS),
        mock.patch.object(experiment, "digits_designs", lambda quick: DIGITS_DESIGNS),
        mock.patch.object(experiment, "risk_claims", lambda: RISK),
        mock.patch.object(experiment, "calibration_claims", lambda smooth: SMOOTH if smooth else CALIBRATION),
    ):
        return experiment.bound_scatter(seed=3, quick=True)
