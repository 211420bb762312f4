"""Pretraining of a representation on several tasks with frozen heads: all its steps in one compiled loop."""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.predictors.relu_network import ReluNetwork
from w2s_theory.training.minibatches import batch_weights, batches_per_epoch, shuffled_batches

MOST_REPORTS = 20


class FrozenTasks(NamedTuple):
    """T regression tasks: `inputs (T, n, p)`, `labels (T, n)`, frozen heads `slopes (T, units)` and `offsets (T,)`."""

    inputs: Array
    labels: Array
    slopes: Array
    offsets: Array


class Schedule(NamedTuple):
    """AdamW as PyTorch has it: `batch` examples a step, `learning_rate`, decoupled `weight_decay`."""

    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2


class Pretrained(NamedTuple):
    """The trained representation, and the squared loss averaged over the steps of each epoch, (epochs,)."""

    network: ReluNetwork
    losses: np.ndarray


def pretrain(
    network: ReluNetwork,
    tasks: FrozenTasks,
    key: Array,
    *,
    epochs: int,
    schedule: Schedule | None = None,
    told: Callable[[float], None] | None = None,
) -> Pretrained:
    r"""Train the representation h so that every frozen head $a_t^\top h(x)+b_t$ meets the labels of its task.

    One step is AdamW on the mean squared error of one batch of one task; the tasks take turns, so that an epoch has
    (batches an epoch) × T steps, and each epoch draws a fresh order of each task's examples.  Runs in the precision
    of its arguments.  `told(fraction)` hears of progress at most twenty times: the one compiled loop is called so
    often, each call going on where the last one ended.
    """
    calls = math.gcd(epochs, MOST_REPORTS)
    optimiser, loop = _compiled(schedule or Schedule())
    keys = jax.random.split(key, epochs).reshape(calls, epochs // calls)
    current = jax.tree.map(jnp.asarray, network)
    state: Any = (current, optimiser.init(current))
    losses = []
    for call in range(calls):
        state, part = loop(state, keys[call], tasks)
        losses.append(np.asarray(part))
        if told:
            told((call + 1) / calls)
    return Pretrained(jax.tree.map(np.asarray, state[0]), np.concatenate(losses))


@functools.lru_cache(maxsize=4)
def _compiled(schedule: Schedule) -> tuple[optax.GradientTransformation, Callable[..., Any]]:
    optimiser = optax.adamw(schedule.learning_rate, weight_decay=schedule.weight_decay)

    def loss(network: ReluNetwork, batch: FrozenTasks, weights: Array) -> jax.Array:
        made = network.representation(batch.inputs) @ batch.slopes + batch.offsets
        return jnp.sum(weights * (made - batch.labels) ** 2)

    def step(state: Any, given: tuple[FrozenTasks, Array]) -> tuple[Any, jax.Array]:
        network, memory = state
        value, slope = jax.value_and_grad(loss)(network, *given)
        change, memory = optimiser.update(slope, memory, cast(Any, network))
        return (optax.apply_updates(cast(Any, network), change), memory), value

    def in_turn(tasks: FrozenTasks, key: Array) -> FrozenTasks:
        """The batches of an epoch in the order of the steps: leaves (batches × T, …)."""
        number, examples = tasks.labels.shape
        order = jax.vmap(lambda k: shuffled_batches(k, examples, schedule.batch))(jax.random.split(key, number))
        turns = batches_per_epoch(examples, schedule.batch)

        def drawn(table: Array) -> jax.Array:
            batches = jax.vmap(lambda rows, chosen: rows[chosen])(jnp.asarray(table), order)
            return jnp.swapaxes(batches, 0, 1).reshape(turns * number, schedule.batch, *table.shape[2:])

        def repeated(table: Array) -> jax.Array:
            return jnp.tile(table, (turns, *[1] * (table.ndim - 1)))

        return FrozenTasks(drawn(tasks.inputs), drawn(tasks.labels), repeated(tasks.slopes), repeated(tasks.offsets))

    def loop(state: Any, keys: Array, tasks: FrozenTasks) -> tuple[Any, jax.Array]:
        number, examples = tasks.labels.shape
        weights = np.repeat(batch_weights(examples, schedule.batch), number, axis=0)

        def epoch(state: Any, key: Array) -> tuple[Any, jax.Array]:
            state, losses = jax.lax.scan(step, state, (in_turn(tasks, key), jnp.asarray(weights)))
            return state, jnp.mean(losses)

        return jax.lax.scan(epoch, state, keys)

    return optimiser, compiled(loop)
