"""Hypothesis strategies for instances of any world; they shrink towards the world's simplest instance.

This module alone imports `hypothesis`, which is not a run-time dependency: install it beside the package.
"""

import jax
import numpy as np
from hypothesis import strategies as st

from w2s_theory._numerics import compiled
from w2s_theory.instance import Instance
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
    decode = compiled(world.decode)

    def at(z: np.ndarray) -> Instance:
        with jax.enable_x64(True):
            return decode(z)

    drawn = coordinates(world).map(at)
    corners = world.corners()
    return st.one_of(drawn, st.sampled_from(corners)) if corners else drawn
