r"""Dirichlet truth, a teacher that predicts its mean, and a student that is Dirichlet and independent of it.

With truth ~ Dir(α), the teacher's row is $m=\alpha/\alpha_0$ everywhere: calibrated, and it knows nothing.  The student
~ Dir(β) knows nothing either and is not calibrated: given its row, or a score of it, the truth has mean m.  Expected
divergences are differences of digamma functions, expected total variation of incomplete beta functions.
"""

import jax.numpy as jnp
import numpy as np
from scipy.special import betainc, betaincinv, digamma, roots_jacobi

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure, product_measure
from w2s_theory.worlds.population import Models, Population, checked, require_positive

_NODES = (12, 5)
_LEAST = 1e-300


def _sticks(concentration: np.ndarray) -> list[tuple[float, float]]:
    """Parameters of the Beta variables whose stick-breaking is this Dirichlet distribution."""
    return [(float(a), float(concentration[i + 1 :].sum())) for i, a in enumerate(concentration[:-1])]


def _broken(fractions: np.ndarray) -> np.ndarray:
    """Rows (n, k) from the fractions (n, k - 1) broken off what is left of a stick."""
    left = np.cumprod(np.concatenate([np.ones((len(fractions), 1)), 1.0 - fractions], axis=1), axis=1)
    return np.maximum(left * np.concatenate([fractions, np.ones((len(fractions), 1))], axis=1), _LEAST)


class DirichletPredictions(Population):
    """Concentrations (k,) of truth and student, all positive; `InputError` otherwise."""

    truth: np.ndarray
    strong: np.ndarray

    def __check_init__(self) -> None:
        """Refuse concentrations that are not positive, or not of one length."""
        require_positive("DirichletPredictions", truth=self.truth, strong=self.strong)
        same = np.ndim(self.truth) == 1 and np.shape(self.truth) == np.shape(self.strong) and len(self.truth) > 1
        checked(same, "DirichletPredictions: truth and strong are not vectors of one length of at least 2")

    @classmethod
    def random(cls, rng: np.random.Generator) -> "DirichletPredictions":
        """Three classes, concentrations between one and five."""
        return cls(rng.uniform(1.0, 5.0, 3), rng.uniform(1.0, 5.0, 3))

    @property
    def mean(self) -> Array:
        """The teacher's row m (k,)."""
        return self.truth / self.truth.sum()

    @property
    def dimension(self) -> int:
        """2(k - 1): the sticks of truth and student."""
        return 2 * (len(self.truth) - 1)

    def _rows(self, fractions: np.ndarray) -> np.ndarray:
        half = self.dimension // 2
        return np.concatenate([_broken(fractions[:, :half]), _broken(fractions[:, half:])], axis=1)

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Rows of truth and student side by side (n, 2k)."""
        sticks = np.array(_sticks(self.truth) + _sticks(self.strong))
        return self._rows(betaincinv(sticks[:, 0], sticks[:, 1], uniform))

    def models(self, points: Array) -> Models:
        """Rows (n, k), with the teacher's row as every conditioning table."""
        classes = len(self.truth)
        weak = jnp.broadcast_to(self.mean, (points.shape[0], classes))
        known = Conditioning(weak_score=weak, strong_score=weak, strong_row=weak)
        return Models(points[:, :classes], weak, points[:, classes:], known)

    def quadrature(self) -> DiscreteMeasure:
        """Gauss–Jacobi on every stick; the coarser rule has far fewer nodes, since absolute values have kinks."""

        def rules(nodes: int) -> list[tuple[np.ndarray, np.ndarray]]:
            made = [roots_jacobi(nodes, b - 1.0, a - 1.0) for a, b in _sticks(self.truth) + _sticks(self.strong)]
            return [(0.5 * (1.0 + x), w) for x, w in made]

        made = product_measure(*(rules(nodes) for nodes in _NODES))
        return DiscreteMeasure(self._rows(np.asarray(made.points)), made.weights, made.coarse_weights, made.provenance)

    def closed_form(self) -> dict[str, float]:
        r"""Expected divergences and calibration error.

        $\mathbb E\sum p_i\log p_i=\sum m_i[\psi(\alpha_i+1)-\psi(\alpha_0+1)]$ and
        $\mathbb E\log q_i=\psi(\beta_i)-\psi(\beta_0)$; for $q_i\sim\mathrm{Beta}(\beta_i,\beta_0-\beta_i)$ of
        mean μ, $\mathbb E|q_i-m_i|$ is
        $2m_iI_{m_i}(\beta_i,\beta_0-\beta_i)-2\mu I_{m_i}(\beta_i+1,\beta_0-\beta_i)+\mu-m_i$.
        """
        alpha, beta, m = np.asarray(self.truth, float), np.asarray(self.strong, float), self.mean
        total, rest = beta.sum(), beta.sum() - beta
        share = beta / total
        log_strong = digamma(beta) - digamma(total)
        neg_entropy = np.sum(m * (digamma(alpha + 1) - digamma(alpha.sum() + 1)))
        strong_neg_entropy = np.sum(share * (digamma(beta + 1) - digamma(total + 1)))
        deviation = 2 * m * betainc(beta, rest, m) - 2 * share * betainc(beta + 1, rest, m) + share - m
        return {
            "risk_weak": float(neg_entropy - np.sum(m * np.log(m))),
            "risk_strong": float(neg_entropy - np.sum(m * log_strong)),
            "disagreement": float(np.sum(m * (np.log(m) - log_strong))),
            "reverse_disagreement": float(strong_neg_entropy - np.sum(share * np.log(m))),
            "total_variation": float(0.5 * deviation.sum()),
            "calibration_strong": float(deviation.sum()),
        }
