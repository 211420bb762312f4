"""Every claim on many random and adversarial instances: compiled batches, never a loop over instances."""

import functools
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import jax
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.claim import Claim, Status
from w2s_theory.instance import Instance
from w2s_theory.processes import Spread
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import Measurement, finite_or_none, measure_together
from w2s_theory.verification.in_order import in_order, unawaited_threads
from w2s_theory.worlds.world import World, batch_decoder

A = TypeVar("A")
B = TypeVar("B")

_BLOCK = 5_000
_BLOCKS_A_PART = 40
_SMALLEST = 64
_SHORT = 50_000
_ASKED = (Verdict.holds, Verdict.tight, Verdict.violated, Verdict.unresolved)


def stack(instances: Iterable[Instance]) -> Instance:
    """Instances of one shape as one batched pytree."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *instances)


@functools.lru_cache(maxsize=256)
def batch_measure(claims: tuple[Claim, ...], world: World, size: int, optimised: bool) -> jax.stages.Compiled:
    """`measure` of several claims over a batch, by id; short sweeps are mostly compiling, so not `optimised`."""
    measured = functools.partial(measure_together, claims)
    with jax.enable_x64(True):
        batch = jax.eval_shape(jax.vmap(world.decode), jax.ShapeDtypeStruct((size, world.dim), np.float64))
        return compiled(jax.vmap(measured), optimised=optimised).lower(batch).compile()


def _size(world: World, instances: int) -> int:
    """Instances in a batch of this world when every claim of a sweep gets `instances`."""
    return math.ceil(world.share * min(_BLOCK, max(instances, _SMALLEST / world.share)))


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
    a violating instance, with at least four fifths of the largest violation that was seen in another batch too.
    `worst` is the violating instance, or if there is none the one asked, of least slack, `worst_slack`.  `by_world`
    has for each world how often the claim was asked there, and violated.
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
    worst: Instance | None = None
    worst_slack: float | None = None
    by_world: tuple[tuple[str, int, int], ...] = ()

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


class Tally:
    """What some of a sweep's batches have shown of one claim."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(CODES, 0)
        self.slack, self.tightness = np.inf, -np.inf
        self.found: list[tuple[float, float, Instance]] = []
        self.worst: tuple[bool, float, Instance | None] = (False, -np.inf, None)
        self.by_world: dict[str, tuple[int, int]] = {}

    def add(self, world: World, made: Measurement, batch: Instance) -> None:
        """Count a batch of `world`."""

        def instance(place: int) -> Instance:
            return jax.tree.map(lambda leaf: leaf[place].copy(), batch)  # a view would keep the batch

        code, slack = np.asarray(made.code), np.asarray(made.slack)
        for verdict in CODES:
            self.counts[verdict] += int(np.sum(code == verdict.code))
        asked = np.isin(code, [verdict.code for verdict in _ASKED])
        self.slack = min(self.slack, np.min(slack, where=asked, initial=np.inf))
        self.tightness = max(self.tightness, np.nanmax(np.where(asked, made.tightness, -np.inf), initial=-np.inf))
        violated = code == Verdict.violated.code
        strained = np.where(violated if violated.any() else asked, slack, np.inf)
        worst = int(np.argmin(strained))
        if asked.any() and (bool(violated.any()), -float(strained[worst])) > self.worst[:2]:
            self.worst = bool(violated.any()), -float(strained[worst]), instance(worst)
        self._count(str(world), int(asked.sum()), int(violated.sum()))
        if violated.any():
            place = _plainest(np.where(violated, slack, np.inf), np.asarray(made.rhs))
            self.found = lasting([*self.found, (slack[place], np.asarray(made.rhs)[place], instance(place))])

    def merge(self, later: "Tally") -> None:
        """Count what the batches after these have shown."""
        for verdict in CODES:
            self.counts[verdict] += later.counts[verdict]
        self.slack, self.tightness = min(self.slack, later.slack), max(self.tightness, later.tightness)
        if later.worst[:2] > self.worst[:2]:
            self.worst = later.worst
        for world, counts in later.by_world.items():
            self._count(world, *counts)
        self.found = lasting([*self.found, *later.found])

    def _count(self, world: str, asked: int, violated: int) -> None:
        before = self.by_world.get(world, (0, 0))
        self.by_world[world] = before[0] + asked, before[1] + violated

    @property
    def asked(self) -> int:
        """Instances on which the assumptions are met and both sides finite."""
        return sum(self.counts[verdict] for verdict in _ASKED)

    @property
    def violations(self) -> int:
        """Instances among them that violate the claim."""
        return self.counts[Verdict.violated]

    def row(self, claim: Claim) -> SweepRow:
        """The row of `claim`."""
        found = self.found
        counterexample = found[_plainest(*np.array([f[:2] for f in found]).T)][2] if found else None
        return SweepRow(
            id=claim.id,
            status=claim.status,
            instances=self.asked,
            min_slack=finite_or_none(self.slack),
            max_tightness=finite_or_none(self.tightness),
            violations=self.violations,
            verdict=_word(claim, self.counts, counterexample is not None),
            worlds=tuple(map(str, claim.worlds)),
            counterexample=counterexample,
            worst=self.worst[2],
            worst_slack=finite_or_none(-self.worst[1]),
            by_world=tuple((world, asked, violated) for world, (asked, violated) in self.by_world.items()),
        )


def lasting(found: list[tuple[float, float, A]]) -> list[tuple[float, float, A]]:
    """Those of the violations (slack, rhs, instance) found so far that can be the plainest of all in the end.

    One below nine tenths of the worst cannot, nor one beside another that is at least as bad and is preferred to it.
    A few are left, however many were found.
    """
    limit = 0.9 * min((slack for slack, _, _ in found), default=0.0)
    kept: list[int] = []
    preferred = -np.inf, 0
    for number in sorted(range(len(found)), key=lambda n: (found[n][0], -found[n][1], n)):
        slack, rhs, _ = found[number]
        if slack <= limit and (rhs, -number) > preferred:
            kept.append(number)
            preferred = rhs, -number
    return [found[number] for number in sorted(kept)]


@dataclass(frozen=True)
class Program:
    """Claims that are compiled together, for batches of `size` of a world; `counts` are the instances each gets."""

    claims: tuple[Claim, ...]
    counts: tuple[int, ...]
    world: World
    corners: bool
    size: int
    optimised: bool
    seed: int


@dataclass(frozen=True)
class Part:
    """The batches of a program from number `first` on, up to number `end`."""

    program: Program
    first: int
    end: int


def programs(claims: Iterable[Claim], instances: int, seed: int, corners: bool = True) -> list[Program]:
    """What a sweep of claims about the same class of instances consists of; it depends on nothing else.

    With `corners`, proved claims are asked at the worlds' corners first; without, at random draws alone.
    """
    wanted: dict[tuple[World, bool], dict[Claim, int]] = {}
    for claim in claims:
        for world, share in zip(claim.worlds, shares(claim.worlds, instances), strict=True):
            first = corners and claim.status is not Status.refuted and bool(world.corners())
            if share:
                wanted.setdefault((world, first), {})[claim] = share
    made = []
    for (world, first), counts in wanted.items():
        optimised = max(counts.values()) > _SHORT * world.share
        size = _size(world, instances)
        made.append(Program(tuple(counts), tuple(counts.values()), world, first, size, optimised, seed))
    return made


def parts(program: Program) -> Iterator[Part]:
    """The parts of a program, in order: as many batches each as take seconds."""
    batches = -(-max(program.counts) // program.size)
    for first in range(0, batches, _BLOCKS_A_PART):
        yield Part(program, first, min(first + _BLOCKS_A_PART, batches))


def tallied_part(part: Part) -> list[Tally]:
    """What the batches of a part show of each of its claims."""
    program = part.program
    measured = batch_measure(program.claims, program.world, program.size, program.optimised)
    batch_decoder(program.world, program.size)  # compiled here: two threads would do it twice
    tallies = [Tally() for _ in program.claims]

    def drawn_and_measured(number: int) -> tuple[int, Instance, dict[str, Measurement]]:
        batch = _block(program.world, program.size, number, program.seed, program.corners and number == 0)
        with jax.enable_x64(True):
            return number, batch, jax.tree.map(np.asarray, measured(batch))

    for number, batch, made in in_order(drawn_and_measured, range(part.first, part.end), threads=2):
        for claim, count, tally in zip(program.claims, program.counts, tallies, strict=True):
            left = count - number * program.size
            if left > 0:
                tally.add(program.world, jax.tree.map(lambda leaf, n=left: leaf[:n], made[claim.id]), batch)
    _confirm(tallies, program, measured)
    return tallies


def _confirm(tallies: Sequence[Tally], program: Program, measured: Callable[[Instance], Any]) -> None:
    """Keep, of the violating instances that were found, those that violate their claim all over another batch."""
    found = [(claim, tally, f) for claim, tally in zip(program.claims, tallies, strict=True) for f in tally.found]
    for tally in tallies:
        tally.found = []
    for first in range(0, len(found), program.size):
        again = found[first : first + program.size]
        places = np.arange(program.size) % len(again)
        batch = jax.tree.map(lambda leaf, places=places: leaf[places], stack(f[2] for _, _, f in again))
        with jax.enable_x64(True):
            made = measured(batch)
        for place, (claim, tally, f) in enumerate(again):
            if (np.asarray(made[claim.id].code)[place :: len(again)] == Verdict.violated.code).all():
                tally.found.append(f)


def _merged(claims: Iterable[Claim], planned: Iterable[Program], made: Iterator[list[Tally]]) -> dict[Claim, Tally]:
    """The tallies of all parts of the programs, which `made` has in order, one a claim."""
    tallies = {claim: Tally() for claim in claims}
    for program in planned:
        for _ in parts(program):
            for claim, tally in zip(program.claims, next(made), strict=True):
                tallies[claim].merge(tally)
    return tallies


def sweep_claim(claim: Claim, instances: int, seed: int) -> SweepRow:
    """Check one claim on `instances` instances of its worlds.

    A proved claim is checked on the worlds' corners too; a refuted one must be refuted by random draws alone.
    """
    return tallied((claim,), instances, seed)[0].row(claim)


def tallied(claims: Sequence[Claim], instances: int, seed: int, corners: bool = True) -> list[Tally]:
    """A sweep of claims about the same class of instances: what they share is computed once a batch.

    `corners` as in `programs`.
    """
    planned = programs(claims, instances, seed, corners)
    made = (tallied_part(part) for program in planned for part in parts(program))
    return list(_merged(claims, planned, made).values())


def _plainest(slack: np.ndarray, rhs: np.ndarray) -> int:
    """Among the violations within a tenth of the worst, the one whose right side is largest: far from any tie."""
    return int(np.argmax(np.where(slack <= 0.9 * np.min(slack), rhs, -np.inf)))


def _word(claim: Claim, counts: dict[Verdict, int], confirmed: bool) -> str:
    if claim.status is Status.refuted:
        return "refuted" if confirmed else "not refuted"
    if counts[Verdict.violated]:
        return "violated"
    return "holds" if counts[Verdict.holds] + counts[Verdict.tight] else "unresolved"


def two_programs_at_a_time(function: Callable[[Any], B], values: Iterable[Any], /) -> Iterator[B]:
    """A `Spread` of parts on two threads of this process; those of a program on one, which compiles it once."""

    def one(of_program: list[Part]) -> list[B]:
        return [function(part) for part in of_program]

    with unawaited_threads(2) as pool:
        for made in pool.map(one, [list(group) for _, group in groupby(values, key=lambda part: part.program)]):
            yield from made


def sweep(
    claims: Iterable[Claim],
    instances: int = 10_000,
    seed: int = 0,
    on_row: Callable[[SweepRow], Any] | None = None,
    spread: Spread = two_programs_at_a_time,
) -> list[SweepRow]:
    """`sweep_claim` for each claim; rows in the order of the claims, and `on_row` told of each as it gets complete.

    Claims with the same assumptions, or with none on the same worlds, are compiled and run together, in parts of some
    batches, which `spread` may run anywhere: by default two programs at a time, since compilation is most of the work.
    Draws depend on the seed, the world and the number of the batch alone, and parts are put together exactly, so a
    claim's row is the same wherever they ran; and, up to rounding, whatever else is swept.
    """
    claims = list(claims)
    groups: dict[object, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(claim.assumes or claim.worlds, []).append(claim)
    planned = [programs(group, instances, seed) for group in groups.values()]
    made = spread(tallied_part, (part for group in planned for program in group for part in parts(program)))
    rows: dict[str, SweepRow] = {}
    for group, of_group in zip(groups.values(), planned, strict=True):
        for claim, tally in _merged(group, of_group, made).items():
            rows[claim.id] = tally.row(claim)
            if on_row:
                on_row(rows[claim.id])
    return [rows[claim.id] for claim in claims]
