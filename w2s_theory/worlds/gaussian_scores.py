"""Logistic models of one Gaussian score: s ~ N(mean, scale²), F = σ(a·s + b).

All models are one-to-one in s, so every score determines the truth: conditioning tables are the truth itself.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure, SplitGauss, sign_changes
from w2s_theory.worlds.population import (
    Models,
    Number,
    Population,
    checked,
    compiled_models,
    require_finite,
    require_floor,
    require_positive,
)

_REACH = 9.0
_CHANGE, _FEWEST, _MOST = 8.0, 12, 400


def logistic_rows(log_odds: Array, floor: Number = 0.0) -> Array:
    """Rows (n, 2) of σ(±log-odds), mixed with the uniform row so that no entry is below the floor."""
    log_odds = jnp.reshape(jnp.asarray(log_odds), (-1,))
    rows = jnp.stack([jax.nn.sigmoid(-log_odds), jax.nn.sigmoid(log_odds)], axis=-1)
    return floor + (1.0 - 2.0 * floor) * rows


def split_at_crossings(
    population: Population, density: Callable[[np.ndarray], np.ndarray], low: float, high: float, steepest: float
) -> DiscreteMeasure:
    """Quadrature of a one-dimensional population of two classes, whose integrands have kinks.

    They lie where two of its models agree, and where the classes exchange the larger log-ratio of weak model and
    student.  `steepest` is how fast log-odds can change: they have to stay smooth on every piece.
    """

    def apart(points: np.ndarray) -> np.ndarray:
        made = compiled_models(population, points[:, None])
        truth, weak, strong = (np.asarray(table)[:, 1] for table in (made.truth, made.weak, made.strong))
        return np.stack([weak - strong, truth - weak, truth - strong, weak + strong - 1.0], axis=1)

    pieces = math.ceil(np.clip((high - low) * steepest / _CHANGE, _FEWEST, _MOST))
    return SplitGauss(pieces).measure(density, low, high, sign_changes(apart, low, high))


class GaussianScores(Population):
    """`truth`, `weak`, `strong` are pairs (slope, offset) of log-odds; weak model and student have the floor `gamma`.

    `InputError` for parameters that are not finite, a scale that is not positive, a slope of zero, or a floor outside
    [0, ½).
    """

    mean: Number
    scale: Number
    truth: tuple[Number, Number]
    weak: tuple[Number, Number]
    strong: tuple[Number, Number]
    gamma: Number = 0.0

    def __check_init__(self) -> None:
        """Refuse what is not finite, or not one-to-one in the score."""
        for name in ("truth", "weak", "strong"):
            length = len(getattr(self, name))
            checked(length == 2, f"GaussianScores: {name} has {length} entries, not slope and offset")
        require_finite("GaussianScores", mean=self.mean, truth=self.truth, weak=self.weak, strong=self.strong)
        require_positive("GaussianScores", scale=self.scale)
        require_floor("GaussianScores", self.gamma, 2)
        for name in ("weak", "strong"):
            slope = getattr(self, name)[0]
            checked(slope != 0, f"GaussianScores: {name} has slope 0, so its score does not determine the truth")

    @classmethod
    def random(cls, rng: np.random.Generator) -> "GaussianScores":
        """Slopes between a quarter and four."""
        slopes, offsets = np.exp(rng.uniform(-1.4, 1.4, 3)), rng.normal(size=3)
        lines = [(float(a), float(b)) for a, b in zip(slopes, offsets, strict=True)]
        return cls(float(rng.normal()), float(rng.uniform(0.5, 2.0)), *lines, gamma=0.01)

    @property
    def floor(self) -> Number:
        """γ."""
        return self.gamma

    @property
    def dimension(self) -> int:
        """One."""
        return 1

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Scores (n, 1)."""
        return self.mean + self.scale * ndtri(uniform)

    def models(self, points: Array) -> Models:
        """Rows (n, 2), with the truth as every conditioning table."""

        def rows(line: tuple[Number, Number], floor: Number) -> Array:
            return logistic_rows(line[0] * points + line[1], floor)

        truth = rows(self.truth, 0.0)
        known = Conditioning(weak_score=truth, strong_score=truth, strong_row=truth)
        return Models(truth, rows(self.weak, self.gamma), rows(self.strong, self.gamma), known)

    def quadrature(self) -> DiscreteMeasure:
        """Nine standard deviations either way, split where two models cross; the mass outside is below 1e-18."""
        low, high = (float(self.mean + side * _REACH * self.scale) for side in (-1, 1))
        steepest = max(abs(float(line[0])) for line in (self.truth, self.weak, self.strong))

        def density(s: np.ndarray) -> np.ndarray:
            return np.exp(-0.5 * ((s - self.mean) / self.scale) ** 2)

        return split_at_crossings(self, density, low, high, steepest)
