"""Projections on convex hulls by a general conic solver, from the definition alone."""

import cvxpy as cp
import numpy as np


def hull_objective(weights, models, target, direction):
    """The least d_P(f, target) (`reverse`) or d_P(target, f) (`forward`) over the convex hull of the models."""
    shares = cp.Variable(len(models), nonneg=True)
    table = sum(shares[j] * models[j] for j in range(len(models)))
    terms = cp.kl_div(table, target) if direction == "reverse" else cp.kl_div(target, table)
    problem = cp.Problem(cp.Minimize(cp.sum(cp.multiply(weights[:, None], terms))), [cp.sum(shares) == 1])
    problem.solve(solver=cp.CLARABEL)
    return problem.value


def frank_wolfe_gap(weights, models, target, student, direction):
    """How far at most a student of the hull is from optimal, by the slope of the objective; NumPy only."""
    slope = np.log(student / target) if direction == "reverse" else 1 - target / student
    each = [np.sum(weights[:, None] * slope * (student - model)) for model in models]
    return max(each)
