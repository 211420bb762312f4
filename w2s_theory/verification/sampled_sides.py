"""Which statistics of one input a claim about means needs, and the interval of its slack over a region of means.

Every function involved is monotone.  Where a side is itself a minimum of convex means over a multiplier (the two exact
ranges of section 3), two multipliers bound the minimum from both sides.  By duality that slack is a minimum of means of
non-negative numbers: sampling measures it, but cannot find it negative.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import log_ratio
from w2s_theory._types import Array
from w2s_theory.functionals.divergences import kl_divergence, max_log_ratio, squared_hellinger, total_variation
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, pinsker_bound, sharp_pinsker_tv
from w2s_theory.functionals.risks import risk_difference_terms
from w2s_theory.functionals.uniform_envelope import (
    log_ratio_constant,
    uniform_envelope_lower,
    uniform_envelope_upper,
)
from w2s_theory.instance import Instance
from w2s_theory.verification.confidence import Interval, Range
from w2s_theory.worlds.population import Number, Population

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


def _student(i: Instance, x: Number, sign: Number) -> tuple[Array, Array]:
    r"""$|1+t|\,\mathrm{KL}(q\|F_{sw})$ at $q=(F^*+tF_w)/(1+t)$, $t=\pm x$, and its derivative by x.

    The best student is at positive t; the worst at negative t, where $q=(xF_w-F^*)/(x-1)$.
    """
    t = sign * x
    q = (i.truth + t * i.weak) / (1.0 + t)
    return jnp.abs(1.0 + t) * kl_divergence(q, i.strong), jnp.sum(i.weak * log_ratio(q, i.strong), axis=-1)


def _labels(i: Instance, x: Number, sign: Number) -> tuple[Array, Array]:
    r"""$\max_ja_j-\sum_jF^*_ja_j$, $a_j=\mp\log F_{sw,j}+x\log F_{w,j}$, and its derivative by x."""
    slope = jnp.log(i.weak)
    a = -sign * jnp.log(i.strong) + x * slope
    top = jnp.argmax(a, axis=-1, keepdims=True)

    def surplus(values: Array) -> jax.Array:
        return jnp.sum(i.truth * (jnp.take_along_axis(jnp.asarray(values), top, axis=-1) - values), axis=-1)

    return surplus(a), surplus(slope)


_KINDS: tuple[tuple[Callable[..., tuple[Array, Array]], dict[str, float]], ...] = (
    (_student, {"worst": -1.0, "best": 1.0}),
    (_labels, {"upper": 1.0, "lower": -1.0}),
)

MINIMA: dict[str, Callable[[Instance, Number], tuple[Array, Array]]] = {
    name: functools.partial(function, sign=sign) for function, signs in _KINDS for name, sign in signs.items()
}
"""Convex functions of a multiplier, by input, and their derivatives; the minimum of the mean is a slack."""


def _minima(i: Instance, multipliers: Multipliers) -> dict[str, jax.Array]:
    """Values and slopes of all of `MINIMA` at both points; what is one function is compiled once."""
    made, pairs = {}, multipliers.pairs()
    for function, signs in _KINDS:
        points = jnp.array([pairs[name] for name in signs])
        at_both = jax.vmap(function, in_axes=(None, 0, None))
        found = jax.vmap(at_both, in_axes=(None, 0, 0))(i, points, jnp.array(list(signs.values())))
        for name, values, slopes in zip(signs, *found, strict=True):
            for number in range(2):
                made[f"{name} {number}"], made[f"{name} {number} slope"] = values[number], slopes[number]
    return made


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
    if multipliers:
        made |= _minima(i, multipliers)
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
