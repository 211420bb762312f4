"""Every claim on every population by one rule: exact atoms, quadrature, or sampling."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import jax
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.claim import Claim, Status
from w2s_theory.errors import InputError
from w2s_theory.instance import Instance
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.confidence import Interval, Region
from w2s_theory.verification.evaluation import Measurement, measure_determined
from w2s_theory.verification.sampled import Draws, SampledOutcome, sampled_outcomes
from w2s_theory.worlds.population import Population

RULES = ("exact", "quadrature", "monte-carlo")

_COARSE, _TINY = 1e-6, 1e-6
_MOST_SMOOTH = 2_000
_FEW_ATOMS = 256

_ASKED = (Verdict.holds, Verdict.tight, Verdict.violated)


@dataclass(frozen=True)
class RuleRow:
    """One claim on all populations by one rule.

    `instances` counts the populations on which it was decided, `violations` those on which it was violated.  The
    verdict is `violated` or `refuted` (of a claim so marked) if any is, else `holds` if any was decided and the
    claim is not one marked refuted, else `unresolved`.  The row passes unless a claim proved in the theory notes is
    violated.
    """

    id: str
    status: Status
    outcomes: tuple[SampledOutcome, ...]

    @property
    def instances(self) -> int:
        """Populations on which the claim was decided."""
        return sum(outcome.verdict in _ASKED for outcome in self.outcomes)

    @property
    def violations(self) -> int:
        """Populations on which the claim was violated."""
        return sum(outcome.verdict is Verdict.violated for outcome in self.outcomes)

    @property
    def min_slack(self) -> float | None:
        """The least plug-in slack."""
        found = [o.rhs - o.lhs for o in self.outcomes if o.rhs is not None and o.lhs is not None]
        return min(found, default=None)

    @property
    def max_tightness(self) -> float | None:
        """The largest lhs/rhs among populations whose right side is positive."""
        found = [o.lhs / o.rhs for o in self.outcomes if o.lhs is not None and o.rhs is not None and o.rhs > 0]
        return max(found, default=None)

    @property
    def verdict(self) -> str:
        """`holds`, `violated`, `refuted` or `unresolved`."""
        if self.violations:
            return "refuted" if self.status is Status.refuted else "violated"
        return "holds" if self.instances and self.status is not Status.refuted else "unresolved"

    @property
    def passed(self) -> bool:
        """Whether nothing proved in the theory notes is violated."""
        return not (self.violations and self.status is Status.proved)


def verify_by_rule(
    claims: Sequence[Claim],
    populations: Sequence[Population],
    rule: str,
    *,
    samples: int = 1_000_000,
    draws: Draws | str = "plain",
    region: Region | str = "clt",
    level: float = 0.99,
    seed: int = 0,
    on_population: Callable[[Population], Any] = lambda population: None,
) -> list[RuleRow]:
    """Evaluate every claim on every population by one rule; rows in the order of the claims.

    `exact` and `quadrature` decide by the error budget; `monte-carlo` by confidence intervals whose errors, over all
    claims and populations, add up to at most 1 - `level` (asymptotically, for `clt`).  `InputError` for an unknown
    rule, region, kind of draws or level, or if `exact` is asked of populations none of which has an exact measure.
    """
    if not populations:
        raise InputError("no populations to ask about")
    if rule not in RULES:
        raise InputError(f"rule {rule!r} is not one of {', '.join(RULES)}")
    for name, value, known in (("region", region, Region), ("draws", draws, Draws)):
        if value not in get_args(known):
            raise InputError(f"{name} {value!r} is not one of {', '.join(get_args(known))}")
    if not 0.0 < level < 1.0:
        raise InputError(f"level {level:g} is not strictly between 0 and 1")
    found: list[list[SampledOutcome]] = []
    refused: list[InputError] = []
    for population in populations:
        if rule == "monte-carlo":
            alpha = (1.0 - level) / len(populations)
            options: Any = {"draws": draws, "region": region, "level": 1.0 - alpha, "seed": seed}
            found.append(sampled_outcomes(claims, population, samples, **options))
        else:
            try:
                found.append(_deterministic(claims, population, rule))
            except InputError as problem:
                refused.append(problem)
        on_population(population)
    if not found:
        raise refused[0]
    return [
        RuleRow(claim.id, claim.status, tuple(outcomes[number] for outcomes in found))
        for number, claim in enumerate(claims)
    ]


def _deterministic(claims: Sequence[Claim], population: Population, rule: str) -> list[SampledOutcome]:
    with jax.enable_x64(True):
        measure = population.exact() if rule == "exact" else population.quadrature()
        instance = population.instance(measure)
        atoms = len(instance.weights)
        problems = {claim: _unusable(claim, atoms) or claim.outside_domain(instance) for claim in claims}
        asked = tuple(claim for claim, problem in problems.items() if problem is None)
        measured = jax.tree.map(np.asarray, _measured(asked)(_padded(instance)))
    return [_outcome(claim, population, atoms, measured.get(claim.id), problems[claim]) for claim in claims]


def _padded(instance: Instance) -> Instance:
    """The instance with weightless copies of its first atom, up to a power of two, so that populations share code.

    A budget of rounding that counts atoms at most doubles.  Small instances, whose code is soon compiled, stay.
    """
    atoms = len(instance.weights)
    wanted = atoms if atoms <= _FEW_ATOMS else 1 << (atoms - 1).bit_length()

    def longer(leaf: Array) -> np.ndarray:
        leaf = np.asarray(leaf)
        return np.concatenate([leaf, np.repeat(leaf[:1], wanted - atoms, axis=0)]) if leaf.ndim else leaf

    made = jax.tree.map(longer, instance)
    for weights in (made.weights, made.coarse_weights):
        if weights is not None:
            weights[atoms:] = 0.0
    return replace(made, provenance=replace(instance.provenance, atoms=wanted))


@functools.lru_cache(maxsize=16)
def _measured(claims: tuple[Claim, ...]) -> Callable[[Instance], dict[str, Measurement]]:
    """Compiled: every claim that the instance determines, by id."""

    return compiled(functools.partial(measure_determined, claims), optimised=False)


def _outcome(
    claim: Claim, population: Population, atoms: int, found: Measurement | None, problem: str | None
) -> SampledOutcome:
    if found is None:
        reason = problem or "the population does not supply a conditional expectation that a side needs"
        return SampledOutcome(claim.id, population.name, atoms, Verdict.unresolved, reason=reason)
    verdict = CODES[int(found.code)]
    slack, error, lhs = float(found.slack), float(found.error), float(found.lhs)
    interval = Interval(slack - error, slack + error) if math.isfinite(slack) and math.isfinite(error) else None
    sides = (lhs, lhs + slack) if interval and math.isfinite(lhs) else (None, None)
    reason = None if verdict in _ASKED else verdict.advice
    if verdict is Verdict.tight and error > _COARSE * max(abs(lhs), abs(lhs + slack), _TINY):
        verdict, reason = (
            Verdict.unresolved,
            f"the quadrature's error, {error:.1g}, is too large to tell the sides apart",
        )
    return SampledOutcome(claim.id, population.name, atoms, verdict, *sides, interval, reason=reason)


def _unusable(claim: Claim, atoms: int) -> str | None:
    """Claims about optimal students ask for a class, and smooth calibration takes time quadratic in the atoms."""
    if "smooth" in claim.id and atoms > _MOST_SMOOTH:
        return f"smooth calibration on {atoms:,} atoms takes too long; it is asked on at most {_MOST_SMOOTH:,}"
    needs_class = [h.name for h in claim.assumes if h.name not in ("floor", "score_sufficient", "common_partition")]
    if needs_class or claim.id.startswith(("gain", "never-worse")):
        return "the population has no class of students"
    return None
