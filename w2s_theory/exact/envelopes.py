"""Exact ranges of the student's risk, enclosed from both sides: a feasible point below, weak duality above."""

from collections.abc import Sequence

from flint import arb

from w2s_theory.exact.balls import ZERO, Rows, between, disagreement, expectation, largest, log_ratio, total
from w2s_theory.exact.curves import inverse_from_zero
from w2s_theory.exact.instance import Instance
from w2s_theory.exact.rationals import CertificateError

_CUTS = 200
_FARTHEST = arb(2) ** 80
_NEGLIGIBLE = arb(2) ** -120


def risk_change(weights: Sequence[arb], truth: Rows, weak: Rows, strong: Rows) -> arb:
    r"""$\Delta L=L(F_{sw})-L(F_w)=\mathbb E\sum_i[F^*_i\log(F_{w,i}/F_{sw,i})+F_{sw,i}-F_{w,i}]$."""
    return expectation(
        weights,
        (
            total((ZERO if t.is_zero() else t * log_ratio(p, q)) + q - p for t, p, q in zip(a, b, c, strict=True))
            for a, b, c in zip(truth, weak, strong, strict=True)
        ),
    )


def instance_envelope(i: Instance, d: arb, *, rising: bool) -> arb:
    r"""The largest $L(F_{sw})-L(F_w)$, or the largest $L(F_w)-L(F_{sw})$, over students with $d_P(F_w,F_{sw})\le d$.

    For a multiplier μ, the student $q\propto\mu F_w-F^*$ maximises $\Delta L-\mu\,d_P(F_w,q)$ by Gibbs' inequality,
    provided $\mu F_w\ge F^*$: the maximum is at most $\Delta L(q)+\mu(d-d_P(F_w,q))$, and at least $\Delta L(q)$ if
    $d_P(F_w,q)\le d$.  Likewise with $q\propto F^*+\lambda F_w$, λ ≥ 0, for the other one.  The disagreement
    grows with z, μ = max F*/F_w + 1/z or λ = 1/z.
    """
    truth, weak, sign = i.truth.balls, i.weak.balls, 1 if rising else -1
    exact_truth, exact_weak = i.rational("truth"), i.rational("weak")
    if exact_truth == exact_weak:
        return d if rising else ZERO
    steepest = max(
        t / p for a, b in zip(exact_truth, exact_weak, strict=True) for t, p in zip(a, b, strict=True) if p > 0
    )

    def multiplier(z: arb) -> arb:
        return (steepest if rising else 0) + 1 / z

    def student(z: arb) -> list[list[arb]]:
        mu = multiplier(z)
        return [
            [(mu * p - sign * t) / (mu - sign) for t, p in zip(a, b, strict=True)]
            for a, b in zip(truth, weak, strict=True)
        ]

    at_weak = disagreement(i.probabilities, truth, weak)
    if not rising and disagreement(i.probabilities, weak, truth) <= d:
        return at_weak
    ends = inverse_from_zero(lambda z: disagreement(i.probabilities, weak, student(z)), d)
    if ends is None:
        raise CertificateError("the students at the ends of the envelope are too close to where it stops to be told")
    below, above = ends
    reached = ZERO if below.is_zero() else sign * risk_change(i.probabilities, truth, weak, student(below))
    at = above if below.is_zero() else below
    table = student(at)
    spare = d - disagreement(i.probabilities, weak, table)
    return between(reached, sign * risk_change(i.probabilities, truth, weak, table) + multiplier(at) * spare)


def _crossing(left: tuple[arb, arb], right: tuple[arb, arb]) -> arb:
    """Where a falling line (value at 0, slope) and a rising one, or one of them level, have the same value."""
    (a, falling), (b, rising) = left, right
    return (a * rising - b * falling) / (rising - falling)


def label_free_range(i: Instance, strong: Rows, attained: arb, *, rising: bool) -> arb:
    r"""The largest change of log-loss from weak to strong (or its negative) over truths with the same weak log-loss.

    Each λ bounds it by $h(\lambda)=\mathbb E\max_i[\pm\log(F_{w,i}/F_{sw,i})+\lambda(\log F_{w,i}+R_w)]$, a convex
    piecewise linear function.  Any choice of one class an input gives a line below h, and two lines of opposite slope
    bound its minimum from below where they cross, as does what the given truth has `attained`.
    """
    sign = 1 if rising else -1
    weak_loss = -expectation(
        i.probabilities,
        (
            total(t * p.log() for t, p in zip(a, b, strict=True) if not t.is_zero())
            for a, b in zip(i.truth.balls, i.weak.balls, strict=True)
        ),
    )
    lines = [
        [(sign * log_ratio(p, q), p.log() + weak_loss) for p, q in zip(b, c, strict=True) if not p.is_zero()]
        for b, c in zip(i.weak.balls, strong, strict=True)
    ]

    def bound(multiplier: arb) -> arb:
        return expectation(i.probabilities, (largest(a + multiplier * b for a, b in row) for row in lines))

    def minorant(multiplier: arb) -> tuple[arb, arb]:
        chosen = [max(row, key=lambda line: float(line[0] + multiplier * line[1])) for row in lines]
        return tuple(expectation(i.probabilities, column) for column in zip(*chosen, strict=True))  # pyright: ignore

    best, low, high = bound(ZERO), -arb(1), arb(1)
    while high < _FARTHEST and not minorant(high)[1] > 0:
        high = 2 * high
    while low > -_FARTHEST and not minorant(low)[1] < 0:
        low = 2 * low
    left, right, least = minorant(low), minorant(high), attained
    best = best.min(bound(low)).min(bound(high))
    for _ in range(_CUTS):
        if not (left[1] < 0 and right[1] > 0):
            break
        crossing = ((right[0] - left[0]) / (left[1] - right[1])).mid()
        least, best, line = least.max(_crossing(left, right)), best.min(bound(crossing)), minorant(crossing)
        if line[1].contains(0):
            least = least.max(_crossing(left, line).min(_crossing(line, right)))
            break
        if not best - least > _NEGLIGIBLE:
            break
        left, right = (line, right) if line[1] < 0 else (left, line)
    return between(least, best)
