"""How much a claim fails as one of its hypotheses fails more and more: the largest violation at each strength."""

import functools
import zlib
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from w2s_theory._numerics import compiled
from w2s_theory._repeats import without_repeats
from w2s_theory._types import Array
from w2s_theory.claim import Claim
from w2s_theory.instance import Hypothesis, Instance
from w2s_theory.verdict import Verdict
from w2s_theory.verification.evaluation import measure
from w2s_theory.verification.search import RATE, ends, objective, without
from w2s_theory.worlds.world import World

_PRICE = 30.0
"""Penalty per unit of strength beyond the limit, in units of the sides."""
_INSIDE = 0.98
"""The penalty starts at this share of the limit, so that climbers end inside it."""


@dataclass(frozen=True)
class Frontier:
    """`violation[n]` is the largest lhs - rhs found with a strength of at most `limits[n]`, at `instances[n]`.

    The strength of a failing hypothesis is minus its margin: the distance of the truth from the class, say.  Where no
    violation was found the entry is zero and the instance None.
    """

    limits: np.ndarray
    violation: np.ndarray
    instances: tuple[Instance | None, ...]
    evaluations: int


@functools.lru_cache(maxsize=8)
def compiled_climb(claim: Claim, hypothesis: Hypothesis, world: World, count: int, steps: int) -> Any:
    """Compiled: gradient steps of `count` climbers, each with a limit of its own; the best z of each."""
    edge = ends(world, "violation")
    optimiser = optax.adam(optax.cosine_decay_schedule(RATE, steps, alpha=0.01))

    @without_repeats
    def value(z: Array, limit: Array) -> tuple[Array, Array]:
        i = world.decode(z)
        excess, strength = objective(claim, "violation", i), -hypothesis.margin(i)
        return excess - _PRICE * jnp.maximum(strength - _INSIDE * limit, 0.0), jnp.where(
            strength <= limit, excess, -jnp.inf
        )

    each = jax.vmap(jax.value_and_grad(value, has_aux=True))

    def climb(z: Array, limits: Array) -> Array:
        def step(state: tuple, _: None) -> tuple[tuple, None]:
            z, moments, best, best_z = state
            (now, allowed), slope = each(z, limits)
            better = allowed > best
            best, best_z = jnp.where(better, allowed, best), jnp.where(better[:, None], z, best_z)
            usable = jnp.all(jnp.isfinite(slope), axis=1, keepdims=True) & jnp.isfinite(now)[:, None]
            update, moments = optimiser.update(jnp.where(usable, -slope, 0.0), moments)
            return (jnp.clip(z + update, -edge, edge), moments, best, best_z), None

        begin = (z, optimiser.init(z), jnp.full(count, -jnp.inf), z)
        return jax.lax.scan(step, begin, length=steps)[0][3]

    with jax.enable_x64(True):
        shapes = jax.ShapeDtypeStruct((count, world.dim), np.float64), jax.ShapeDtypeStruct((count,), np.float64)
        return compiled(climb).lower(*shapes).compile()


def frontier(
    claim: Claim, dropped: str, world: World, limits: np.ndarray, *, seed: int = 0, starts: int = 64, steps: int = 150
) -> Frontier:
    """The frontier of `claim` without hypothesis `dropped`, in `world` relaxed, from `starts` random starts a limit.

    Limits (n,) increase; since an instance within one limit is within all larger ones, so do the violations.
    `InputError` for an unknown hypothesis.
    """
    relaxed = without(claim, dropped)
    hypothesis = next(h for h in claim.assumes if h.name == dropped)
    free = world.relax(dropped)
    count = starts * len(limits)
    rng = np.random.default_rng([seed, zlib.crc32(repr(free).encode())])

    @without_repeats
    def judged(z: Array) -> tuple[Array, Array, Array, Instance]:
        i = free.decode(z)
        made = measure(relaxed, i)
        return made.slack, made.code, -hypothesis.margin(i), i

    with jax.enable_x64(True):
        z = compiled_climb(relaxed, hypothesis, free, count, steps)(free.draw(rng, count), np.repeat(limits, starts))
        slack, code, strength, batch = jax.tree.map(np.asarray, compiled(jax.vmap(judged), optimised=False)(z))
    violation = np.where(code == Verdict.violated.code, -slack, 0.0)
    best = [int(np.argmax(np.where(strength <= limit, violation, 0.0))) for limit in limits]
    instances = tuple(jax.tree.map(lambda leaf, n=n: leaf[n], batch) if violation[n] > 0 else None for n in best)
    return Frontier(limits, np.array([violation[n] for n in best]), instances, count * steps)
