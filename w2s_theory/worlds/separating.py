"""Tables in which every score names its input, so that the truth is a function of every score."""

from dataclasses import dataclass

import jax
import numpy as np

from w2s_theory._types import Array
from w2s_theory.instance import Instance
from w2s_theory.predictors.floored_softmax import floored_softmax
from w2s_theory.worlds.rows import floor_from
from w2s_theory.worlds.tied import TiedTables
from w2s_theory.worlds.world import Block, World, decode_batch, table_blocks


@dataclass(frozen=True)
class SeparatingTables(World):
    """Rows with a built-in tilt that differs from input to input: scores are distinct already at z = 0.

    The logits of input x carry the tilt $0.7\\,x\\,(i+1)^{1.3}$, so that no two inputs share the score of any class
    unless the coordinates cancel the tilt exactly.  `relax("score_sufficient")` is the world of tied tables.
    """

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, floor, truth, weak model, difference of the models."""
        return table_blocks(self.inputs, self.classes, largest=4.0)

    def decode(self, z: Array) -> Instance:
        """Rows as in `FlooredTables`, on top of the tilt."""
        part = self.split(z)
        shape = (self.inputs, self.classes)
        floor = floor_from(part["floor"][0], self.classes)
        tilt = 0.7 * np.outer(np.arange(self.inputs), np.arange(1, self.classes + 1) ** 1.3)
        weak = tilt + part["weak"].reshape(shape)
        return Instance(
            weights=jax.nn.softmax(part["weights"]),
            truth=jax.nn.softmax(part["truth"].reshape(shape), axis=-1),
            weak=floored_softmax(weak, floor),
            strong=floored_softmax(weak + part["difference"].reshape(shape), floor),
            floor=floor,
        )

    def corners(self) -> tuple[Instance, ...]:
        """z = 0 with one-hot truths, and with a truth equal to either model."""
        made = decode_batch(self, np.stack([np.zeros(self.dim), np.eye(self.dim)[1 + self.inputs]]))
        base, shifted = (jax.tree.map(lambda leaf, n=n: np.asarray(leaf[n]), made) for n in (0, 1))
        one_hot = np.eye(self.classes)[np.arange(self.inputs) % self.classes]
        cases = [(one_hot, base.weak, shifted.weak), (base.weak, base.weak, shifted.weak)]
        cases += [(shifted.weak, base.weak, shifted.weak), (one_hot, shifted.weak, base.weak)]
        return tuple(Instance(base.weights, t, w, s, base.floor) for t, w, s in cases)

    def relax(self, hypothesis: str) -> World:
        """Without `score_sufficient`: tied tables of the same shape."""
        if hypothesis == "score_sufficient":
            return TiedTables(self.inputs, self.classes)
        return super().relax(hypothesis)
