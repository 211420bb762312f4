"""Partitions of the inputs: exact ties of scores or rows, bins, and sums over the cells of a partition.

A cell is named by an integer in [0, m); a partition is an integer array (m,).
"""

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array

_FEW = 16
"""Up to so many inputs all pairs are compared: in a batch of small tables that is faster than sorting each."""


def tied_scores(scores: Array) -> jax.Array:
    """Partition (m,) of the inputs by exactly equal scores (m,); cells are numbered by increasing score."""
    scores = jnp.asarray(scores)
    if scores.shape[0] > _FEW:
        return _cells(jnp.argsort(scores), scores[:, None])
    first = _first_equal(scores[:, None]) == jnp.arange(scores.shape[0])
    return jnp.sum(first & (scores < scores[:, None]), axis=1)


def tied_rows(rows: Array) -> jax.Array:
    """Partition (m,) of the inputs by exactly equal rows (m, k)."""
    rows = jnp.asarray(rows)
    return _cells(jnp.lexsort(tuple(rows.T)), rows) if rows.shape[0] > _FEW else _first_equal(rows)


def _first_equal(rows: jax.Array) -> jax.Array:
    """For every row (m, k) the number of the first row equal to it; its own if none is (NaN)."""
    equal = jnp.all(rows[:, None] == rows[None], axis=-1)
    return jnp.argmax(equal | jnp.eye(rows.shape[0], dtype=bool), axis=1)


def _cells(order: jax.Array, keys: jax.Array) -> jax.Array:
    ordered = keys[order]
    changes = jnp.any(ordered[1:] != ordered[:-1], axis=-1)
    label = jnp.concatenate([jnp.zeros(1, int), jnp.cumsum(changes)])
    return jnp.zeros_like(label).at[order].set(label)


def equal_width_bins(scores: Array, bins: int) -> jax.Array:
    """Partition by `bins` intervals (lo, hi] of [0, 1], the first one closed; edges are j/bins rounded once."""
    scores = jnp.asarray(scores)
    edges = np.arange(1, bins) / bins  # compiled code would multiply by a rounded 1/bins
    return jnp.searchsorted(jnp.asarray(edges, scores.dtype), scores, side="left")


def equal_mass_bins(weights: Array, scores: Array, bins: int) -> jax.Array:
    """Partition by score into `bins` cells of nearly equal weight; equal scores always share a cell.

    A score belongs to the cell in which the middle of its tied block falls.
    """
    weights, scores = jnp.asarray(weights), jnp.asarray(scores)
    ties = tied_scores(scores)
    block = cell_sums(ties, weights)
    middle = (jnp.cumsum(block) - 0.5 * block) / jnp.sum(weights)
    return jnp.clip(jnp.floor(middle * bins).astype(int), 0, bins - 1)[ties]


def cell_sums(cells: Array, values: Array) -> jax.Array:
    """Sum of `values (m, …)` over each cell: an array (m, …) indexed by cell, zero where no input has that name."""
    cells, values = jnp.asarray(cells), jnp.asarray(values)
    if values.shape[0] > _FEW:
        return jnp.zeros_like(values).at[cells].add(values)
    member = jnp.arange(values.shape[0])[:, None] == cells
    return jnp.sum(jnp.where(jnp.reshape(member, member.shape + (1,) * (values.ndim - 1)), values, 0.0), axis=1)


def cell_means(cells: Array, weights: Array, values: Array) -> jax.Array:
    """For every input the weighted mean of `values (m, …)` over its cell; zero where the cell has no weight."""
    cells, weights, values = jnp.asarray(cells), jnp.asarray(weights), jnp.asarray(values)
    mass = cell_sums(cells, weights)
    wide = jnp.reshape(weights, (-1,) + (1,) * (values.ndim - 1))
    total = cell_sums(cells, wide * values)
    mass = jnp.reshape(mass, wide.shape)
    return jnp.where(mass > 0, total / jnp.where(mass > 0, mass, 1.0), 0.0)[cells]
