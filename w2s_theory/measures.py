"""Weighted atoms: the one representation behind exact tables, quadrature and Monte Carlo.

A rule only decides *which* weighted atoms are summed; it never changes silently, and the measure says which rule
made it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import float64
from w2s_theory._types import Array, Reals, Vector


@dataclass(frozen=True)
class Provenance:
    """How the atoms arose: `exact` (the atoms are the distribution), `quadrature` or `sampled`, and how many."""

    rule: Literal["exact", "quadrature", "sampled"] = "exact"
    atoms: int | None = None

    def __str__(self) -> str:
        return self.rule if self.atoms is None else f"{self.rule}({self.atoms})"


EXACT = Provenance()


class DiscreteMeasure(eqx.Module):
    r"""A distribution as atoms `points (n, …)` with `weights (n,)`.

    `coarse_weights (n,)`, where present, are the weights of the nested coarser rule on the same atoms: the
    difference of the two sums estimates the quadrature error of *any* quantity computed from the measure.
    """

    points: Array
    weights: Array
    coarse_weights: Array | None = None
    provenance: Provenance = eqx.field(static=True, default=EXACT)

    def expect(self, values: Reals) -> Array:
        r"""$\sum_x w_x v_x$ over the first axis of `values (n, …)`; atoms of zero weight do not count."""
        return expectation(self.weights, values)


@float64
def expectation(weights: Vector, values: Reals) -> Array:
    r"""$\sum_x w_x v_x$ over the first axis; an atom of weight zero contributes nothing, even where v is infinite."""
    weights = jnp.reshape(jnp.asarray(weights), (-1,) + (1,) * (jnp.ndim(values) - 1))
    return jnp.sum(jnp.where(weights > 0, weights * jnp.where(weights > 0, values, 0.0), 0.0), axis=0)


@dataclass(frozen=True)
class Exact:
    """The atoms are the distribution: nothing is approximated."""

    def measure(self, points: Array, weights: Vector) -> DiscreteMeasure:
        """The given atoms with the given weights, as they are."""
        return DiscreteMeasure(jnp.asarray(points), jnp.asarray(weights), None, EXACT)


@dataclass(frozen=True)
class Trapezoid:
    """Tensor trapezoid rule with `nodes` (odd) points a coordinate, nested: every other node is the coarser rule.

    Spectrally accurate for smooth integrands that have decayed at the ends of the interval; second order at kinks,
    where the difference of the nested rules overestimates the error, unless the kink lies so that both rules err
    alike.  A larger `stride`, every how many nodes make the coarser rule, makes that rarer.
    """

    nodes: int = 41
    stride: int = 2

    def measure(self, density: Callable[[Array], Array], low: Vector, high: Vector) -> DiscreteMeasure:
        """Atoms on the box [low, high] weighted by `density` (points (n, d) to (n,)), normalised to one."""
        if self.nodes < 5 or self.nodes % 2 == 0:
            raise ValueError(f"a nested trapezoid rule needs an odd number of at least 5 nodes, not {self.nodes}")
        if self.stride < 2 or (self.nodes - 1) % self.stride:
            raise ValueError(f"stride {self.stride} does not lead from the first to the last of {self.nodes} nodes")
        low, high = jnp.asarray(low), jnp.asarray(high)
        axes = [jnp.linspace(low[j], high[j], self.nodes) for j in range(low.shape[0])]
        ends = jnp.ones(self.nodes).at[jnp.array([0, -1])].set(0.5)
        coarse = jnp.where(jnp.arange(self.nodes) % self.stride == 0, ends, 0.0)
        points = jnp.stack([g.ravel() for g in jnp.meshgrid(*axes, indexing="ij")], axis=1)
        values = density(points)

        def normalised(line: Array) -> Array:
            weights = jnp.asarray(line)
            for _ in axes[1:]:
                weights = jnp.outer(weights, jnp.asarray(line)).ravel()
            weights = weights * values
            return weights / weights.sum()

        return DiscreteMeasure(points, normalised(ends), normalised(coarse), Provenance("quadrature", points.shape[0]))


@dataclass(frozen=True)
class MonteCarlo:
    """`samples` independent draws, equally weighted; the provenance says `sampled`."""

    samples: int

    def measure(self, sampler: Callable[[Array, tuple[int, ...]], Array], key: Array) -> DiscreteMeasure:
        """Atoms drawn by `sampler(key, (samples,))`."""
        if self.samples < 1:
            raise ValueError(f"Monte Carlo needs at least one sample, not {self.samples}")
        points = sampler(key, (self.samples,))
        weights = jnp.full(self.samples, 1.0 / self.samples)
        return DiscreteMeasure(points, weights, None, Provenance("sampled", self.samples))


def product_measure(
    lines: Sequence[tuple[np.ndarray, np.ndarray]], coarse: Sequence[tuple[np.ndarray, np.ndarray]]
) -> DiscreteMeasure:
    """Tensor product of rules (nodes, weights), one a coordinate, with the product of coarser ones for the error.

    Gauss rules are not nested: the atoms are those of both products, each of weight zero in the other's sum.
    """

    def product(rules: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
        points = np.stack([g.ravel() for g in np.meshgrid(*(nodes for nodes, _ in rules), indexing="ij")], axis=1)
        weights = np.ones(1)
        for _, line in rules:
            weights = np.outer(weights, line / line.sum()).ravel()
        return points, weights

    return two_rules(product(lines), product(coarse))


def two_rules(rule: tuple[np.ndarray, np.ndarray], coarser: tuple[np.ndarray, np.ndarray]) -> DiscreteMeasure:
    """A rule (points (n, …), weights (n,)) and a coarser one on other points: atoms of both, as one measure."""
    (fine, weights), (rough, others) = rule, coarser
    return DiscreteMeasure(
        np.concatenate([fine, rough]),
        np.concatenate([weights, np.zeros_like(others)]),
        np.concatenate([np.zeros_like(weights), others]),
        Provenance("quadrature", len(weights)),
    )


@dataclass(frozen=True)
class SplitGauss:
    """Gauss–Legendre on pieces of an interval, split at `pieces` - 1 even places and at the kinks of the integrands.

    `nodes` points a piece, and two thirds as many of the coarser rule: spectrally accurate where integrands are smooth
    between kinks.
    """

    pieces: int = 12
    nodes: int = 24

    def measure(
        self, density: Callable[[np.ndarray], np.ndarray], low: float, high: float, kinks: np.ndarray
    ) -> DiscreteMeasure:
        """Atoms (n, 1) on [low, high] weighted by `density` (points (n,) to (n,)), normalised to one."""
        coarser = SplitGauss(self.pieces, (2 * self.nodes) // 3)
        return product_measure([self.rule(density, low, high, kinks)], [coarser.rule(density, low, high, kinks)])

    def rule(
        self, density: Callable[[np.ndarray], np.ndarray], low: float, high: float, kinks: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points (n,) and weights (n,), not normalised, without the coarser rule."""
        inside = kinks[(kinks > low) & (kinks < high)]
        ends = np.unique(np.concatenate([np.linspace(low, high, self.pieces + 1), inside]))
        middle, half = 0.5 * (ends[1:] + ends[:-1]), 0.5 * np.diff(ends)

        at, weight = np.polynomial.legendre.leggauss(self.nodes)
        points = (middle[:, None] + half[:, None] * at).ravel()
        return points, (half[:, None] * weight).ravel() * density(points)


def sign_changes(function: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> np.ndarray:
    """Where `function` (n,) to (n, …) changes sign between neighbours of 2,000 even steps, to full accuracy.

    A step at which it is exactly zero has the sign of the step before: a function that stays zero does not change.
    """
    grid = np.linspace(low, high, 2_001)
    signs = np.sign(np.asarray(function(grid)).reshape(len(grid), -1))
    last = np.maximum.accumulate(np.where(signs != 0, np.arange(len(grid))[:, None], 0), axis=0)
    signs = np.take_along_axis(signs, last, axis=0)
    column, at = np.nonzero((signs[:-1] * signs[1:] < 0).T)
    left, right, sign = grid[at], grid[at + 1], signs[at, column]
    for _ in range(60 if len(at) else 0):
        centre = 0.5 * (left + right)
        values = np.asarray(function(centre)).reshape(len(centre), -1)
        same = np.sign(values[np.arange(len(at)), column]) == sign
        left, right = np.where(same, centre, left), np.where(same, right, centre)
    return 0.5 * (left + right)


@dataclass(frozen=True)
class GaussHermite:
    """Product Gauss–Hermite rule with `nodes` points a coordinate, for smooth integrands under N(0, I).

    Exact for polynomials of degree up to 2·nodes - 1 in each coordinate; the coarser rule has two thirds of the nodes.
    """

    nodes: int = 24

    def measure(self, dimension: int) -> DiscreteMeasure:
        """Atoms (n, dimension) of the standard normal distribution."""
        if self.nodes < 3:
            raise ValueError(f"a Gauss-Hermite rule with a coarser one needs at least 3 nodes, not {self.nodes}")
        lines = [np.polynomial.hermite_e.hermegauss(nodes) for nodes in (self.nodes, (2 * self.nodes) // 3)]
        return product_measure([lines[0]] * dimension, [lines[1]] * dimension)
