"""Projections against a general-purpose optimiser, on degenerate classes, and through the optimum."""

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from w2s_theory.training.projection import hull_projection, linear_head_projection, softmax_head_projection

RNG = np.random.default_rng(0)
WEIGHTS = RNG.dirichlet(np.ones(3))
MODELS = RNG.dirichlet(np.ones(3), size=(4, 3)) * 0.94 + 0.02
TARGET = RNG.dirichlet(np.ones(3), size=3) * 0.94 + 0.02


def objective(direction, student, target=TARGET):
    p, q = (student, target) if direction == "reverse" else (target, student)
    return np.sum(WEIGHTS[:, None] * (p * np.log(p / q) - p + q))


@pytest.mark.parametrize("direction", ["reverse", "forward"])
def test_hull_projection_is_as_good_as_scipys(direction):
    found = hull_projection(WEIGHTS, MODELS, TARGET, direction=direction)
    solved = minimize(
        lambda a: objective(direction, np.tensordot(a, MODELS, 1)),
        np.full(4, 0.25),
        method="SLSQP",
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda a: a.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert abs(objective(direction, np.asarray(found.student)) - solved.fun) < 1e-9
    assert 0 <= float(found.residual) < 1e-10
    assert abs(np.asarray(found.parameters).sum() - 1) < 1e-12


def test_duplicate_models_change_nothing():
    twice = np.concatenate([MODELS, MODELS[:2]])
    plain, doubled = hull_projection(WEIGHTS, MODELS, TARGET), hull_projection(WEIGHTS, twice, TARGET)
    np.testing.assert_allclose(plain.student, doubled.student, atol=1e-8)


def test_derivative_through_the_hull_projection_is_that_of_differences():
    step = 1e-5

    def first(target):
        return hull_projection(WEIGHTS, MODELS, target).student[0, 0]

    with jax.enable_x64(True):
        slope = np.asarray(jax.grad(first)(jax.numpy.asarray(TARGET)))
    bump = np.zeros_like(TARGET)
    bump[1, 2] = step
    difference = (float(first(TARGET + bump)) - float(first(TARGET - bump))) / (2 * step)
    assert abs(slope[1, 2] - difference) < 1e-6 * max(1.0, abs(difference))


def test_separable_teacher_sends_the_head_to_its_radius():
    features = np.array([[1.0], [-1.0], [2.0]])
    hard = np.where(features > 0, [[1 - 1e-12, 1e-12]], [[1e-12, 1 - 1e-12]])
    found = softmax_head_projection(WEIGHTS, features, hard, 3.0)
    assert bool(found.at_radius)
    assert np.linalg.norm(found.parameters) == pytest.approx(3.0, rel=1e-6)
    assert float(found.residual) < 1e-9


def test_interior_softmax_head_has_the_pythagorean_equality():
    features = np.array([[1.0, 0.3], [-0.5, 1.0], [0.2, -1.0]])
    head = np.array([[0.4, -0.2, -0.2], [0.1, 0.3, -0.4]])
    truth = np.exp(features @ head)
    truth /= truth.sum(axis=1, keepdims=True)
    found = softmax_head_projection(WEIGHTS, features, TARGET, 50.0)
    student = np.asarray(found.student)
    gain = objective("forward", truth) - np.sum(WEIGHTS[:, None] * student * np.log(student / truth))
    assert not bool(found.at_radius)
    assert abs(gain - objective("forward", student)) < 1e-8


def test_rank_rule_ignores_a_nearly_dependent_feature():
    features = np.array([[1.0, 1.0 + 1e-9], [2.0, 2.0], [3.0, 3.0]])
    found = linear_head_projection(WEIGHTS, features, np.array([[1.0], [0.0], [2.0]]))
    assert np.abs(found.parameters).max() < 10
    assert float(found.residual) < 1e-12
