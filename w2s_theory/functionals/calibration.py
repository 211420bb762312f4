r"""Calibration errors of a finite table (or of a world that supplies its conditional expectations).

"Calibrated" depends on what one conditions on, and conditional expectations are discontinuous in the atoms: two
scores that differ in the last digit are different conditions.  So every function here names its condition, and the
grouping formulas are for *finite tables*: on samples of a continuous distribution they measure noise.
"""

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64, on_arrays
from w2s_theory._types import Array, Groups, Table, Vector
from w2s_theory.functionals.partitions import (
    bin_edges,
    bin_sums,
    cell_means,
    cell_sums,
    likeliest,
    tied_entries,
    tied_rows,
    tied_scores,
)
from w2s_theory.measures import expectation


@on_arrays
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
    if conditional_truth is not None:
        return _mean_distance(weights, model, conditional_truth)
    if groups is None:
        return _error_over_cells(weights, truth, model, tied_entries(model))
    return _error_over_cells(weights, truth, model, groups)


@float64
def _mean_distance(weights: Vector, model: Table, other: Table) -> jax.Array:
    return jnp.sum(expectation(weights, jnp.abs(jnp.asarray(model) - jnp.asarray(other))))


@float64
def _error_over_cells(weights: Vector, truth: Table, model: Table, cells: Array) -> jax.Array:
    """Sum of |surplus| over the cells of one partition (m,), or of one for every class (m, k)."""
    cells = jnp.asarray(cells).astype(int)
    surplus = jnp.asarray(weights)[:, None] * (jnp.asarray(model) - jnp.asarray(truth))
    sums = cell_sums if cells.ndim == 1 else jax.vmap(cell_sums, in_axes=1)
    return jnp.sum(jnp.abs(sums(cells, surplus)))


@on_arrays
def expected_calibration_error(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""Top-label $\mathrm{ECE}(F)=\mathbb E\,|\max_iF_i-P(Y=\arg\max_iF_i\mid\max_iF_i)|$ by exact ties of the maximum.

    A row with several largest entries predicts the class of lowest index.
    """
    confidence, correct = _top_label(truth, model)
    return _error_over_cells(weights, correct[:, None], confidence[:, None], tied_scores(confidence))


@float64
def _top_label(truth: Table, model: Table) -> tuple[jax.Array, jax.Array]:
    """Confidence and its chance of being right, (m,)."""
    confidence, top = likeliest(jnp.asarray(model))
    return confidence, jnp.take_along_axis(jnp.asarray(truth), top[:, None], axis=-1)[:, 0]


@on_arrays
def full_row_calibration_error(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$\mathbb E\,\|F(X)-\mathbb E[F^*\mid F(X)]\|_1$: conditioning on the whole row, by exact ties."""
    return marginal_calibration_error(weights, truth, model, groups=tied_rows(model))


@on_arrays
def truth_given_row(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$C=\mathbb E[F^*\mid\text{the whole row }F(X)]$ at every input (m, k), by exact ties of rows."""
    return _means(tied_rows(model), weights, truth)


_means = float64(cell_means)


@float64(static=("bins",))
def equal_width_calibration_error(weights: Vector, truth: Table, model: Table, *, bins: int = 15) -> jax.Array:
    r"""Class-wise binned error $\sum_i\sum_b|\mathbb E[(F_i-F^*_i)1\{F_i\in b\}]|$ of a finite table.

    `bins` intervals (lo, hi] of equal width, the first one closed.
    """
    weights, truth, model = jnp.asarray(weights), jnp.asarray(truth), jnp.asarray(model)
    surplus = weights[:, None] * (model - truth)
    return jnp.sum(jnp.abs(bin_sums(model, surplus, bin_edges(model, bins, "equal-width"))))
