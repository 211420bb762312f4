"""Claims with the same assumptions on the same worlds are compiled, and drawn for, together: most of it is shared."""

import functools
from typing import Any

import jax
import numpy as np
import pytest

from tests.compiled import compiled as quickly
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim
from w2s_theory.instance import Instance
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import Measurement, measure_together
from w2s_theory.verification.sweep import stack
from w2s_theory.worlds.world import World


@functools.cache
def family(claim: Claim) -> tuple[Claim, ...]:
    """All claims that assume what this one does, on the same first world; without assumptions, on the same worlds."""

    def key(c: Claim) -> object:
        return (c.assumes, c.worlds[0]) if c.assumes else c.worlds

    return tuple(c for c in CLAIMS if key(c) == key(claim))


def in_one_worker(claim: Claim) -> pytest.MarkDecorator:
    """A mark that brings all tests of a family to one worker."""
    return pytest.mark.xdist_group(family(claim)[0].id)


BATCH = 16
"""One batch size everywhere, so that every family of claims is compiled once a world."""

DRAWN = 640


@functools.lru_cache(maxsize=64)
def compiled(claims: tuple[Claim, ...]) -> Any:
    """Of a batch of instances, and a factor of right sides, the measurement of every claim by id."""

    def every(i: Instance, sharpened: Any) -> dict[str, Measurement]:
        return measure_together(claims, i, sharpened=sharpened)

    return quickly(jax.vmap(every, in_axes=(0, None)))


def all_measured(claims: tuple[Claim, ...], batch: Instance, sharpened: float = 1.0) -> dict[str, dict[str, Any]]:
    """Sides, error budgets and verdicts of a batch of instances, as NumPy arrays, of each of the claims by id."""
    with jax.enable_x64(True):
        made = jax.tree.map(np.asarray, compiled(claims)(batch, sharpened))
    return {
        name: {key: getattr(m, key) for key in ("lhs", "rhs", "slack", "error")}
        | {"verdict": np.array([CODES[code] for code in m.code])}
        for name, m in made.items()
    }


def measured(
    claim: Claim, batch: Instance, sharpened: float = 1.0, claims: tuple[Claim, ...] | None = None
) -> dict[str, Any]:
    """The same of one claim; compiled for all of `claims`, by default its family."""
    return all_measured(claims or family(claim), batch, sharpened)[claim.id]


def sampled(world: World, seed: int | list[int]) -> Instance:
    """A batch of random instances of a world."""
    return jax.tree.map(np.asarray, world.sample(np.random.default_rng(seed), BATCH))


def repeated(instance: Instance) -> Instance:
    """One instance as a batch."""
    return stack([instance] * BATCH)


def drawn_counterexample(claim: Claim, seed: int) -> Instance | None:
    """The instance, of 640 random ones of each world of a claim, that violates it most, if any does."""
    found = [_strained(family(claim), world, seed)[claim.id] for world in claim.worlds]
    return min(found, key=lambda pair: pair[0])[1]


@functools.lru_cache(maxsize=64)
def _strained(claims: tuple[Claim, ...], world: World, seed: int) -> dict[str, tuple[float, Instance | None]]:
    """The least slack of every claim among its violations on draws of a world, zero if there is none, and where."""
    least: dict[str, tuple[float, Instance | None]] = dict.fromkeys([claim.id for claim in claims], (0.0, None))
    for number in range(DRAWN // BATCH):
        batch = sampled(world, [seed, number])
        for name, m in all_measured(claims, batch).items():
            slack = np.where(m["verdict"] == Verdict.violated, m["slack"], 0.0)
            place = int(np.argmin(slack))
            if slack[place] < least[name][0]:
                least[name] = float(slack[place]), jax.tree.map(lambda leaf, at=place: leaf[at], batch)
    return least
