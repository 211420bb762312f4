"""Mini-batches of a data set in a fresh random order, inside a compiled loop."""

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array


def batches_per_epoch(examples: int, size: int) -> int:
    """How many batches of `size` it takes to see every example once, the last one being smaller."""
    return -(-examples // size)


def batch_weights(examples: int, size: int) -> np.ndarray:
    """Weights (batches, size) of the places in each batch: one over its number of examples, zero for filled places."""
    batches = batches_per_epoch(examples, size)
    taken = np.minimum(size, examples - size * np.arange(batches))[:, None]
    return np.where(np.arange(size) < taken, 1.0 / taken, 0.0).astype(np.float32)


def shuffled_batches(key: Array, examples: int, size: int) -> jax.Array:
    """Indices (batches, size): a random order of the examples; places filled up in the last batch have weight zero."""
    order = jax.random.permutation(key, examples)
    missing = batches_per_epoch(examples, size) * size - examples
    return jnp.concatenate([order, jnp.zeros(missing, order.dtype)]).reshape(-1, size)
