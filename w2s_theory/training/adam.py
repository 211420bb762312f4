"""Empirical risk minimisation by Adam, full batch: one compiled scan, made to be vmapped over models."""

from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import optax

from w2s_theory._types import Array
from w2s_theory.predictors.masked_network import Capacity, Network
from w2s_theory.training.empirical_risk import Sample, empirical_risk


class Fit(NamedTuple):
    """The trained network, and the empirical risk before every step and after the last one, (longest + 1,)."""

    network: Network
    losses: jax.Array


def minimise_empirical_risk(
    network: Network,
    capacity: Capacity,
    sample: Sample,
    steps: Array | int,
    *,
    longest: int,
    floor: float,
    learning_rate: float,
) -> Fit:
    """Train `network` for `steps` ≤ `longest` steps of Adam on the cross-entropy of `sample`.

    The scan always has `longest` steps; those from `steps` on change nothing, so models of different training
    length share one compiled batch.  Runs in the precision of its arguments (float32 as `initial_network` makes them).
    """
    optimiser = optax.adam(learning_rate)
    loss_and_slope = jax.value_and_grad(empirical_risk)

    def step(
        state: tuple[Network, optax.OptState], time: jax.Array
    ) -> tuple[tuple[Network, optax.OptState], jax.Array]:
        current, memory = state
        loss, slope = loss_and_slope(current, capacity, sample, floor)
        change, memory = optimiser.update(slope, memory)
        kept = jax.tree.map(lambda c: jnp.where(time < steps, c, 0.0).astype(c.dtype), change)
        return (cast(Network, optax.apply_updates(cast(Any, current), kept)), memory), loss

    start = jax.tree.map(jnp.asarray, network)
    (trained, _), losses = jax.lax.scan(step, (start, optimiser.init(start)), jnp.arange(longest))
    last = empirical_risk(trained, capacity, sample, floor)
    return Fit(trained, jnp.append(losses, last))
