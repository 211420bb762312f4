"""Empirical cross-entropy of a floored network on soft labels."""

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.predictors.masked_network import Capacity, Network


class Sample(eqx.Module):
    """`inputs (n, p)`, soft `labels (n, k)` and `weights (n,)` that sum to one.

    An example of weight zero is not in the sample: samples of different size share one shape.
    """

    inputs: Array
    labels: Array
    weights: Array


def empirical_risk(network: Network, capacity: Capacity, sample: Sample, floor: Array | float) -> jax.Array:
    r"""$-\sum_nw_n\sum_iy_{n,i}\log F_i(x_n)$ in nats, F the floored softmax of the network's logits."""
    rows = network.rows(sample.inputs, capacity, floor)
    return -jnp.sum(sample.weights * jnp.sum(sample.labels * jnp.log(rows), axis=-1))
