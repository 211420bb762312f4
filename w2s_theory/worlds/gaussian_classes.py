r"""k Gaussian classes, $x\mid Y=y\sim N(\mu_y,I)$, a teacher that sees some coordinates, and a softmax student.

The truth is the posterior.  The teacher is the posterior given the coordinates it sees, a *coarsened posterior*:
imperfect, and exactly calibrated, so its conditioning table is itself.  For two classes the student's table is known as
well, its log-odds being Gaussian in each class.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure, Trapezoid
from w2s_theory.worlds.population import Models, Number, Population, checked, require_floor, require_positive

_REACH = 7.5
_NODES = {1: 1_001, 2: 81, 3: 41}


class GaussianClasses(Population):
    """`means (k, p)`, `priors (k,)`, coordinates `seen` by the teacher, the student's `slope (p, k)` and `offset (k,)`.

    The floor `gamma`, γ, is part of teacher and student, F = γ + (1 - kγ)·posterior.  `InputError` for priors that are
    not positive or do not sum to one, coordinates or shapes that do not fit, or a floor outside [0, 1/k).
    """

    means: np.ndarray
    priors: np.ndarray
    seen: tuple[int, ...] = eqx.field(static=True)
    slope: np.ndarray
    offset: np.ndarray
    gamma: Number = 0.0

    def __check_init__(self) -> None:
        """Refuse what does not fit together."""
        classes, size = np.shape(self.means)
        require_positive("GaussianClasses", priors=self.priors)
        total = float(np.sum(self.priors))
        checked(abs(total - 1.0) < 1e-9, f"GaussianClasses: priors sum to {total:g}, not to 1")
        for name, shape in (("priors", (classes,)), ("slope", (size, classes)), ("offset", (classes,))):
            found = np.shape(getattr(self, name))
            checked(found == shape, f"GaussianClasses: {name} has shape {found}, not {shape}")
        fits = all(0 <= j < size for j in self.seen)
        checked(fits, f"GaussianClasses: seen {self.seen} are not coordinates of {size}")
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
        given_score = self._given_log_odds(logits) if classes == 2 else None
        known = Conditioning(weak_score=seen, strong_score=given_score, strong_row=given_score)
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

    def quadrature(self) -> DiscreteMeasure:
        """Nested trapezoid rule on a grid around all classes, for up to three coordinates."""
        size = self.means.shape[1]
        checked(size in _NODES, f"GaussianClasses: no quadrature in {size} dimensions; use monte-carlo")
        means, priors = jnp.asarray(self.means), jnp.asarray(self.priors)

        def density(x: Array) -> Array:
            return jnp.exp(-0.5 * jnp.sum((x[:, None] - means) ** 2, axis=-1)) @ priors

        return Trapezoid(_NODES[size]).measure(density, np.min(means, axis=0) - _REACH, np.max(means, axis=0) + _REACH)


_SMALLEST = 1e-300
