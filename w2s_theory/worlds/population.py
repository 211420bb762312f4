"""The interface of distributions with a density: inputs are drawn or integrated over, tables follow from them.

A `Population` has fixed parameters.  The same models are evaluated on the atoms of whatever rule is asked for:
`exact` where finitely many atoms have the moments that its claims are about, `quadrature`, or `sampled`.
"""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import one_program
from w2s_theory._types import Array
from w2s_theory.errors import InputError
from w2s_theory.instance import Conditioning, Instance, Kind
from w2s_theory.measures import DiscreteMeasure, Provenance

Number = float | int | Array
"""A parameter: a number where it is given, an array inside compiled code."""


def checked(condition: bool | np.bool_, sentence: str) -> None:
    """`InputError` with the sentence unless the condition holds."""
    if not condition:
        raise InputError(sentence)


def require_positive(world: str, **parameters: Number) -> None:
    """`InputError` naming the first parameter that is not finite and positive."""
    for name, value in parameters.items():
        values = np.atleast_1d(np.asarray(value, float))
        bad = values[~(np.isfinite(values) & (values > 0))]
        checked(not bad.size, f"{world}: {name} {bad[0] if bad.size else 0:g} is not positive")


def require_finite(world: str, **parameters: Number | tuple[Number, ...]) -> None:
    """`InputError` naming the first parameter that is not finite."""
    for name, value in parameters.items():
        values = np.atleast_1d(np.asarray(value, float))
        bad = values[~np.isfinite(values)]
        checked(not bad.size, f"{world}: {name} {bad[0] if bad.size else 0:g} is not finite")


def require_floor(world: str, floor: Number, classes: int) -> None:
    """`InputError` unless 0 ≤ floor < 1/k."""
    checked(0.0 <= float(floor) < 1.0 / classes, f"{world}: floor {floor:g} is not in [0, 1/{classes})")


class Models(eqx.Module):
    """Truth, weak and strong model at n inputs: tables (n, k), and what the world knows of their calibration."""

    truth: Array
    weak: Array
    strong: Array
    conditioning: Conditioning | None = None


@one_program
def compiled_models(population: "Population", points: Array) -> "Models":
    """`population.models(points)` as one program: operation by operation it would be compiled a hundred times."""
    return population.models(points)


class Population(eqx.Module):
    """A distribution of inputs, and truth, weak model and student on it.

    `dimension` is how many independent uniform numbers an input is made of, `floor` what the models keep to (zero if
    they keep to none).
    """

    @property
    def name(self) -> str:
        """What tables call this population."""
        return type(self).__name__

    @property
    def kind(self) -> Kind:
        """What the rows of the tables are."""
        return "simplex"

    @property
    def floor(self) -> Number:
        """A lower bound of every entry of the weak and of the strong model, for all inputs."""
        return 0.0

    @property
    def noise(self) -> Number | None:
        """σ of predictive laws N(F(x), σ²); None where rows are not means of such laws."""
        return None

    @property
    @abstractmethod
    def dimension(self) -> int:
        """How many independent uniform numbers an input is made of."""

    @abstractmethod
    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Inputs (n, …) from independent uniform numbers (n, dimension), by inverse distribution functions."""

    @abstractmethod
    def models(self, points: Array) -> Models:
        """Truth, weak model and student at inputs (n, …)."""

    def quadrature(self) -> DiscreteMeasure:
        """Atoms of a deterministic rule with a coarser one, by which every integral's error is estimated.

        `InputError` where there is none.
        """
        raise InputError(f"{self.name} has no quadrature; ask for monte-carlo")

    def exact(self) -> DiscreteMeasure:
        """Atoms that have all moments the claims about this population depend on; `InputError` if none are known."""
        raise InputError(f"{self.name} has no exact measure; ask for quadrature or monte-carlo")

    def instance(self, measure: DiscreteMeasure, **fields: Any) -> Instance:
        """The instance on the atoms of a measure of this population."""
        models = compiled_models(self, measure.points)
        return Instance(
            weights=measure.weights,
            truth=models.truth,
            weak=models.weak,
            strong=models.strong,
            floor=jnp.asarray(self.floor),
            conditioning=models.conditioning,
            coarse_weights=measure.coarse_weights,
            sigma=None if self.noise is None else jnp.asarray(self.noise),
            kind=self.kind,
            provenance=measure.provenance,
            **fields,
        )

    def sampled_instance(self, points: Array) -> Instance:
        """The instance on inputs drawn from this population, equally weighted; its provenance says `sampled`."""
        size = points.shape[0]
        return self.instance(DiscreteMeasure(points, np.full(size, 1.0 / size), None, Provenance("sampled", size)))
