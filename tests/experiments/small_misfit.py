"""A `misfit_gain` of a few tasks and steps, for the tests of experiments and of figures."""

import functools
from typing import Any
from unittest import mock

from w2s_theory.experiments import misfit_gain as experiment
from w2s_theory.experiments import mixture_of_r as mixtures
from w2s_theory.experiments import sample_size as samples
from w2s_theory.experiments.misfit_design import MisfitDesign

DESIGN = MisfitDesign(tasks=3, points=96, fresh_points=64, pretraining_tasks=2, pretraining_epochs=4, head_epochs=4)


@functools.lru_cache(maxsize=8)
def small_misfit(seed: int = 0, seeds: int = 1, student_inputs: str = "same") -> dict[str, Any]:
    """Three tasks a seed."""
    with mock.patch.object(experiment, "misfit_design", lambda quick: DESIGN):
        return experiment.misfit_gain(seed=seed, seeds=seeds, quick=True, student_inputs=student_inputs)


def small_panel(panel: str, **options: Any) -> dict[str, Any]:
    """One panel of the same tasks."""
    with mock.patch.object(experiment, "misfit_design", lambda quick: DESIGN):
        return experiment.misfit_panel(panel, quick=True, **options)


@functools.lru_cache(maxsize=2)
def small_samples() -> dict[str, Any]:
    """Four problems at three sizes."""
    with mock.patch.object(samples, "SIZES", (32, 128, 512)):
        return samples.sample_size(quick=True)


@functools.lru_cache(maxsize=2)
def small_mixtures() -> dict[str, Any]:
    """Four problems at four sizes."""
    with mock.patch.object(mixtures, "SIZES", (1, 2, 4, 8)):
        return mixtures.mixture_of_r(quick=True)
