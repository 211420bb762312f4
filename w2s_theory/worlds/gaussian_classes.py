r"""k Gaussian classes, $x\mid Y=y\sim N(\mu_y,I)$, a teacher that sees some coordinates, and a softmax student.

The truth is the posterior.  The teacher is the posterior given the coordinates it sees, a *coarsened posterior*:
imperfect, and exactly calibrated, so its conditioning table is itself.  The student's whole row tells a projection of
x, which is Gaussian in each class, so the truth given the row is known as well; given one score, for two classes only.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from w2s_theory._linear_algebra import pseudo_inverse
from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure, SplitGauss, Trapezoid, sign_changes
from w2s_theory.worlds.population import (
    Models,
    Number,
    Population,
    checked,
    compiled_models,
    require_finite,
    require_floor,
    require_positive,
)

_REACH = 7.5
_NODES = {2: 121, 3: 41}
_STRIDE = 4
_RANK_TOLERANCE = 1e-10
_CHANGE, _FEWEST, _MOST = 6.0, 12, 400


class GaussianClasses(Population):
    """`means (k, p)`, `priors (k,)`, coordinates `seen` by the teacher, the student's `slope (p, k)` and `offset (k,)`.

    The floor `gamma`, γ, is part of teacher and student, F = γ + (1 - kγ)·posterior.  `InputError` for priors that are
    not positive or do not sum to one, values that are not finite, coordinates or shapes that do not fit, or a floor
    outside [0, 1/k).
    """

    means: np.ndarray
    priors: np.ndarray
    seen: tuple[int, ...] = eqx.field(static=True)
    slope: np.ndarray
    offset: np.ndarray
    gamma: Number = 0.0

    def __check_init__(self) -> None:
        """Refuse what does not fit together."""
        shape = np.shape(self.means)
        checked(len(shape) == 2, f"GaussianClasses: means have shape {shape}, not (k, p)")
        classes, size = shape
        require_finite("GaussianClasses", means=self.means, slope=self.slope, offset=self.offset)
        require_positive("GaussianClasses", priors=self.priors)
        total = float(np.sum(self.priors))
        checked(abs(total - 1.0) < 1e-9, f"GaussianClasses: priors sum to {total:g}, not to 1")
        for name, shape in (("priors", (classes,)), ("slope", (size, classes)), ("offset", (classes,))):
            found = np.shape(getattr(self, name))
            checked(found == shape, f"GaussianClasses: {name} has shape {found}, not {shape}")
        fits = all(0 <= j < size for j in self.seen)
        checked(fits, f"GaussianClasses: seen {self.seen} are not coordinates of {size}")
        checked(len(set(self.seen)) == len(self.seen), f"GaussianClasses: seen {self.seen} has a coordinate twice")
        require_floor("GaussianClasses", self.gamma, classes)

    @classmethod
    def random(cls, rng: np.random.Generator, classes: int = 3, gamma: Number = 0.01) -> "GaussianClasses":
        """Two coordinates, of which the teacher sees the first; the student is the posterior, disturbed."""
        means = rng.normal(size=(classes, 2))
        priors = rng.dirichlet(np.full(classes, 5.0))
        slope = means.T + 0.3 * rng.normal(size=(2, classes))
        offset = np.log(priors) - 0.5 * np.sum(means**2, axis=1) + 0.3 * rng.normal(size=classes)
        return cls(means, priors, (0,), slope, offset, gamma)

    @property
    def floor(self) -> Number:
        """γ."""
        return self.gamma

    @property
    def dimension(self) -> int:
        """One number for the class, and one a coordinate."""
        return self.means.shape[1] + 1

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Inputs (n, p)."""
        label = np.searchsorted(np.cumsum(self.priors)[:-1], uniform[:, 0], side="right")
        return np.asarray(self.means)[label] + ndtri(uniform[:, 1:])

    def posterior(self, points: Array, coordinates: tuple[int, ...] | None = None) -> jax.Array:
        """P(Y | the coordinates given, by default all): rows (n, k)."""
        chosen = slice(None) if coordinates is None else list(coordinates)
        means = jnp.asarray(self.means)[:, chosen]
        logits = points[:, chosen] @ means.T - 0.5 * jnp.sum(means**2, axis=1) + jnp.log(jnp.asarray(self.priors))
        return jax.nn.softmax(logits, axis=-1)

    def models(self, points: Array) -> Models:
        """Rows (n, k), and the conditioning tables that are known."""
        points = jnp.asarray(points)
        classes = self.means.shape[0]

        def floored(rows: jax.Array) -> jax.Array:
            return self.gamma + (1.0 - classes * self.gamma) * rows

        truth, seen = self.posterior(points), self.posterior(points, self.seen)
        logits = points @ self.slope + self.offset
        given_row = self._given_log_odds(logits) if classes == 2 else self._given_row(points)
        known = Conditioning(weak_score=seen, strong_score=given_row if classes == 2 else None, strong_row=given_row)
        return Models(truth, floored(seen), floored(jax.nn.softmax(logits, axis=-1)), known)

    def _given_log_odds(self, logits: jax.Array) -> jax.Array:
        """P(Y | log-odds of the student) for two classes: the log-odds are N(b·μ_y + b₀, |b|²) in class y."""
        slope = jnp.asarray(self.slope)[:, 1] - jnp.asarray(self.slope)[:, 0]
        offset = self.offset[1] - self.offset[0]
        score = logits[:, 1] - logits[:, 0]
        centres = jnp.asarray(self.means) @ slope + offset
        spread = jnp.maximum(jnp.sum(slope**2), _SMALLEST)
        middle = 0.5 * (centres[0] + centres[1])
        log_odds = jnp.log(self.priors[1] / self.priors[0]) + (centres[1] - centres[0]) * (score - middle) / spread
        return jnp.stack([jax.nn.sigmoid(-log_odds), jax.nn.sigmoid(log_odds)], axis=-1)

    def _given_row(self, points: jax.Array) -> jax.Array:
        r"""P(Y | the student's row), which tells Πx, Π the projection on the span of the slopes' differences.

        $\Pi x\sim N(\Pi\mu_y,\Pi)$ in class y: logits $\mu_y^\top\Pi x-\frac12\mu_y^\top\Pi\mu_y+\log\pi_y$.
        """
        apart = jnp.asarray(self.slope)[:, 1:] - jnp.asarray(self.slope)[:, :1]
        gram = apart @ apart.T
        means = jnp.asarray(self.means)
        projected = means @ (gram @ pseudo_inverse(gram, _RANK_TOLERANCE))
        logits = points @ projected.T - 0.5 * jnp.sum(projected * means, axis=1) + jnp.log(jnp.asarray(self.priors))
        return jax.nn.softmax(logits, axis=-1)

    def _on_a_line(self, low: float, high: float) -> DiscreteMeasure:
        """Gauss rules on pieces between the kinks of everything that is compared."""

        def apart(points: np.ndarray) -> np.ndarray:
            made = compiled_models(self, points[:, None])
            truth, weak, strong = (np.asarray(table) for table in (made.truth, made.weak, made.strong))
            known = made.conditioning
            assert known is not None
            given = (known.weak_score, known.strong_score, known.strong_row)
            tables = [truth, *(np.asarray(table) for table in given if table is not None)]
            pairs = [weak - strong, *(model - table for model in (weak, strong) for table in tables)]
            ratios = np.abs(np.log(weak) - np.log(strong))
            return np.concatenate([*pairs, ratios - np.roll(ratios, 1, axis=1)], axis=1)

        def density(points: np.ndarray) -> np.ndarray:
            return np.exp(-0.5 * (points[:, None] - np.asarray(self.means)[:, 0]) ** 2) @ np.asarray(self.priors)

        steepest = max(np.ptp(np.asarray(self.means)), np.ptp(np.asarray(self.slope)))
        pieces = math.ceil(np.clip((high - low) * steepest / _CHANGE, _FEWEST, _MOST))
        return SplitGauss(pieces).measure(density, low, high, sign_changes(apart, low, high))

    def quadrature(self) -> DiscreteMeasure:
        """For up to three coordinates: split where models cross on a line, else a nested trapezoid rule on a grid."""
        size = self.means.shape[1]
        low, high = np.min(self.means, axis=0) - _REACH, np.max(self.means, axis=0) + _REACH
        if size == 1:
            return self._on_a_line(float(low[0]), float(high[0]))
        checked(size in _NODES, f"GaussianClasses: no quadrature in {size} dimensions; use monte-carlo")
        means, priors = jnp.asarray(self.means), jnp.asarray(self.priors)

        def density(x: Array) -> Array:
            return jnp.exp(-0.5 * jnp.sum((x[:, None] - means) ** 2, axis=-1)) @ priors

        return Trapezoid(_NODES[size], _STRIDE).measure(density, low, high)


_SMALLEST = 1e-300
