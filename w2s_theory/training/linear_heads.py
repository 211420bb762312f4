"""Many linear heads on one frozen representation, trained together by mini-batch Adam in one compiled loop."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.training.minibatches import batch_weights, shuffled_batches


class LinearHeads(NamedTuple):
    """Heads θ (p, T), one column a task, and their squared loss averaged over tasks and steps of each epoch."""

    parameters: np.ndarray
    losses: np.ndarray


def fit_linear_heads(
    start: Array, features: Array, labels: Array, key: Array, *, epochs: int, batch: int, learning_rate: float
) -> LinearHeads:
    r"""Minimise $\tfrac1n\sum_n(\varphi_n^\top\theta_t-y_{n,t})^2$ over each head by Adam, from `start (p, T)`.

    `features (n, p)` are shared by all tasks, `labels (n, T)` are their own.  All heads see the same batches, in an
    order drawn afresh each epoch: one product of matrices a step serves them all, and each head takes exactly the
    steps it would take alone.  Runs in the precision of its arguments.
    """
    keys = jax.random.split(key, epochs)
    made, losses = _compiled(batch, learning_rate)(start, features, labels, keys)
    return LinearHeads(np.asarray(made), np.asarray(losses))


@functools.lru_cache(maxsize=4)
def _compiled(batch: int, learning_rate: float) -> Callable[..., tuple[jax.Array, jax.Array]]:
    optimiser = optax.adam(learning_rate)

    def loss(heads: Array, features: Array, labels: Array, weights: Array) -> jax.Array:
        return jnp.sum(weights[:, None] * (features @ heads - labels) ** 2)

    def step(state: Any, given: tuple[Array, Array, Array]) -> tuple[Any, jax.Array]:
        heads, memory = state
        value, slope = jax.value_and_grad(loss)(heads, *given)
        change, memory = optimiser.update(slope, memory)
        return (optax.apply_updates(heads, change), memory), value

    def loop(start: Array, features: Array, labels: Array, keys: Array) -> tuple[Any, jax.Array]:
        features, labels = jnp.asarray(features), jnp.asarray(labels)
        examples, tasks = labels.shape
        weights = jnp.asarray(batch_weights(examples, batch))

        def epoch(state: Any, key: Array) -> tuple[Any, jax.Array]:
            chosen = shuffled_batches(key, examples, batch)
            state, losses = jax.lax.scan(step, state, (features[chosen], labels[chosen], weights))
            return state, jnp.mean(losses) / tasks

        heads = jnp.asarray(start)
        (heads, _), losses = jax.lax.scan(epoch, (heads, optimiser.init(heads)), keys)
        return heads, losses

    return compiled(loop)
