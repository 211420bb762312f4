r"""The smooth calibration error of a binary predictor, exactly.

$\mathrm{smCE}(f)=\sup\{\mathbb E[w(f)(Y-f)]: w:[0,1]\to[-1,1]\text{ 1-Lipschitz}\}$ (Błasiok, Gopalan, Hu, Nakkiran
2023) is a linear program in the values of w at the scores, with constraints between neighbours only.  Its dynamic
programme runs over the sorted scores: $V_j(w)$, the best total up to the j-th score with value w there, is concave
and piecewise linear on [-1, 1]; taking the best neighbour within a gap g moves the rising part left by g and the
falling part right by g, and the next score adds a linear function.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from w2s_theory._numerics import float64
from w2s_theory._types import Table, Vector


class SmoothCalibration(NamedTuple):
    """The error, and an optimal witness function w evaluated at each input's score."""

    error: jax.Array
    witness: jax.Array


@float64
def smooth_calibration_error(weights: Vector, truth: Table, model: Table) -> jax.Array:
    """SmCE of a binary model: `truth (m, 2)` and `model (m, 2)` as rows; `ValueError` for other numbers of classes."""
    return smooth_calibration(weights, truth, model).error


@float64
def smooth_calibration(weights: Vector, truth: Table, model: Table) -> SmoothCalibration:
    """`smooth_calibration_error` with its witness (m,); O(m²) elementary operations in O(m) compiled steps."""
    if jnp.shape(model)[-1] != 2:
        raise ValueError(f"the smooth calibration error is defined for 2 classes, not {jnp.shape(model)[-1]}")
    weights, score = jnp.asarray(weights), jnp.asarray(model)[:, 1]
    surplus = weights * (jnp.asarray(truth)[:, 1] - score)
    order = jnp.argsort(score)
    gaps = jnp.diff(score[order], prepend=score[order[0]])
    witness = _sorted_witness(surplus[order], gaps)
    witness = jnp.zeros_like(witness).at[order].set(witness)
    return SmoothCalibration(jnp.sum(surplus * witness), witness)


def _sorted_witness(surplus: jax.Array, gaps: jax.Array) -> jax.Array:
    """An optimal w along sorted scores; gaps[j] is the distance of score j to its predecessor.

    The concave V is kept as kinks in increasing order, each with its drop of slope.  The two ends of [-1, 1] are
    kinks with a drop no sum can outweigh, so that the maximum always lies at a kink.
    """
    count = surplus.shape[0]
    wall = 4.0 * jnp.sum(jnp.abs(surplus))
    index = jnp.arange(count + 2)
    kinks = jnp.where(index == 0, -1.0, 1.0)
    drops = jnp.zeros(count + 2).at[0].set(wall).at[1].set(wall)

    def forward(
        state: tuple[jax.Array, jax.Array, jax.Array], new: tuple[jax.Array, jax.Array]
    ) -> tuple[tuple[jax.Array, jax.Array, jax.Array], jax.Array]:
        kinks, drops, slope = state
        amount, gap = new
        after = slope - jnp.cumsum(drops)
        top = jnp.argmax(after <= 0)
        falling = after[top]
        rising = falling + drops[top]
        source = jnp.where(index > top, index - 1, index)
        spread = jnp.where(index > top, gap, -gap)
        kinks = jnp.clip(kinks[source] + spread, -1.0, 1.0)
        drops = jnp.where(index == top, rising, jnp.where(index == top + 1, -falling, drops[source]))
        slope = slope + amount
        best = kinks[jnp.argmax(slope - jnp.cumsum(drops) <= 0)]
        return (kinks, drops, slope), best

    _, best = lax.scan(forward, (kinks, drops, wall), (surplus, gaps))

    def backward(following: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        value, gap = state
        chosen = jnp.clip(value, following - gap, following + gap)
        return chosen, chosen

    to_next = jnp.concatenate([gaps[1:], jnp.full(1, 2.0)])
    return lax.scan(backward, best[-1], (best, to_next), reverse=True)[1]
