"""Experiments by name."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from types import MappingProxyType
from typing import Any

from w2s_theory.errors import InputError

EXPERIMENTS = MappingProxyType(
    {
        name: f"w2s_theory.experiments.{name.replace('-', '_')}"
        for name in (
            "bound-scatter",
            "misfit-gain",
            "sample-size",
            "mixture-of-r",
            "tightness",
            "dropped-assumptions",
            "balance",
            "teacher-quality",
        )
    }
)
"""Experiments and the modules they live in; each module has a function of the experiment's name."""


def experiment_function(name: str) -> Callable[..., dict[str, Any]]:
    """The function of an experiment.  `InputError` for an unknown one."""
    if name not in EXPERIMENTS:
        raise InputError(f"unknown experiment {name!r}; known: {', '.join(EXPERIMENTS)}")
    return getattr(import_module(EXPERIMENTS[name]), name.replace("-", "_"))


def simulate(
    experiment: str, *, seed: int = 0, seeds: int = 1, quick: bool = False, progress: Any = None, **settings: Any
) -> dict[str, Any]:
    """Run one experiment of the theory's section 7 and return its JSON-able record.

    `settings` are those that the experiment has of its own: `student_inputs` ("same" or "fresh") of `misfit-gain`.
    `InputError` for an unknown experiment or setting, a negative seed, or `seeds` below one.
    """
    run = experiment_function(experiment)
    foreign = [name for name in settings if name not in signature(run).parameters]
    if foreign:
        raise InputError(f"{experiment} has no setting {foreign[0].replace('_', ' ')!r}")
    return run(seed=seed, seeds=seeds, quick=quick, progress=progress, **settings)
