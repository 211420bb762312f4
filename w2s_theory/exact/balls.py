"""Ball arithmetic on rows: every function returns a ball that contains the value for all numbers of the given balls.

A comparison of balls is true only if it holds for all of their numbers.  Nats throughout.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flint import arb, ctx, fmpq

from w2s_theory.exact.rationals import CertificateError

Rows = Sequence[Sequence[arb]]
ZERO, ONE = arb(0), arb(1)


def precision(bits: int = 256) -> AbstractContextManager:
    """A context in which balls are computed with so many bits; the former precision is restored after it."""
    return ctx.workprec(bits)


def balls(rows: Sequence[Sequence[fmpq]]) -> list[list[arb]]:
    """Balls around rational rows."""
    return [[arb(value) for value in row] for row in rows]


def total(values: Iterable[arb]) -> arb:
    """Their sum."""
    return sum(values, ZERO)


def largest(values: Iterable[arb]) -> arb:
    """Their maximum."""
    first, *rest = values
    for value in rest:
        first = first.max(value)
    return first


def between(low: arb, high: arb) -> arb:
    """A ball that contains everything between any number of one and any number of the other."""
    return low.union(high)


def root(x: arb) -> arb:
    """√x of a number known to be at least zero, though its ball may reach below."""
    if x > 0:
        return x.sqrt()
    top = x.upper()
    if top < 0:
        raise CertificateError("a quantity that cannot be negative is enclosed below zero")
    return between(ZERO, top.sqrt())


def square(x: arb) -> arb:
    """x²; a power of a ball around zero would not be finite."""
    return x * x


def positive_part(x: arb) -> arb:
    """max(x, 0)."""
    return x.max(ZERO)


def x_log_x(x: arb) -> arb:
    """X log x of a number known to be at least zero, with 0 log 0 = 0."""
    if x > 0:
        return x * x.log()
    if x.is_zero():
        return ZERO
    top = x.upper()
    end = top * top.log()
    lowest = end if 3 * top < 1 else -arb(-1).exp()
    return between(between(lowest, end), ZERO)


def kl_term(p: arb, q: arb) -> arb:
    """P log(p/q) - p + q ≥ 0, not finite if p > 0 = q."""
    if p.is_zero():
        return q
    if p > 0:
        return p * (p / q).log() - p + q
    return x_log_x(p) - p * q.log() - p + q


def log_ratios(excess: arb) -> arb:
    r"""All v with $e^v-1-v\le c$, c ≥ 0 being the upper end of `excess`.

    For v ≥ 0 the left side is at least v²/2, for v = -s < 0 at least s²/(2+s): the difference
    $(2+s)e^{-s}-2+s$ is zero at 0 and has the derivative $1-(1+s)e^{-s}\ge0$.
    """
    c = excess.upper()
    return between(-(c + (c * c + 8 * c).sqrt()) / 2, (2 * c).sqrt())


@dataclass(frozen=True)
class Generator:
    r"""A convex φ of one variable, elementwise on balls.

    `term(a, b)` is $D_\varphi(a,b)$, `slope` φ' and `from_slope` its inverse; `after(a, c)` contains all b with
    $D_\varphi(a,b)\le c$ and `before(b, c)` all a with $D_\varphi(a,b)\le c$, for a or b at least zero.
    """

    name: str
    term: Callable[[arb, arb], arb]
    slope: Callable[[arb], arb]
    from_slope: Callable[[arb], arb]
    after: Callable[[arb, arb], arb]
    before: Callable[[arb, arb], arb]


def _kl_after(a: arb, c: arb) -> arb:
    """With u = b/a the divergence is a(u - 1 - log u)."""
    return a * log_ratios(c / a).exp() if a > 0 else _by_roots(a, c)


def _by_roots(b: arb, c: arb) -> arb:
    """Either way round the divergence is at least (√a - √b)²."""
    middle, step = root(b), root(c).upper()
    return between(square(positive_part(middle - step).lower()), square(middle + step))


def _squared_near(a: arb, c: arb) -> arb:
    step = root(c).upper()
    return between(a - step, a + step)


GENERATORS = {
    "kl": Generator("kl", kl_term, lambda x: x.log(), lambda u: u.exp(), _kl_after, _by_roots),
    "squared": Generator(
        "squared", lambda a, b: square(a - b), lambda x: 2 * x, lambda u: u / 2, _squared_near, _squared_near
    ),
    "itakura-saito": Generator(
        "itakura-saito",
        lambda a, b: a / b - 1 - (a / b).log(),
        lambda x: -1 / x,
        lambda u: -1 / u,
        lambda a, c: a * (-log_ratios(c)).exp(),
        lambda b, c: b * log_ratios(c).exp(),
    ),
}


def expectation(weights: Sequence[arb], values: Iterable[arb]) -> arb:
    """Σ_x w_x value_x."""
    return total(w * v for w, v in zip(weights, values, strict=True))


def mean_of_terms(weights: Sequence[arb], term: Callable[[arb, arb], arb], g: Rows, h: Rows) -> arb:
    """E Σ_i term(g_i, h_i)."""
    return expectation(
        weights, (total(term(a, b) for a, b in zip(p, q, strict=True)) for p, q in zip(g, h, strict=True))
    )


def disagreement(weights: Sequence[arb], g: Rows, h: Rows) -> arb:
    """d_P(g, h) = E Σ_i [g_i log(g_i/h_i) - g_i + h_i]."""
    return mean_of_terms(weights, kl_term, g, h)


def total_variation(p: Sequence[arb], q: Sequence[arb]) -> arb:
    """½ Σ_i |p_i - q_i|."""
    return total(abs(a - b) for a, b in zip(p, q, strict=True)) / 2


def squared_hellinger(p: Sequence[arb], q: Sequence[arb]) -> arb:
    """½ Σ_i (√p_i - √q_i)²."""
    return total(square(root(a) - root(b)) for a, b in zip(p, q, strict=True)) / 2


def log_ratio(p: arb, q: arb) -> arb:
    """Log(p/q), zero where both are zero."""
    return ZERO if p.is_zero() and q.is_zero() else (p / q).log()


def smallest(values: Iterable[arb]) -> arb:
    """Their minimum."""
    return -largest(-value for value in values)


def meet(x: arb, y: arb) -> arb:
    """A ball around the numbers common to two enclosures of the same number."""
    if not x.overlaps(y):
        raise CertificateError("two enclosures of one number have nothing in common")
    return x.intersection(y)
