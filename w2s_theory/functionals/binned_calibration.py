r"""Binned calibration errors *estimated from labels*: plug-in, debiased and as an interval, each under its own name.

A plug-in estimate of an L1 calibration error is biased upwards, because noise in a bin has an absolute value: a
perfectly calibrated binary model with uniform scores shows about 0.08 on 1,000 labels with 15 bins.
"""

import math
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import float64, on_arrays
from w2s_theory._types import Array, Table
from w2s_theory.functionals.partitions import Scheme, bin_edges, bin_sums, bins_of, likeliest

Notion = Literal["class-wise", "top-label"]
Estimator = Literal["plug-in", "cross-fit"]


@on_arrays
def binned_calibration_error(
    model: Table,
    labels: Array,
    *,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    notion: Notion = "class-wise",
    estimator: Estimator = "plug-in",
    fold: Array | None = None,
) -> jax.Array:
    r"""L1 calibration error over bins, from predictions `model (n, k)` and class indices `labels (n,)`.

    `class-wise` sums $\sum_b\frac1n|\sum_{x\in b}(F_i(x)-1\{y=i\})|$ over the classes i; `top-label` does it once,
    for the largest entry.  `plug-in` is that sum.  `cross-fit` is debiased: the sign of each bin is taken from one
    fold and the size from the other, both ways, and averaged.  Its mean is zero in a calibrated bin and never above
    the true binned error.  `fold (n,)` (zeros and ones) defaults to alternating rows, for rows in random order.
    """
    edges = _edges(model, bins, scheme, notion)
    if estimator == "plug-in":
        return _plug_in(model, labels, edges, notion=notion)
    return _cross_fit(model, labels, edges, _first_fold(len(model), fold), notion=notion)


@float64(static=("notion",))
def _plug_in(model: Table, labels: Array, edges: Array, *, notion: Notion) -> jax.Array:
    return jnp.sum(jnp.abs(bin_sums(*_scores(model, labels, notion), edges))) / model.shape[0]


@float64(static=("notion",))
def _cross_fit(model: Table, labels: Array, edges: Array, first: Array, *, notion: Notion) -> jax.Array:
    first = jnp.asarray(first)
    score, surplus = _scores(model, labels, notion)
    a, b = (bin_sums(score, jnp.where(fold, surplus.T, 0.0).T, edges) for fold in (first, ~first))
    size = jnp.array([jnp.sum(first), jnp.sum(~first)])
    return 0.5 * (jnp.sum(jnp.sign(a) * b) / size[1] + jnp.sum(jnp.sign(b) * a) / size[0])


@on_arrays
def debiased_squared_calibration_error(
    model: Table,
    labels: Array,
    *,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    notion: Notion = "class-wise",
) -> jax.Array:
    r"""Debiased *squared* (L2) binned error $\sum_i\sum_b\frac{n_b}n[\bar s_b^2-\hat\sigma_b^2/n_b]$.

    $\bar s_b$ and $\hat\sigma_b^2$ are mean and unbiased variance of $F_i-1\{y=i\}$ in the bin: subtracting the
    sampling variance of the mean removes the plug-in bias (Bröcker 2012; Kumar, Liang and Ma 2019).  Bins with one
    point are left out.  It can be negative, as an unbiased estimate of zero must.
    """
    return _debiased_squared(model, labels, _edges(model, bins, scheme, notion), notion=notion)


@float64(static=("notion",))
def _debiased_squared(model: Table, labels: Array, edges: Array, *, notion: Notion) -> jax.Array:
    score, surplus = _scores(model, labels, notion)
    size, total, square = (bin_sums(score, value, edges) for value in (jnp.ones_like(surplus), surplus, surplus**2))
    mean = total / jnp.maximum(size, 1.0)
    variance = (square - size * mean**2) / jnp.maximum(size - 1.0, 1.0)
    return jnp.sum(jnp.where(size > 1, size * mean**2 - variance, 0.0)) / model.shape[0]


class CalibrationInterval(NamedTuple):
    """Ends of a confidence interval of a calibration error."""

    low: jax.Array
    high: jax.Array


@on_arrays
def binned_calibration_interval(
    model: Table,
    labels: Array,
    *,
    level: float = 0.95,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    notion: Notion = "class-wise",
    fold: Array | None = None,
) -> CalibrationInterval:
    r"""Confidence interval of the *true* L1 binned error $\sum_b|\mathbb E[(F_i-1\{y=i\})1_b]|$, for few labels too.

    For signs $s_b$ chosen without looking at the points that are averaged, $\sum_bs_b(F_i-1\{y=i\})1_b$ has a mean of
    at most the error: so the signs of one fold and the mean of the other give a lower limit, both ways round.  The
    plug-in estimate is at least that sum at the true signs, whose mean *is* the error: so it gives an upper limit.
    Each limit is that of an empirical Bernstein bound (Maurer and Pontil 2009), values being within ±2, for the top
    label ±1: a normal limit would take a confident model's rare errors, where none was seen, for a proof that there
    are none.  Each of the lower limits fails with a quarter of what `level` leaves, the upper one with a half.
    Arguments as in `binned_calibration_error`; equal-mass bins are taken as given.  `ValueError` for a level outside
    (0, 1) or fewer than two labels.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level:g} is not strictly between 0 and 1")
    count = len(model)
    if count < 2:
        raise ValueError(f"an interval needs at least two labels, not {count}")
    edges = _edges(model, bins, scheme, notion)
    return CalibrationInterval(*_limits(model, labels, edges, _first_fold(count, fold), level=level, notion=notion))


@float64(static=("level", "notion"))
def _limits(
    model: Table, labels: Array, edges: Array, first: Array, *, level: float, notion: Notion
) -> tuple[jax.Array, jax.Array]:
    """Both ends of `binned_calibration_interval`."""
    score, surplus = (jnp.reshape(x, (len(x), -1)) for x in _scores(model, labels, notion))
    cells = bins_of(score, jnp.reshape(edges, (len(edges), -1)))
    first = jnp.asarray(first)
    bins = len(edges) + 1
    count = score.shape[0]
    largest = 2.0 if notion == "class-wise" else 1.0

    def signed(points: jax.Array) -> jax.Array:
        """The surplus of every point, with the signs that the bins' sums have over `points`."""
        amount = jnp.where(points[:, None], surplus, 0.0)
        sums = jax.vmap(lambda cell, a: jnp.zeros(bins, a.dtype).at[cell].add(a), in_axes=1, out_axes=1)(cells, amount)
        return jnp.sum(jnp.take_along_axis(jnp.sign(sums), cells, axis=0) * surplus, axis=1)

    def limit(values: jax.Array, points: jax.Array, alpha: float) -> tuple[jax.Array, jax.Array]:
        """Mean over `points`, and how far above it an expectation can be but for probability `alpha`."""
        size = jnp.sum(points)
        mean = jnp.sum(jnp.where(points, values, 0.0)) / size
        degrees = jnp.maximum(size - 1, 1)
        variance = jnp.sum(jnp.where(points, (values - mean) ** 2, 0.0)) / degrees
        log = math.log(2.0 / alpha)
        reach = jnp.sqrt(2.0 * variance * log / size) + 7.0 * 2.0 * largest * log / (3.0 * degrees)
        return mean, jnp.where(size > 1, reach, jnp.inf)

    lower = []
    for judges in (first, ~first):
        mean, reach = limit(signed(~judges), judges, 0.25 * (1.0 - level))
        lower.append(jnp.where(jnp.isfinite(reach), mean - reach, 0.0))
    everyone = jnp.ones(count, bool)
    plug_in, reach = limit(signed(everyone), everyone, 0.5 * (1.0 - level))
    return jnp.maximum(jnp.maximum(*lower), 0.0), jnp.minimum(plug_in + reach, largest)


def _first_fold(count: int, fold: Array | None) -> Array:
    """Which rows (n,) are in the first fold."""
    return np.arange(count) % 2 == 0 if fold is None else fold == 0


def _edges(model: Array, bins: int, scheme: Scheme, notion: Notion) -> Array:
    """Edges (bins - 1, …) for the scores whose calibration is asked for."""
    if notion == "class-wise":
        return bin_edges(model, bins, scheme)
    return bin_edges(model[:0, 0] if scheme == "equal-width" else _confidence(model), bins, scheme)


def _scores(model: Array, labels: Array, notion: Notion) -> tuple[jax.Array, jax.Array]:
    """Scores (n, k), for the top label (n,), whose calibration is asked for, and score minus outcome."""
    model, labels = jnp.asarray(model), jnp.asarray(labels).astype(int)
    if notion == "class-wise":
        return model, model - (labels[:, None] == jnp.arange(model.shape[-1]))
    confidence, top = likeliest(model)
    return confidence, confidence - (labels == top)


@float64
def _confidence(model: Table) -> jax.Array:
    return likeliest(jnp.asarray(model))[0]
