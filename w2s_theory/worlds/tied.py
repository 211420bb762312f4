"""Tables in which inputs share exactly equal rows: what gradients and random draws never produce."""

from dataclasses import dataclass, replace

import jax
import numpy as np

from w2s_theory._types import Array
from w2s_theory.instance import Instance
from w2s_theory.predictors.floored_softmax import floored_softmax
from w2s_theory.worlds.corners import table_corners
from w2s_theory.worlds.rows import assignment, floor_from
from w2s_theory.worlds.world import Block, World, table_blocks


@dataclass(frozen=True)
class TiedTables(World):
    """Weak rows from few prototypes, strong rows a perturbation of them from another set of prototypes.

    Every input picks its weak prototype and its strong perturbation, so the student may split what the teacher
    merged and merge what the teacher split.  At z = 0 all inputs share one row.
    """

    prototypes: int = 2

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, floor, truth, prototypes of both models and the choices of prototype."""
        choices = self.inputs * self.prototypes
        return (
            *table_blocks(self.inputs, self.classes, rows=self.prototypes, largest=4.0),
            Block("weak_choice", choices),
            Block("strong_choice", choices),
        )

    def decode(self, z: Array) -> Instance:
        """Rows looked up by choice, so that equal choices give bitwise equal rows."""
        part = self.split(z)
        rows, choices = (self.prototypes, self.classes), (self.inputs, self.prototypes)
        floor = floor_from(part["floor"][0], self.classes)
        weak_choice = assignment(part["weak_choice"].reshape(choices))
        strong_choice = assignment(part["strong_choice"].reshape(choices))
        weak = part["weak"].reshape(rows)
        strong = floored_softmax(weak[:, None, :] + part["difference"].reshape(rows)[None], floor)
        return Instance(
            weights=jax.nn.softmax(part["weights"]),
            truth=jax.nn.softmax(part["truth"].reshape(self.inputs, self.classes), axis=-1),
            weak=floored_softmax(weak, floor)[weak_choice],
            strong=strong[weak_choice, strong_choice],
            floor=floor,
        )

    def corners(self) -> tuple[Instance, ...]:
        """`table_corners`, several of which share rows."""
        return table_corners(self.inputs, self.classes, min(1e-3, 0.25 / self.classes))


@dataclass(frozen=True)
class PartitionedTables(World):
    """Tables with an explicit partition of the inputs into `cells`, common to both models.

    `relax("common_partition")` conditions the student on a partition of its own.
    """

    cells: int = 2
    common: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, floor, truth, models and the choices of cell."""
        choices = self.inputs * self.cells
        own = () if self.common else (Block("strong_cell", choices),)
        return (*table_blocks(self.inputs, self.classes), Block("cell", choices), *own)

    def decode(self, z: Array) -> Instance:
        """Rows as in `FlooredTables`, cells by choice."""
        part = self.split(z)
        shape, choices = (self.inputs, self.classes), (self.inputs, self.cells)
        floor = floor_from(part["floor"][0], self.classes)
        weak = part["weak"].reshape(shape)
        return Instance(
            weights=jax.nn.softmax(part["weights"]),
            truth=jax.nn.softmax(part["truth"].reshape(shape), axis=-1),
            weak=floored_softmax(weak, floor),
            strong=floored_softmax(weak + part["difference"].reshape(shape), floor),
            floor=floor,
            groups=assignment(part["cell"].reshape(choices)),
            strong_groups=None if self.common else assignment(part["strong_cell"].reshape(choices)),
        )

    def corners(self) -> tuple[Instance, ...]:
        """`table_corners` with all inputs in one cell."""
        made = table_corners(self.inputs, self.classes, min(1e-3, 0.25 / self.classes))
        one_cell = np.zeros(self.inputs, int)
        own = None if self.common else one_cell
        return tuple(replace(i, groups=one_cell, strong_groups=own) for i in made)

    def relax(self, hypothesis: str) -> World:
        """Without `common_partition`: the student gets a partition of its own."""
        if hypothesis == "common_partition" and self.common:
            return replace(self, common=False)
        return super().relax(hypothesis)
