"""The data that every figure is drawn from, of small experiments."""

from typing import Any

import numpy as np
import pytest

from tests.compiled import quick_compilation as quick_compilation
from tests.experiments.small_adversary import small_frontiers, small_tightness
from tests.experiments.small_misfit import small_misfit, small_mixtures, small_samples
from tests.experiments.small_scatter import small_scatter
from tests.experiments.small_teachers import small_teachers
from w2s_theory.catalogue.gain import TABLE
from w2s_theory.claim import Status
from w2s_theory.experiments.balance import balance
from w2s_theory.instance import Instance
from w2s_theory.report.figures import FIGURES, FigureContext
from w2s_theory.verification.sweep import SweepRow


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
    runs = {
        "bound-scatter": small_scatter(),
        "misfit-gain": small_misfit(),
        "sample-size": small_samples(),
        "mixture-of-r": small_mixtures(),
        "tightness": small_tightness(),
        "dropped-assumptions": small_frontiers(),
        "balance": balance(quick=True),
        "teacher-quality": small_teachers(),
    }
    return FigureContext(seed=0, quick=True, runs=runs, rows=(row, *map(_table_row, TABLE)))


def _table_row(claim) -> SweepRow:
    """A row of the truth table as a sweep makes it, with an instance that need not be one of the claim's."""
    proved = claim.status is Status.proved
    some = Instance(np.ones(1), *[np.array([[0.5, 0.5]])] * 3, floor=np.asarray(0.1))
    return SweepRow(
        id=claim.id,
        status=claim.status,
        instances=1000,
        min_slack=-3.2e-15 if proved else -1.25,
        max_tightness=1.0,
        violations=0 if proved else 312,
        verdict="holds" if proved else "refuted",
        worlds=("Students",),
        counterexample=None if proved else some,
        worst=some,
        worst_slack=-3.2e-15 if proved else -1.25,
        by_world=(("Students", 1000, 0 if proved else 312),),
    )


@pytest.fixture(scope="package")
def prepared(context) -> dict[str, dict[str, Any]]:
    """The data of every figure by name."""
    return {figure.name: figure.prepare(context) for figure in FIGURES}
