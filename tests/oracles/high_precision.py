"""The functionals again, by their defining formulas, in 50-digit arithmetic.

Inputs are float64 numbers and are taken at their exact values.
"""

from collections.abc import Callable, Sequence

import mpmath
from mpmath import mpf

mp = mpmath.mp.clone()
mp.dps = 50

Row = Sequence[float]
Rows = Sequence[Row]


def relative_error(computed: float, exact: mpf) -> float:
    """|computed - exact| / |exact|; where exact is zero or infinite, zero or infinity as they agree or not."""
    if exact == 0 or not mp.isfinite(exact):
        return 0.0 if float(computed) == float(exact) else float("inf")
    return float(abs(mp.mpf(float(computed)) - exact) / abs(exact))


def _exact(row: Row) -> list[mpf]:
    return [mp.mpf(float(x)) for x in row]


def _sum(pairs: Callable[[mpf, mpf], mpf], p: Row, q: Row) -> mpf:
    return mp.fsum(pairs(a, b) for a, b in zip(_exact(p), _exact(q), strict=True))


def _entropic(a: mpf, b: mpf) -> mpf:
    if a == 0:
        return mp.zero
    return mp.inf if b == 0 else a * mp.log(a / b)


def kl_divergence(p: Row, q: Row) -> mpf:
    return _sum(lambda a, b: _entropic(a, b) - a + b, p, q)


def cross_entropy(p: Row, q: Row) -> mpf:
    return _sum(lambda a, b: mp.zero if a == 0 else (mp.inf if b == 0 else -a * mp.log(b)), p, q)


def total_variation(p: Row, q: Row) -> mpf:
    return _sum(lambda a, b: abs(a - b) / 2, p, q)


def squared_hellinger(p: Row, q: Row) -> mpf:
    return _sum(lambda a, b: (mp.sqrt(a) - mp.sqrt(b)) ** 2 / 2, p, q)


def chi_squared(p: Row, q: Row) -> mpf:
    return _sum(lambda a, b: mp.zero if a == b else (mp.inf if b == 0 else (a - b) ** 2 / b), p, q)


def jensen_shannon(p: Row, q: Row) -> mpf:
    def term(a: mpf, b: mpf) -> mpf:
        middle = (a + b) / 2
        return (_entropic(a, middle) + _entropic(b, middle)) / 2

    return _sum(term, p, q)


def max_log_ratio(p: Row, q: Row) -> mpf:
    return max(log_ratio(a, b, magnitude=True) for a, b in zip(p, q, strict=True))


def log_ratio(a: float, b: float, *, magnitude: bool = False) -> mpf:
    if a == b:
        return mp.zero
    if a == 0 or b == 0:
        return mp.inf if magnitude or b == 0 else -mp.inf
    value = mp.log(mp.mpf(float(a)) / mp.mpf(float(b)))
    return abs(value) if magnitude else value


def itakura_saito(a: Row, b: Row) -> mpf:
    return _sum(lambda x, y: x / y - mp.log(x / y) - 1, a, b)


def squared_distance(a: Row, b: Row) -> mpf:
    return _sum(lambda x, y: (x - y) ** 2, a, b)


BREGMAN = {"kl": kl_divergence, "squared": squared_distance, "itakura-saito": itakura_saito}


def expectation(weights: Row, values: Sequence[mpf]) -> mpf:
    return mp.fsum(w * v for w, v in zip(_exact(weights), values, strict=True) if w > 0)


def disagreement(weights: Row, g: Rows, h: Rows) -> mpf:
    return expectation(weights, [kl_divergence(p, q) for p, q in zip(g, h, strict=True)])


def risk(weights: Row, truth: Rows, model: Rows) -> mpf:
    return disagreement(weights, truth, model)


def reverse_risk(weights: Row, truth: Rows, model: Rows) -> mpf:
    return disagreement(weights, model, truth)


def log_loss(weights: Row, truth: Rows, model: Rows) -> mpf:
    return expectation(weights, [cross_entropy(p, q) for p, q in zip(truth, model, strict=True)])


def risk_difference(weights: Row, truth: Rows, weak: Rows, strong: Rows) -> mpf:
    return risk(weights, truth, strong) - risk(weights, truth, weak)


def log_ratio_constant(floor: float) -> mpf:
    gamma = mp.mpf(floor)
    return mp.sqrt(2 * (1 - gamma) / gamma)


def sharp_pinsker_point(t: mpf | float) -> tuple[mpf, mpf]:
    """(TV, KL) by the closed formula, with as many extra digits as it cancels."""
    t = mp.mpf(t)
    with mp.extradps(20 + 3 * abs(int(mp.log10(t))) + (int(t) if t > 1 else 0)):
        mean = mp.coth(t) - 1 / t
        tv = t * (1 - mean**2) / 2
        kl = mp.log(t / mp.sinh(t)) + t * mp.coth(t) - t**2 / mp.sinh(t) ** 2
    return +tv, +kl


def _root(function: Callable[[mpf], mpf], low: mpf, high: mpf) -> mpf:
    """Root of a monotone function between its two ends."""
    low, high = mp.mpf(low), mp.mpf(high)
    rising = function(high) > 0
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if (function(middle) > 0) == rising else (middle, high)
    return mp.findroot(function, (low, high), solver="anderson", tol=mp.mpf(10) ** -70, maxsteps=200)


def sharp_pinsker_tv(kl: float) -> mpf:
    target = mp.mpf(kl)
    log_t = _root(lambda u: mp.log(sharp_pinsker_point(mp.exp(u))[1] / target), *_log_t_bracket(mp.sqrt(2 * target)))
    return sharp_pinsker_point(mp.exp(log_t))[0]


def sharp_pinsker_kl(tv: float) -> mpf:
    target = mp.mpf(tv)
    log_t = _root(lambda u: mp.log(sharp_pinsker_point(mp.exp(u))[0] / target), *_log_t_bracket(2 * target))
    return sharp_pinsker_point(mp.exp(log_t))[1]


def _log_t_bracket(small_t: mpf) -> tuple[mpf, mpf]:
    return mp.log(small_t) - 1, mp.mpf("5.3")


def _binary_kl(p: mpf, q: mpf) -> mpf:
    return _entropic(p, q) + _entropic(1 - p, 1 - q)


def _uniform(divergence: Callable[[mpf, mpf], mpf], kl: float, floor: float, classes: int) -> mpf:
    gamma, target = mp.mpf(floor), mp.mpf(kl)
    highest = mp.log((1 - (classes - 1) * gamma) / gamma)
    if target >= divergence(gamma * mp.exp(highest), gamma):
        return highest

    def gap(u: mpf) -> mpf:
        with mp.extradps(60):
            return mp.log(divergence(gamma * mp.exp(mp.exp(u)), gamma) / target)

    smallest = mp.log(target) / 2 - 3
    return mp.exp(_root(gap, smallest, mp.log(highest)))


def uniform_envelope_upper(kl: float, floor: float, classes: int) -> mpf:
    return _uniform(lambda moved, gamma: _binary_kl(moved, gamma), kl, floor, classes)


def uniform_envelope_lower(kl: float, floor: float, classes: int) -> mpf:
    return _uniform(lambda moved, gamma: _binary_kl(gamma, moved), kl, floor, classes)


def _line_change(
    weights: Row, truth: Rows, weak: Rows, disagreement: float, student: Callable[[mpf, mpf, mpf, mpf], mpf]
) -> mpf:
    """ΔL where d_P(weak, student) is as given, the student being `student(truth_i, weak_i, e^u, shortfall_i)`.

    The shortfall is how far truth/weak is below its largest value r, as a fraction of r - 1.
    """
    with mp.extradps(40):
        terms = [
            (mp.mpf(float(w)), mp.mpf(float(t)), mp.mpf(float(f)))
            for w, ts, fs in zip(weights, truth, weak, strict=True)
            for t, f in zip(ts, fs, strict=True)
            if w > 0 and f > 0
        ]
        ratio = max(t / f for _, t, f in terms)
        shortfalls = [(ratio - t / f) / (ratio - 1) for _, t, f in terms]

        def gap(u: mpf) -> mpf:
            x = mp.exp(u)
            moved = [(w, f, student(t, f, x, s)) for (w, t, f), s in zip(terms, shortfalls, strict=True)]
            return mp.log(mp.fsum(w * (_entropic(f, q) - f + q) for w, f, q in moved) / mp.mpf(disagreement))

        x = mp.exp(_root(gap, -20000, 80))
        moved = [(w, t, f, student(t, f, x, s)) for (w, t, f), s in zip(terms, shortfalls, strict=True)]
        return mp.fsum(w * ((t * mp.log(f / q) if t > 0 else 0) + q - f) for w, t, f, q in moved)


def best_change(weights: Row, truth: Rows, weak: Rows, disagreement: float) -> mpf:
    """Lowest ΔL, along q = (truth + λ weak)/(1 + λ), for a disagreement that the line reaches."""
    return _line_change(weights, truth, weak, disagreement, lambda t, f, x, _: (t + x * f) / (1 + x))


def worst_change(weights: Row, truth: Rows, weak: Rows, disagreement: float) -> mpf:
    """Highest ΔL, along q = (μ weak - truth)/(μ - 1), for μ above the largest ratio r of truth to weak.

    With μ - 1 = (r - 1)(1 + x) this is q = weak·(x + shortfall)/(1 + x).
    """
    return _line_change(weights, truth, weak, disagreement, lambda t, f, x, short: f * (x + short) / (1 + x))
