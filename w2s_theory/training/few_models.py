"""The best mixture of few models: equal weights, repetition allowed."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import float64, kl_term
from w2s_theory._types import Array, Table, Vector

MOST_MIXTURES = 50_000
_BLOCK = 512


def mixtures_of_few(models: int, members: int) -> int:
    """How many equal-weight mixtures of `members` models there are, $\\binom{M+r-1}{r}$."""
    return math.comb(models + members - 1, members)


@functools.lru_cache(maxsize=16)
def equal_weight_mixtures(models: int, members: int) -> np.ndarray:
    """Weights (N, M) of all mixtures of `members` of the models with repetition: the multiples of 1/r that sum to one.

    `ValueError` if there are more than `MOST_MIXTURES`.
    """
    number = mixtures_of_few(models, members)
    if number > MOST_MIXTURES:
        raise ValueError(f"{number} mixtures of {members} out of {models} models are more than {MOST_MIXTURES}")
    bars = np.array(list(itertools.combinations(range(models + members - 1), models - 1)), dtype=int)
    walls = np.concatenate(
        [np.full((number, 1), -1), bars.reshape(number, models - 1), np.full((number, 1), models + members - 1)], axis=1
    )
    return (np.diff(walls, axis=1) - 1) / members


@float64(static=("members",))
def mixtures_against(
    weights: Vector, models: Array, target: Table, table: Table, *, members: int
) -> tuple[jax.Array, jax.Array]:
    r"""$d_P(f,\text{target})$ and $\mathbb E\|f-\text{table}\|_1$, each (N,), of all equal-weight mixtures f.

    Mixtures are of `members` of the `models (M, m, k)`, repetition allowed; never are all of them held at once.
    """
    counted = weights[:, None] > 0
    goal = jnp.where(counted, target, 1.0)

    def one(shares: Array) -> tuple[jax.Array, jax.Array]:
        mixture = jnp.tensordot(shares, models, axes=1)
        terms = jnp.where(counted, kl_term(mixture, goal), 0.0)
        apart = jnp.where(counted, jnp.abs(mixture - table), 0.0)
        return jnp.sum(weights[:, None] * terms), jnp.sum(weights[:, None] * apart)

    return jax.lax.map(one, jnp.asarray(equal_weight_mixtures(models.shape[0], members)), batch_size=_BLOCK)


@float64(static=("members",))
def best_of_few(weights: Vector, models: Array, target: Table, *, members: int) -> jax.Array:
    r"""The equal-weight mixture f (m, k) of `members` models of smallest $d_P(f,\text{target})$, by enumeration."""
    objectives, _ = mixtures_against(weights, models, target, target, members=members)
    best = jnp.asarray(equal_weight_mixtures(models.shape[0], members))[jnp.argmin(objectives)]
    return jnp.tensordot(best, models, axes=1)
