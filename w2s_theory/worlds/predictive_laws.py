"""Gaussian predictive laws N(F(x), σ²) of polynomials of x ~ N(0, 1): KL divergence is squared loss over 2σ²."""

import numpy as np
from scipy.special import ndtri

from w2s_theory._types import Array
from w2s_theory.instance import Kind
from w2s_theory.measures import DiscreteMeasure, Exact, GaussHermite
from w2s_theory.worlds.population import Models, Number, Population, checked, require_positive


class PredictiveLaws(Population):
    """Coefficients, constant first, of truth, weak model and student, and the noise `sigma` of all of them.

    `InputError` for a noise that is not positive, or coefficients that are not finite vectors.
    """

    truth: np.ndarray
    weak: np.ndarray
    strong: np.ndarray
    sigma: Number

    def __check_init__(self) -> None:
        """Refuse a noise that is not positive."""
        require_positive("PredictiveLaws", sigma=self.sigma)
        for name in ("truth", "weak", "strong"):
            value = np.asarray(getattr(self, name), float)
            usable = value.ndim == 1 and value.size > 0 and bool(np.isfinite(value).all())
            checked(usable, f"PredictiveLaws: {name} is not a vector of finite coefficients")

    @classmethod
    def random(cls, rng: np.random.Generator) -> "PredictiveLaws":
        """Cubic truth, linear weak model, quadratic student."""
        return cls(rng.normal(size=4), rng.normal(size=2), rng.normal(size=3), float(rng.uniform(0.3, 2.0)))

    @property
    def kind(self) -> Kind:
        """Predictive means."""
        return "real"

    @property
    def noise(self) -> Number:
        """σ of the predictive laws."""
        return self.sigma

    @property
    def dimension(self) -> int:
        """One."""
        return 1

    @property
    def _degree(self) -> int:
        return max(len(self.truth), len(self.weak), len(self.strong)) - 1

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Inputs (n, 1)."""
        return ndtri(uniform)

    def models(self, points: Array) -> Models:
        """One column each, by Horner's rule."""

        def polynomial(coefficients: Array) -> Array:
            value = 0.0 * points
            for coefficient in coefficients[::-1]:
                value = value * points + coefficient
            return value

        return Models(polynomial(self.truth), polynomial(self.weak), polynomial(self.strong))

    def quadrature(self) -> DiscreteMeasure:
        """Gauss–Hermite with room to spare."""
        return GaussHermite(3 * (self._degree + 2)).measure(1)

    def exact(self) -> DiscreteMeasure:
        """The Gauss–Hermite rule that integrates squares of these polynomials exactly."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(self._degree + 1)
        return Exact().measure(nodes[:, None], weights / weights.sum())
