"""Curves that are defined as inverses of increasing functions, enclosed by bisection with certified comparisons."""

from collections.abc import Callable

from flint import arb

from w2s_theory.exact.balls import ONE, ZERO, between, kl_term, root, square

_STEPS = 90
_DOUBLINGS = 400


def inverse(increasing: Callable[[arb], arb], target: arb, low: arb, high: arb) -> tuple[arb, arb]:
    """Points a ≤ b with f(a) ≤ target ≤ f(b), each from 90 bisections of [low, high], f(low) ≤ target ≤ f(high).

    a and b are exact; an end that no comparison could move stays where it was.
    """
    ends = []
    for below in (True, False):
        a, b = low, high
        goal = target.lower() if below else target.upper()
        for _ in range(_STEPS):
            middle = ((a + b) / 2).mid()
            reached = increasing(middle)
            if reached <= goal if below else not reached >= goal:
                a = middle
            else:
                b = middle
        ends.append(a if below else b)
    return ends[0], ends[1]


def inverse_from_zero(increasing: Callable[[arb], arb], target: arb) -> tuple[arb, arb] | None:
    """`inverse` on [0, ∞) for f(0) = 0; None if f does not certainly pass the target below 2^400."""
    high = ONE
    for _ in range(_DOUBLINGS):
        if increasing(high) >= target:
            break
        high = 2 * high
    else:
        return None
    for _ in range(_DOUBLINGS):
        if not increasing(high / 2) >= target:
            break
        high = high / 2
    return inverse(increasing, target, ZERO, high)


def pinsker(d: arb) -> arb:
    """√(d/2)."""
    return root(d / 2)


def bretagnolle_huber(d: arb) -> arb:
    """√(1 - e^(-d))."""
    return root(-(-d).expm1())


def sharp_curve(t: arb) -> tuple[arb, arb]:
    r"""The point (TV, KL) at t > 0 of the curve of Fedotov, Harremoës and Topsøe, written with $q=e^{-2t}$.

    $2\,\mathrm{TV}=t(1-L^2)$, $L=\coth t-1/t$, and
    $\mathrm{KL}=\log\frac t{\sinh t}+t\coth t-\frac{t^2}{\sinh^2t}
    =\log\frac{2t}{1-q}+\frac{2tq}{1-q}-\frac{4t^2q}{(1-q)^2}$.
    """
    q, rest = (-2 * t).exp(), -(-2 * t).expm1()
    tv = t * (1 - square((1 + q) / rest - 1 / t)) / 2
    return tv, (2 * t / rest).log() + 2 * t * q / rest - 4 * t * t * q / square(rest)


def sharp_pinsker(d: arb) -> arb:
    r"""$V^*(d)=\sup\{\mathrm{TV}:\mathrm{KL}\le d\}$; both coordinates of the curve increase in t."""
    ends = inverse_from_zero(lambda t: sharp_curve(t)[1], d)
    if ends is None:
        return between(ZERO, ONE)
    low, high = ends
    return between(ZERO if low.is_zero() else sharp_curve(low)[0], sharp_curve(high)[0])


def log_ratio_constant(floor: arb) -> arb:
    r"""$C_\gamma=\sqrt{2(1-\gamma)/\gamma}$."""
    return (2 * (1 - floor) / floor).sqrt()


def log_span(floor: arb, classes: int) -> arb:
    r"""$\log\frac{1-(k-1)\gamma}\gamma$."""
    return ((1 - (classes - 1) * floor) / floor).log()


def uniform_envelope(d: arb, floor: arb, classes: int, *, rising: bool) -> arb:
    r"""$\psi(d)=\log(a/\gamma)$ with $\mathrm{kl}_2(a,\gamma)=d$ (ψ_up, rising), $\mathrm{kl}_2(\gamma,a)=d$ (ψ_lo).

    a lies in [γ, 1-(k-1)γ]; both saturate at its upper end.
    """
    top = 1 - (classes - 1) * floor
    if not top > floor:
        return between(ZERO, positive_part_of_log(top / floor))

    def binary(a: arb) -> arb:
        p, q = (a, floor) if rising else (floor, a)
        return kl_term(p, q) + kl_term(1 - p, 1 - q)

    if binary(top) <= d:
        return (top / floor).log()
    low, high = inverse(binary, d, floor, top)
    return between((low / floor).log(), (high / floor).log())


def positive_part_of_log(x: arb) -> arb:
    """max(log x, 0)."""
    return x.max(ONE).log()
