r"""The sharp range of the student's log-loss that the weak model's measured log-loss implies, without labels."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from w2s_theory._numerics import UNIT_ROUNDOFF, float64, log_ratio, rounding_budget
from w2s_theory._types import Array, Scalar, Table, Vector
from w2s_theory.measures import expectation

_ARC = 40.0
_STEPS = 128


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
    only widen the range; slopes within the rounding error of $R_w$ count as zero, lest a truth at the end of what is
    possible (one-hot on the likeliest classes) drive λ to infinity.  Classes the weak model gives probability zero
    carry no truth, its log-loss being finite.  NaN where no truth gives that log-loss.
    """
    log_classes = jnp.log(float(jnp.shape(weak)[-1]))
    change = _change(weights, weak, strong, weak_log_loss - log_classes, jnp.abs(weak_log_loss) + log_classes)
    return LabelFreeRange(
        change.lower + weak_log_loss,
        change.upper + weak_log_loss,
        change.lower_multiplier + 1.0,
        change.upper_multiplier + 1.0,
    )


@float64
def label_free_change(weights: Vector, truth: Table, weak: Table, strong: Table) -> LabelFreeRange:
    r"""`label_free_range` less $R_w$, for the log-loss that `truth` gives the weak model.

    Differences of log-losses are computed from log-ratios, so that they keep their digits where the models, or all
    classes of the weak model, nearly agree.
    """
    weak = jnp.asarray(weak)
    uniform = jnp.full_like(weak, 1.0 / weak.shape[-1])
    counted = jnp.asarray(truth) > 0
    ratios = log_ratio(jnp.where(counted, uniform, 1.0), jnp.where(counted, weak, 1.0))
    excess = expectation(weights, jnp.sum(truth * ratios, axis=-1))
    size = expectation(weights, jnp.sum(truth * jnp.abs(ratios), axis=-1))
    off = jnp.abs(jnp.sum(jnp.asarray(truth), axis=-1) - 1.0)
    return _change(weights, weak, strong, excess, size, jnp.max(jnp.where(jnp.asarray(weights) > 0, off, 0.0)))


def _change(
    weights: Array, weak: Array, strong: Array, excess: Array, size: Array, defect: Array | float = 0.0
) -> LabelFreeRange:
    """The range of the difference of the log-losses when the weak one exceeds log k by `excess`.

    `size` is the sum of the absolute values of the terms of `excess`, which bounds its rounding error; `defect` is how
    far rows of the truth behind it are from summing to one, which moves it in proportion.
    """
    weights, weak, strong = jnp.asarray(weights), jnp.asarray(weak), jnp.asarray(strong)
    possible = (weights[:, None] > 0) & (weak > 0)
    weak_, strong_ = jnp.where(possible, weak, 1.0), jnp.where(possible, strong, 1.0)
    likelihood = jnp.where(possible, log_ratio(weak_, jnp.full_like(weak, 1.0 / weak.shape[-1])), 0.0)
    slope = jnp.where(possible, likelihood + excess, 0.0)
    size = size + expectation(weights, jnp.max(jnp.abs(likelihood), axis=-1))
    rounding = rounding_budget(weak.size, size) * (jnp.finfo(slope.dtype).eps / (2 * UNIT_ROUNDOFF))
    rounding = rounding + defect * size
    lowest = expectation(weights, jnp.min(slope, axis=-1, where=possible, initial=jnp.inf))
    highest = expectation(weights, jnp.max(slope, axis=-1, where=possible, initial=-jnp.inf))
    gain = log_ratio(weak_, strong_)
    upper, at_upper = _dual_minimum(weights, jnp.where(possible, gain, -jnp.inf), slope, rounding)
    minus_lower, at_lower = _dual_minimum(weights, jnp.where(possible, -gain, -jnp.inf), slope, rounding)
    exists = (lowest <= rounding) & (highest >= -rounding)
    return LabelFreeRange(*(jnp.where(exists, x, jnp.nan) for x in (-minus_lower, upper, -at_lower, at_upper)))


def _dual_minimum(
    weights: jax.Array, gain: jax.Array, slope: jax.Array, rounding: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """min over λ of Σ_x w_x max_i (gain + λ·slope), and the minimising λ nearest zero, up to slopes of `rounding`."""

    def descending(multiplier: jax.Array, slope: jax.Array) -> jax.Array:
        values = gain + multiplier * slope
        best = values == jnp.max(values, axis=-1, keepdims=True)
        return expectation(weights, jnp.max(jnp.where(best, slope, -jnp.inf), axis=-1)) < -rounding

    sign = jnp.where(descending(jnp.zeros_like(rounding), slope), 1, -1).astype(slope.dtype)
    slope = sign * slope

    def value(multiplier: jax.Array) -> jax.Array:
        return expectation(weights, jnp.max(gain + multiplier * slope, axis=-1))

    def halve(_: jax.Array, ends: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        a, b = ends
        middle = 0.5 * (a + b)
        down = descending(jnp.sinh(middle), slope)
        return jnp.where(down, middle, a), jnp.where(down, b, middle)

    ends = lax.fori_loop(0, _STEPS, halve, (jnp.zeros_like(rounding), jnp.full_like(rounding, _ARC)))
    left, right = (lax.stop_gradient(jnp.sinh(end)) for end in ends)
    at_left, at_right = value(left), value(right)
    falling, rising = (lax.stop_gradient(jax.grad(value)(end)) for end in (left, right))
    share = jnp.where(rising > falling, rising / jnp.where(rising > falling, rising - falling, 1.0), 0.5)
    share = jnp.clip(share, 0.0, 1.0)
    smallest = jnp.minimum(at_left, at_right)
    # the extreme truth mixes the maximisers on both sides of the kink: so do the derivatives
    mixed = share * at_left + (1.0 - share) * at_right
    return jnp.where(jnp.isfinite(smallest), mixed, smallest), sign * jnp.where(at_left < at_right, left, right)
