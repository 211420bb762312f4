"""Property tests with Hypothesis: strategies for instances of any world, and the simplest violation of a claim.

Strategies shrink towards the world's simplest instance.

This module alone imports `hypothesis`, which is not a run-time dependency: install it beside the package.
"""

from random import Random

import jax
import numpy as np
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from w2s_theory._numerics import compiled
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError
from w2s_theory.instance import Instance
from w2s_theory.verdict import Verdict
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.worlds.world import World

_SCALES = (0.0, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 4.0, 12.0)


def coordinates(world: World) -> st.SearchStrategy[np.ndarray]:
    """Coordinates z (dim,) of `world`: each block a small vector times a scale from 0 to 12, so ties are common."""
    small = st.integers(-12, 12).map(lambda n: n / 4)
    parts = [
        st.builds(
            lambda scale, entries: scale * np.array(entries),
            st.sampled_from(_SCALES),
            st.lists(small, min_size=block.size, max_size=block.size),
        )
        for block in world.blocks
    ]
    return st.tuples(*parts).map(np.concatenate)


def instances(world: World) -> st.SearchStrategy[Instance]:
    """Instances of `world`: one of its corners, or the one at drawn `coordinates`; in float64."""
    drawn, corners = _at_coordinates(world), world.corners()
    return st.one_of(drawn, st.sampled_from(corners)) if corners else drawn


def _at_coordinates(world: World) -> st.SearchStrategy[Instance]:
    decode = compiled(world.decode)

    def at(z: np.ndarray) -> Instance:
        with jax.enable_x64(True):
            return decode(z)

    at(np.zeros(world.dim))  # compiled here: compiling draws random numbers, which Hypothesis allows no strategy to do
    return coordinates(world).map(at)


def smallest_violation(claim: Claim, *, at_least: float = 0.0, examples: int = 300, seed: int = 0) -> Instance | None:
    """The simplest instance that Hypothesis shrinks a violation of `claim` to; None if `examples` a world show none.

    A violation is beyond the error budget, and its slack at most -`at_least`: shrinking makes violations small, and one
    near the budget convinces nobody.  The claim's worlds are asked in order, without their corners, which are seldom
    simple.  None is evidence, not a proof.
    """
    tried = settings(max_examples=examples, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])

    def violated(instance: Instance) -> bool:
        try:
            found = evaluate_claim(claim, instance)
        except InputError:
            return False
        return found.verdict is Verdict.violated and found.slack is not None and found.slack <= -at_least

    for world in claim.worlds:
        try:
            return find(_at_coordinates(world), violated, settings=tried, random=Random(seed))
        except NoSuchExample:
            continue
    return None
