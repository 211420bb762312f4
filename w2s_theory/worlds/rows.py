"""From unconstrained coordinates to floors, tables and discrete choices."""

import jax
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.instance import Kind
from w2s_theory.predictors.floored_softmax import floored_softmax


def floor_from(coordinate: Array, classes: int) -> Array:
    """A floor in (0, 1/k): about 0.12/k at zero, falling exponentially with the coordinate."""
    return jax.nn.sigmoid(coordinate - 2.0) / classes


def assignment(coordinates: Array) -> Array:
    """For each row the index of its largest coordinate, the first one at ties: a discrete choice from reals."""
    return jnp.argmax(coordinates, axis=-1)


def tables_from(kind: Kind, weights: Array, coordinates: Array, floor: Array) -> Array:
    """Tables (…, m, k) of a kind: softmax rows above the floor, exponentials, those of mean one, or reals as given."""
    if kind == "simplex":
        return floored_softmax(coordinates, floor)
    if kind == "real":
        return coordinates
    made = jnp.exp(0.5 * coordinates)
    return made / jnp.einsum("m,...mk->...k", weights, made)[..., None, :] if kind == "density" else made
