r"""Calibration errors of a finite table (or of a world that supplies its conditional expectations).

"Calibrated" depends on what one conditions on, and conditional expectations are discontinuous in the atoms: two
scores that differ in the last digit are different conditions.  So every function here names its condition, and the
grouping formulas are for *finite tables*: on samples of a continuous distribution they measure noise.
"""

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64
from w2s_theory._types import Groups, Table, Vector
from w2s_theory.functionals.partitions import cell_means, cell_sums, equal_width_bins, tied_rows, tied_scores
from w2s_theory.measures import expectation


@float64
def marginal_calibration_error(
    weights: Vector,
    truth: Table,
    model: Table,
    *,
    groups: Groups | Vector | None = None,
    conditional_truth: Table | None = None,
) -> jax.Array:
    r"""$\mathrm{MCE}(F)=\sum_i\mathbb E\,|F_i(X)-P(Y=i\mid\cdot)|\in[0,2]$.

    The condition is, in this order: the supplied `conditional_truth (m, k)`, the value of
    $P(Y=i\mid F_i(X))$ at each input; the cell of `groups (m,)`, giving
    $\mathrm{MCE}_G=\sum_i\mathbb E\,|\mathbb E[F_i-F^*_i\mid G]|$; else the score $F_i(X)$ itself, by exact ties.
    """
    weights, truth, model = jnp.asarray(weights), jnp.asarray(truth), jnp.asarray(model)
    if conditional_truth is not None:
        return jnp.sum(expectation(weights, jnp.abs(model - conditional_truth)))
    surplus = weights[:, None] * (model - truth)
    if groups is not None:
        return jnp.sum(jnp.abs(cell_sums(jnp.asarray(groups).astype(int), surplus)))
    by_class = jax.vmap(lambda score, s: jnp.sum(jnp.abs(cell_sums(tied_scores(score), s))), in_axes=1)
    return jnp.sum(by_class(model, surplus))


@float64
def expected_calibration_error(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""Top-label $\mathrm{ECE}(F)=\mathbb E\,|\max_iF_i-P(Y=\arg\max_iF_i\mid\max_iF_i)|$ by exact ties of the maximum.

    A row with several largest entries predicts the class of lowest index.
    """
    weights, truth, model = jnp.asarray(weights), jnp.asarray(truth), jnp.asarray(model)
    top = jnp.argmax(model, axis=-1)[:, None]
    confidence = jnp.take_along_axis(model, top, axis=-1)[:, 0]
    correct = jnp.take_along_axis(truth, top, axis=-1)[:, 0]
    return jnp.sum(jnp.abs(cell_sums(tied_scores(confidence), weights * (confidence - correct))))


@float64
def full_row_calibration_error(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$\mathbb E\,\|F(X)-\mathbb E[F^*\mid F(X)]\|_1$: conditioning on the whole row, by exact ties."""
    return marginal_calibration_error(weights, truth, model, groups=tied_rows(model))


@float64
def truth_given_row(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$C=\mathbb E[F^*\mid\text{the whole row }F(X)]$ at every input (m, k), by exact ties of rows."""
    return cell_means(tied_rows(model), weights, truth)


@float64(static=("bins",))
def equal_width_calibration_error(weights: Vector, truth: Table, model: Table, *, bins: int = 15) -> jax.Array:
    r"""Class-wise binned error $\sum_i\sum_b|\mathbb E[(F_i-F^*_i)1\{F_i\in b\}]|$ of a finite table.

    `bins` intervals (lo, hi] of equal width, the first one closed.
    """
    weights, truth, model = jnp.asarray(weights), jnp.asarray(truth), jnp.asarray(model)
    surplus = weights[:, None] * (model - truth)

    def one_class(score: jax.Array, s: jax.Array) -> jax.Array:
        return jnp.sum(jnp.abs(jnp.zeros(bins, s.dtype).at[equal_width_bins(score, bins)].add(s)))

    return jnp.sum(jax.vmap(one_class, in_axes=1)(model, surplus))
