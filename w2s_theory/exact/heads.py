"""Global minimisers of a non-convex objective in one variable: reverse KL over binary softmax heads on one feature."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from flint import arb

from w2s_theory.exact.balls import ONE, ZERO, Rows, between, expectation, kl_term, smallest
from w2s_theory.exact.instance import Instance, fail
from w2s_theory.exact.rationals import CertificateError

_FINEST = 56
_MOST_INTERVALS = 4000


class _Objective(NamedTuple):
    """Bounds of g, and enclosures of g' and g'', on an interval of [-1, 1]."""

    least: Callable[[arb, arb], arb]
    value: Callable[[arb], arb]
    slope: Callable[[arb], arb]
    curvature: Callable[[arb], arb]


def reverse_heads(i: Instance, target: Rows) -> list[tuple[list[list[arb]], arb]]:
    r"""Tables and objectives that enclose every global minimiser of $d_P(F_\theta,\text{target})$, ‖θ‖ ≤ radius.

    With two classes and one feature h only $\theta_1-\theta_2$ matters, so $\theta=(t,-t)$ with
    $|t|\le\text{radius}/\sqrt2$, $t=s\cdot\text{radius}/\sqrt2$, and the score of class 0 is σ(z), $z=2th$.
    `CertificateError` for other shapes, a target with zeros, or more than a few thousand intervals.
    """
    assert i.features is not None and i.radius is not None
    if len(i.features[0]) != 1 or i.classes != 2:
        fail("features", "heads trained in the reverse direction are enclosed for one feature and two classes only")
    if not all(value > 0 for row in target for value in row):
        fail("weak", "has a zero, where the reverse objective is not finite")
    slopes = [arb(2).sqrt() * i.radius * h for (h,) in i.features]
    minimisers = global_minimisers(_objective(i.probabilities, slopes, target))
    found = []
    for low, high in minimisers:
        s = between(low, high)
        rows = [[_sigmoid(a * s), _sigmoid(-a * s)] for a in slopes]
        terms = (_divergence(a * s, t) for a, t in zip(slopes, target, strict=True))
        found.append((rows, expectation(i.probabilities, terms)))
    return found


def _sigmoid(z: arb) -> arb:
    return 1 / (1 + (-z).exp())


def _divergence(z: arb, target: Sequence[arb]) -> arb:
    return kl_term(_sigmoid(z), target[0]) + kl_term(_sigmoid(-z), target[1])


def _objective(weights: Sequence[arb], slopes: Sequence[arb], target: Rows) -> _Objective:
    r"""With p = σ(z), z = as, ℓ the log-odds of the target: the term's derivative by z is p(1-p)(z-ℓ).

    So each term falls until z = ℓ and rises after it: its least value on an interval is at an end, or zero.
    """
    odds = [(t[0] / t[1]).log() for t in target]

    def least(low: arb, high: arb) -> arb:
        def term(a: arb, t: Sequence[arb], level: arb) -> arb:
            ends = [a * low, a * high]
            if all(z > level for z in ends) or all(z < level for z in ends):
                return smallest(_divergence(z, t) for z in ends)
            return ZERO

        return expectation(weights, map(term, slopes, target, odds))

    def value(s: arb) -> arb:
        return expectation(weights, (_divergence(a * s, t) for a, t in zip(slopes, target, strict=True)))

    def slope(s: arb) -> arb:
        return expectation(weights, (a * _bell(a * s) * (a * s - level) for a, level in zip(slopes, odds, strict=True)))

    def curvature(s: arb) -> arb:
        return expectation(
            weights,
            (
                a * a * _bell(a * s) * (1 + (1 - 2 * _sigmoid(a * s)) * (a * s - level))
                for a, level in zip(slopes, odds, strict=True)
            ),
        )

    return _Objective(least, value, slope, curvature)


def _bell(z: arb) -> arb:
    """p(1-p)."""
    p = _sigmoid(z)
    return p * (1 - p)


def global_minimisers(g: _Objective) -> list[tuple[arb, arb]]:
    """Disjoint intervals of [-1, 1], narrower than 2^-56 or points, that contain every global minimiser.

    An interval is dropped where g certainly exceeds a value taken elsewhere, and where g' certainly has one sign,
    but for an end of [-1, 1]; it shrinks by Newton's method where g'' > 0, else it is halved.
    """
    narrow = arb(2) ** -_FINEST
    best = smallest(g.value(s).upper() for s in (-ONE, ZERO, ONE))
    pending, kept = [(-ONE, ZERO), (ZERO, ONE)], []
    for _ in range(_MOST_INTERVALS):
        if not pending:
            break
        low, high = pending.pop()
        middle = ((low + high) / 2).mid()
        best = best.min(g.value(middle).upper())
        if g.least(low, high) > best:
            continue
        whole = between(low, high)
        slope = g.slope(whole)
        if slope > 0 or slope < 0:
            end = low if slope > 0 else high
            if abs(end) == 1:
                kept.append((end, end))
            continue
        if high - low <= narrow:
            kept.append((low, high))
            continue
        pending.extend(_narrowed(g, low, middle, high, whole))
    else:
        raise CertificateError("the global minimum over the heads could not be isolated")
    return _joined([(low, high) for low, high in kept if not g.least(low, high) > best])


def _narrowed(g: _Objective, low: arb, middle: arb, high: arb, whole: arb) -> list[tuple[arb, arb]]:
    """The interval after a Newton step, or its halves.  Ends of [-1, 1] stay, being minimisers without g' = 0."""
    curvature = g.curvature(whole)
    if curvature > 0 and abs(low) < 1 and abs(high) < 1:
        step = middle - g.slope(middle) / curvature
        if step > high or step < low:
            return []
        begin = step.lower() if step.lower() > low else low
        end = step.upper() if step.upper() < high else high
        if 2 * (end - begin) < high - low:
            return [(begin, end)]
    return [(low, middle), (middle, high)]


def _joined(intervals: list[tuple[arb, arb]]) -> list[tuple[arb, arb]]:
    """Their union, as disjoint intervals."""
    made: list[tuple[arb, arb]] = []
    for low, high in sorted(intervals, key=lambda ends: ends[0].mid().fmpq()):
        if made and not low > made[-1][1]:
            made[-1] = low.min(made[-1][0]), high.max(made[-1][1])
        else:
            made.append((low, high))
    return made
