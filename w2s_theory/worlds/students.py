"""Weak models and their exact students: the student is a projection of the weak model on a class."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.instance import Instance, Kind
from w2s_theory.student_class import Training
from w2s_theory.training.projection import head_table
from w2s_theory.worlds.rows import floor_from, tables_from
from w2s_theory.worlds.world import Block, World

RADIUS = 6.0
"""Radius of the ball that heads are confined to."""


@dataclass(frozen=True)
class Students(World):
    """A class of `members` models, or of heads on one feature, a truth in it, and the student of a weak model.

    Mixture families and Bregman losses: `models`; exponential ones by KL: heads θ on `members` features.  What is
    imposed can be switched off: `realizable` (the truth is then any table), `convex` (the class is then the list of
    its models or of as many heads, the truth one of them), `optimal` (the student is then any member).
    """

    training: Training
    members: int = 3
    kind: Kind = "simplex"
    generator: str = "kl"
    realizable: bool = True
    convex: bool = True
    optimal: bool = True
    floored: bool = True

    @property
    def share(self) -> float:
        """Less than that of plain tables: every instance solves for a student, where it is not convex many times."""
        return 0.1 if self._heads and self.training.direction == "reverse" else 0.5

    @property
    def _heads(self) -> bool:
        return self.training.family == "exponential" and self.training.loss == "kl" and self.kind != "real"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, floor, class, weak model, and coefficients of truth and of a member other than the optimum."""
        cells = self.inputs * self.classes
        size = self.members * self.classes if self._heads else self.members
        shape = self.inputs * self.members if self._heads else self.members * cells
        return (
            Block("weights", self.inputs),
            Block("floor", 1, 0.5, 6.0),
            Block("class", shape, 0.3, 4.0),
            Block("weak", cells, 0.1, 5.0),
            Block("truth", max(size, cells), 0.1, 4.0),
            Block("other", 3 * size, 0.1, 4.0),
        )

    def decode(self, z: Array) -> Instance:
        """Class, truth, weak model; the student last."""
        part = self.split(z)
        weights = jax.nn.softmax(part["weights"])
        floor = floor_from(part["floor"][0], self.classes)
        weak = self._rows(weights, part["weak"].reshape(self.inputs, self.classes), floor)
        tables = self._heads_class if self._heads else self._models_class
        truth, other, models, features = tables(weights, floor, part)
        if not self.realizable:
            free = part["truth"][: self.inputs * self.classes].reshape(self.inputs, self.classes)
            truth = self._rows(weights, free, floor)
        i = Instance(
            weights=weights,
            truth=truth,
            weak=weak,
            strong=weak,
            floor=floor if self.kind == "simplex" else jnp.zeros(()),
            models=models,
            features=features,
            radius=jnp.asarray(RADIUS) if features is not None else None,
            kind=self.kind,
            generator=self.generator,
            convex=self.convex,
        )
        student = self.training.student(i) if self.optimal else other
        return eqx.tree_at(lambda j: j.strong, i, student)

    def _rows(self, weights: Array, free: Array, floor: Array) -> Array:
        """Tables of the kind from free coordinates (…, m, k)."""
        return tables_from(self.kind, weights, free, floor if self.floored else 0.0 * floor)

    def _models_class(self, weights: Array, floor: Array, part: dict) -> tuple:
        models = self._rows(weights, part["class"].reshape(self.members, self.inputs, self.classes), floor)
        if not self.convex:
            return models[0], models[-1], models, None
        phi = self.training.phi(Instance(weights, weights, weights, weights, floor, generator=self.generator))

        def combination(free: Array) -> Array:
            share = jax.nn.softmax(free)
            if self.training.family == "mixture" or self.kind == "real":
                return jnp.tensordot(share, models, axes=1)
            return phi.from_slope(jnp.tensordot(share, phi.slope(models), axes=1))

        return combination(part["truth"][: self.members]), combination(part["other"][: self.members]), models, None

    def _heads_class(self, weights: Array, floor: Array, part: dict) -> tuple:
        features = part["class"].reshape(self.inputs, self.members)
        shape = self.members, self.classes
        size = self.members * self.classes
        kind = self.kind
        assert kind != "real"

        def head(free: Array) -> jax.Array:
            theta = free.reshape(shape)
            theta = theta - jnp.mean(theta, axis=-1, keepdims=True) if self.kind == "simplex" else theta
            theta = RADIUS * theta / jnp.sqrt(RADIUS**2 + jnp.sum(theta**2))
            return head_table(weights, features @ theta, kind)

        truth, others = head(part["truth"][:size]), [head(free) for free in part["other"].reshape(3, size)]
        if not self.convex:
            return truth, others[0], jnp.stack([truth, *others]), None
        return truth, others[0], None, features

    def relax(self, hypothesis: str) -> World:
        """Without one of what the world imposes."""
        imposed = {
            "realizable": "realizable",
            "mixture_convex": "convex",
            "exponentially_convex": "convex",
            "optimal": "optimal",
            "floor": "floored",
        }.get(hypothesis)
        if imposed is None or not getattr(self, imposed):
            return super().relax(hypothesis)
        return replace(self, **{imposed: False})

    def __str__(self) -> str:
        how = f"{self.training.loss} {self.training.direction} {self.training.family}"
        return f"Students({how}, {self.kind}, inputs={self.inputs}, classes={self.classes}, members={self.members})"
