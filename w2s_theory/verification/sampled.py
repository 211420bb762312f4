"""Claims on samples: confidence intervals of the slack, streamed, with one level for all claims together.

A claim that compares functions of means is written here by the statistics it averages and by the interval of its
slack over a joint region of their means, by the monotonicity of every function involved.  Where a side is itself a
minimum of convex means over a multiplier (the two exact ranges of section 3), two multipliers chosen on an independent
pilot sample bound the minimum from both sides.  By duality that slack is a minimum of means of non-negative numbers:
sampling measures it, but cannot find it negative.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize, stats

from w2s_theory._numerics import compiled, log_ratio
from w2s_theory._types import Array
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError, UnresolvedError
from w2s_theory.functionals.divergences import kl_divergence, max_log_ratio, squared_hellinger, total_variation
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, pinsker_bound, sharp_pinsker_tv
from w2s_theory.functionals.risks import risk_difference_terms
from w2s_theory.functionals.uniform_envelope import (
    log_ratio_constant,
    uniform_envelope_lower,
    uniform_envelope_upper,
)
from w2s_theory.instance import SQUARED_LOSS_SIGMA, Instance
from w2s_theory.verdict import Verdict
from w2s_theory.verification.confidence import Interval, Means, Range, Region, holm, smallest_alpha
from w2s_theory.verification.evaluation import margins_of
from w2s_theory.worlds.population import Number, Population

Draws = Literal["plain", "antithetic", "sobol"]
"""Independent draws; pairs u and 1 - u; or independently scrambled Sobol sequences, sixteen of them."""

_BLOCK = 2**17
_PILOT = 20_000
_SCRAMBLES = 16

Values = Mapping[str, jax.Array]
Intervals = Mapping[str, Interval]


class Multipliers(eqx.Module):
    """Two points on either side of the best multiplier of each convex minimum, found on a pilot sample."""

    worst: tuple[Number, Number]
    best: tuple[Number, Number]
    upper: tuple[Number, Number]
    lower: tuple[Number, Number]

    def pairs(self) -> dict[str, tuple[Number, Number]]:
        """By the name of the minimum."""
        return {name: getattr(self, name) for name in ("worst", "best", "upper", "lower")}


# ---- statistics of one input ----------------------------------------------------------------------------------------


def _worst_student(i: Instance, mu: Number) -> tuple[Array, Array]:
    r"""$\sum_i(\mu F_{w,i}-F^*_i)\log(q_i/F_{sw,i})$, $q=(\mu F_w-F^*)/(\mu-1)$, and its derivative by μ."""
    q = (mu * i.weak - i.truth) / (mu - 1.0)
    return (mu - 1.0) * kl_divergence(q, i.strong), jnp.sum(i.weak * log_ratio(q, i.strong), axis=-1)


def _best_student(i: Instance, lam: Number) -> tuple[Array, Array]:
    r"""$(1+\lambda)\,\mathrm{KL}(q\|F_{sw})$, $q=(F^*+\lambda F_w)/(1+\lambda)$, and its derivative by λ."""
    q = (i.truth + lam * i.weak) / (1.0 + lam)
    return (1.0 + lam) * kl_divergence(q, i.strong), jnp.sum(i.weak * log_ratio(q, i.strong), axis=-1)


def _labels(i: Instance, lam: Number, sign: float) -> tuple[Array, Array]:
    r"""$\max_ia_i-\sum_iF^*_ia_i$, $a_i=\mp\log F_{sw,i}+\lambda\log F_{w,i}$, and its derivative by λ."""
    slope = jnp.log(i.weak)
    a = -sign * jnp.log(i.strong) + lam * slope
    top = jnp.argmax(a, axis=-1, keepdims=True)

    def surplus(values: Array) -> jax.Array:
        return jnp.sum(i.truth * (jnp.take_along_axis(jnp.asarray(values), top, axis=-1) - values), axis=-1)

    return surplus(a), surplus(slope)


_MINIMA: dict[str, Callable[[Instance, Number], tuple[Array, Array]]] = {
    "worst": _worst_student,
    "best": _best_student,
    "upper": functools.partial(_labels, sign=1.0),
    "lower": functools.partial(_labels, sign=-1.0),
}


def statistics(i: Instance, multipliers: Multipliers | None) -> dict[str, jax.Array]:
    """Values (n,) at every input of all that any claim averages and the population determines."""
    squares = {
        "weak squared": jnp.sum((i.truth - i.weak) ** 2, axis=-1),
        "strong squared": jnp.sum((i.truth - i.strong) ** 2, axis=-1),
        "apart squared": jnp.sum((i.weak - i.strong) ** 2, axis=-1),
    }
    if i.kind != "simplex":
        return squares
    terms = risk_difference_terms(i.truth, i.weak, i.strong)
    cross = jnp.sum((i.truth - i.weak) * log_ratio(i.weak, i.strong), axis=-1)
    forward = kl_divergence(i.weak, i.strong)
    gap = jnp.sum(terms, axis=-1)
    hellinger = squared_hellinger(i.weak, i.strong)
    made = squares | {
        "gap": gap,
        "forward": forward,
        "reverse": kl_divergence(i.strong, i.weak),
        "total variation": total_variation(i.weak, i.strong),
        "hellinger": hellinger,
        "hellinger upper": jnp.sqrt(hellinger * (2.0 - hellinger)),
        "log ratio": max_log_ratio(i.weak, i.strong),
        "risk": kl_divergence(i.truth, i.strong),
        "undecomposed": gap - forward - cross,
        "undecomposed size": jnp.sum(jnp.abs(terms), axis=-1) + forward + jnp.abs(cross),
    }
    known = i.conditioning
    for role in ("weak", "strong"):
        score = known and getattr(known, f"{role}_score")
        if score is not None:
            made[f"{role} calibration"] = jnp.sum(jnp.abs(i.table(role) - score), axis=-1)
    if known and known.strong_row is not None:
        reliability = kl_divergence(known.strong_row, i.strong)
        made["unrefined"] = made["risk"] - reliability - kl_divergence(i.truth, known.strong_row)
        made["unrefined size"] = made["risk"] + reliability
    for name, pair in (multipliers.pairs() if multipliers else {}).items():
        for number, point in enumerate(pair):
            made[f"{name} {number}"], made[f"{name} {number} slope"] = _MINIMA[name](i, point)
    return made


def ranges(population: Population, classes: int, multipliers: Multipliers | None) -> Callable[[str], Range]:
    """What each statistic is certain to lie in, from the population's floor."""
    floor = population.floor
    if population.kind != "simplex":
        return lambda name: Range(0.0)
    most = math.log((1.0 - (classes - 1) * floor) / floor) if floor > 0 else math.inf
    to_truth = math.log(1.0 / floor) if floor > 0 else math.inf
    bounded = {"total variation": 1.0, "hellinger": 1.0, "hellinger upper": 1.0, "forward": most, "reverse": most}
    bounded |= {"log ratio": most, "risk": to_truth}

    def of(name: str) -> Range:
        head = name.split()[0]
        if name.endswith("slope"):
            return Range(-math.inf, math.inf)
        if multipliers and head in multipliers.pairs():
            return Range(0.0, math.inf)
        if name == "gap":
            return Range(-most, most)
        if head in ("undecomposed", "unrefined"):
            return Range()
        return Range(0.0, bounded.get(name, 2.0))

    return of


# ---- claims by their statistics -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sampled:
    """A claim on means: what it needs, its left side, and its slack, over a joint region of the means.

    `size` names the mean that rounding of an identity is relative to.
    """

    needs: tuple[str, ...]
    lhs: Callable[[Intervals, "Setting"], Interval]
    slack: Callable[[Intervals, "Setting"], Interval]
    floored: bool = False
    size: str | None = None


@dataclass(frozen=True)
class Setting:
    """What a slack depends on besides means."""

    floor: float
    classes: int
    noise: float
    multipliers: Multipliers | None


def _increasing(function: Callable[..., jax.Array], *rest: Any, **options: Any) -> Callable[[float], float]:
    return lambda value: float(function(value, *rest, **options))


def _below(lhs: Callable[[Intervals, Setting], Interval], rhs: Callable[[Intervals, Setting], Interval]) -> Any:
    return lhs, lambda m, s: rhs(m, s) - lhs(m, s)


def _absolute_gap(m: Intervals, s: Setting) -> Interval:
    return abs(m["gap"])


def _roots(name: str, constant: Callable[[Setting], float]) -> Callable[[Intervals, Setting], Interval]:
    return lambda m, s: m[name].image(math.sqrt).times(constant(s))


def _constant(s: Setting) -> float:
    return float(log_ratio_constant(s.floor))


def _where_it_falls(gap: Interval, above: Callable[[], Interval], below: Callable[[], Interval]) -> Interval:
    """The slack on the side where the difference falls; all that it can be on either, where its sign is open."""
    if gap.low >= 0:
        return above()
    if gap.high < 0:
        return below()
    one, other = above(), below()
    return Interval(min(one.low, other.low), max(one.high, other.high))


def _uniform(m: Intervals, s: Setting) -> Interval:
    def side(psi: Callable[..., jax.Array], gap: Interval) -> Interval:
        return m["forward"].image(_increasing(psi, s.floor, classes=s.classes)) - gap

    gap = m["gap"]
    return _where_it_falls(gap, lambda: side(uniform_envelope_upper, gap), lambda: side(uniform_envelope_lower, -gap))


def _of(name: str, function: Callable[..., jax.Array], factor: float = 1.0) -> Callable[[Intervals, Setting], Interval]:
    return lambda m, s: m[name].image(_increasing(function)).times(factor)


def _mean(name: str) -> Callable[[Intervals, Setting], Interval]:
    return lambda m, s: m[name]


def _calibration_change(m: Intervals, s: Setting) -> Interval:
    return abs(m["strong calibration"] - m["weak calibration"])


def convex_minimum(
    points: tuple[Number, Number], values: Sequence[Interval], slopes: Sequence[Interval], begins: bool = False
) -> Interval:
    """Where the minimum of a convex function lies, given ranges of its values and slopes at two points.

    A convex function is above its tangents; if it falls at the first point and rises at the second, its minimum is
    between them.  The first point may also be where the domain `begins`.  Otherwise nothing bounds it below.
    """
    highest = min(value.high for value in values)
    (first, second), (fall, rise) = map(float, points), slopes
    if not (rise.low >= 0.0 and (fall.high <= 0.0 or begins)):
        return Interval(-math.inf, highest)
    if begins and fall.low >= 0.0:
        return Interval(values[0].low, highest)
    width, (a, b) = second - first, (values[0].low, values[1].low)
    down, up = min(fall.low, 0.0), max(rise.high, 0.0)
    meet = np.clip((b - a - up * width) / (down - up), 0.0, width) if up > down else 0.0
    lowest = min(max(a + down * meet, b - up * (width - meet)), a, b)
    return Interval(float(lowest), highest)


def _two_minima(first: str, second: str) -> Callable[[Intervals, Setting], Interval]:
    def slack(m: Intervals, s: Setting) -> Interval:
        assert s.multipliers is not None

        def one(name: str) -> Interval:
            assert s.multipliers is not None
            return convex_minimum(
                s.multipliers.pairs()[name],
                [m[f"{name} {number}"] for number in (0, 1)],
                [m[f"{name} {number} slope"] for number in (0, 1)],
                begins=name == "best" and float(s.multipliers.best[0]) == 0.0,
            )

        return _where_it_falls(m["gap"], lambda: one(first), lambda: one(second))

    return slack


def _minima_needs(*names: str) -> tuple[str, ...]:
    return ("gap", *(f"{name} {number}{end}" for name in names for number in (0, 1) for end in ("", " slope")))


def _norm(name: str) -> Callable[[Intervals, Setting], Interval]:
    return _roots(name, lambda s: 1.0 / (s.noise * math.sqrt(2.0)))


def _squared_lhs(m: Intervals, s: Setting) -> Interval:
    return abs(_norm("strong squared")(m, s) - _norm("weak squared")(m, s))


def _identity(name: str) -> Any:
    return _mean("gap" if name == "undecomposed" else "risk"), lambda m, s: -abs(m[name])


_CALIBRATION = ("weak calibration", "strong calibration", "forward")
_SQUARES = ("weak squared", "strong squared", "apart squared")

SAMPLED: dict[str, Sampled] = {
    "pinsker": Sampled(
        ("total variation", "forward"), *_below(_mean("total variation"), _of("forward", pinsker_bound))
    ),
    "bretagnolle-huber": Sampled(
        ("total variation", "forward"), *_below(_mean("total variation"), _of("forward", bretagnolle_huber_bound))
    ),
    "sharp-pinsker": Sampled(
        ("total variation", "forward"), *_below(_mean("total variation"), _of("forward", sharp_pinsker_tv))
    ),
    "hellinger-tv-lower": Sampled(
        ("hellinger", "total variation"), *_below(_mean("hellinger"), _mean("total variation"))
    ),
    "hellinger-tv-upper": Sampled(
        ("total variation", "hellinger upper"), *_below(_mean("total variation"), _mean("hellinger upper"))
    ),
    "floored-log-ratio": Sampled(
        ("log ratio", "forward"), *_below(_mean("log ratio"), _roots("forward", _constant)), floored=True
    ),
    "generalization-forward": Sampled(
        ("gap", "forward"), *_below(_absolute_gap, _roots("forward", _constant)), floored=True
    ),
    "generalization-reverse": Sampled(
        ("gap", "reverse"), *_below(_absolute_gap, _roots("reverse", _constant)), floored=True
    ),
    "generalization-naive": Sampled(
        ("gap", "forward"),
        *_below(_absolute_gap, _roots("forward", lambda s: 1.0 / (s.floor * math.sqrt(2.0)))),
        floored=True,
    ),
    "generalization-uniform-envelope": Sampled(("gap", "forward"), _absolute_gap, _uniform, floored=True),
    "generalization-instance-envelope": Sampled(
        _minima_needs("worst", "best"), _absolute_gap, _two_minima("worst", "best"), floored=True
    ),
    "generalization-label-free": Sampled(
        _minima_needs("upper", "lower"), _absolute_gap, _two_minima("upper", "lower"), floored=True
    ),
    "generalization-squared": Sampled(_SQUARES, *_below(_squared_lhs, _norm("apart squared"))),
    "risk-decomposition": Sampled(("undecomposed", "gap"), *_identity("undecomposed"), size="undecomposed size"),
    "calibration-score-sufficient": Sampled(
        _CALIBRATION, *_below(_calibration_change, _of("forward", bretagnolle_huber_bound, 2.0))
    ),
    "calibration-sharp": Sampled(_CALIBRATION, *_below(_calibration_change, _of("forward", sharp_pinsker_tv, 2.0))),
    "calibration-score-conditional": Sampled(
        _CALIBRATION, *_below(_calibration_change, _of("forward", bretagnolle_huber_bound, 2.0))
    ),
    "risk-controls-calibration": Sampled(
        ("strong calibration", "risk"), *_below(_mean("strong calibration"), _of("risk", sharp_pinsker_tv, 2.0))
    ),
    "calibration-refinement": Sampled(("unrefined", "risk"), *_identity("unrefined"), size="unrefined size"),
}
"""The claims that are comparisons of functions of means.  Others answer `unresolved` on samples."""


# ---- drawing and streaming ------------------------------------------------------------------------------------------


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
def _summaries(draws: Draws | str, raw: bool) -> Any:
    """Compiled: means and squared deviations of every statistic over the first `valid` points of a block."""

    def summarised(
        population: Population, points: Array, valid: Array, multipliers: Multipliers | None
    ) -> dict[str, Any]:
        values = statistics(population.sampled_instance(points), multipliers)
        counted = jnp.arange(len(points)) < valid
        if draws == "antithetic":
            values = {name: v.reshape(-1, 2).mean(axis=1) for name, v in values.items()}
            counted = counted[::2]
        if raw:
            return values
        number = jnp.sum(counted)

        def moments(v: Array) -> tuple[Array, ...]:
            mean = jnp.sum(jnp.where(counted, v, 0.0)) / number
            squares = jnp.sum(jnp.where(counted, (v - mean) ** 2, 0.0))
            return (
                mean,
                squares,
                jnp.min(v, where=counted, initial=jnp.inf),
                jnp.max(v, where=counted, initial=-jnp.inf),
            )

        return {name: moments(v) for name, v in values.items()}

    return compiled(summarised)


@functools.cache
def _minimum_at(name: str) -> Any:
    """Compiled: the mean, over an instance's inputs, whose minimum over the multiplier is a slack."""
    return compiled(lambda instance, x: jnp.mean(_MINIMA[name](instance, x)[0]), optimised=False)


def pilot_multipliers(population: Population, seed: int) -> Multipliers | None:
    """Points on either side of the best multipliers, from a sample of its own; None without a floor."""
    if population.kind != "simplex" or population.floor <= 0:
        return None
    uniform = _inside(np.random.default_rng([seed, 0]).random((_PILOT, population.dimension)))
    with jax.enable_x64(True):
        instance = population.sampled_instance(population.points(uniform))
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
    step = _summaries(draws, region == "betting")
    means: Means | None = None
    units: dict[int, list[tuple[int, dict[str, float]]]] = {}
    for uniform, unit in _uniforms(population.dimension, samples, draws, seed):
        valid = len(uniform)
        points = population.points(uniform)
        if samples > _BLOCK and valid < _BLOCK:
            points = np.concatenate([points, np.repeat(points[:1], _BLOCK - valid, axis=0)])
        with jax.enable_x64(True):
            made = jax.tree.map(np.asarray, step(population, points, valid, multipliers))
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
    uniform = np.full((1, population.dimension), 0.5)
    with jax.enable_x64(True):
        return population.models(population.points(uniform)).truth.shape[-1]


# ---- verdicts -------------------------------------------------------------------------------------------------------


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
    pilot = _pilot(population, seed)
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


def _pilot(population: Population, seed: int) -> Instance:
    uniform = _inside(np.random.default_rng([seed, 3]).random((1_000, population.dimension)))
    with jax.enable_x64(True):
        return population.sampled_instance(population.points(uniform))


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
