"""The truth table in the readings of regression: positive and density as on the simplex, real always yes."""

import functools

import jax
import numpy as np
import pytest

from tests.compiled import compiled
from w2s_theory.catalogue import find_claim
from w2s_theory.catalogue.gain import CELLS
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import measure_together
from w2s_theory.worlds.students import Students
from w2s_theory.worlds.world import decode_batch

PREFIXES = ("gain", "never-worse")
COUNT = 2_000
AT_ONCE = 1_000
"""Not more, so that decoding is compiled without LLVM's optimisation."""


def name(cell):
    return f"{cell.trained}-{cell.family}-{cell.judged}"


@functools.cache
def codes(training, kind):
    """Verdicts of all claims about students so trained, by id, on exact students of random teachers."""
    claims = [
        find_claim(f"{prefix}-{name(cell)}") for cell in CELLS if cell.training == training for prefix in PREFIXES
    ]
    world = Students(4, 1, training, members=2, kind=kind)

    def every(i):
        return {name: made.code for name, made in measure_together(claims, i).items()}

    drawn = world.draw(np.random.default_rng(0), COUNT)
    measured = compiled(jax.vmap(every))
    with jax.enable_x64(True):
        parts = [measured(decode_batch(world, z)) for z in np.split(drawn, COUNT // AT_ONCE)]
    return {claim.id: np.concatenate([np.asarray(part[claim.id]) for part in parts]) for claim in claims}


def verdicts(cell, kind):
    """Verdicts of the two claims of a cell."""
    found = codes(cell.training, kind)
    return [np.array([CODES[code] for code in found[f"{prefix}-{name(cell)}"]]) for prefix in PREFIXES]


@pytest.mark.parametrize("kind", ["positive", "density", "real"])
@pytest.mark.parametrize("cell", CELLS, ids=name)
def test_the_table_holds_in_every_reading(cell, kind):
    for holds, found in zip((cell.gain, cell.never_worse), verdicts(cell, kind), strict=True):
        assert np.mean(found == Verdict.hypotheses_not_met) < 0.05
        assert np.any(found == Verdict.violated) != (holds or kind == "real")
