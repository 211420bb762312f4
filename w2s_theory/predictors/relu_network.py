"""Multilayer representations with rectified units: what a linear head is put on."""

import itertools
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array


class ReluNetwork(eqx.Module):
    r"""$h(x)=\mathrm{relu}(W_L^\top\cdots\mathrm{relu}(W_1^\top x+b_1)\cdots+b_L)$, rectified after *every* layer.

    `weights` holds the $W_l$ (units below, units), `biases` the $b_l$ (units,).
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def representation(self, inputs: Array) -> jax.Array:
        """Features h (n, units) of `inputs (n, p)`, in the precision of network and inputs."""
        units = jnp.asarray(inputs)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            units = jax.nn.relu(units @ weight + bias)
        return units


def random_linear(rng: np.random.Generator, inward: int, outward: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Weights (inward, outward) and biases (outward,), uniform on $\pm1/\sqrt{\text{inward}}$; float32.

    PyTorch's default for linear layers.
    """
    reach = inward**-0.5
    weights, biases = rng.uniform(-reach, reach, (inward, outward)), rng.uniform(-reach, reach, outward)
    return weights.astype(np.float32), biases.astype(np.float32)


def random_relu_network(rng: np.random.Generator, sizes: Sequence[int]) -> ReluNetwork:
    """A network from `sizes[0]` inputs through layers of `sizes[1:]` units, each started by `random_linear`."""
    layers = [random_linear(rng, *pair) for pair in itertools.pairwise(sizes)]
    weights, biases = zip(*layers, strict=True)
    return ReluNetwork(weights, biases)


def perturbed_network(rng: np.random.Generator, network: ReluNetwork, scale: float) -> ReluNetwork:
    """The network with independent Gaussian noise of standard deviation `scale` added to every parameter."""

    def moved(leaf: Any) -> np.ndarray:
        return (leaf + scale * rng.standard_normal(leaf.shape)).astype(np.float32)

    return jax.tree.map(moved, network)
