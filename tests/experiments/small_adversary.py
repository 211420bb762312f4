"""Quick runs of the experiments that search, for the tests of experiments and of figures."""

import functools
from typing import Any

from w2s_theory.experiments.dropped_assumptions import dropped_assumptions
from w2s_theory.experiments.tightness import tightness


@functools.lru_cache(maxsize=1)
def small_tightness() -> dict[str, Any]:
    """The first eight inequalities."""
    return tightness(quick=True)


@functools.lru_cache(maxsize=1)
def small_frontiers() -> dict[str, Any]:
    """Few starts a strength."""
    return dropped_assumptions(quick=True)
