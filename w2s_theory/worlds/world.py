"""The interface of every world: unconstrained coordinates in, instances out."""

import functools
from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.instance import Instance

_FEW = 1_000


def decode_batch(world: "World", z: np.ndarray) -> Instance:
    """Instances at coordinates (count, dim) as one batched pytree, in float64; compiled once a world and count."""
    with jax.enable_x64(True):
        return batch_decoder(world, len(z))(z)


@functools.lru_cache(maxsize=64)
def batch_decoder(world: "World", count: int) -> jax.stages.Compiled:
    """`decode` of `count` coordinates (count, dim) at once, compiled for float64."""
    with jax.enable_x64(True):
        coordinates = jax.ShapeDtypeStruct((count, world.dim), np.float64)
        return compiled(jax.vmap(world.decode), optimised=count > _FEW).lower(coordinates).compile()


@dataclass(frozen=True)
class Block:
    """A named run of coordinates; random instances scale it by a factor log-uniform in [smallest, largest]."""

    name: str
    size: int
    smallest: float = 0.1
    largest: float = 3.0


def table_blocks(inputs: int, classes: int, *, rows: int | None = None, largest: float = 8.0) -> tuple[Block, ...]:
    """Coordinates of a table: weights, floor, truth, weak logits and the student's difference from them.

    The models have `rows` rows (by default one an input), with logits of size up to about `largest`.
    """
    cells = (inputs if rows is None else rows) * classes
    return (
        Block("weights", inputs),
        Block("floor", 1, 0.5, 6.0),
        Block("truth", inputs * classes, 0.3, 30.0),
        Block("weak", cells, 0.1, largest),
        Block("difference", cells, 1e-8, largest),
    )


@dataclass(frozen=True)
class World(ABC):
    """A generator of instances with `inputs` m and `classes` k.

    `decode(z)` is smooth in z wherever the instance is not made of ties, and z = 0 is the simplest instance, so
    that shrinking towards zero is natural.
    """

    inputs: int
    classes: int

    @property
    def share(self) -> float:
        """How many instances of a sweep this world gets, relative to a world of small tables."""
        return 1.0

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The coordinates of z, in order."""

    @property
    def dim(self) -> int:
        """Length of z."""
        return sum(block.size for block in self.blocks)

    def split(self, z: Array) -> dict[str, Array]:
        """The coordinates by block name."""
        return {block.name: part for block, part in zip(self.blocks, jnp.split(z, self._ends), strict=True)}

    @property
    def _ends(self) -> np.ndarray:
        return np.cumsum([block.size for block in self.blocks])[:-1]

    @abstractmethod
    def decode(self, z: Array) -> Instance:
        """The instance at coordinates z (dim,)."""

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random coordinates (count, dim): Gaussian, each block at a random scale, so that near-equality is not rare.

        Drawn by NumPy, whose generators need no compilation.
        """
        low = np.log([block.smallest for block in self.blocks])
        high = np.log([block.largest for block in self.blocks])
        scale = np.exp(low + (high - low) * rng.random((count, len(self.blocks))))
        z = rng.standard_normal((count, self.dim))
        for columns, factor in zip(np.split(z, self._ends, axis=1), scale.T, strict=True):
            columns *= factor[:, None]
        return z

    def sample(self, rng: np.random.Generator, count: int) -> Instance:
        """`count` random instances as one batched pytree, in float64."""
        return decode_batch(self, self.draw(rng, count))

    def corners(self) -> tuple[Instance, ...]:
        """Instances at the edges of the domain, of one common shape; random coordinates rarely come near them."""
        return ()

    def relax(self, hypothesis: str) -> "World":
        """The world without the assumption named; `ValueError` if the world does not impose it."""
        raise ValueError(f"{type(self).__name__} imposes no hypothesis {hypothesis!r}")

    def __str__(self) -> str:
        return f"{type(self).__name__}(inputs={self.inputs}, classes={self.classes})"
