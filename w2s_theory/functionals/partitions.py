"""Partitions of the inputs: exact ties of scores or rows, bins, and sums over the cells of a partition.

A cell is named by an integer in [0, m); a partition is an integer array (m,).  Arrays that are not being traced are
sorted and hashed in NumPy, which is many times quicker at it than compiled code.
"""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from w2s_theory._types import Array

Scheme = Literal["equal-width", "equal-mass"]

_FEW = 16
"""Up to so many inputs all pairs are compared: in a batch of small tables that is faster than sorting each."""

_FEW_EDGES = 64
_FEW_COLUMNS, _PIECES = 32, 8


def tied_scores(scores: Array) -> Array:
    """Partition (m,) of the inputs by exactly equal scores (m,); cells are numbered by increasing score."""
    if not isinstance(scores, Tracer):
        return np.unique(np.asarray(scores), return_inverse=True, equal_nan=False)[1]
    if scores.shape[0] > _FEW:
        return _cells(jnp.argsort(scores), scores[:, None])
    first = _first_equal(scores[:, None]) == jnp.arange(scores.shape[0])
    return jnp.sum(first & (scores < scores[:, None]), axis=1)


def tied_entries(table: Array) -> Array:
    """Partitions (m, k) of the inputs by the exactly equal entries of every column of `table (m, k)`."""
    if isinstance(table, Tracer):
        return jax.vmap(tied_scores, in_axes=1, out_axes=1)(table)
    return np.stack([tied_scores(column) for column in np.asarray(table).T], axis=1)


def tied_rows(rows: Array) -> Array:
    """Partition (m,) of the inputs by exactly equal rows (m, k)."""
    if not isinstance(rows, Tracer):
        return _hashed_rows(np.asarray(rows))
    return _cells(jnp.lexsort(tuple(rows.T)), rows) if rows.shape[0] > _FEW else _first_equal(rows)


def _hashed_rows(rows: np.ndarray) -> np.ndarray:
    """Cells of rows by their hash; if two different rows have the same one, or some are not numbers, by sorting."""
    _, first, cells = np.unique(_hashes(rows), return_index=True, return_inverse=True)
    if np.array_equal(rows[first[cells]], rows):
        return cells
    order = np.lexsort(rows.T)
    ordered = rows[order]
    cells[order] = np.concatenate([[0], np.cumsum((ordered[1:] != ordered[:-1]).any(axis=1))])
    return cells


def _hashes(rows: np.ndarray) -> np.ndarray:
    """A number for every row, the same for equal ones."""
    bits = (rows.astype(float) + 0.0).view(np.uint64)  # the sum makes -0 the same as 0
    made = np.zeros(len(rows), np.uint64)
    for column in bits.T:
        made = (made ^ column) * np.uint64(0x9E3779B97F4A7C15)
        made ^= made >> np.uint64(32)
    return made


def _first_equal(rows: jax.Array) -> jax.Array:
    """For every row (m, k) the number of the first row equal to it; its own if none is (NaN)."""
    equal = jnp.all(rows[:, None] == rows[None], axis=-1)
    return jnp.argmax(equal | jnp.eye(rows.shape[0], dtype=bool), axis=1)


def _cells(order: jax.Array, keys: jax.Array) -> jax.Array:
    ordered = keys[order]
    changes = jnp.any(ordered[1:] != ordered[:-1], axis=-1)
    label = jnp.concatenate([jnp.zeros(1, int), jnp.cumsum(changes)])
    return jnp.zeros_like(label).at[order].set(label)


def likeliest(table: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The largest entry (n,) of every row of `table (n, k)`, and its column, of equal ones the first.

    In wide tables eight columns at a time are compared, row by row alike, before the rest is searched.
    """
    columns = table.shape[1]
    if columns <= _FEW_COLUMNS:
        return jnp.max(table, axis=1), jnp.argmax(table, axis=1)
    width = columns // _PIECES
    best, place = table[:, :width], jnp.zeros((len(table), width), jnp.int32)
    for number in range(1, _PIECES):
        piece = table[:, number * width : (number + 1) * width]
        better = piece > best
        best, place = jnp.where(better, piece, best), jnp.where(better, number, place)
    rest = jnp.arange(_PIECES * width, columns, dtype=jnp.int32)
    place = place * width + jnp.arange(width, dtype=jnp.int32)
    best = jnp.concatenate([best, table[:, _PIECES * width :]], axis=1)
    place = jnp.concatenate([place, jnp.broadcast_to(rest, (len(table), len(rest)))], axis=1)
    largest = jnp.max(best, axis=1)
    return largest, jnp.min(jnp.where(best == largest[:, None], place, columns), axis=1)


def bin_edges(scores: Array, bins: int, scheme: Scheme) -> Array:
    """Edges (bins - 1, …) between the bins (lo, hi] of scores (n,), or of every column of scores (n, c).

    `equal-width`: j/bins, rounded once.  `equal-mass`: so that bins hold nearly equally many scores, and equal scores
    share a bin, that in which the middle of their tied block falls.
    """
    if not jnp.issubdtype(scores.dtype, jnp.inexact):
        scores = scores.astype(float)
    if scheme == "equal-width":
        edges = np.arange(1, bins) / bins  # compiled code would multiply by a rounded 1/bins
        shape = (bins - 1, *scores.shape[1:])
        return np.broadcast_to(edges.reshape(-1, *(1,) * (scores.ndim - 1)), shape).astype(scores.dtype)
    if isinstance(scores, Tracer):
        if scores.ndim == 1:
            return _mass_edges(jnp.sort(scores), bins, jnp)
        return jax.vmap(lambda column: bin_edges(column, bins, scheme), in_axes=1, out_axes=1)(scores)
    columns = np.sort(np.asarray(scores).T)
    if scores.ndim == 1:
        return _mass_edges(columns, bins, np)
    return np.stack([_mass_edges(column, bins, np) for column in columns], axis=1)


def _mass_edges(ordered: Array, bins: int, xp: Any) -> Array:
    """Edge j is the largest score of which the bin is below j: just before, or in, the block at the place of j/bins."""
    count = ordered.shape[0]
    number = np.arange(1, bins)
    at = ordered[number * count // bins]
    start, end = (xp.searchsorted(ordered, at, side=side) for side in ("left", "right"))
    below = xp.floor((end - 0.5 * (end - start)) / count * bins) < number
    before = xp.where(start > 0, ordered[xp.maximum(start - 1, 0)], -np.inf)
    return xp.where(below, at, before).astype(ordered.dtype)


def bins_of(scores: Array, edges: Array) -> jax.Array:
    """The bin of every score, (n,) or (n, c): how many edges (of its column) are below it."""
    scores, edges = jnp.asarray(scores), jnp.asarray(edges)
    if len(edges) <= _FEW_EDGES:
        return sum((scores > edge for edge in edges), jnp.zeros(scores.shape, jnp.int32))
    if scores.ndim == 1:
        return jnp.searchsorted(edges, scores, side="left")
    return jax.vmap(bins_of, in_axes=1, out_axes=1)(scores, edges)


def bin_sums(scores: Array, values: Array, edges: Array) -> jax.Array:
    """Sum of `values` over the bins of scores (n,), or of each column of scores (n, c), as one row (c·bins,)."""
    bins = len(edges) + 1
    columns = 1 if scores.ndim == 1 else scores.shape[1]
    cells = bins_of(scores, edges)
    if scores.ndim == 2:
        cells += bins * jnp.arange(columns, dtype=cells.dtype)
    return jnp.zeros(bins * columns, values.dtype).at[cells].add(values, mode="promise_in_bounds")


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
