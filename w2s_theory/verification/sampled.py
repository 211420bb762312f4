"""Claims on samples: confidence intervals of the slack, streamed, with one level for all claims together.

Multipliers of the exact ranges are chosen on a pilot sample that is independent of the one that is judged.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize, stats

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError, UnresolvedError
from w2s_theory.instance import SQUARED_LOSS_SIGMA, Instance
from w2s_theory.verdict import Verdict
from w2s_theory.verification.confidence import Interval, Means, Range, Region, holm, smallest_alpha
from w2s_theory.verification.evaluation import margins_of
from w2s_theory.verification.in_order import in_order
from w2s_theory.verification.sampled_sides import MINIMA, SAMPLED, Multipliers, Sampled, Setting, ranges, statistics
from w2s_theory.worlds.population import Population

Draws = Literal["plain", "antithetic", "sobol"]
"""Independent draws; pairs u and 1 - u; or independently scrambled Sobol sequences, sixteen of them."""

_BLOCK = 2**14
_MANY = 2**17
"""More samples than this are summarised by code that is compiled with optimisation."""
_PILOT = 20_000
_SCRAMBLES = 16


def _uniforms(dimension: int, samples: int, draws: Draws | str, seed: int) -> Iterator[tuple[np.ndarray, int]]:
    """Blocks of uniform numbers, each with the number of its unit: which scramble, or zero."""
    rng = np.random.default_rng([seed, 1])
    if draws == "sobol":
        each = max(samples // _SCRAMBLES, 1)
        for unit in range(_SCRAMBLES):
            sequence = stats.qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng([seed, 2, unit]))
            for start in range(0, each, _BLOCK):
                yield _inside(sequence.random(min(_BLOCK, each - start))), unit
        return
    for start in range(0, samples, _BLOCK):
        size = min(_BLOCK, samples - start)
        if draws == "antithetic":
            half = rng.random((-(-size // 2), dimension))
            yield _inside(np.stack([half, 1.0 - half], axis=1).reshape(-1, dimension)), 0
        else:
            yield _inside(rng.random((size, dimension))), 0


def _inside(uniform: np.ndarray) -> np.ndarray:
    """Uniform numbers away from 0 and 1, where inverse distribution functions are infinite."""
    return np.clip(uniform, 2.0**-54, 1.0 - 2.0**-53)


@functools.lru_cache(maxsize=64)
def _summaries(draws: Draws | str, raw: bool, optimised: bool) -> Any:
    """Compiled: means and squared deviations of every statistic over the first `valid` points of a block."""

    def summarised(
        population: Population, points: Array, valid: Array, multipliers: Multipliers | None
    ) -> dict[str, Any]:
        named = statistics(population.sampled_instance(points), multipliers)
        values = jnp.stack(list(named.values()))
        counted = jnp.arange(len(points)) < valid
        if draws == "antithetic":
            values = values.reshape(len(values), -1, 2).mean(axis=-1)
            counted = counted[::2]
        if raw:
            return dict(zip(named, values, strict=True))
        number = jnp.sum(counted)
        mean = jnp.sum(jnp.where(counted, values, 0.0), axis=-1) / number
        squares = jnp.sum(jnp.where(counted, (values - mean[:, None]) ** 2, 0.0), axis=-1)
        least = jnp.min(values, axis=-1, where=counted, initial=jnp.inf)
        greatest = jnp.max(values, axis=-1, where=counted, initial=-jnp.inf)
        return dict(zip(named, zip(mean, squares, least, greatest, strict=True), strict=True))

    return compiled(summarised, optimised=optimised)


@functools.cache
def _minimum_at(name: str) -> Any:
    """Compiled: the mean, over an instance's inputs, whose minimum over the multiplier is a slack."""
    return compiled(lambda instance, x: jnp.mean(MINIMA[name](instance, x)[0]), optimised=False)


def pilot_multipliers(population: Population, seed: int) -> Multipliers | None:
    """Points on either side of the best multipliers, from a sample of its own; None without a floor."""
    if population.kind != "simplex" or population.floor <= 0:
        return None
    instance = _drawn(population, _PILOT, [seed, 0])
    with jax.enable_x64(True):
        least = {"worst": 1.05 / population.floor, "best": 0.0, "upper": -math.inf, "lower": -math.inf}

        def around(name: str) -> tuple[float, float]:
            value = functools.partial(_minimum_at(name), instance)
            start = least[name]
            shift = start if math.isfinite(start) else 0.0
            scale = shift if name == "worst" else 1.0
            # in v, where the multiplier is shift + scale·sinh v
            limits = (0.0, 8.0) if math.isfinite(start) else (-8.0, 8.0)
            found = float(optimize.fminbound(lambda v: float(value(shift + scale * math.sinh(v))), *limits))  # pyright: ignore[reportArgumentType]
            first, second = (shift + scale * math.sinh(found + step) for step in (-0.1, 0.1))
            return max(first, start), second

        return Multipliers(*(around(name) for name in ("worst", "best", "upper", "lower")))


def sample_means(
    population: Population,
    samples: int,
    *,
    draws: Draws | str = "plain",
    region: Region | str = "clt",
    seed: int = 0,
    stop: Callable[[Means], bool] | None = None,
) -> tuple[Means, Multipliers | None]:
    """Stream `samples` draws through all statistics; `stop` is asked after every block, for anytime-valid regions.

    `InputError` for fewer than two samples, unknown draws, or an odd number of antithetic ones.
    """
    if draws not in get_args(Draws):
        raise InputError(f"draws {draws!r} is not one of {', '.join(get_args(Draws))}")
    if samples < 2:
        raise InputError(f"Monte Carlo needs at least two samples, not {samples}")
    if draws == "antithetic" and samples % 2:
        raise InputError(f"antithetic draws come in pairs, so {samples} is not a number of them")
    if region != "clt" and draws == "sobol":
        raise InputError("sobol sequences are few replications, not independent samples: use clt")
    if stop is not None and region != "betting":
        raise InputError(f"stopping early needs the betting region; {region} is valid at a fixed sample size only")
    multipliers = pilot_multipliers(population, seed)
    setting = ranges(population, _classes(population), multipliers)
    step = _summaries(draws, region == "betting", samples > _MANY)
    whole = min(_BLOCK, max(samples // _SCRAMBLES, 1) if draws == "sobol" else samples)
    means: Means | None = None
    units: dict[int, list[tuple[int, dict[str, float]]]] = {}

    def summarised(block: tuple[np.ndarray, int]) -> tuple[int, int, dict[str, Any]]:
        uniform, unit = block
        valid = len(uniform)
        points = population.points(uniform)
        if valid < whole:
            points = np.concatenate([points, np.repeat(points[:1], whole - valid, axis=0)])
        with jax.enable_x64(True):
            return valid, unit, jax.tree.map(np.asarray, step(population, points, valid, multipliers))

    for valid, unit, made in in_order(summarised, _uniforms(population.dimension, samples, draws, seed), threads=2):
        if means is None:
            means = Means({name: setting(name) for name in made if region == "clt" or _bounded(setting(name))}, region)
        number = valid // 2 if draws == "antithetic" else valid
        _check_ranges(means, made, number)
        if region == "betting":
            means.add({name: made[name][:number] for name in means.ranges})
        elif draws == "sobol":
            units.setdefault(unit, []).append((valid, {name: float(made[name][0]) for name in made}))
        else:
            kept = {name: made[name] for name in means.ranges}
            means.merge(number, *({name: float(pair[part]) for name, pair in kept.items()} for part in (0, 1)))
        if stop is not None and stop(means):
            break
    assert means is not None
    if units:
        rows = [
            {name: np.average([p[1][name] for p in parts], weights=[p[0] for p in parts]) for name in means.ranges}
            for parts in units.values()
        ]
        means.add({name: np.array([row[name] for row in rows]) for name in means.ranges})
    return means, multipliers


def _check_ranges(means: Means, made: Mapping[str, Any], number: int) -> None:
    """`InputError` if a statistic leaves the range that the population's floor promises."""
    for name, bounds in means.ranges.items():
        found = made[name]
        ends = (found[2], found[3]) if isinstance(found, tuple) else (np.min(found[:number]), np.max(found[:number]))
        room = 1e-9 * (1.0 + max(abs(end) for end in (bounds.low, bounds.high, 0.0) if math.isfinite(end)))
        if ends[0] < bounds.low - room or ends[1] > bounds.high + room:
            raise InputError(
                f"{name} is between {float(ends[0]):.3g} and {float(ends[1]):.3g} on a sample, outside what the "
                f"population's floor allows: [{bounds.low:.3g}, {bounds.high:.3g}]"
            )


def _bounded(bounds: Range) -> bool:
    return math.isfinite(bounds.width)


def _classes(population: Population) -> int:
    points = population.points(np.full((1, population.dimension), 0.5))
    with jax.enable_x64(True):
        return jax.eval_shape(population.models, points).truth.shape[-1]


@dataclass(frozen=True)
class SampledOutcome:
    """One claim on one population: `slack` is an interval; of samples, one of those that hold for all claims at once.

    `lhs` and `rhs` are plug-in values, None where not finite.  `needed` is about how many samples would resolve the
    verdict if the interval shrinks like their inverse root, where it does not; `reason` says why nothing is decided.
    """

    id: str
    population: str
    samples: int
    verdict: Verdict
    lhs: float | None = None
    rhs: float | None = None
    slack: Interval | None = None
    p_value: float | None = None
    needed: int | None = None
    reason: str | None = None


def sampled_outcomes(
    claims: Sequence[Claim],
    population: Population,
    samples: int,
    *,
    draws: Draws | str = "plain",
    region: Region | str = "clt",
    level: float = 0.99,
    seed: int = 0,
) -> list[SampledOutcome]:
    """Every claim on one population, all errors together having probability at most 1 - `level`.

    Verdicts by Holm's step-down over both directions of every claim, intervals by Bonferroni; asymptotically for `clt`.

    A claim is `unresolved` where the population does not determine a side (a conditional expectation without its
    table), where it is not a comparison of means, or where zero is inside the interval.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level {level:g} is not strictly between 0 and 1")
    means, multipliers = sample_means(population, samples, draws=draws, region=region, seed=seed)
    unit = {"plain": 1, "antithetic": 2, "sobol": samples / _SCRAMBLES}[draws]
    setting = Setting(float(population.floor), _classes(population), _noise(population), multipliers)
    pilot = _drawn(population, 1_000, [seed, 3])
    asked: dict[str, Sampled] = {}
    outcomes: dict[str, SampledOutcome] = {}
    for claim in claims:
        reason, verdict = _not_asked(claim, population, pilot, means)
        if reason:
            outcomes[claim.id] = SampledOutcome(claim.id, population.name, samples, verdict, reason=reason)
        else:
            asked[claim.id] = SAMPLED[claim.id]

    def slack(name: str, alpha: float) -> Interval:
        return asked[name].slack(means.joint(alpha, asked[name].needs), setting)

    def excludes(name: str) -> Callable[[float], bool]:
        return lambda alpha: slack(name, alpha).low > 0 or slack(name, alpha).high < 0

    p_values = {name: smallest_alpha(excludes(name)) for name in asked}
    levels = holm(p_values, 1.0 - level) if asked else {}
    identities = {claim.id: claim.identity for claim in claims}
    for name, sampled in asked.items():
        found, decisive = slack(name, (1.0 - level) / len(asked)), slack(name, levels[name])
        centre = {need: Interval(means.mean(need), means.mean(need)) for need in sampled.needs}
        at, left = sampled.slack(centre, setting), sampled.lhs(centre, setting)
        verdict = _verdict(decisive, means.mean(sampled.size) if sampled.size else 0.0)
        middle = 0.5 * (at.low + at.high)
        needed, reason = None, None
        if verdict is Verdict.unresolved and identities[name]:
            reason = "samples can refute an identity of means, not confirm it"
        elif verdict is Verdict.unresolved and not at.low <= 0 <= at.high and region != "betting":
            growth = ((found.high - found.low) / (2.0 * abs(middle))) ** 2
            needed = math.ceil(means.count * max(growth, 1.0) * unit) if math.isfinite(growth) else None
        rhs = left.low + middle if math.isfinite(middle) else None
        outcomes[name] = SampledOutcome(
            name, population.name, samples, verdict, left.low, rhs, found, p_values[name], needed, reason
        )
    return [outcomes[claim.id] for claim in claims]


_ROUNDING = 1e-12


def _verdict(slack: Interval, magnitude: float) -> Verdict:
    if slack.low > 0:
        return Verdict.holds
    if slack.high < 0:
        return Verdict.tight if slack.low > -_ROUNDING * magnitude else Verdict.violated
    return Verdict.tight if slack.low > -_ROUNDING * magnitude and slack.high <= 0 else Verdict.unresolved


def _noise(population: Population) -> float:
    return float(SQUARED_LOSS_SIGMA if population.noise is None else population.noise)


@functools.cache
def _sampled_instance() -> Any:
    return compiled(lambda population, points: population.sampled_instance(points), optimised=False)


def _drawn(population: Population, samples: int, seed: Sequence[int]) -> Instance:
    uniform = _inside(np.random.default_rng(seed).random((samples, population.dimension)))
    with jax.enable_x64(True):
        return _sampled_instance()(population, population.points(uniform))


def _not_asked(claim: Claim, population: Population, pilot: Instance, means: Means) -> tuple[str | None, Verdict]:
    """Why a claim is not compared on this population, if it is not."""
    if claim.id not in SAMPLED:
        return "the claim is not a comparison of functions of means", Verdict.unresolved
    sampled = SAMPLED[claim.id]
    if population.kind not in claim.kinds:
        return f"the claim is about kind {' or '.join(claim.kinds)}, not {population.kind}", Verdict.unresolved
    if sampled.floored and population.floor <= 0:
        return "the population's models keep to no floor", Verdict.hypotheses_not_met
    missing = [name for name in sampled.needs if name not in means.ranges]
    if missing:
        return f"{missing[0]} is not determined, or not bounded, on this population", Verdict.unresolved
    with jax.enable_x64(True):
        problem = claim.outside_domain(pilot)
        if problem:
            return problem, Verdict.unresolved
        try:
            margins = margins_of([claim], pilot)
        except UnresolvedError as reason:
            return str(reason), Verdict.unresolved
    failed = [h.name for h, margin in margins.items() if float(margin) < -max(h.tolerance, 1e-9)]
    if failed:
        return f"assumption {failed[0]} fails on a pilot sample", Verdict.hypotheses_not_met
    return None, Verdict.unresolved
