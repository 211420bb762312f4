"""Quantiles of a sample with exact, distribution-free confidence limits."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64
from w2s_theory._types import Array, Scalar, Vector


class QuantileInterval(NamedTuple):
    """A quantile as `estimate`, and exact confidence limits `low` and `high`, infinite where the sample is too small.

    The level of the limits is at least the confidence asked for, whatever the distribution.
    """

    estimate: Array
    low: Array
    high: Array


@float64
def quantile_interval(values: Vector, probability: Scalar, confidence: Scalar) -> QuantileInterval:
    r"""The p-quantile of the distribution that the R `values` are independent draws of.

    `low` is the largest order statistic $v_{(l)}$ with $P(B\ge l)\ge1-\alpha/2$ and `high` the smallest $v_{(u)}$ with
    $P(B\le u-1)\ge1-\alpha/2$, where $B\sim\mathrm{Bin}(R,p)$ and $1-\alpha$ is the confidence.  For any number c,
    `low` > c exactly if the lower Clopper–Pearson limit of P(v > c) is above 1 - p.
    """
    values, p = jnp.sort(jnp.asarray(values)), jnp.asarray(probability)
    total = values.shape[0]
    level = 1.0 - 0.5 * (1.0 - jnp.asarray(confidence))
    rank = jnp.arange(1.0, total + 1.0)
    at_least = jax.scipy.special.betainc(rank, total - rank + 1.0, p)
    low = jnp.max(jnp.where(at_least >= level, values, -jnp.inf))
    high = jnp.min(jnp.where(1.0 - at_least >= level, values, jnp.inf))
    chosen = jnp.clip(jnp.ceil(p * total).astype(int) - 1, 0, total - 1)
    return QuantileInterval(values[chosen], low, high)
