r"""A student whose score is Beta distributed, and a truth that is a temperature or Platt map of it.

$S\sim\mathrm{Beta}(a,b)$, $P(Y=1\mid S)=\sigma(\operatorname{logit}S/T+c)$: at T = 1 and c = 0 the student is perfectly
calibrated, and otherwise its calibration error is known.  Everything is a function of $z=\operatorname{logit}S$.
"""

import numpy as np
from scipy.special import betaincinv

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure
from w2s_theory.worlds.gaussian_scores import logistic_rows, split_at_crossings
from w2s_theory.worlds.population import Models, Number, Population, require_floor, require_positive

_LOG_MASS = 45.0


class BetaScores(Population):
    """The student's log-odds over `temperature` plus `shift` are the truth's; `weak_…` the same for the teacher's.

    `InputError` for shape parameters or temperatures that are not positive, or a γ outside [0, ½).
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
        r"""In z, whose density is proportional to $\sigma(z)^a\sigma(-z)^b$, split where two models cross."""

        def density(z: np.ndarray) -> np.ndarray:
            return np.exp(-self.a * np.logaddexp(0.0, -z) - self.b * np.logaddexp(0.0, z))

        centre = np.log(self.a / self.b)
        ends = float(centre - _LOG_MASS / self.a), float(centre + _LOG_MASS / self.b)
        return split_at_crossings(self, density, *ends)
