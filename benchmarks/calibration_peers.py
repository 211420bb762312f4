# pyright: reportMissingImports=false
"""Calibration errors as other libraries and plain code compute them: each function prepares the work, and returns it.

Errors are sums over 15 bins of |Σ (score − outcome)| / n; class-wise ones are added over the classes.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.apart import Work

BINS = 15
Outcomes = Callable[[np.ndarray, np.ndarray], float]


def _top(table: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest entry of every row, and whether it is the label's."""
    best = table.argmax(axis=1)
    return np.take_along_axis(table, best[:, None], axis=1)[:, 0], best == labels


def _edges() -> np.ndarray:
    return np.linspace(0.0, 1.0, BINS + 1)


def _by_bincount(score: np.ndarray, outcome: np.ndarray) -> float:
    cell = np.clip(np.ceil(score * BINS).astype(np.intp) - 1, 0, BINS - 1)
    return float(np.abs(np.bincount(cell, score - outcome, BINS)).sum()) / len(score)


def numpy_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """Bins by arithmetic, sums by `bincount`."""
    return lambda: _by_bincount(*_top(table, labels))


def numpy_each(table: np.ndarray, labels: np.ndarray) -> Work:
    """All classes in one `bincount`, outcomes by another."""
    n, k = table.shape
    shift = BINS * np.arange(k)
    rows = np.arange(n)

    def work() -> float:
        cell = np.clip(np.ceil(table * BINS).astype(np.intp) - 1, 0, BINS - 1) + shift
        scores = np.bincount(cell.ravel(), table.ravel(), BINS * k)
        return float(np.abs(scores - np.bincount(cell[rows, labels], minlength=BINS * k)).sum()) / n

    return work


def numpy_mass(table: np.ndarray, labels: np.ndarray) -> Work:
    """Scores sorted once, bins of equal counts."""

    def work() -> float:
        score, right = _top(table, labels)
        ordered = (score - right)[np.argsort(score)]
        starts = np.arange(BINS) * len(ordered) // BINS
        return float(np.abs(np.add.reduceat(ordered, starts)).sum()) / len(ordered)

    return work


def numba_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """One pass over the rows, compiled."""
    import numba

    @numba.njit
    def one_pass(table: np.ndarray, labels: np.ndarray) -> float:
        sums = np.zeros(BINS)
        n, k = table.shape
        for row in range(n):
            best, score = 0, table[row, 0]
            for number in range(1, k):
                if table[row, number] > score:
                    best, score = number, table[row, number]
            cell = min(max(int(np.ceil(score * BINS)) - 1, 0), BINS - 1)
            sums[cell] += score - (best == labels[row])
        return np.abs(sums).sum() / n

    return lambda: one_pass(table, labels)


def jax_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """Bins by arithmetic, sums by `segment_sum`, compiled."""

    def error(table: jax.Array, labels: jax.Array) -> jax.Array:
        score = jnp.max(table, axis=1)
        cell = jnp.clip(jnp.ceil(score * BINS).astype(jnp.int32) - 1, 0, BINS - 1)
        surplus = score - (jnp.argmax(table, axis=1) == labels)
        return jnp.sum(jnp.abs(jax.ops.segment_sum(surplus, cell, BINS))) / len(score)

    with jax.enable_x64(True):
        arrays = jnp.asarray(table), jnp.asarray(labels)
        made = jax.jit(error).lower(*arrays).compile()  # noqa: TID251
    return lambda: made(*arrays)


def _torch_error(number: int, reduce: str) -> tuple[Any, Any]:
    import torch
    import torchmetrics.functional.classification as metrics

    return torch, metrics.binary_calibration_error if reduce == "binary" else metrics.multiclass_calibration_error


def torchmetrics_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """`multiclass_calibration_error`."""
    torch, error = _torch_error(table.shape[1], "multiclass")
    p, y = torch.from_numpy(table), torch.from_numpy(labels)
    return lambda: error(p, y, table.shape[1], n_bins=BINS, norm="l1").numpy()


def torchmetrics_each(table: np.ndarray, labels: np.ndarray) -> Work:
    """`binary_calibration_error` of each class."""
    torch, error = _torch_error(table.shape[1], "binary")
    p, y = torch.from_numpy(table), torch.from_numpy(labels)

    def work() -> float:
        errors = (error(p[:, i], (y == i).long(), n_bins=BINS, norm="l1") for i in range(table.shape[1]))
        return float(sum(errors))

    return work


def _sklearn(score: np.ndarray, outcome: np.ndarray, strategy: str) -> float:
    """Mean scores and outcomes by bin, and the counts of the bins, which scikit-learn keeps to itself."""
    from sklearn.calibration import calibration_curve

    true, predicted = calibration_curve(outcome, score, n_bins=BINS, strategy=strategy)
    edges = _edges() if strategy == "uniform" else np.percentile(score, _edges() * 100)
    count = np.bincount(np.searchsorted(edges[1:-1], score), minlength=BINS)
    return float(np.abs(true - predicted) @ count[count > 0]) / len(score)


def sklearn_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """`calibration_curve` of the largest entry."""
    import sklearn.calibration  # noqa: F401

    return lambda: _sklearn(*_top(table, labels), "uniform")


def sklearn_each(table: np.ndarray, labels: np.ndarray) -> Work:
    """`calibration_curve` of each class."""
    import sklearn.calibration  # noqa: F401

    return lambda: sum(_sklearn(table[:, i], labels == i, "uniform") for i in range(table.shape[1]))


def sklearn_mass(table: np.ndarray, labels: np.ndarray) -> Work:
    """`calibration_curve` of the largest entry, by quantiles."""
    import sklearn.calibration  # noqa: F401

    return lambda: _sklearn(*_top(table, labels), "quantile")


def relplot_binned(table: np.ndarray, labels: np.ndarray) -> Work:
    """`binnedECE` of the largest entry."""
    import relplot

    return lambda: _relplot(relplot.metrics.binnedECE, table, labels, nbins=BINS)


def relplot_smooth(table: np.ndarray, labels: np.ndarray) -> Work:
    """`smECE` of the largest entry, another quantity."""
    import relplot

    return lambda: _relplot(relplot.smECE, table, labels)


def _relplot(error: Callable[..., float], table: np.ndarray, labels: np.ndarray, **how: Any) -> float:
    score, right = _top(table, labels)
    return float(error(score, right.astype(float), **how))


def netcal_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """`ECE` of the largest entry, as of a detection: of two classes netcal takes the score of the second."""
    import netcal.metrics

    error = netcal.metrics.ECE(BINS)

    def work() -> float:
        score, right = _top(table, labels)
        return float(error.measure(score, right.astype(int)))

    return work


def netcal_each(table: np.ndarray, labels: np.ndarray) -> Work:
    """`ECE` of each class."""
    import netcal.metrics

    error = netcal.metrics.ECE(BINS)
    return lambda: sum(float(error.measure(table[:, i], (labels == i).astype(int))) for i in range(table.shape[1]))


def uncertainty_top(table: np.ndarray, labels: np.ndarray) -> Work:
    """`get_ece`."""
    calibration = import_module("calibration")

    return lambda: calibration.get_ece(table, labels, num_bins=BINS)


def uncertainty_each(table: np.ndarray, labels: np.ndarray) -> Work:
    """The plug-in marginal error of each class."""
    calibration = import_module("calibration")

    edges = list(_edges()[1:])
    error = calibration.utils

    def work() -> float:
        total = 0.0
        for i in range(table.shape[1]):
            pairs = list(zip(table[:, i], (labels == i).astype(int), strict=True))
            total += error.plugin_ce(error.bin(pairs, edges), power=1)
        return total

    return work


def uncertainty_mass(table: np.ndarray, labels: np.ndarray) -> Work:
    """`get_equal_bins` of the largest entry, and the plug-in error."""
    calibration = import_module("calibration")

    error = calibration.utils

    def work() -> float:
        score, right = _top(table, labels)
        edges = error.get_equal_bins(score, num_bins=BINS)
        return error.plugin_ce(error.bin(list(zip(score, right.astype(int), strict=True)), edges), power=1)

    return work


def _tied_error(cells: np.ndarray, weights: np.ndarray, surplus: np.ndarray) -> float:
    """Σ over cells and columns of |Σ weights·surplus|."""
    columns = surplus.reshape(len(surplus), -1).T
    return float(sum(np.abs(np.bincount(cells, weights * column)).sum() for column in columns))


def hashed_rows(weights: np.ndarray, truth: np.ndarray, model: np.ndarray) -> Work:
    """Rows hashed to one integer each, which are sorted."""
    odd = np.random.default_rng(0).integers(1, 2**63, model.shape[1], dtype=np.uint64) | np.uint64(1)

    def work() -> float:
        mixed = model.view(np.uint64) * odd
        key = np.bitwise_xor.reduce(mixed ^ (mixed >> np.uint64(29)), axis=1)
        cells = np.unique(key, return_inverse=True)[1]
        return _tied_error(cells, weights, model - truth)

    return work


def unique_rows(weights: np.ndarray, truth: np.ndarray, model: np.ndarray) -> Work:
    """`numpy.unique` of rows."""
    return lambda: _tied_error(np.unique(model, axis=0, return_inverse=True)[1].ravel(), weights, model - truth)


def pandas_rows(weights: np.ndarray, truth: np.ndarray, model: np.ndarray) -> Work:
    """`groupby` of all columns."""
    import pandas

    def work() -> float:
        frame = pandas.DataFrame(model)
        cells = frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy()
        return _tied_error(cells, weights, model - truth)

    return work


def unique_scores(weights: np.ndarray, truth: np.ndarray, model: np.ndarray) -> Work:
    """`numpy.unique` of each column."""

    def work() -> float:
        total = 0.0
        for i in range(model.shape[1]):
            cells = np.unique(model[:, i], return_inverse=True)[1]
            total += _tied_error(cells, weights, model[:, i] - truth[:, i])
        return total

    return work


def unique_top(weights: np.ndarray, truth: np.ndarray, model: np.ndarray) -> Work:
    """`numpy.unique` of the largest entries."""

    def work() -> float:
        best = model.argmax(axis=1)[:, None]
        score, right = (np.take_along_axis(table, best, axis=1)[:, 0] for table in (model, truth))
        return _tied_error(np.unique(score, return_inverse=True)[1], weights, score - right)

    return work
