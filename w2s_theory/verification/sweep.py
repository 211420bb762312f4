"""Every claim on many random and adversarial instances: compiled batches, never a loop over instances."""

import functools
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from w2s_theory.claim import Claim, Status
from w2s_theory.instance import Instance
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import Measurement, evaluate_claim, finite_or_none, measure
from w2s_theory.worlds.world import World

_BLOCK = 5_000
_SHORT = 50_000
_ASKED = (Verdict.holds, Verdict.tight, Verdict.violated, Verdict.unresolved)


def stack(instances: Iterable[Instance]) -> Instance:
    """Instances of one shape as one batched pytree."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *instances)


@functools.lru_cache(maxsize=512)
def _batch_measure(claim: Claim, optimised: bool) -> Callable[[Instance], Measurement]:
    """`measure` over a batch; in a short sweep compiling is most of the work, so it is left unoptimised."""
    options = {} if optimised else {"xla_backend_optimization_level": 0}
    return jax.jit(jax.vmap(functools.partial(measure, claim)), compiler_options=options)


def blocks(world: World, instances: int, seed: int, *, corners: bool) -> Iterator[tuple[Instance, int]]:
    """Batches of one size, each with the number of its instances that count; the first may begin with the corners."""
    size = math.ceil(_BLOCK * world.share)
    for number in range(-(-instances // size)):
        yield _block(world, size, number, seed, corners and number == 0), min(size, instances - number * size)


@functools.lru_cache(maxsize=32)
def _block(world: World, size: int, number: int, seed: int, with_corners: bool) -> Instance:
    """Batch `number` of a world, the same for every claim: the draws depend on the world and the seed alone."""
    rng = np.random.default_rng([seed, zlib.crc32(repr(world).encode()), number])
    batch = jax.tree.map(np.asarray, world.sample(rng, size))
    corners = world.corners()[:size] if with_corners else ()
    if not corners:
        return batch
    return jax.tree.map(lambda a, b: np.concatenate([a, b[len(a) :]]).astype(b.dtype), stack(corners), batch)


@dataclass(frozen=True)
class SweepRow:
    """One claim's row of `verify`: `verdict` is `holds`, `violated`, `refuted`, `not refuted` or `unresolved`.

    `instances` counts those on which the claim was asked: assumptions met, both sides finite.  `counterexample` is
    a violating instance, within a tenth of the most negative slack, that was evaluated again on its own.
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
    """How the instances of a sweep are divided among the worlds, by their `share`; they add up to `instances`.

    What division leaves over goes to the worlds in order, those of small tables first.
    """
    total = sum(world.share for world in worlds)
    counts = [int(instances * world.share / total) for world in worlds]
    order = sorted(range(len(worlds)), key=lambda number: -worlds[number].share)
    for number in range(instances - sum(counts)):
        counts[order[number % len(worlds)]] += 1
    return counts


def sweep_claim(claim: Claim, instances: int, seed: int) -> SweepRow:
    """Check one claim on `instances` instances of its worlds.

    A proved claim is checked on the worlds' corners too; a refuted one must be refuted by random draws alone.
    """
    corners = claim.status is not Status.refuted
    counts = dict.fromkeys(CODES, 0)
    slack, tightness = np.inf, -np.inf
    found: list[tuple[float, float, Instance]] = []
    for world, share in zip(claim.worlds, shares(claim.worlds, instances), strict=True):
        for batch, wanted in blocks(world, share, seed, corners=corners) if share else ():
            with jax.enable_x64(True):
                made = _batch_measure(claim, instances > _SHORT)(batch)
                made = jax.tree.map(lambda leaf, n=wanted: np.asarray(leaf)[:n], made)
            for verdict in CODES:
                counts[verdict] += int(np.sum(made.code == verdict.code))
            asked = np.isin(made.code, [verdict.code for verdict in _ASKED])
            slack = min(slack, np.min(made.slack, where=asked, initial=np.inf))
            tightness = max(tightness, np.nanmax(np.where(asked, made.tightness, -np.inf), initial=-np.inf))
            violated = made.code == Verdict.violated.code
            if violated.any():
                place = _plainest(np.where(violated, made.slack, np.inf), made.rhs)
                found.append((made.slack[place], made.rhs[place], jax.tree.map(lambda leaf, n=place: leaf[n], batch)))
    counterexample = found[_plainest(*np.array([f[:2] for f in found]).T)][2] if found else None
    confirmed = counterexample is not None and evaluate_claim(claim, counterexample).verdict is Verdict.violated
    return SweepRow(
        id=claim.id,
        status=claim.status,
        instances=sum(counts[verdict] for verdict in _ASKED),
        min_slack=finite_or_none(slack),
        max_tightness=finite_or_none(tightness),
        violations=counts[Verdict.violated],
        verdict=_word(claim, counts, confirmed),
        worlds=tuple(map(str, claim.worlds)),
        counterexample=counterexample if confirmed else None,
    )


def _plainest(slack: np.ndarray, rhs: np.ndarray) -> int:
    """Among the violations within a tenth of the worst, the one whose right side is largest: far from any tie."""
    return int(np.argmax(np.where(slack <= 0.9 * np.min(slack), rhs, -np.inf)))


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

    Draws depend on the seed and the world alone, so a claim's row is the same whatever else is swept.
    """

    def one(claim: Claim) -> SweepRow:
        row = sweep_claim(claim, instances, seed)
        if on_row:
            on_row(row)
        return row

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(one, claims))
