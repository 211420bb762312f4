"""From unconstrained coordinates to floors and to discrete choices."""

import jax
import jax.numpy as jnp

from w2s_theory._types import Array


def floor_from(coordinate: Array, classes: int) -> Array:
    """A floor in (0, 1/k): about 0.12/k at zero, falling exponentially with the coordinate."""
    return jax.nn.sigmoid(coordinate - 2.0) / classes


def assignment(coordinates: Array) -> Array:
    """For each row the index of its largest coordinate, the first one at ties: a discrete choice from reals."""
    return jnp.argmax(coordinates, axis=-1)
