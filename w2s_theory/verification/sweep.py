"""Every claim on many random and adversarial instances: compiled batches, never a loop over instances."""

import functools
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array
from w2s_theory.claim import Claim, Status
from w2s_theory.instance import Instance
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import Measurement, evaluate_claim, finite_or_none, measure
from w2s_theory.worlds.world import World

_BLOCK = 5_000


class Worst(eqx.Module):
    """What a block of instances came to: counts by verdict, extremes, and the instance of least slack."""

    counts: Array
    min_slack: Array
    max_tightness: Array
    instance: Instance


def stack(instances: Iterable[Instance]) -> Instance:
    """Instances of one shape as one batched pytree."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *instances)


@functools.lru_cache(maxsize=512)
def block_runner(claim: Claim) -> Callable[[Instance, int], Worst]:
    """A compiled function from a batch of instances, and how many of them count, to what they came to."""

    def run(batch: Instance, wanted: Array) -> Worst:
        made = jax.vmap(functools.partial(measure, claim))(batch)
        return _summary(batch, made, jnp.arange(batch.weights.shape[0]) < wanted)

    return jax.jit(run)


def blocks(world: World, instances: int, seed: int) -> Iterator[tuple[Instance, int]]:
    """Batches of one size, each with the number of instances that count; the first begins with the corners.

    The draws depend on the seed and the world alone, so a claim's row is the same whatever else is swept.
    """
    size = min(_BLOCK, instances)
    for number in range(-(-instances // size)):
        rng = np.random.default_rng([seed, zlib.crc32(repr(world).encode()), number])
        batch = world.sample(rng, size)
        corners = world.corners()[:size] if number == 0 else ()
        if corners:
            batch = jax.tree.map(lambda a, b: jnp.concatenate([a, b[len(a) :]]).astype(b.dtype), stack(corners), batch)
        yield batch, min(size, instances - number * size)


def _summary(batch: Instance, made: Measurement, counted: Array) -> Worst:
    asked = (made.code != Verdict.hypotheses_not_met.code) & (made.code != Verdict.nonfinite.code)
    usable = counted & asked
    slack = jnp.where(usable, made.slack, jnp.inf)
    urgency = jnp.where(usable & (made.code == Verdict.violated.code), made.slack - 4.0, slack)
    worst = jnp.argmin(jnp.where(jnp.isnan(urgency), jnp.inf, urgency))
    return Worst(
        counts=jnp.sum((made.code[:, None] == jnp.arange(len(CODES))) & counted[:, None], axis=0),
        min_slack=jnp.min(slack),
        max_tightness=jnp.max(jnp.where(usable & ~jnp.isnan(made.tightness), made.tightness, -jnp.inf)),
        instance=jax.tree.map(lambda leaf: leaf[worst], batch),
    )


@dataclass(frozen=True)
class SweepRow:
    """One claim's row of `verify`: `verdict` is `holds`, `violated`, `refuted`, `not refuted` or `unresolved`.

    `instances` counts those on which the claim was asked: assumptions met, both sides finite.  `counterexample` is
    the instance of most negative slack found, after it was evaluated again on its own.
    """

    id: str
    status: Status
    instances: int
    min_slack: float | None
    max_tightness: float | None
    violations: int
    verdict: str
    worlds: tuple[str, ...]
    counterexample: Instance | None = None

    @property
    def passed(self) -> bool:
        """Whether the row is what the claim's status promises; an open claim passes whatever is found."""
        return {Status.proved: self.verdict == "holds", Status.refuted: self.verdict == "refuted"}.get(
            self.status, True
        )


def shares(worlds: tuple[World, ...], instances: int) -> list[int]:
    """How the instances of a sweep are divided among the worlds, by their `share`; they add up to `instances`."""
    total = sum(world.share for world in worlds)
    counts = [max(1, int(instances * world.share / total)) for world in worlds]
    largest = int(np.argmax([world.share for world in worlds]))
    counts[largest] += instances - sum(counts)
    return counts


def sweep_claim(claim: Claim, instances: int, seed: int) -> SweepRow:
    """Check one claim on `instances` instances of its worlds, corners included."""
    counts = np.zeros(len(CODES), int)
    slack, tightness, found = np.inf, -np.inf, []
    with jax.enable_x64(True):
        for world, share in zip(claim.worlds, shares(claim.worlds, instances), strict=True):
            for batch, wanted in blocks(world, share, seed):
                worst = block_runner(claim)(batch, wanted)
                counts += np.asarray(worst.counts)
                tightness = max(tightness, float(worst.max_tightness))
                slack = min(slack, float(worst.min_slack))
                if int(worst.counts[Verdict.violated.code]):
                    found.append(worst.instance)
    by_verdict = dict(zip(CODES, counts.tolist(), strict=True))
    confirmed, counterexample = _confirm(claim, found)
    asked = sum(by_verdict[v] for v in (Verdict.holds, Verdict.tight, Verdict.violated, Verdict.unresolved))
    return SweepRow(
        id=claim.id,
        status=claim.status,
        instances=asked,
        min_slack=finite_or_none(slack),
        max_tightness=finite_or_none(tightness),
        violations=by_verdict[Verdict.violated],
        verdict=_word(claim, by_verdict, confirmed),
        worlds=tuple(map(str, claim.worlds)),
        counterexample=counterexample,
    )


def _confirm(claim: Claim, found: list[Instance]) -> tuple[bool, Instance | None]:
    """The found instance of most negative slack that, evaluated alone, still violates the claim."""
    again = [(evaluate_claim(claim, instance), instance) for instance in found]
    held = [(e.slack, n) for n, (e, _) in enumerate(again) if e.verdict is Verdict.violated and e.slack is not None]
    return (True, again[min(held)[1]][1]) if held else (False, None)


def _word(claim: Claim, counts: dict[Verdict, int], confirmed: bool) -> str:
    if claim.status is Status.refuted:
        return "refuted" if confirmed else "not refuted"
    if counts[Verdict.violated]:
        return "violated"
    return "holds" if counts[Verdict.holds] + counts[Verdict.tight] else "unresolved"


def sweep(
    claims: Iterable[Claim],
    instances: int = 10_000,
    seed: int = 0,
    on_row: Callable[[SweepRow], Any] | None = None,
) -> list[SweepRow]:
    """`sweep_claim` for each claim, two at a time since compilation is most of the work; rows in order.

    Keys depend on the seed and the claim's id only, so a claim's row is the same whatever else is swept.
    """

    def one(claim: Claim) -> SweepRow:
        row = sweep_claim(claim, instances, seed)
        if on_row:
            on_row(row)
        return row

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(one, claims))
