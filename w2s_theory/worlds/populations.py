"""One population of each kind, with parameters at which nothing is degenerate: what `verify --rule` asks of."""

import numpy as np

from w2s_theory.worlds.beta_scores import BetaScores
from w2s_theory.worlds.dirichlet_predictions import DirichletPredictions
from w2s_theory.worlds.gaussian_classes import GaussianClasses
from w2s_theory.worlds.gaussian_regression import GaussianRegression
from w2s_theory.worlds.gaussian_scores import GaussianScores
from w2s_theory.worlds.population import Population
from w2s_theory.worlds.predictive_laws import PredictiveLaws

_TRIANGLE = np.array([[1.2, 0.0], [-0.6, 1.0], [-0.6, -1.0]])
_PAIR = np.array([[-0.7, -0.9], [0.7, 0.9]])
_EVEN = np.full(2, 0.5)

POPULATIONS: tuple[Population, ...] = (
    GaussianRegression.restricted(
        np.array([[1.0, 0.3, 0.0], [0.3, 0.8, 0.2], [0.0, 0.2, 0.5]]),
        np.array([1.0, -0.5, 0.8]),
        (0, 1),
        np.array([0.9, -0.3, 0.5]),
    ),
    PredictiveLaws(np.array([0.2, 1.0, 0.5, -0.3]), np.array([0.2, 0.7]), np.array([0.1, 0.8, 0.4]), 0.8),
    GaussianScores(0.2, 1.5, (1.3, 0.1), (0.8, -0.2), (1.0, 0.3), 0.01),
    BetaScores(1.5, 2.0, 1.4, 0.2, 1.8, -0.1, 0.01),
    DirichletPredictions(np.array([2.0, 3.0, 1.5]), np.array([6.0, 5.0, 4.0])),
    GaussianClasses(_TRIANGLE, np.array([0.4, 0.3, 0.3]), (0,), 1.2 * _TRIANGLE.T, np.array([0.1, -0.3, -0.2]), 0.01),
    GaussianClasses(_PAIR, _EVEN, (0,), 1.1 * _PAIR.T, np.array([0.1, -0.1]), 0.01),
    GaussianClasses(_PAIR, _EVEN, (0,), 1.1 * _PAIR.T, np.array([0.1, -0.1])),
)
