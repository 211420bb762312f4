"""One claim on one instance: both sides, the error budget, the margins of the assumptions, and the verdict."""

import contextlib
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_theory._numerics import compiled, rounding_budget
from w2s_theory._repeats import without_repeats
from w2s_theory._types import Array
from w2s_theory.claim import Claim, Eq, Leq
from w2s_theory.errors import InputError, UnresolvedError
from w2s_theory.instance import Hypothesis, Instance
from w2s_theory.verdict import CODES, Verdict


class Measurement(eqx.Module):
    """`Evaluation` in compiled form: arrays, with the verdict as an index into `verdict.CODES`.

    `tightness` is lhs/rhs, NaN where the right side is not above the error budget; `strain` is the factor below which
    a sharper bound is violated here, 1 - slack/bound, the same where all of the right side is the bound.
    """

    lhs: Array
    rhs: Array
    slack: Array
    tightness: Array
    strain: Array
    error: Array
    margins: dict[str, Array]
    code: Array


def measure(
    claim: Claim,
    instance: Instance,
    *,
    sharpened: Array | float = 1.0,
    margins: Mapping[Hypothesis, Array] | None = None,
) -> Measurement:
    """Both sides of `claim` on `instance`, inside a trace or outside; `sharpened` multiplies the right side.

    The error budget is the sum of: rounding (unit roundoff times the number of terms times the scale of the
    relation); the distance δ of rows and weights from summing to one, which moves log-ratios and total variation by
    at most 2δ and scales everything else by 1 + δ; on a quadrature measure the difference of the nested rules; and,
    where the assumptions are met, what the relation declares: the optimality residual of a student, say.
    `margins` are those of the claim's hypotheses, if they are known already.  `UnresolvedError` if the instance does
    not determine a side.
    """

    def sides(i: Instance) -> Leq | Eq:
        relation = claim.sides(i)
        return (
            relation if isinstance(sharpened, float) and sharpened == 1.0 else cast(Leq, relation.sharpened(sharpened))
        )

    coarse = instance.coarse_weights
    if coarse is None:
        relation, quadrature = sides(instance), 0.0
    else:
        both = jnp.stack([instance.weights, coarse])
        pair = jax.vmap(lambda w: sides(eqx.tree_at(lambda i: i.weights, instance, w)))(both)
        relation = jax.tree.map(lambda leaf: leaf[0], pair)
        quadrature = jnp.abs(pair.lhs[0] - pair.lhs[1]) + jnp.abs(pair.rhs[0] - pair.rhs[1])
    known = margins_of((claim,), instance) if margins is None else margins
    met = jnp.asarray(True)
    for hypothesis in claim.assumes:
        met &= known[hypothesis] >= -hypothesis.tolerance
    rounding = rounding_budget(instance.truth.size, relation.magnitude)
    error = rounding + instance.normalisation_defect() * (2.0 + relation.magnitude)
    declared = relation.error_assuming(h.name for h in claim.assumes)
    error += quadrature + jnp.where(met, declared, 0.0)

    finite = jnp.isfinite(relation.lhs) & jnp.isfinite(relation.rhs)

    decided = instance.provenance.rule != "sampled"
    outcome = jnp.where(
        relation.slack < -error,
        (Verdict.violated if decided else Verdict.unresolved).code,
        jnp.where(
            relation.slack > error,
            (Verdict.holds if decided else Verdict.unresolved).code,
            (Verdict.tight if decided else Verdict.unresolved).code,
        ),
    )
    outcome = jnp.where(jnp.isposinf(error), Verdict.unresolved.code, outcome)
    outcome = jnp.where(finite, outcome, Verdict.nonfinite.code)
    outcome = jnp.where(met, outcome, Verdict.hypotheses_not_met.code)
    usable = (relation.rhs > error) & jnp.isfinite(relation.rhs)
    tightness = jnp.where(usable, relation.lhs / jnp.where(usable, relation.rhs, 1.0), jnp.nan)
    bound = relation.rhs if relation.bound is None else relation.bound
    usable = (bound > error) & jnp.isfinite(bound)
    strain = jnp.where(usable, 1.0 - relation.slack / jnp.where(usable, bound, 1.0), jnp.nan)
    named = {h.name: known[h] for h in claim.assumes}
    return Measurement(relation.lhs, relation.rhs, relation.slack, tightness, strain, error, named, outcome)


def measure_together(
    claims: Sequence[Claim], instance: Instance, *, sharpened: Array | float = 1.0
) -> dict[str, Measurement]:
    """`measure` of several claims, by id, inside a trace; what they share is computed once."""

    def every(i: Instance) -> dict[str, Measurement]:
        margins = margins_of(claims, i)
        return {claim.id: measure(claim, i, sharpened=sharpened, margins=margins) for claim in claims}

    return without_repeats(every)(instance)


def measure_determined(claims: Iterable[Claim], instance: Instance) -> dict[str, Measurement]:
    """The same of every claim whose sides the instance determines."""

    def every(i: Instance) -> dict[str, Measurement]:
        made = {}
        for claim in claims:
            with contextlib.suppress(UnresolvedError):
                made[claim.id] = measure(claim, i)
        return made

    return without_repeats(every)(instance)


def margins_of(claims: Iterable[Claim], instance: Instance) -> dict[Hypothesis, Array]:
    """The margin of every assumption of the claims, each computed once."""
    assumed = dict.fromkeys(hypothesis for claim in claims for hypothesis in claim.assumes)
    return {hypothesis: hypothesis.margin(instance) for hypothesis in assumed}


@dataclass(frozen=True)
class Evaluation:
    """Outcome of one claim on one instance; numbers are floats, `None` where not finite or not defined."""

    claim: str
    lhs: float | None
    rhs: float | None
    slack: float | None
    tightness: float | None
    error: float | None
    hypotheses: dict[str, float | None]
    verdict: Verdict
    advice: str

    def to_json(self) -> dict[str, Any]:
        """The keys of `w2s-theory evaluate --json`."""
        keys = ("lhs", "rhs", "slack", "tightness", "error", "hypotheses")
        values = {key: getattr(self, key) for key in keys}
        return {"id": self.claim, **values, "verdict": self.verdict.value, "advice": self.advice}


@functools.lru_cache(maxsize=256)
def compiled_measure(claim: Claim) -> Any:
    """`measure` of the claim, compiled."""
    return compiled(without_repeats(functools.partial(measure, claim)), optimised=False)


def evaluate_claim(claim: Claim, instance: Instance) -> Evaluation:
    """Evaluate `claim` on one instance in float64.

    `InputError` if the instance is outside the claim's domain (say, three classes for a binary claim).  Assumptions
    that fail are not an error: the verdict is then `hypotheses_not_met`, with the margins.
    """
    with jax.enable_x64(True):
        problem = claim.outside_domain(instance)
    if problem:
        raise InputError(problem)
    try:
        with jax.enable_x64(True):
            m = compiled_measure(claim)(instance)
    except UnresolvedError as reason:
        advice = f"{Verdict.unresolved.advice} Here {reason}."
        return Evaluation(claim.id, None, None, None, None, None, {}, Verdict.unresolved, advice)
    verdict = CODES[int(m.code)]
    return Evaluation(
        claim=claim.id,
        lhs=finite_or_none(m.lhs),
        rhs=finite_or_none(m.rhs),
        slack=finite_or_none(m.slack),
        tightness=finite_or_none(m.tightness),
        error=finite_or_none(m.error),
        hypotheses={name: finite_or_none(value) for name, value in m.margins.items()},
        verdict=verdict,
        advice=verdict.advice,
    )


def finite_or_none(value: Any) -> float | None:
    """A float, or `None` for infinities and NaN: what JSON can say."""
    number = float(value)
    return number if -float("inf") < number < float("inf") else None
