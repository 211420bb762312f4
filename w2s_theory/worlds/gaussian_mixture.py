r"""A two-class Gaussian mixture whose weak model sees only the first of two coordinates.

$x\mid Y=\pm\sim N(\pm\mu,I_2)$ with prior π, so the true log-odds are $2\mu\cdot x+\operatorname{logit}\pi$.  The weak
model is the posterior given $x_1$, a *coarsened posterior*: imperfect, and exactly calibrated.  The student is a
logistic model with log-odds $s=b\cdot x+b_0$, whose conditioning table is known as well: s is Gaussian in each class,
so $\operatorname{logit}P(Y=1\mid s)=\operatorname{logit}\pi+2(b\cdot\mu)(s-b_0)/|b|^2$.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning, Instance
from w2s_theory.measures import DiscreteMeasure, Trapezoid
from w2s_theory.worlds.world import Block, World

_REACH = 7.0
"""How many standard deviations beyond the class means the grid extends; the mass outside is below 1e-11."""


def mixture_measure(mean: Array, prior: Array, nodes: int) -> DiscreteMeasure:
    """Nested trapezoid atoms of the mixture of N(mean, I) with probability `prior` and N(-mean, I)."""

    def density(x: Array) -> Array:
        def bell(centre: Array) -> Array:
            return jnp.exp(-0.5 * jnp.sum((x - centre) ** 2, axis=-1))

        return prior * bell(mean) + (1.0 - prior) * bell(-mean)

    reach = jnp.abs(mean) + _REACH
    return Trapezoid(nodes).measure(density, -reach, reach)


def posterior(log_odds: Array) -> Array:
    """Rows (P(Y=0), P(Y=1)) from log-odds, both entries to full relative accuracy."""
    return jnp.stack([jax.nn.sigmoid(-log_odds), jax.nn.sigmoid(log_odds)], axis=-1)


def posterior_given_first(mean: Array, prior_log_odds: Array, x: Array) -> Array:
    """P(Y | x₁) at atoms x (n, 2): the coarsened posterior, rows (n, 2)."""
    return posterior(2.0 * mean[0] * x[:, 0] + prior_log_odds)


def posterior_given_score(mean: Array, prior_log_odds: Array, slope: Array, x: Array) -> Array:
    """P(Y | slope·x) at atoms x (n, 2), the conditioning table of any logistic model with that slope."""
    along = 2.0 * (slope @ mean) / jnp.maximum(jnp.sum(slope**2), 1e-300)
    return posterior(along * (x @ slope) + prior_log_odds)


@dataclass(frozen=True)
class GaussianMixture(World):
    """The mixture by quadrature on a grid of `nodes` x `nodes` atoms.

    `floor` γ is part of both models, F = γ + (1-2γ)·posterior; at γ = 0 the weak model is exactly calibrated.
    """

    inputs: int = 49 * 49
    classes: int = 2
    floor: float = 0.0

    @property
    def nodes(self) -> int:
        """Grid points a coordinate."""
        return round(self.inputs**0.5)

    @property
    def share(self) -> float:
        """An instance here costs as much as some thousand small tables."""
        return 0.004

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Class mean, prior, and the student's distance from the true log-odds."""
        return (Block("mean", 2, 0.1, 1.0), Block("prior", 1, 0.1, 1.0), Block("student", 3, 1e-6, 1.0))

    def decode(self, z: Array) -> Instance:
        """Quadrature atoms with truth, weak model, student and their conditioning tables."""
        part = self.split(z)
        mean = 0.4 + 0.8 * jax.nn.sigmoid(part["mean"])
        prior = jax.nn.sigmoid(part["prior"][0])
        measure = mixture_measure(mean, prior, self.nodes)
        slope, offset = 2.0 * mean + part["student"][:2], part["prior"][0] + part["student"][2]
        x = measure.points
        given_x1 = posterior_given_first(mean, part["prior"][0], x)
        given_score = posterior_given_score(mean, part["prior"][0], slope, x)

        def model(rows: Array) -> Array:
            return self.floor + (1.0 - 2.0 * self.floor) * rows

        weak, strong = model(given_x1), model(posterior(x @ slope + offset))
        return Instance(
            weights=measure.weights,
            truth=posterior(2.0 * (x @ mean) + part["prior"][0]),
            weak=weak,
            strong=strong,
            floor=jnp.minimum(jnp.min(weak), jnp.min(strong)),
            groups=jnp.arange(self.inputs) // self.nodes,
            conditioning=Conditioning(weak_score=given_x1, strong_score=given_score, strong_row=given_score),
            coarse_weights=measure.coarse_weights,
            provenance=measure.provenance,
        )
