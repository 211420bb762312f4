"""Solutions of small linear systems and eigendecompositions that a batch computes without waiting for itself.

The batched LAPACK kernels of jaxlib (0.10) hand parts of a batch to the pool of threads that they themselves run
on, and wait for them.  Two of them at work in one program can occupy that pool and wait for ever.  Elimination is
therefore written out here, which for the sizes of this package also is as fast; eigendecompositions go to LAPACK one
matrix at a time.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from w2s_theory._types import Array


def pivoted_solve(matrix: Array, right: Array) -> jax.Array:
    """x (d, q) with `matrix` (d, d) x = `right` (d, q), by elimination with partial pivoting."""
    return _back_substituted(_eliminated(jnp.concatenate([matrix, right], axis=1), pivoted=True))


def positive_definite_solve(matrix: Array, right: Array) -> jax.Array:
    """x (d, q) with `matrix` x = `right` for a symmetric positive definite matrix (d, d); NaN if it is not."""
    return _back_substituted(_eliminated(jnp.concatenate([matrix, right], axis=1), pivoted=False))


def is_positive_definite(matrix: Array) -> jax.Array:
    """Whether every pivot of the symmetric `matrix` (d, d) is positive."""
    return jnp.all(jnp.diagonal(_eliminated(jnp.asarray(matrix), pivoted=False)) > 0)


def _eliminated(system: jax.Array, *, pivoted: bool) -> jax.Array:
    """Upper triangular form of the leading columns of `system` (d, d + q); unpivoted, a pivot ≤ 0 becomes NaN."""
    size = system.shape[0]
    index = jnp.arange(size)

    def eliminate(column: jax.Array, rows: jax.Array) -> jax.Array:
        if pivoted:
            best = jnp.argmax(jnp.where(index >= column, jnp.abs(rows[:, column]), -1.0))
            first, second = rows[column], rows[best]
            rows = rows.at[best].set(first).at[column].set(second)
        pivot = rows[column, column]
        if not pivoted:
            pivot = jnp.where(pivot > 0, pivot, jnp.nan)
            rows = rows.at[column, column].set(pivot)
        factors = jnp.where(index > column, rows[:, column] / pivot, 0.0)
        return rows - factors[:, None] * rows[column]

    return lax.fori_loop(0, size, eliminate, system)


def _back_substituted(system: jax.Array) -> jax.Array:
    """x (d, q) from an upper triangular `system` (d, d + q); what is below its diagonal is not read."""
    size = system.shape[0]
    index = jnp.arange(size)

    def substitute(done: jax.Array, right: jax.Array) -> jax.Array:
        row = size - 1 - done
        answer = right[row] / system[row, row]
        above = jnp.where(index < row, system[:, row], 0.0)
        return (right - above[:, None] * answer).at[row].set(answer)

    return lax.fori_loop(0, size, substitute, system[:, size:])


@jax.custom_batching.sequential_vmap
def _eigh(matrix: jax.Array) -> tuple[jax.Array, jax.Array]:
    values, vectors = jnp.linalg.eigh(matrix)
    return values, vectors


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def pseudo_inverse(matrix: Array, tolerance: float) -> jax.Array:
    """Pseudo-inverse (d, d) of a positive semidefinite `matrix`: eigenvalues up to `tolerance` × the largest are zero.

    Its derivative is that at constant rank.
    """
    values, vectors = _eigh(jnp.asarray(matrix))
    kept = values > tolerance * values[-1]
    return (vectors * jnp.where(kept, 1.0 / jnp.where(kept, values, 1.0), 0.0)) @ vectors.T


@pseudo_inverse.defjvp
def _pseudo_inverse_derivative(
    tolerance: float, primals: tuple[Array], tangents: tuple[Array]
) -> tuple[jax.Array, jax.Array]:
    (matrix,), (change,) = primals, tangents
    inverse = pseudo_inverse(matrix, tolerance)
    outside = jnp.eye(matrix.shape[0]) - inverse @ matrix
    bend = inverse @ inverse @ change @ outside.T
    return inverse, bend + bend.T - inverse @ change @ inverse
