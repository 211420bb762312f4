"""Finite tables whose weak and strong rows keep a floor."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array
from w2s_theory.instance import Instance
from w2s_theory.predictors.floored_softmax import floored_softmax
from w2s_theory.worlds.corners import table_corners
from w2s_theory.worlds.rows import floor_from
from w2s_theory.worlds.world import Block, World, table_blocks


@dataclass(frozen=True)
class FlooredTables(World):
    """Any weights, truth, weak and strong rows; the strong logits are the weak ones plus a difference.

    `positive_truth` keeps the truth at the floor too; `generator` names the Bregman generator of the instance;
    `floored` is switched off by `relax("floor")`, which leaves the instance claiming a floor it does not keep.
    """

    positive_truth: bool = False
    generator: str = "kl"
    floored: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, floor, truth, weak model, difference of the models."""
        return table_blocks(self.inputs, self.classes)

    def decode(self, z: Array) -> Instance:
        """Rows γ + (1-kγ)·softmax of the coordinates."""
        part = self.split(z)
        shape = (self.inputs, self.classes)
        floor = floor_from(part["floor"][0], self.classes)
        kept = floor if self.floored else 0.0 * floor
        weak = part["weak"].reshape(shape)
        strong = weak + part["difference"].reshape(shape)
        return Instance(
            weights=jax.nn.softmax(part["weights"]),
            truth=floored_softmax(part["truth"].reshape(shape), floor if self.positive_truth else 0.0 * floor),
            weak=floored_softmax(weak, kept),
            strong=floored_softmax(strong, kept),
            floor=floor,
            generator=self.generator,
        )

    def corners(self) -> tuple[Instance, ...]:
        """`table_corners` at the floor 1/1000 (or 1/(4k) if that is smaller)."""
        floor = min(1e-3, 0.25 / self.classes)
        lowest = floor if self.positive_truth else 0.0
        made = table_corners(self.inputs, self.classes, floor, lowest_truth=lowest)
        return tuple(replace(i, generator=self.generator) for i in made)

    def relax(self, hypothesis: str) -> World:
        """Without `floor`: rows may come as close to zero as softmax allows."""
        return replace(self, floored=False) if hypothesis == "floor" and self.floored else super().relax(hypothesis)


@dataclass(frozen=True)
class RealTables(World):
    """Real-valued outputs (m, k) with Gaussian predictive laws of noise σ: kind `real`."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Weights, log σ, truth, weak model, difference of the models."""
        cells = self.inputs * self.classes
        return (
            Block("weights", self.inputs),
            Block("sigma", 1),
            Block("truth", cells, 0.01, 10.0),
            Block("weak", cells, 0.01, 10.0),
            Block("difference", cells, 1e-8, 10.0),
        )

    def decode(self, z: Array) -> Instance:
        """The coordinates themselves are the outputs."""
        part = self.split(z)
        shape = (self.inputs, self.classes)
        weak = part["weak"].reshape(shape)
        return Instance(
            weights=jax.nn.softmax(part["weights"]),
            truth=part["truth"].reshape(shape),
            weak=weak,
            strong=weak + part["difference"].reshape(shape),
            floor=jnp.zeros(()),
            sigma=jnp.exp(part["sigma"][0]),
            kind="real",
        )

    def corners(self) -> tuple[Instance, ...]:
        """All equal; strong on the segment and on the line beyond; a weightless outlier."""
        line = np.ones((self.inputs, self.classes))
        uniform = np.full(self.inputs, 1 / self.inputs)
        outlier = np.zeros(self.inputs)
        outlier[0] = 1.0
        far = line.copy()
        far[-1] = 1e6
        cases = [
            (uniform, line, line, line),
            (uniform, 0 * line, line, 0.5 * line),
            (uniform, 0 * line, line, 2 * line),
            (outlier, 0 * line, line, far if self.inputs > 1 else line),
        ]
        return tuple(Instance(*c, floor=np.zeros(()), sigma=np.ones(()), kind="real") for c in cases)
