r"""Intervals for proportions, for differences of paired proportions and for ratios of means.

Means themselves have theirs from `verification.confidence`.
"""

import math
from dataclasses import dataclass

from scipy import stats

from w2s_theory.verification.confidence import Interval


@dataclass(frozen=True)
class Estimate:
    """A number, the interval it lies in at the level asked for, and how many points it is from.

    `value` and the ends are None where they are not defined or infinite; `why` then says so.
    """

    value: float | None
    low: float | None
    high: float | None
    points: int
    why: str | None = None

    def to_json(self) -> dict[str, float | int | str | None]:
        """`value`, `low`, `high` and `n`, and `why` where there is a reason to give."""
        made: dict[str, float | int | str | None] = {"value": self.value, "low": self.low, "high": self.high}
        made["n"] = self.points
        return made if self.why is None else made | {"why": self.why}


def estimate(value: float, interval: Interval | None, points: int, why: str | None = None) -> Estimate:
    """An `Estimate` with None for whatever is not finite."""
    low, high = (None, None) if interval is None else (_finite(end) for end in interval)
    return Estimate(_finite(value), low, high, points, why)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def proportion(successes: int, points: int, alpha: float) -> Interval:
    """Exact interval of a probability (Clopper and Pearson 1934)."""
    low = 0.0 if successes == 0 else float(stats.beta.isf(1.0 - 0.5 * alpha, successes, points - successes + 1))
    high = 1.0 if successes == points else float(stats.beta.isf(0.5 * alpha, successes + 1, points - successes))
    return Interval(low, high)


def paired_difference(first_only: int, second_only: int, points: int, alpha: float) -> Interval:
    """Interval of P(first) - P(second) from the points at which only one of two events happens.

    Wald's interval after half a point is added to each cell of the 2 × 2 table (Agresti and Min 2005).
    """
    n = points + 2.0
    b, c = first_only + 0.5, second_only + 0.5
    middle = (b - c) / n
    half = float(stats.norm.isf(0.5 * alpha)) * math.sqrt(max((b + c) / n - middle**2, 0.0) / n)
    return Interval(max(middle - half, -1.0), min(middle + half, 1.0))


def ratio(
    numerator: float, denominator: float, variances: tuple[float, float, float], points: int, alpha: float
) -> Interval | None:
    r"""Fieller's interval of a ratio of two means: all ρ with $(\bar a-\rho\bar b)^2\le t^2\widehat{\mathrm{Var}}$.

    `variances` are those of a, of b and their covariance, per point.  None where the set is unbounded, which is where
    the interval of the denominator contains zero.
    """
    t = float(stats.t.isf(0.5 * alpha, points - 1)) if points > 1 else math.inf
    if not math.isfinite(t):
        return None
    aa, bb, ab = (t * t * v / points for v in variances)
    lead = denominator**2 - bb
    if lead <= 0:
        return None
    middle = numerator * denominator - ab
    root = math.sqrt(max(middle**2 - lead * (numerator**2 - aa), 0.0))
    return Interval((middle - root) / lead, (middle + root) / lead)


def points_to_resolve(mean: float, deviation: float, alpha: float, power: float = 0.8) -> int | None:
    """About how many points make an interval exclude zero with that probability, if mean and deviation are these."""
    if not (math.isfinite(mean) and math.isfinite(deviation)) or mean == 0:
        return None
    reach = float(stats.norm.isf(0.5 * alpha) + stats.norm.isf(1.0 - power))
    needed = (reach * deviation / mean) ** 2
    return max(math.ceil(needed), 2) if needed < 1e15 else None
