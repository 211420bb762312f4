"""Several equally likely weak models and a student that is their mean in one of two senses."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.instance import Instance, Kind
from w2s_theory.training.dual_mean import dual_mean
from w2s_theory.worlds.rows import tables_from
from w2s_theory.worlds.world import Block, World


@dataclass(frozen=True)
class Teachers(World):
    """`models` are the teachers; the student is their dual (geometric) mean or, not `dual`, their arithmetic mean.

    `mean` switched off makes the student any table.
    """

    members: int = 3
    kind: Kind = "simplex"
    dual: bool = True
    mean: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, teachers, truth and a table that is no mean."""
        cells = self.inputs * self.classes
        return (
            Block("weights", self.inputs),
            Block("teachers", self.members * cells, 0.1, 4.0),
            Block("truth", cells, 0.1, 4.0),
            Block("other", cells, 0.1, 4.0),
        )

    def decode(self, z: Array) -> Instance:
        """Teachers, truth, student; the weak model is the first teacher."""
        part = self.split(z)
        weights = jax.nn.softmax(part["weights"])
        shape = self.inputs, self.classes

        def rows(free: Array) -> Array:
            return tables_from(self.kind, weights, free, jnp.zeros(()))

        models = rows(part["teachers"].reshape(self.members, *shape))
        i = Instance(
            weights=weights,
            truth=rows(part["truth"].reshape(shape)),
            weak=models[0],
            strong=rows(part["other"].reshape(shape)),
            floor=jnp.zeros(()),
            models=models,
            kind=self.kind,
        )
        if not self.mean:
            return i
        mean = dual_mean(weights, models, kind=self.kind) if self.dual else jnp.mean(models, axis=0)
        return eqx.tree_at(lambda j: j.strong, i, mean)

    def relax(self, hypothesis: str) -> World:
        """Without `dual_mean`, the student is any table."""
        return replace(self, mean=False) if hypothesis == "dual_mean" and self.mean else super().relax(hypothesis)

    def __str__(self) -> str:
        how = "dual" if self.dual else "arithmetic"
        return f"Teachers({how}, {self.kind}, inputs={self.inputs}, classes={self.classes}, members={self.members})"
