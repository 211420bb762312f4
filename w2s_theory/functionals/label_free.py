r"""The sharp range of the student's log-loss that the weak model's measured log-loss implies, without labels."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from w2s_theory._numerics import float64
from w2s_theory._types import Scalar, Table, Vector
from w2s_theory.measures import expectation

_ARC = 40.0
_STEPS = 64


class LabelFreeRange(NamedTuple):
    """Lowest and highest log-loss, with the multipliers λ that certify them: the sensitivities to R_w."""

    lower: jax.Array
    upper: jax.Array
    lower_multiplier: jax.Array
    upper_multiplier: jax.Array


@float64
def label_free_range(weights: Vector, weak: Table, strong: Table, weak_log_loss: Scalar) -> LabelFreeRange:
    r"""Range of $\mathbb E[-\sum_iF^*_i\log F_{sw,i}]$ over every truth that gives the weak model its log-loss $R_w$.

    Linear-programming duality leaves one multiplier:
    $\min_\lambda\,\mathbb E\max_i(-\log F_{sw,i}+\lambda\log F_{w,i})+\lambda R_w$ above, and the same with max and
    min exchanged below.  The dual function is convex and piecewise linear; bisection on its slope over
    $\lambda=\sinh v$, $|v|\le40$, ends at two neighbouring floats.  Every λ gives a valid bound, so an inexact λ can
    only widen the range.  Classes the weak model gives probability zero carry no truth, its log-loss being finite.
    """
    weights = jnp.asarray(weights)
    weak, strong = jnp.asarray(weak), jnp.asarray(strong)
    possible = (weights[:, None] > 0) & (weak > 0)
    slope = jnp.where(possible, jnp.log(jnp.where(possible, weak, 1.0)) + weak_log_loss, 0.0)
    loss = -jnp.log(jnp.where(possible, strong, 1.0))
    upper, at_upper = _dual_minimum(weights, jnp.where(possible, loss, -jnp.inf), slope)
    minus_lower, at_lower = _dual_minimum(weights, jnp.where(possible, -loss, -jnp.inf), slope)
    return LabelFreeRange(-minus_lower, upper, -at_lower, at_upper)


def _dual_minimum(weights: jax.Array, gain: jax.Array, slope: jax.Array) -> tuple[jax.Array, jax.Array]:
    """min over λ of Σ_x w_x max_i (gain + λ·slope), and a minimising λ."""

    def value(multiplier: jax.Array) -> jax.Array:
        return expectation(weights, jnp.max(gain + multiplier * slope, axis=-1))

    def descending(multiplier: jax.Array) -> jax.Array:
        values = gain + multiplier * slope
        best = values == jnp.max(values, axis=-1, keepdims=True)
        return expectation(weights, jnp.max(jnp.where(best, slope, -jnp.inf), axis=-1)) < 0

    def halve(_: int, ends: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        a, b = ends
        middle = 0.5 * (a + b)
        down = descending(jnp.sinh(middle))
        return jnp.where(down, middle, a), jnp.where(down, b, middle)

    ends = lax.fori_loop(0, _STEPS, halve, (jnp.asarray(-_ARC), jnp.asarray(_ARC)))
    left, right = (lax.stop_gradient(jnp.sinh(end)) for end in ends)
    at_left, at_right = value(left), value(right)
    return jnp.minimum(at_left, at_right), jnp.where(at_left < at_right, left, right)
