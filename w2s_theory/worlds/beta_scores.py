r"""A student whose score is Beta distributed, and a truth that is a temperature or Platt map of it.

$S\sim\mathrm{Beta}(a,b)$, $P(Y=1\mid S)=\sigma(\operatorname{logit}S/T+c)$: at T = 1 and c = 0 the student is perfectly
calibrated, and otherwise its calibration error is known.  Everything is a function of $z=\operatorname{logit}S$.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import betaincinv

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure
from w2s_theory.worlds.gaussian_scores import logistic_rows, split_at_crossings
from w2s_theory.worlds.population import Models, Number, Population, require_finite, require_floor, require_positive

_LOG_MASS = 45.0


def log_odds_density(a: float, b: float) -> Callable[[np.ndarray], np.ndarray]:
    r"""Density of $z=\operatorname{logit}S$, $S\sim\mathrm{Beta}(a,b)$, over its largest value.

    It is proportional to $\sigma(z)^a\sigma(-z)^b$, whose logarithm is concave.
    """
    centre = np.log([a / b])

    def minus_log(z: np.ndarray) -> np.ndarray:
        return a * np.logaddexp(0.0, -z) + b * np.logaddexp(0.0, z)

    return lambda z: np.exp(minus_log(centre) - minus_log(z))


def log_odds_range(a: float, b: float, log_mass: float = _LOG_MASS) -> tuple[float, float]:
    r"""Where that density has fallen to $e^{-\text{log\_mass}}$ of its largest value, on either side."""
    centre, density = math.log(a / b), log_odds_density(a, b)

    def end(side: int) -> float:
        def inside(distance: float) -> bool:
            return bool(density(np.array([centre + side * distance]))[0] > math.exp(-log_mass))

        near, far = 0.0, 1.0
        while inside(far):
            far *= 2.0
        for _ in range(60):
            middle = 0.5 * (near + far)
            near, far = (middle, far) if inside(middle) else (near, middle)
        return centre + side * far

    return end(-1), end(1)


class BetaScores(Population):
    """The student's log-odds over `temperature` plus `shift` are the truth's; `weak_…` the same for the teacher's.

    `InputError` for shape parameters or temperatures that are not positive, shifts that are not finite, or a γ outside
    [0, ½).
    """

    a: Number
    b: Number
    temperature: Number = 1.0
    shift: Number = 0.0
    weak_temperature: Number = 1.0
    weak_shift: Number = 0.0
    gamma: Number = 0.0

    def __check_init__(self) -> None:
        """Refuse parameters that are not positive."""
        temperatures = {"temperature": self.temperature, "weak_temperature": self.weak_temperature}
        require_positive("BetaScores", a=self.a, b=self.b, **temperatures)
        require_finite("BetaScores", shift=self.shift, weak_shift=self.weak_shift)
        require_floor("BetaScores", self.gamma, 2)

    @classmethod
    def random(cls, rng: np.random.Generator) -> "BetaScores":
        """Shapes between one half and four, temperatures between one half and two."""
        shapes, temperatures = np.exp(rng.uniform(-0.7, 1.4, 2)), np.exp(rng.uniform(-0.7, 0.7, 2))
        shifts = 0.5 * rng.normal(size=2)
        maps = [float(v) for pair in zip(temperatures, shifts, strict=True) for v in pair]
        return cls(float(shapes[0]), float(shapes[1]), *maps, gamma=0.01)

    @property
    def floor(self) -> Number:
        """γ."""
        return self.gamma

    @property
    def dimension(self) -> int:
        """One."""
        return 1

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Log-odds (n, 1) of the score, from the nearer end of the unit interval."""
        low = betaincinv(self.a, self.b, np.minimum(uniform, 0.5))
        high = betaincinv(self.b, self.a, np.minimum(1.0 - uniform, 0.5))
        with np.errstate(divide="ignore"):
            below, above = np.log(low) - np.log1p(-low), np.log1p(-high) - np.log(high)
        return np.clip(np.where(uniform <= 0.5, below, above), -700.0, 700.0)

    def models(self, points: Array) -> Models:
        """Rows (n, 2), with the truth as every conditioning table, all maps being one-to-one."""
        truth = logistic_rows(points / self.temperature + self.shift)
        weak = logistic_rows(points / self.weak_temperature + self.weak_shift, self.gamma)
        known = Conditioning(weak_score=truth, strong_score=truth, strong_row=truth)
        return Models(truth, weak, logistic_rows(points, self.gamma), known)

    def quadrature(self) -> DiscreteMeasure:
        """In z = logit S, split where two models cross; the mass outside the range is below 1e-18."""
        shapes = float(self.a), float(self.b)
        steepest = 1.0 / min(1.0, float(self.temperature), float(self.weak_temperature))
        return split_at_crossings(self, log_odds_density(*shapes), *log_odds_range(*shapes), steepest)
