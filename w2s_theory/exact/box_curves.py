r"""Three concave functions of the disagreement, as curves $t\mapsto(x(t),y(t))$, inverted in ball arithmetic.

`sharp_curve()` is $V^*$ of the theory's section 2, `rise_curve(γ)` and `fall_curve(γ)` are $\psi_{\mathrm{up}}$ and
$\psi_{\mathrm{lo}}$ of its section 3 for two classes.  A parameter is never trusted: it is found in floats, and
counts only after a comparison of balls has put it on the side where it is needed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flint import arb, arb_series, fmpq

from w2s_theory.exact.box_geometry import UNKNOWN

Number = TypeVar("Number", arb, arb_series)
Function = Callable[[arb], arb]

SHARP_RANGE = (arb(2) ** -30, arb(2) ** 30)
"""The parameters t at which the sharp curve is evaluated."""

_CLOSE = 2.0**-36


def bracket(increasing: Function, target: arb, low: arb, high: arb, apart: float = _CLOSE) -> tuple[arb, arb]:
    """Numbers a ≤ b in [low, high] with f(a) ≤ target ≤ f(b) certified, b ≤ a (1 + apart) unless the target is wide.

    f is increasing; low and high are exact and positive.  An end that cannot be certified is unknown.
    """
    at_low, at_high = increasing(low), increasing(high)
    below = low if at_low <= target else UNKNOWN
    above = high if at_high >= target else UNKNOWN
    while high > low * (1 + apart):
        middle = arb(_between(low, high, float(at_low / target), float(at_high / target)))
        value = increasing(middle)
        if value <= target:
            low = below = middle
            at_low = value
        elif value >= target:
            high = above = middle
            at_high = value
        else:
            break
    return below, above


def _between(low: arb, high: arb, left: float, right: float) -> float:
    """Where to look next for f = target, given f/target at both ends.

    It is where the chord of log f over log t meets log target, moved towards the farther end by about the error of
    that, so that both ends close in; the middle where the chord does not meet it.
    """
    a, b = math.log(float(low)), math.log(float(high))
    if not 0 < left < 1 < right < math.inf:
        return math.exp((a + b) / 2)
    root = a + (b - a) * math.log(left) / math.log(left / right)
    aside = (b - a) * min(max((b - a) / 8, 1 / 256), 1 / 4)
    return math.exp(root + aside if b - root > root - a else root - aside)


def hull(low: arb, high: arb) -> arb:
    """All numbers between two, unknown if one of them is."""
    return low.union(high) if low.is_finite() and high.is_finite() else UNKNOWN


@dataclass(frozen=True)
class ConcaveCurve:
    """y as a concave increasing function of x: x(t), y(t) increase in t on [low, high], slope(t) = dy/dx decreases."""

    x: Function
    y: Function
    slope: Function
    low: arb
    high: arb

    def parameters(self, x: arb) -> arb:
        """A ball with every t at which x(t) lies in the ball x; unknown if x may leave the curve."""
        low, high = bracket(self.x, x, self.low, self.high)
        if low.is_finite() and high.is_finite() and high > low * (1 + _CLOSE):
            apart = float(high / low - 1) / 256
            low, _ = bracket(self.x, x.lower(), low, high, apart)
            _, high = bracket(self.x, x.upper(), low, high, apart)
        return hull(low, high)

    def value(self, x: arb) -> arb:
        """A ball with y over the ball x."""
        return self._over(self.y, self.parameters(x))

    def steepness(self, x: arb) -> arb:
        """A ball with dy/dx over the ball x."""
        return self._over(self.slope, self.parameters(x))

    def along(self, x: arb_series) -> arb_series:
        """y and its derivative for x = x_0 + x_1 ε + O(ε²)."""
        t = self.parameters(x[0])
        return arb_series([self._over(self.y, t), self._over(self.slope, t) * x[1]], 2)

    @staticmethod
    def _over(monotone: Function, t: arb) -> arb:
        return hull(monotone(t.lower()), monotone(t.upper()))


def binary_kl(p: Number, q: Number) -> Number:
    r"""$\mathrm{kl}_2(p,q)=p\log\frac pq+(1-p)\log\frac{1-p}{1-q}$, in nats."""
    return p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()


def log_odds_difference(p: Number, q: Number) -> Number:
    r"""$\log\frac p{1-p}-\log\frac q{1-q}=\partial_p\mathrm{kl}_2(p,q)$."""
    return (p * (1 - q) / (q * (1 - p))).log()


def sharp_tv(t: arb) -> arb:
    r"""$V(t)=p_t-q_t=(w-1)\frac{1-we}{2t}$, which is $\tfrac t2(1-L^2)$, $L=\coth t-1/t$."""
    w, e = _ratios(t)
    return (w - 1) * (1 - w * e) / (2 * t)


def sharp_kl(t: arb) -> arb:
    r"""$K(t)=\log w-2t+w(1-we)$, which is $\log\frac t{\sinh t}+t\coth t-\frac{t^2}{\sinh^2t}$."""
    w, e = _ratios(t)
    return w.log() - 2 * t + w * (1 - w * e)


def sharp_q(t: arb) -> arb:
    r"""$q_t=\frac{1-we}{2t}$, which is $\tfrac12(1-L)$: the strong score of the pair (p_t, q_t) on the sharp curve."""
    w, e = _ratios(t)
    return (1 - w * e) / (2 * t)


def _ratios(t: arb) -> tuple[arb, arb]:
    r"""$e=e^{-2t}$ and $w=\frac{2t}{1-e}$: the pair on the sharp curve has $p_t/q_t=w$, $(1-p_t)/(1-q_t)=we$."""
    e = (-2 * t).exp()
    return 2 * t / (1 - e), e


def sharp_curve() -> ConcaveCurve:
    r"""$V^*$: x = K(t), y = V(t), of slope 1/(2t); $t\in[2^{-30},2^{30}]$."""
    return ConcaveCurve(sharp_kl, sharp_tv, lambda t: 1 / (2 * t), *SHARP_RANGE)


def rise_curve(floor: fmpq) -> ConcaveCurve:
    r"""$\psi_{\mathrm{up}}$, two classes: $x=\mathrm{kl}_2(a,\gamma)$, $y=\log(a/\gamma)$, $\gamma\le a\le1-\gamma$."""
    gamma = arb(floor)
    return ConcaveCurve(
        lambda a: binary_kl(a, gamma),
        lambda a: (a / gamma).log(),
        lambda a: 1 / (a * log_odds_difference(a, gamma)),
        gamma.mid(),
        (1 - gamma).mid(),
    )


def fall_curve(floor: fmpq) -> ConcaveCurve:
    r"""$\psi_{\mathrm{lo}}$, two classes: $x=\mathrm{kl}_2(\gamma,b)$, $y=\log(b/\gamma)$, $\gamma\le b\le1-\gamma$."""
    gamma = arb(floor)
    return ConcaveCurve(
        lambda b: binary_kl(gamma, b),
        lambda b: (b / gamma).log(),
        lambda b: (1 - b) / (b - gamma),
        gamma.mid(),
        (1 - gamma).mid(),
    )
