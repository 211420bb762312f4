"""Students whose training falls short of the ideal in one way: the truth, the optimum, the sample or the class."""

from dataclasses import dataclass, replace
from typing import Literal

import equinox as eqx
import jax

from w2s_theory._types import Array
from w2s_theory.instance import Instance
from w2s_theory.training.few_models import best_of_few
from w2s_theory.worlds.students import Students
from w2s_theory.worlds.world import Block

Strain = Literal["truth", "student", "sample", "few"]


@dataclass(frozen=True)
class StrainedStudents(Students):
    """`Students` strained in one way.

    `truth` lies part of the way from the class to some table; the `student` part of the way from the optimum to
    another member; `sample` sets `size` inputs to train on and a δ in (0.1, 0.5); `few` makes the student the best
    equal-weight mixture of `size` models, repetition allowed.
    """

    strain: Strain = "student"
    size: int = 0

    @property
    def share(self) -> float:
        """Less where every sample has a student of its own, or every mixture of few is looked at."""
        costs = {"sample": 100 if self.members == 2 else 1000, "few": 20}
        return super().share / costs.get(self.strain, 1)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Those of `Students`, and how far: the part of the way, or δ; samples have floors up to 1/k."""
        known = super().blocks
        if self.strain == "sample":
            known = tuple(Block("floor", 1, 0.5, 30.0) if block.name == "floor" else block for block in known)
        return (*known, Block("strain", 1, 0.5, 8.0))

    def decode(self, z: Array) -> Instance:
        """The instance of `Students`, then strained."""
        i, part = super().decode(z), jax.nn.sigmoid(z[-1])

        def towards(role: str, relaxed: str) -> Instance:
            free = getattr(Students.decode(replace(self, **{relaxed: False}), z), role)
            return eqx.tree_at(lambda j: getattr(j, role), i, (1.0 - part) * getattr(i, role) + part * free)

        match self.strain:
            case "truth":
                return towards("truth", "realizable")
            case "student":
                return towards("strong", "optimal") if self.convex else i
            case "sample":
                return replace(i, sample_size=self.size, delta=0.1 + 0.4 * part)
            case "few":
                assert i.models is not None
                few = best_of_few(i.weights, i.models, i.weak, members=self.size) if self.optimal else i.strong
                return replace(i, strong=few, members=self.size)

    def __str__(self) -> str:
        return f"{super().__str__()[:-1]}, strain={self.strain}" + (f", size={self.size})" if self.size else ")")
