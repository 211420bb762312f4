"""The two linear programs of the package, solved literally."""

import itertools

import numpy as np
from scipy.optimize import linprog

SOLVER_TOLERANCE = 1e-10


def _maximum(objective, **program):
    options = {"primal_feasibility_tolerance": SOLVER_TOLERANCE, "dual_feasibility_tolerance": SOLVER_TOLERANCE}
    outcome = linprog(-np.asarray(objective), method="highs", options=options, **program)
    return -outcome.fun if outcome.status == 0 else np.nan


def smooth_calibration_error(weights, truth, model):
    """Largest E[w(f)(Y-f)] over w in [-1, 1] at the scores, Lipschitz between every two of them."""
    score = model[:, 1]
    pairs = list(itertools.permutations(range(len(score)), 2))
    differences = np.zeros((len(pairs), len(score)))
    for row, (i, j) in enumerate(pairs):
        differences[row, i], differences[row, j] = 1.0, -1.0
    distances = [abs(score[i] - score[j]) for i, j in pairs]
    constraints = {"A_ub": differences, "b_ub": distances} if pairs else {}
    return _maximum(weights * (truth[:, 1] - score), bounds=(-1.0, 1.0), **constraints)


def label_free_range(weights, weak, strong, weak_log_loss):
    """(lowest, highest) log-loss of strong over all truths that give weak its log-loss; NaN where there is none."""
    inputs, classes = weak.shape
    possible = weak > 0
    weak_loss = weights[:, None] * -np.log(np.where(possible, weak, 1.0))
    strong_loss = weights[:, None] * -np.log(np.where(possible, strong, 1.0))
    program = {
        "A_eq": np.vstack([np.kron(np.eye(inputs), np.ones(classes)), weak_loss.ravel()]),
        "b_eq": np.append(np.ones(inputs), weak_log_loss),
        "bounds": [(0.0, None if allowed else 0.0) for allowed in possible.ravel()],
    }
    return -_maximum(-strong_loss.ravel(), **program), _maximum(strong_loss.ravel(), **program)
