"""Students found by SciPy, from nothing but the class: for comparison with what the package calls optimal."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import rel_entr


def divergence(weights, g, h):
    """d_P(g, h) for rows that sum to one."""
    return float(np.sum(weights[:, None] * rel_entr(g, h)))


def heads(features, theta):
    """Softmax rows of heads θ (p, k)."""
    logits = features @ theta
    rows = np.exp(logits - logits.max(axis=1, keepdims=True))
    return rows / rows.sum(axis=1, keepdims=True)


def least_objective(i, direction, starts=24):
    """The smallest d_P(F_w, f) (`forward`) or d_P(f, F_w) (`reverse`) over the class of the instance."""
    weights, weak = np.asarray(i.weights), np.asarray(i.weak)
    rng = np.random.default_rng(0)
    if i.models is not None:
        models = np.asarray(i.models)
        size, bounds = len(models), [(0.0, 1.0)] * len(models)
        within = {"type": "eq", "fun": lambda x: x.sum() - 1.0}
        first = rng.dirichlet(np.ones(size), starts)

        def made(x):
            return np.tensordot(x, models, axes=1)

    else:
        features, radius = np.asarray(i.features), float(i.radius)
        shape = features.shape[1], weak.shape[1]
        size, bounds = shape[0] * shape[1], None
        within = {"type": "ineq", "fun": lambda x: radius**2 - x @ x}
        first = rng.normal(size=(starts, size))
        first *= radius * rng.uniform(size=(starts, 1)) / np.linalg.norm(first, axis=1, keepdims=True)

        def made(x):
            return heads(features, x.reshape(shape))

    def objective(x):
        rows = made(x)
        return divergence(weights, *((weak, rows) if direction == "forward" else (rows, weak)))

    options = {"maxiter": 500, "ftol": 1e-14}
    runs = [minimize(objective, x, method="SLSQP", bounds=bounds, constraints=within, options=options) for x in first]
    return min(run.fun for run in runs if np.isfinite(run.fun))
