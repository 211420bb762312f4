"""Many models of different capacity, data size and training length, trained in one compiled batch."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.experiments.pair_design import FLOOR, LEARNING_RATE, Budget
from w2s_theory.predictors.initial import initial_network
from w2s_theory.predictors.masked_network import Capacity, Network
from w2s_theory.training.adam import Fit, minimise_empirical_risk
from w2s_theory.training.empirical_risk import Sample


class Trained(NamedTuple):
    """Trained networks and their capacities, stacked over models (B, …), and the losses (B, longest + 1)."""

    networks: Network
    capacities: Capacity
    losses: np.ndarray

    def rows(self, inputs: np.ndarray) -> jax.Array:
        """Floored predictions (B, n, k) in float64 of inputs (n, p), or (B, n, p) with inputs of their own."""
        with jax.enable_x64(True):
            networks, capacities = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), self[:2])
            return _rows(inputs.ndim == 3)(networks, capacities, np.asarray(inputs, np.float64))


@functools.lru_cache(maxsize=2)
def _rows(own_inputs: bool) -> Callable[[Network, Capacity, np.ndarray], jax.Array]:
    def one(network: Network, capacity: Capacity, inputs: jax.Array) -> jax.Array:
        return network.rows(inputs, capacity, FLOOR)

    return compiled(jax.vmap(one, in_axes=(0, 0, 0 if own_inputs else None)))


def capacity_of(budget: Budget, features: int, hidden: int) -> Capacity:
    """Masks of `features` inputs and `hidden` units: the first ones are in use; float32."""
    seen = (np.arange(features) < budget.features).astype(np.float32)
    return Capacity(seen, (np.arange(hidden) < budget.hidden).astype(np.float32))


def train_batch(
    rngs: Sequence[np.random.Generator],
    budgets: Sequence[Budget],
    inputs: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
) -> Trained:
    """Train one model a budget, each started from its own generator, in float32.

    `inputs` (B, n, p), or (n, p) shared by all; `labels (B, n, k)`; `weights (B, n)`, zero for examples a model is
    not given.
    """
    hidden = max(1, *(budget.hidden for budget in budgets))
    capacities = [capacity_of(budget, inputs.shape[-1], hidden) for budget in budgets]
    networks = [initial_network(rng, c, labels.shape[-1]) for rng, c in zip(rngs, capacities, strict=True)]
    steps = np.array([budget.steps for budget in budgets])
    longest = int(steps.max())

    def fit(network: Network, capacity: Capacity, x: jax.Array, y: jax.Array, w: jax.Array, steps: jax.Array) -> Fit:
        sample = Sample(x, y, w)
        return minimise_empirical_risk(
            network, capacity, sample, steps, longest=longest, floor=FLOOR, learning_rate=LEARNING_RATE
        )

    mapped = compiled(jax.vmap(fit, in_axes=(0, 0, 0 if inputs.ndim == 3 else None, 0, 0, 0)))
    start, masks = (jax.tree.map(lambda *leaves: np.stack(leaves), *models) for models in (networks, capacities))
    made = mapped(start, masks, *(np.asarray(part, np.float32) for part in (inputs, labels, weights)), steps)
    return Trained(made.network, masks, np.asarray(made.losses))


def first_examples(budgets: Sequence[Budget], available: int) -> np.ndarray:
    """Weights (B, available): each model is given its first `examples` of the available ones, equally weighted."""
    given = np.array([budget.examples for budget in budgets])[:, None]
    return (np.arange(available) < given) / given
