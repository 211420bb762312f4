r"""Linear regression on Gaussian inputs: x ~ N(0, Σ), F(x) = β·x, squared loss.

Every divergence is a quadratic form, $\mathbb E(g-h)^2=(\beta-\beta')^\top\Sigma(\beta-\beta')$, so finitely many
atoms with covariance Σ decide every claim about squared loss exactly.
"""

from typing import cast

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from w2s_theory._numerics import UNIT_ROUNDOFF
from w2s_theory._types import Array
from w2s_theory.instance import Kind
from w2s_theory.measures import DiscreteMeasure, Exact, GaussHermite
from w2s_theory.worlds.population import Models, Population, checked, require_finite

_BRACKETS = 4_000


class GaussianRegression(Population):
    """Coefficients (p,) of truth, weak model and student; `covariance` (p, p), symmetric positive definite.

    `InputError` for a covariance that is not, or coefficients of another length.
    """

    covariance: np.ndarray
    truth: np.ndarray
    weak: np.ndarray
    strong: np.ndarray

    def __check_init__(self) -> None:
        """Refuse what is not a covariance, and coefficients that do not fit it."""
        covariance = np.asarray(self.covariance, float)
        size = len(covariance) if covariance.ndim else 0
        square = size > 0 and covariance.shape == (size, size)
        checked(square, f"GaussianRegression: covariance has shape {covariance.shape}, which is not square")
        symmetric = np.allclose(covariance, covariance.T, rtol=1e-12, atol=0)
        checked(symmetric, "GaussianRegression: covariance is not symmetric")
        least = float(np.linalg.eigvalsh(covariance)[0])
        checked(least > 0, f"GaussianRegression: covariance has eigenvalue {least:g}, so it is not positive definite")
        for name in ("truth", "weak", "strong"):
            value = np.asarray(getattr(self, name), float)
            checked(value.shape == (size,), f"GaussianRegression: {name} has shape {value.shape}, not ({size},)")
            require_finite("GaussianRegression", **{name: value})

    @classmethod
    def restricted(
        cls, covariance: np.ndarray, truth: np.ndarray, seen: tuple[int, ...], strong: np.ndarray
    ) -> "GaussianRegression":
        r"""The weak model is the projection of the truth on S = `seen`: $\Sigma_{SS}b=\Sigma_{S\cdot}\beta^*$."""
        covariance, truth = np.asarray(covariance, float), np.asarray(truth, float)
        fits = truth.ndim == 1 and covariance.shape == (len(truth), len(truth))
        checked(fits, f"GaussianRegression: covariance {covariance.shape} and truth {truth.shape} do not fit together")
        chosen = np.array(sorted(set(seen)), int)
        usable = len(chosen) > 0 and chosen[0] >= 0 and chosen[-1] < len(truth)
        checked(usable, f"GaussianRegression: seen {seen} are not coordinates of {len(truth)}")
        weak = np.zeros_like(truth)
        weak[chosen] = np.linalg.solve(covariance[np.ix_(chosen, chosen)], covariance[chosen] @ truth)
        return cls(covariance, truth, weak, np.asarray(strong, float))

    @classmethod
    def random(cls, rng: np.random.Generator) -> "GaussianRegression":
        """Three coordinates, correlated; the weak model sees two of them."""
        root = rng.normal(size=(3, 3))
        truth = rng.normal(size=3)
        return cls.restricted(root @ root.T + 0.1 * np.eye(3), truth, (0, 1), truth + 0.5 * rng.normal(size=3))

    @property
    def kind(self) -> Kind:
        """Predictive means."""
        return "real"

    @property
    def dimension(self) -> int:
        """One number a coordinate."""
        return len(self.truth)

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Inputs (n, p)."""
        return ndtri(uniform) @ np.linalg.cholesky(self.covariance).T

    def models(self, points: Array) -> Models:
        """One column each."""
        truth, weak, strong = ((points @ beta)[:, None] for beta in (self.truth, self.weak, self.strong))
        return Models(truth, weak, strong)

    def quadrature(self) -> DiscreteMeasure:
        """Gauss–Hermite, exact for quadratic forms whatever its size."""
        made = GaussHermite(4).measure(self.dimension)
        points = np.asarray(made.points) @ np.linalg.cholesky(self.covariance).T
        return DiscreteMeasure(points, made.weights, made.coarse_weights, made.provenance)

    def exact(self) -> DiscreteMeasure:
        r"""The 2p atoms $\pm\sqrt p\,Le_j$, $LL^\top=\Sigma$, equally weighted: mean zero and covariance Σ."""
        size = self.dimension
        half = np.sqrt(size) * np.linalg.cholesky(self.covariance).T
        return Exact().measure(np.concatenate([half, -half]), np.full(2 * size, 0.5 / size))

    def divergence(self, g: np.ndarray, h: np.ndarray) -> np.ndarray:
        r"""$(\beta_g-\beta_h)^\top\Sigma(\beta_g-\beta_h)$ over the last axis of coefficients (…, p)."""
        apart = np.asarray(g) - np.asarray(h)
        return np.asarray(np.einsum("...i,ij,...j->...", apart, self.covariance, apart))

    def gradient_flow(self, times: np.ndarray) -> np.ndarray:
        r"""Coefficients (T, p) at times (T,) of gradient flow of $\tfrac12\mathbb E(f-F_w)^2$ from zero.

        $\beta_j(t)=(1-e^{-\lambda_jt})\beta_{w,j}$ in the eigenbasis of Σ.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        return (-np.expm1(-np.multiply.outer(np.asarray(times, float), values)) * (vectors.T @ self.weak)) @ vectors.T

    def stationary_times(self) -> np.ndarray:
        r"""All t > 0 at which the risk $\mathbb E(f_t-F^*)^2$ along the gradient flow is stationary, in order.

        Roots of $\sum_j\lambda_j^2\beta_{w,j}e^{-\lambda_jt}[(1-e^{-\lambda_jt})\beta_{w,j}-\beta^*_j]$, an exponential
        sum: there may be none, one or several.  Signs are compared on 4,000 times over the whole range in which the
        flow moves; two roots closer than neighbouring times are missed.  A sign that rounding of Σ and of the
        coefficients could reverse, as late in a flow that ends at the truth, is no sign.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        weak, truth = vectors.T @ self.weak, vectors.T @ self.truth
        condition = len(values) * values[-1] / values[0]
        noise = 64 * UNIT_ROUNDOFF * condition * (np.linalg.norm(weak) + np.linalg.norm(truth))

        def slope_and_rounding(time: float) -> tuple[float, float]:
            scale = values**2 * np.exp(-(values - values[0]) * time)  # up to a positive factor, which has no roots
            apart = -np.expm1(-values * time) * weak - truth
            rounding = noise * (np.abs(apart) + np.abs(weak) + noise)
            return float(np.sum(scale * weak * apart)), float(np.sum(scale * rounding))

        times = np.geomspace(1e-6 / values[-1], 50.0 / values[0], _BRACKETS)
        found = np.array([slope_and_rounding(time) for time in times])
        sure = np.abs(found[:, 0]) > found[:, 1]
        times, signs = times[sure], np.sign(found[sure, 0])
        flips = np.flatnonzero(signs[:-1] != signs[1:])

        def root(low: float, high: float) -> float:
            return cast(float, brentq(lambda time: slope_and_rounding(time)[0], low, high, rtol=np.float64(1e-14)))

        return np.array([root(times[at], times[at + 1]) for at in flips])
