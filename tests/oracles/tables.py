"""Instances that tests share: rows from far apart to nearly equal, and small weighted tables."""

from typing import NamedTuple

import numpy as np

CLASSES = 4
STEPS = (2.0, 0.3, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
"""Relative differences of two rows; their KL divergence is about the square of one, down to 1e-24."""


class Instance(NamedTuple):
    weights: np.ndarray
    truth: np.ndarray
    weak: np.ndarray
    strong: np.ndarray


def simplex_rows(rng: np.random.Generator, count: int, classes: int = CLASSES, floor: float = 0.0) -> np.ndarray:
    return floor + (1.0 - classes * floor) * rng.dirichlet(np.ones(classes), count)


def neighbours(rng: np.random.Generator, rows: np.ndarray, step: float) -> np.ndarray:
    """Rows at a relative distance of about `step`."""
    moved = rows * np.exp(step * rng.normal(size=rows.shape))
    return moved / moved.sum(axis=-1, keepdims=True)


def row_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of positive rows at every step, some of them concentrated on one class."""
    rng = np.random.default_rng(11)
    rows = simplex_rows(rng, 8) ** rng.choice([1.0, 6.0], size=(8, 1))
    rows /= rows.sum(axis=-1, keepdims=True)
    return np.tile(rows, (len(STEPS), 1)), np.concatenate([neighbours(rng, rows, step) for step in STEPS])


EDGE_ROWS = np.array(
    [
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 0.5, 0.5, 0.0],
        [1e-300, 1e-18, 1e-9, 1.0],
        [1.0, 1e-9, 1e-18, 1e-300],
        [0.5 + 1e-15, 0.5 - 1e-15, 0.0, 0.0],
        [0.25, 0.25, 0.25, 0.25],
    ]
)


def edge_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Every ordered pair of edge rows: zeros, point masses, tiny entries, equality."""
    count = len(EDGE_ROWS)
    return np.repeat(EDGE_ROWS, count, axis=0), np.tile(EDGE_ROWS, (count, 1))


def instance(seed: int, inputs: int = 4, classes: int = 3, floor: float = 0.0, step: float | None = None) -> Instance:
    """Random weights, truth, weak and strong; with `step`, strong is a neighbour of weak."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(inputs, 3.0))
    truth = simplex_rows(rng, inputs, classes)
    weak = simplex_rows(rng, inputs, classes, floor)
    strong = simplex_rows(rng, inputs, classes, floor) if step is None else neighbours(rng, weak, step)
    return Instance(weights, truth, weak, strong)
