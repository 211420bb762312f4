"""From unconstrained coordinates to rows of the simplex, with and without a floor."""

import jax
import jax.numpy as jnp

from w2s_theory._types import Array


def floor_from(coordinate: Array, classes: int) -> Array:
    """A floor in (0, 1/k): about 0.12/k at zero, falling exponentially with the coordinate."""
    return jax.nn.sigmoid(coordinate - 2.0) / classes


def floored_rows(logits: Array, floor: Array) -> Array:
    r"""$\gamma+(1-k\gamma)\,\mathrm{softmax}$ over the last axis: rows whose entries are at least the floor."""
    return floor + (1.0 - logits.shape[-1] * floor) * jax.nn.softmax(logits, axis=-1)


def assignment(coordinates: Array) -> Array:
    """For each row the index of its largest coordinate, the first one at ties: a discrete choice from reals."""
    return jnp.argmax(coordinates, axis=-1)
