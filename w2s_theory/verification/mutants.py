"""Is the verifier able to find what is false?  Every proved claim is made false in small ways, and must be caught.

A mutant is a claim whose bound is 5 % smaller, whose KL divergence has its arguments exchanged, or which lacks a
hypothesis.  It dies by the property test (random and adversarial instances of the claim's first world), at the claim's
witness, or by search in all its worlds.
One that survives must do so for a reason that the claim declares.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import jax
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.claim import Claim, Eq, Leq, Relation, Status
from w2s_theory.instance import Flip, Instance
from w2s_theory.verdict import Verdict
from w2s_theory.verification.compiled_code import two_at_a_time
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.verification.search import MOST_INPUTS, Effort, search, without
from w2s_theory.verification.sweep import tallied

SHARPER = 0.95
"""What the bound of a sharpened claim is multiplied by."""

How = Literal["property test", "witness", "search"]

_SCREENED = 64


@dataclass(frozen=True)
class Mutant:
    """A changed claim; `reason` says why it may survive, None if it may not."""

    id: str
    change: str
    claim: Claim
    witness: Callable[[], Instance] | None
    reason: str | None


@dataclass(frozen=True)
class MutantRow:
    """What became of a mutant: `how` it died, None if it survived."""

    id: str
    mutant: str
    how: How | None
    reason: str | None

    @property
    def passed(self) -> bool:
        """Whether it died, or survived for a declared reason."""
        return self.how is not None or self.reason is not None

    def to_json(self) -> dict[str, Any]:
        """One entry of `w2s-theory verify --mutants --json`."""
        return {"id": self.id, "mutant": self.mutant, "died": self.how is not None, "how": self.how} | (
            {} if self.how else {"reason": self.reason}
        )


def _changed(claim: Claim, change: Callable[[Instance], Leq | Eq]) -> Claim:
    """The claim with other sides, an identity if it was one; it promises nothing of its own."""
    return replace(claim, sides=functools.wraps(claim.sides)(change))


def _sharpened(claim: Claim) -> Claim:
    def sides(i: Instance) -> Relation:
        return claim.sides(i).sharpened(SHARPER)

    return _changed(claim, sides)  # pyright: ignore[reportArgumentType]


def _flipped(claim: Claim, flip: Flip) -> Claim:
    return _changed(claim, lambda i: claim.sides(replace(i, flipped=flip)))


def _uses(claim: Claim, flip: Flip) -> bool:
    """Whether exchanging the arguments of these divergences changes a side on random instances."""
    world = claim.worlds[0]
    batch = world.sample(np.random.default_rng(0), _SCREENED)
    with jax.enable_x64(True):
        both = [
            compiled(jax.vmap(lambda i, c=c: (c.sides(i).lhs, c.sides(i).rhs)))(batch)
            for c in (claim, _flipped(claim, flip))
        ]
    return not all(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True) for a, b in zip(*both, strict=True))


def mutants(claim: Claim) -> list[Mutant]:
    """All mutants of a proved claim."""

    def witness() -> Instance:
        assert claim.witness is not None
        return claim.witness(claim.witness_scale)

    at = witness if claim.witness else None
    not_sharp = None if claim.sharp else "not sharp, as the theory notes say"
    both_ways = "true in both directions" if claim.either_direction else None
    made = [Mutant(claim.id, "5 % sharper", _sharpened(claim), at, not_sharp)]
    made += [
        Mutant(claim.id, f"KL of the {flip} flipped", _flipped(claim, flip), at, both_ways)
        for flip in get_args(Flip)
        if _uses(claim, flip)
    ]
    made += [Mutant(claim.id, f"without {h.name}", without(claim, h.name), None, None) for h in claim.assumes]
    return made


def _deaths(found: list[Mutant], instances: int, seed: int, effort: Effort | None) -> list[MutantRow]:
    """What becomes of the mutants of one claim."""
    together = [m for m in found if not m.change.startswith("without")]
    violated = {}
    for group in [together, *([m] for m in found if m not in together)]:
        first = [replace(m.claim, worlds=m.claim.worlds[:1]) for m in group]
        for mutant, tally in zip(group, tallied(first, instances, seed), strict=True):
            violated[mutant.change] = tally.counts[Verdict.violated] > 0

    def how(mutant: Mutant) -> How | None:
        if violated[mutant.change]:
            return "property test"
        if mutant.witness and evaluate_claim(mutant.claim, mutant.witness()).verdict is Verdict.violated:
            return "witness"
        aim = "violation" if mutant.change.startswith("without") else "tightness"
        found = search(replace(mutant.claim, witness=None), aim=aim, seed=seed, effort=effort)
        return "search" if found.verdict is Verdict.violated else None

    return [MutantRow(m.id, m.change, how(m), m.reason) for m in found]


def _on_small_tables(claim: Claim) -> Claim:
    """The claim without its worlds of quadratures, which are slow."""
    return replace(claim, worlds=tuple(world for world in claim.worlds if world.inputs <= MOST_INPUTS))


def mutation_run(
    claims: Iterable[Claim],
    instances: int = 2_000,
    seed: int = 0,
    *,
    effort: Effort | None = None,
    on_rows: Callable[[list[MutantRow]], Any] = lambda rows: None,
) -> list[MutantRow]:
    """Every mutant of every proved claim among `claims`: property test on `instances` instances, witness, search."""

    def one(claim: Claim) -> list[MutantRow]:
        rows = _deaths(mutants(claim), instances, seed, effort)
        on_rows(rows)
        return rows

    proved = [_on_small_tables(claim) for claim in claims if claim.status is Status.proved]
    return [row for rows in two_at_a_time(one, proved) for row in rows]
