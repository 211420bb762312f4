"""KL projections on a hull by other solvers: SciPy's SLSQP, an interior point in NumPy, cvxpy's conic solvers."""

from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from benchmarks.apart import Work

Direction = Literal["forward", "reverse"]
Size = tuple[int, int, int]
"""Inputs n, classes k and models M."""


class Problem(NamedTuple):
    """Weights (n,), models (M, n, k) and the target (n, k)."""

    weights: np.ndarray
    models: np.ndarray
    target: np.ndarray

    @property
    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights and target (nk,) and models (M, nk), one entry a class of an input."""
        number, _, classes = self.models.shape
        return np.repeat(self.weights, classes), self.models.reshape(number, -1), self.target.reshape(-1)


def draw(size: Size, seed: int = 0) -> Problem:
    """Random models; the target is a disturbed geometric mean of three of them, so that many mixture weights vanish."""
    inputs, classes, number = size
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((number, inputs, classes))
    target = logits[:3].mean(axis=0) + 0.5 * rng.standard_normal((inputs, classes))
    return Problem(np.full(inputs, 1.0 / inputs), softmax(logits, axis=-1), softmax(target, axis=-1))


def frank_wolfe_gap(problem: Problem, mixture: np.ndarray, direction: Direction) -> float:
    """How far the objective of a mixture can be above its minimum, by its slope at the mixture."""
    mass, models, target = problem.flat
    mixture = np.maximum(mixture, 0.0)
    mixture = mixture / mixture.sum()
    student = mixture @ models
    slope = models @ (mass * (np.log(student / target) if direction == "reverse" else -target / student))
    return float(slope @ mixture - slope.min())


def slsqp(problem: Problem, direction: Direction, tolerance: float) -> np.ndarray:
    """Mixture weights by sequential quadratic programming with the exact slope."""
    mass, models, target = problem.flat
    number = len(models)

    def value_and_slope(mixture: np.ndarray) -> tuple[float, np.ndarray]:
        student = np.maximum(mixture @ models, 1e-300)
        ratio = np.log(student / target)
        if direction == "reverse":
            return float(mass @ (student * ratio)), models @ (mass * (ratio + 1.0))
        return float(-mass @ (target * ratio)), -models @ (mass * target / student)

    total = {"type": "eq", "fun": lambda a: a.sum() - 1.0, "jac": lambda a: np.ones(number)}
    given: Any = {"jac": True, "bounds": [(0.0, 1.0)] * number, "constraints": [total], "method": "SLSQP"}
    start = np.full(number, 1.0 / number)
    return minimize(value_and_slope, start, options={"ftol": tolerance, "maxiter": 1000}, **given).x


def interior_point(problem: Problem, direction: Direction, gap: float, steps: int = 100) -> np.ndarray:
    """Mixture weights by a primal-dual interior point with the exact second derivative, to a Frank–Wolfe gap."""
    mass, models, target = problem.flat
    number = len(models)
    a, z = np.full(number, 1.0 / number), np.ones(number)
    for _ in range(steps):
        student = a @ models
        if direction == "reverse":
            slope, bend = models @ (mass * np.log(student / target)), mass / student
        else:
            slope, bend = -models @ (mass * target / student), mass * target / student**2
        if slope @ a - slope.min() <= gap:
            break
        centre = 0.1 * (z @ a) / number / a
        system = (models * bend) @ models.T + np.diag(z / a)
        toward, level = np.linalg.solve(system, np.stack([centre - slope, np.ones(number)], axis=1)).T
        step = toward - level * (toward.sum() / level.sum())
        dual = centre - z - z / a * step
        a += min(1.0, 0.99 / max(np.max(-step / a), 1e-300)) * step
        z += min(1.0, 0.99 / max(np.max(-dual / z), 1e-300)) * dual
    return a


def conic(problem: Problem, direction: Direction, solver: str, options: dict[str, Any]) -> np.ndarray:
    """Mixture weights by cvxpy, the time to state the problem included, as for everyone who calls it."""
    import cvxpy as cp

    mass, models, target = problem.flat
    mixture = cp.Variable(len(models), nonneg=True)
    student = models.T @ mixture
    if direction == "reverse":
        loss = cp.sum(cp.multiply(mass, cp.rel_entr(student, target)))
    else:
        loss = -(mass * target) @ cp.log(student)
    whole: Any = cp.sum(mixture) == 1.0
    cp.Problem(cp.Minimize(loss), [whole]).solve(solver=solver, **options)
    if mixture.value is None:
        raise ArithmeticError(f"{solver} found no solution")
    return mixture.value


def prepared_conic(size: Size, direction: Direction, solver: str, options: dict[str, Any]) -> Work:
    """`conic` of a drawn problem, in a process that has loaded the solver."""
    import cvxpy

    if solver not in cvxpy.installed_solvers():
        raise ModuleNotFoundError(solver, name=solver.lower())
    return partial(conic, draw(size), direction, solver, options)
