"""Experiments by name."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from types import MappingProxyType
from typing import Any

from w2s_theory.errors import InputError
from w2s_theory.experiments.records import check_seeds
from w2s_theory.processes import opened

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
    experiment: str,
    *,
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Any = None,
    workers: int = 1,
    scheduler: str | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Run one experiment of the theory's section 7 and return its JSON-able record.

    `settings` are those that the experiment has of its own: `student_inputs` ("same" or "fresh") of `misfit-gain`.
    `workers` above one are processes on this machine, `scheduler` the address of a Dask cluster that is running.  They
    get one task a seed (of `tightness` one a claim, since its seeds share compiled code); what seeds found is put
    together here, so the record does not depend on where they ran.
    `InputError` for an unknown experiment or setting, a negative seed, `seeds` below one, or an unusable cluster.
    """
    run = experiment_function(experiment)
    foreign = [name for name in settings if name not in signature(run).parameters]
    if foreign:
        raise InputError(f"{experiment} has no setting {foreign[0].replace('_', ' ')!r}")
    check_seeds(experiment, seed, seeds)
    with opened(workers, scheduler) as cluster:
        spread = None if cluster is None else cluster.in_order
        return run(seed=seed, seeds=seeds, quick=quick, progress=progress, spread=spread, **settings)
