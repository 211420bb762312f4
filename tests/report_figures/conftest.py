"""Compilation without its costly half: the programs of these tests run once or twice."""

from typing import Any

import jax
import numpy as np
import pytest

from tests.experiments.small_scatter import small_scatter
from w2s_theory.claim import Status
from w2s_theory.instance import Instance
from w2s_theory.report.figures import FIGURES, FigureContext
from w2s_theory.verification.sweep import SweepRow


@pytest.fixture(autouse=True, scope="package")
def _quick_compilation():
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture(scope="package")
def context() -> FigureContext:
    """A few really trained pairs, and a sweep's row with a counterexample far below the axes."""
    truth, weak = np.array([[1.0, 0.0], [0.0, 1.0]]), np.full((2, 2), 0.5)
    strong = weak + 1e-9 * np.array([[1, -1], [-1, 1]])
    found = Instance(np.full(2, 0.5), truth, weak, strong, floor=np.asarray(0.4))
    row = SweepRow(
        id="calibration-score-conditional",
        status=Status.refuted,
        instances=1000,
        min_slack=-1.0,
        max_tightness=1e9,
        violations=300,
        verdict="refuted",
        worlds=("TiedTables",),
        counterexample=found,
    )
    return FigureContext(seed=0, quick=True, bound_scatter=small_scatter(), rows=(row,))


@pytest.fixture(scope="package")
def prepared(context) -> dict[str, dict[str, Any]]:
    """The data of every figure by name."""
    return {figure.name: figure.prepare(context) for figure in FIGURES}
