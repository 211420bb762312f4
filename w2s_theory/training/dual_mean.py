"""The mean of several models in the coordinates in which exponential classes are convex."""

from typing import Literal

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64
from w2s_theory._types import Array, Vector
from w2s_theory.training.projection import head_table


@float64(static=("kind",))
def dual_mean(
    weights: Vector, models: Array, *, kind: Literal["simplex", "positive", "density", "real"] = "simplex"
) -> jax.Array:
    r"""The table (m, k) proportional to $\exp\frac1M\sum_j\log F_j$ for `models (M, m, k)`.

    On the simplex rows are normalised, for kind `density` the expectation; kind `real` has the arithmetic mean.
    """
    if kind == "real":
        return jnp.mean(models, axis=0)
    return head_table(weights, jnp.mean(jnp.log(models), axis=0), kind)
