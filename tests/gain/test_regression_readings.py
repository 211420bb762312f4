"""The truth table in the readings of regression: positive and density as on the simplex, real always yes."""

import jax
import numpy as np
import pytest

from tests.compiled import compiled
from w2s_theory.catalogue import find_claim
from w2s_theory.catalogue.gain import CELLS
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import margins_of, measure
from w2s_theory.worlds.students import Students

COUNT = 2_000


def verdicts(cell, kind):
    """Verdicts of the two claims of a cell on exact students of random teachers."""
    name = f"{cell.trained}-{cell.family}-{cell.judged}"
    claims = [find_claim(f"{prefix}-{name}") for prefix in ("gain", "never-worse")]
    world = Students(4, 1, cell.training, members=2, kind=kind)

    def both(i):
        margins = margins_of(claims, i)
        return [measure(claim, i, margins=margins).code for claim in claims]

    batch = world.sample(np.random.default_rng(0), COUNT)
    with jax.enable_x64(True):
        codes = compiled(jax.vmap(both))(batch)
    return [np.array([CODES[code] for code in np.asarray(found)]) for found in codes]


@pytest.mark.parametrize("kind", ["positive", "density", "real"])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.trained}-{cell.family}-{cell.judged}")
def test_the_table_holds_in_every_reading(cell, kind):
    for holds, found in zip((cell.gain, cell.never_worse), verdicts(cell, kind), strict=True):
        assert np.mean(found == Verdict.hypotheses_not_met) < 0.05
        assert np.any(found == Verdict.violated) != (holds or kind == "real")
