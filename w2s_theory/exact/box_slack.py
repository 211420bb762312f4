r"""Eight claims about one input and two classes: certified lower bounds of their slack, rhs - lhs, on a box of (p, q).

p is the weak, q the strong score of class 0; $v=|p-q|$ is the total variation, $d=\mathrm{kl}_2(p,q)$ the
disagreement in nats, γ the floor, and truth, where a claim has one, is one-hot on class 0.  Exchanging the classes,
(p, q) → (1 - p, 1 - q), changes neither v nor d.

Each claim has several *forms* of its bound.  Form "d", direct, evaluates both sides as the claim writes them, in
balls, by the mean-value form; it serves away from the claim's equality set.  The others hold on every box, equality
included, because the factor that vanishes is taken out.  The two near the diagonal rest on this:

With $u=2s-1$, $s=q+\tau(p-q)$, τ of density $2(1-\tau)$ on [0, 1], Taylor's formula reads
$d=2v^2\,\mathbb E\frac1{1-u^2}$, and Jensen's inequality gives $d\ge\rho v^2$ with $\rho=2/(1-\mathbb Eu^2)\ge2$,
$\mathbb Eu^2=(\tfrac{2p+4q}3-1)^2+\tfrac29v^2$ (equality in the limit v → 0).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flint import arb, arb_series, fmpq

from w2s_theory.exact.box_curves import (
    SHARP_RANGE,
    ConcaveCurve,
    binary_kl,
    bracket,
    fall_curve,
    hull,
    log_odds_difference,
    rise_curve,
    sharp_curve,
    sharp_q,
    sharp_tv,
)
from w2s_theory.exact.box_geometry import UNKNOWN, Box, larger, smaller

Form = Callable[[Box], arb]
Slack = Callable[[arb_series, arb_series, arb_series, int], arb_series]
"""(p, q, d, sign of p - q) ↦ rhs - lhs, to first order in one of p and q."""

DIRECT = "d"


@dataclass(frozen=True)
class BoxClaim:
    """A claim on boxes: where its two sides meet, in words and as a test, and the forms of its lower bound.

    `meets(box)` is false only if it is certain that the box holds no point of the equality set.  `forms[letter](box)`
    is a ball whose lower end is at most the slack everywhere in the box, or not finite where the form says nothing.
    """

    id: str
    equality: str
    meets: Callable[[Box], bool]
    forms: Mapping[str, Form]

    def decided(self, form: str, box: Box, meets: bool) -> arb | None:
        """The lower bound of this form if it decides the box: positive, or zero where the box meets the equality set.

        None if it does not; `meets` is `self.meets(box)`.
        """
        bound = self.forms[form](box)
        return bound.lower() if bound > 0 or (meets and bound >= 0) else None


def box_claims(floor: fmpq) -> dict[str, BoxClaim]:
    """The eight claims by id, with the constants of this floor, to the working precision of `flint`."""
    sharp = sharp_curve()
    return {
        claim.id: claim
        for claim in (
            total_variation_claim("pinsker", _pinsker, _pinsker_ratio),
            total_variation_claim("bretagnolle-huber", _bretagnolle_huber),
            _sharp_pinsker(total_variation_claim("sharp-pinsker", sharp.along), sharp),
            log_ratio_claim("floored-log-ratio", floor, both_classes=True),
            _hellinger_lower(),
            _hellinger_upper(),
            log_ratio_claim("generalization-forward", floor, both_classes=False),
            _uniform_envelope(floor),
        )
    }


def meets_diagonal(box: Box) -> bool:
    """Whether p = q somewhere in the box."""
    return box.sign == 0


_ON_DIAGONAL = "p = q"


def direct(*slacks: Slack) -> Form:
    """The mean-value form of the least of several slacks, on boxes that do not meet the diagonal.

    slack(p, q) ∈ slack(m) + ∂_q slack(m_p, Q)(q - m_q) + ∂_p slack(P, Q)(p - m_p), m the middle of the box P × Q; the
    plain evaluation over P × Q is used where it is better.
    """

    def lower(box: Box) -> arb:
        if meets_diagonal(box):
            return UNKNOWN
        return smaller(*(_mean_value(slack, box) for slack in slacks))

    return lower


def _mean_value(slack: Slack, box: Box) -> arb:
    middle, segment = box.middle, box.middle_p
    across = _expanded(slack, box, 1, 0)
    along = _expanded(slack, segment, 0, 1)
    start = _expanded(slack, middle, 0, 0)[0]
    return larger(start + along[1] * (box.q - middle.q) + across[1] * (box.p - middle.p), across[0])


def _expanded(slack: Slack, box: Box, dp: int, dq: int) -> arb_series:
    """The slack at (p + dp·ε, q + dq·ε) for all (p, q) of the box; d and its slopes are enclosed by monotonicity."""
    low, high = _divergence_range(box)
    slope = dp * _log_odds_range(box) - dq * (box.p - box.q) / (box.q * (1 - box.q))
    return slack(
        arb_series([box.p, dp], 2),
        arb_series([box.q, dq], 2),
        arb_series([hull(low, high), slope], 2),
        box.sign,
    )


def _ends(box: Box) -> tuple[tuple[arb, arb], tuple[arb, arb]]:
    """The corner of least p and greatest q, and the opposite one."""
    return (arb(box.p_low), arb(box.q_high)), (arb(box.p_high), arb(box.q_low))


def _log_odds_range(box: Box) -> arb:
    """∂_p d over the box: it increases in p and decreases in q."""
    least, greatest = _ends(box)
    return hull(log_odds_difference(*least), log_odds_difference(*greatest))


def _divergence_range(box: Box) -> tuple[arb, arb]:
    """d over a box that does not meet the diagonal: it increases as p and q move apart."""
    least, greatest = _ends(box)
    near, far = (least, greatest) if box.sign > 0 else (greatest, least)
    return binary_kl(*near), binary_kl(*far)


def _flatness(box: Box) -> fmpq:
    """A lower bound of ρ = 2/(1 - E u²) over the box: d ≥ ρ v² there."""
    low = (2 * box.p_low + 4 * box.q_low) / 3 - 1
    high = (2 * box.p_high + 4 * box.q_high) / 3 - 1
    mean = max(fmpq(0), low, -high)
    return 2 / (1 - mean * mean - 2 * box.nearest * box.nearest / 9)


def total_variation_claim(
    identifier: str,
    bound: Callable[[arb_series], arb_series],
    ratio: Callable[[fmpq, fmpq], arb] | None = None,
) -> BoxClaim:
    r"""The claim v ≤ B(d) for an increasing B whose $B(x)/\sqrt x$ does not increase.

    Near the diagonal, form "n": $B(d)\ge B(\rho v^2)$ and $B(\rho v^2)/v$ does not increase with v, so that the slack
    is at least $v\,(B(\rho\bar v^2)/\bar v-1)$ with $\bar v$ the largest v of the box; `ratio(ρ, v)` is
    $B(\rho v^2)/v$.
    """

    def quotient(rho: fmpq, v: fmpq) -> arb:
        return bound(arb_series([arb(rho * v * v)], 2))[0] / v

    def near(box: Box) -> arb:
        excess = (ratio or quotient)(_flatness(box), box.farthest) - 1
        return excess * (box.nearest if excess >= 0 else box.farthest)

    forms = {DIRECT: direct(lambda p, q, d, sign: bound(d) - sign * (p - q)), "n": near}
    return BoxClaim(identifier, _ON_DIAGONAL, meets_diagonal, forms)


def _pinsker(d: arb_series) -> arb_series:
    return (d / 2).sqrt()


def _pinsker_ratio(rho: fmpq, v: fmpq) -> arb:
    return arb(rho / 2).sqrt()


def _bretagnolle_huber(d: arb_series) -> arb_series:
    return (1 - (-d).exp()).sqrt()


def _sharp_pinsker(claim: BoxClaim, sharp: ConcaveCurve) -> BoxClaim:
    r"""v ≤ V*(d), with a third form, "c", about the sharp curve.

    For t > 0 let $e=e^{-2t}$, $w=2t/(1-e)$, and (p_t, q_t) the pair with $p_t=wq_t$, $1-p_t=we(1-q_t)$: its log-odds
    differ by 2t, and $1-q_t=\frac{w-1}{w(1-e)}$, so that $\frac{p_t-q_t}{q_t(1-q_t)}=\frac{w-1}{1-q_t}=2t$ as well.
    These are $\partial_p$ and $-\partial_q$ of kl₂, so $k(q)=\mathrm{kl}_2(q+v,q)$, $v=V(t)=p_t-q_t$, has
    $k'(q_t)=0$.  Also $k(q_t)=\log w-2t(1-p_t)=K(t)$ and $k(q)=2v^2\mathbb E\frac1{1-u^2}$ has $k''\ge16v^2$, since
    $(1-u^2)^{-1}$ has a second derivative of at least 2 in u.  Hence $d\ge K(t)+8v^2\delta^2$ with δ = |q - q_t|, and
    as V* is concave, the slack is at least $8v^2\delta^2$ times its slope at the largest d of the box.

    With $L=\coth t-1/t$, $q_t=\tfrac12(1-L)$ falls in t, and $p_t$ rises: the log-odds of $p_t$ have the derivative
    $2-2L'/(1-L^2)\ge0$, as $t\coth t\ge1$.  So a box with p > q misses the curve iff its lower left corner lies above
    it or its upper right corner below, and that corner then has the least δ of the box.

    Form "n" needs that $V^*(x)/\sqrt x$ does not increase: $(K/V^2)'\ge0$ iff $tV\ge K$, as K' = 2tV', and
    $(tV-K)'=V-tV'=t^2LL'\ge0$ because $V=\tfrac t2(1-L^2)$.
    """

    def near_curve(box: Box) -> arb:
        if meets(box):
            return arb(0)
        reach = box.nearest * _distance_from_curve(box)
        return 8 * reach * reach * sharp.steepness(_divergence_range(box)[1])

    def meets(box: Box) -> bool:
        return meets_diagonal(box) or not _distance_from_curve(box) > 0

    return BoxClaim(
        claim.id,
        "p = q, and the sharp curve: p = q + V(t), q = (1 - L(t))/2 with L(t) = coth t - 1/t and"
        " V(t) = t(1 - L(t)²)/2, t > 0, and the same with the classes exchanged",
        meets,
        {**claim.forms, "c": near_curve},
    )


def _distance_from_curve(box: Box) -> arb:
    """A lower bound of |q - q_t|, V(t) = |p - q|, over a box off the diagonal; not positive if the box may meet it."""
    if box.sign < 0:
        box = box.mirrored
    below, _ = _sharp_parameters(box.p_low - box.q_low)
    _, above = _sharp_parameters(box.p_high - box.q_high)
    return larger(arb(box.q_low) - sharp_q(below), sharp_q(above) - arb(box.q_high))


def _sharp_parameters(v: fmpq) -> tuple[arb, arb]:
    """Parameters t with V(t) ≤ v and with V(t) ≥ v."""
    return bracket(sharp_tv, arb(v), *SHARP_RANGE)


def log_ratio_claim(identifier: str, floor: fmpq, *, both_classes: bool, scale: fmpq | int = 1) -> BoxClaim:
    r"""|log(p/q)| ≤ C_γ √d, for both classes' ratios or for that of class 0 only; `scale` multiplies C_γ².

    Form "n": $\log^2(p/q)\le Q\,d$, so the slack is at least $v\sqrt\rho\,(C_\gamma-\sqrt Q)$.  With s between p and q,
    the derivatives of $\log^2(p/s)$ and $\mathrm{kl}_2(p,s)$ in s have the quotient
    $2(1-s)\frac{\log(p/s)}{p-s}\le g(s)=\frac{2(1-s)}{\sqrt{ps}}$ (geometric below logarithmic mean), decreasing and
    convex in s.  So Q = g(q) if p > q.  If p < q, $\partial_s\mathrm{kl}_2(p,s)$ increases in s, so by Chebyshev's
    integral inequality and convexity $Q=\tfrac12(g(p)+g(q))$.  Both decrease in p and in q.  On the diagonal
    $C_\gamma^2-Q=2\frac{s-\gamma}{\gamma s}$ for s = p = q.
    """
    factor = scale * 2 * (1 - floor) / floor
    constant = arb(factor).sqrt()

    def near(box: Box) -> arb:
        if meets_diagonal(box):
            least = min(box.p_low, box.q_low)
            return arb(0) if factor >= 2 * (1 - least) / least else UNKNOWN
        p, q = arb(box.p_low), arb(box.q_low)
        at_q = 2 * (1 - q) / (p * q).sqrt()
        quotient = at_q if box.sign > 0 else (1 - p) / p + at_q / 2
        rest = constant - quotient.sqrt()
        return box.nearest * arb(_flatness(box)).sqrt() * rest if rest >= 0 else UNKNOWN

    def slack(p: arb_series, q: arb_series, d: arb_series, sign: int) -> arb_series:
        return constant * d.sqrt() - sign * (p / q).log()

    def other(p: arb_series, q: arb_series, d: arb_series, sign: int) -> arb_series:
        return slack(1 - p, 1 - q, d, -sign)

    if not both_classes:
        return BoxClaim(identifier, _ON_DIAGONAL, meets_diagonal, {DIRECT: direct(slack), "n": near})
    forms = {DIRECT: direct(slack, other), "n": lambda box: smaller(near(box), near(box.mirrored))}
    return BoxClaim(identifier, _ON_DIAGONAL, meets_diagonal, forms)


def _affinity(p: arb_series, q: arb_series) -> arb_series:
    """1 - H² = √(pq) + √((1-p)(1-q))."""
    return (p * q).sqrt() + ((1 - p) * (1 - q)).sqrt()


def _hellinger_lower() -> BoxClaim:
    r"""H² ≤ v.  Form "n": with m = min(p, q), M = max(p, q) the slack is
    $v\big[\frac{\sqrt m}{\sqrt p+\sqrt q}+\frac{\sqrt{1-M}}{\sqrt{1-p}+\sqrt{1-q}}\big]$.
    """

    def share(box: Box) -> arb:
        least = arb(min(box.p_low, box.q_low)).sqrt()
        return least / (arb(box.p_high).sqrt() + arb(box.q_high).sqrt())

    return BoxClaim(
        "hellinger-tv-lower",
        _ON_DIAGONAL,
        meets_diagonal,
        {
            DIRECT: direct(lambda p, q, d, sign: sign * (p - q) - 1 + _affinity(p, q)),
            "n": lambda box: box.nearest * (share(box) + share(box.mirrored)),
        },
    )


def _hellinger_upper() -> BoxClaim:
    r"""v ≤ H√(2 - H²).  Form "n": with $A=p(1-q)$, $B=q(1-p)$, H²(2 - H²) = (√A - √B)² and p - q = A - B, so the slack
    is $v(1-\sigma)/\sigma$, $\sigma=\sqrt A+\sqrt B\le1$, with
    $2(1-\sigma)=(\sqrt p-\sqrt{1-q})^2+(\sqrt q-\sqrt{1-p})^2$ and $\sqrt p-\sqrt{1-q}=(p+q-1)/(\sqrt p+\sqrt{1-q})$.
    """

    def off(box: Box) -> fmpq:
        return max(fmpq(0), box.p_low + box.q_low - 1, 1 - box.p_high - box.q_high)

    def square(box: Box) -> arb:
        root = off(box) / (arb(box.p_high).sqrt() + arb(1 - box.q_low).sqrt())
        return root * root

    def near(box: Box) -> arb:
        return box.nearest * (square(box) + square(box.mirrored)) / 2

    def slack(p: arb_series, q: arb_series, d: arb_series, sign: int) -> arb_series:
        affinity = _affinity(p, q)
        return (1 - affinity * affinity).sqrt() - sign * (p - q)

    return BoxClaim(
        "hellinger-tv-upper",
        "p = q, and p + q = 1",
        lambda box: meets_diagonal(box) or off(box) == 0,
        {DIRECT: direct(slack), "n": near},
    )


def _uniform_envelope(floor: fmpq) -> BoxClaim:
    r"""log(p/q) ≤ ψ_up(d) and log(q/p) ≤ ψ_lo(d).

    Form "n", p > q: ψ_up(d) ≥ log r for r = p/q iff $\mathrm{kl}_2(rs,s)$ at s = q is at least its value at s = γ.
    Its derivative in s is $r\log\frac r\varrho-r+\varrho\ge0$, $\varrho=\frac{1-rs}{1-s}$; it increases in s and,
    at s = γ, in r.  So the two differ by at least $(q-\gamma)$ times its value at s = γ and the least r of the box,
    and ψ_up, which is concave, by at least that times its slope at the largest d.  p < q: the same with r = q/p,
    $\mathrm{kl}_2(s,rs)$, whose derivative in s is $\frac r\varrho-1-\log\frac r\varrho$, and ψ_lo.
    """
    rise, fall = rise_curve(floor), fall_curve(floor)

    def slack(p: arb_series, q: arb_series, d: arb_series, sign: int) -> arb_series:
        return (rise if sign > 0 else fall).along(d) - sign * (p / q).log()

    def near(box: Box) -> arb:
        if min(box.p_low, box.q_low) < floor:
            return UNKNOWN
        if meets(box):
            return arb(0)
        rising = box.sign > 0
        least, ratio = (box.q_low, box.p_low / box.q_high) if rising else (box.p_low, box.q_low / box.p_high)
        r, other = arb(ratio), arb((1 - ratio * floor) / (1 - floor))
        log = (r / other).log()
        rate = r * log - r + other if rising else r / other - 1 - log
        return (least - floor) * rate * (rise if rising else fall).steepness(_divergence_range(box)[1])

    def meets(box: Box) -> bool:
        return meets_diagonal(box) or min(box.p_low, box.q_low) <= floor

    return BoxClaim(
        "generalization-uniform-envelope",
        "p = q, and min(p, q) = floor",
        meets,
        {DIRECT: direct(slack), "n": near},
    )
