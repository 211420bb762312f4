r"""Dirichlet truth, a teacher that predicts its mean, and a student that is Dirichlet and independent of it.

With truth ~ Dir(α), the teacher's row is $m=\alpha/\alpha_0$ everywhere: calibrated, and it knows nothing.  The student
~ Dir(β) knows nothing either and is not calibrated: given its row, or a score of it, the truth has mean m.  Expected
divergences are differences of digamma functions, expected total variation of incomplete beta functions.
"""

import math

import jax.numpy as jnp
import numpy as np
from scipy.special import betainc, betaincinv, digamma, expit, roots_jacobi

from w2s_theory._types import Array
from w2s_theory.instance import Conditioning
from w2s_theory.measures import DiscreteMeasure, SplitGauss, two_rules
from w2s_theory.worlds.beta_scores import log_odds_density, log_odds_range
from w2s_theory.worlds.population import Models, Population, checked, require_positive

_TRUTH_NODES, _TRUTH_NODES_AT_EDGES = (6, 3), (10, 3)
_STUDENT_NODES = (6, 3)
_LOG_MASS, _LOG_BULK = 20.0, 5.0
_PIECE = 8.0
_LEAST = 1e-300


def _sticks(concentration: np.ndarray) -> list[tuple[float, float]]:
    """Parameters of the Beta variables whose stick-breaking is this Dirichlet distribution."""
    return [(float(a), float(concentration[i + 1 :].sum())) for i, a in enumerate(concentration[:-1])]


def _broken(fractions: np.ndarray, rests: np.ndarray) -> np.ndarray:
    """Rows (n, k) from the fractions (n, k - 1) broken off what is left of a stick, and what each time is not."""
    whole = np.ones((len(fractions), 1))
    left = np.cumprod(np.concatenate([whole, rests], axis=1), axis=1)
    return np.maximum(left * np.concatenate([fractions, whole], axis=1), _LEAST)


def _truth_rule(concentration: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, k) and weights (n,) by Gauss–Jacobi on every stick: all but p log p is smooth in the truth."""
    rules = [roots_jacobi(nodes, b - 1.0, a - 1.0) for a, b in _sticks(concentration)]
    fractions = np.stack([0.5 * (1.0 + g.ravel()) for g in np.meshgrid(*(x for x, _ in rules), indexing="ij")], axis=1)
    weights = np.ones(1)
    for _, line in rules:
        weights = np.outer(weights, line / line.sum()).ravel()
    return _broken(fractions, 1.0 - fractions), weights


def _stick_rule(
    a: float, b: float, kinks: list[float] | np.ndarray, nodes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fractions, what they leave, and weights for one Beta(a, b) stick, in log-odds: there logarithms are smooth.

    Split at the kinks, around the bulk of the density, and at lengths that grow outwards, where all is exponential.
    """
    low, high = log_odds_range(a, b, _LOG_MASS)
    at = np.array([v for v in kinks if 0.0 < v < 1.0])
    outwards = _PIECE * 2.0 ** np.arange(math.ceil(math.log2(1.0 + max(-low, high) / _PIECE)))
    bulk = np.array([*log_odds_range(a, b, _LOG_BULK), math.log(a / b)])
    splits = np.concatenate([np.log(at) - np.log1p(-at), bulk, outwards, -outwards])
    z, weights = SplitGauss(1, nodes).rule(log_odds_density(a, b), low, high, splits)
    return expit(z), expit(-z), weights / weights.sum()


def _student_rule(concentration: np.ndarray, m: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, k) and weights (n,) for two or three classes, split where an entry of the row equals that of m.

    For three the second stick is split anew for every fraction of the first, and the first also where such a split
    enters or leaves the second.
    """
    sticks = _sticks(concentration)
    if len(sticks) == 1:
        fractions, rests, weights = _stick_rule(*sticks[0], [m[0]], nodes)
        return _broken(fractions[:, None], rests[:, None]), weights
    rows, weights = [], []
    for v, rest, weight in zip(*_stick_rule(*sticks[0], [m[0], 1.0 - m[1], 1.0 - m[2]], nodes), strict=True):
        inner, left, inner_weights = _stick_rule(*sticks[1], [m[1] / rest, 1.0 - m[2] / rest], nodes)
        fractions = np.stack([np.full_like(inner, v), inner], axis=1)
        rows.append(_broken(fractions, np.stack([np.full_like(left, rest), left], axis=1)))
        weights.append(weight * inner_weights)
    return np.concatenate(rows), np.concatenate(weights)


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

    def points(self, uniform: np.ndarray) -> np.ndarray:
        """Rows of truth and student side by side (n, 2k)."""
        a, b = np.array(_sticks(self.truth) + _sticks(self.strong)).T
        fractions, rests = betaincinv(a, b, uniform), betaincinv(b, a, 1.0 - uniform)
        half = self.dimension // 2
        rows = [_broken(fractions[:, part], rests[:, part]) for part in (slice(half), slice(half, None))]
        return np.concatenate(rows, axis=1)

    def models(self, points: Array) -> Models:
        """Rows (n, k), with the teacher's row as every conditioning table."""
        classes = len(self.truth)
        weak = jnp.broadcast_to(self.mean, (points.shape[0], classes))
        known = Conditioning(weak_score=weak, strong_score=weak, strong_row=weak)
        return Models(points[:, :classes], weak, points[:, classes:], known)

    def quadrature(self) -> DiscreteMeasure:
        """Gauss rules on the sticks, for two or three classes, the student's split where it crosses the teacher."""
        classes = len(self.truth)
        checked(classes <= 3, f"DirichletPredictions: no quadrature for {classes} classes; use monte-carlo")

        def product(truth_nodes: int, student_nodes: int) -> tuple[np.ndarray, np.ndarray]:
            truth, one = _truth_rule(self.truth, truth_nodes)
            strong, other = _student_rule(self.strong, np.asarray(self.mean), student_nodes)
            rows = [np.repeat(truth, len(strong), axis=0), np.tile(strong, (len(truth), 1))]
            return np.concatenate(rows, axis=1), np.outer(one, other).ravel()

        truth_nodes = _TRUTH_NODES if np.min(self.truth) >= 1.0 else _TRUTH_NODES_AT_EDGES
        return two_rules(*(product(*nodes) for nodes in zip(truth_nodes, _STUDENT_NODES, strict=True)))

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
