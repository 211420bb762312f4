"""Projections against independent solvers, on degenerate classes, and through the optimum."""

import jax
import numpy as np
import pytest
from scipy.optimize import lsq_linear, minimize

from tests.oracles.conic import frank_wolfe_gap, hull_objective
from tests.oracles.students import heads, least_objective
from w2s_theory.functionals.bregman import generator
from w2s_theory.instance import Instance
from w2s_theory.training.projection import (
    cone_projection,
    dual_hull_projection,
    hull_projection,
    linear_head_projection,
    shortfall,
    softmax_head_projection,
)

RNG = np.random.default_rng(0)
WEIGHTS = RNG.dirichlet(np.ones(3))
MODELS = RNG.dirichlet(np.ones(3), size=(4, 3)) * 0.94 + 0.02
TARGET = RNG.dirichlet(np.ones(3), size=3) * 0.94 + 0.02
FEATURES = np.array([[1.0, 0.3], [-0.5, 1.0], [0.2, -1.0]])
DIRECTIONS = pytest.mark.parametrize("direction", ["reverse", "forward"])


def divergence(g, h):
    return np.sum(WEIGHTS[:, None] * (g * np.log(g / h) - g + h))


def objective(direction, student, target=TARGET):
    return divergence(*((student, target) if direction == "reverse" else (target, student)))


@DIRECTIONS
def test_hull_projection_is_as_good_as_scipys_and_a_conic_solvers(direction):
    found = hull_projection(WEIGHTS, MODELS, TARGET, direction=direction)
    student = np.asarray(found.student)
    solved = minimize(
        lambda a: objective(direction, np.tensordot(a, MODELS, 1)),
        np.full(4, 0.25),
        method="SLSQP",
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda a: a.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert abs(objective(direction, student) - solved.fun) < 1e-9
    assert abs(objective(direction, student) - hull_objective(WEIGHTS, MODELS, TARGET, direction)) < 1e-6
    assert 0 <= float(found.residual) < 1e-10
    assert frank_wolfe_gap(WEIGHTS, MODELS, TARGET, student, direction) == pytest.approx(
        float(found.residual), abs=1e-13
    )
    assert abs(np.asarray(found.parameters).sum() - 1) < 1e-12


@pytest.mark.parametrize("project", [hull_projection, cone_projection, dual_hull_projection])
def test_a_search_ends_early_at_the_gap_that_is_asked_for(project):
    best, coarse = (project(WEIGHTS, MODELS, TARGET, gap=gap) for gap in (0.0, 1e-4))
    assert float(best.residual) < 1e-10 < float(coarse.residual) <= 1e-4


@pytest.mark.parametrize("name", ["kl", "squared", "itakura-saito"])
def test_bregman_projections_beat_every_other_member_of_their_class(name):
    phi = generator(name)
    hull = np.asarray(hull_projection(WEIGHTS, MODELS, TARGET, phi=phi).student)
    dual = np.asarray(dual_hull_projection(WEIGHTS, MODELS, TARGET, phi=phi).student)
    shares = np.concatenate([np.eye(4), np.random.default_rng(1).dirichlet(np.full(4, 0.5), 200)])

    def distance(g, h):
        return np.sum(WEIGHTS[:, None] * np.asarray(phi.term(g, h)), axis=(-2, -1))

    members = np.tensordot(shares, MODELS, 1)
    assert members.shape == (204, *TARGET.shape)
    assert np.all(distance(hull, TARGET) <= distance(members, TARGET) + 1e-12)
    members = np.asarray(phi.from_slope(np.tensordot(shares, np.asarray(phi.slope(MODELS)), 1)))
    assert np.all(distance(TARGET, dual) <= distance(TARGET, members) + 1e-12)


@DIRECTIONS
@pytest.mark.parametrize("region", ["ball", "box"])
def test_softmax_heads_are_as_good_as_scipys_best(direction, region):
    found = softmax_head_projection(WEIGHTS, FEATURES, TARGET, 1.5, direction=direction, region=region)
    made = objective(direction, np.asarray(found.student))
    if region == "ball":
        i = Instance(WEIGHTS, TARGET, TARGET, TARGET, np.asarray(0.01), features=FEATURES, radius=np.asarray(1.5))
        best = least_objective(i, direction)
    else:
        runs = [
            minimize(
                lambda x: objective(direction, heads(FEATURES, x.reshape(2, 3))),
                x,
                method="L-BFGS-B",
                bounds=[(-1.5, 1.5)] * 6,
                options={"ftol": 1e-14},
            )
            for x in np.random.default_rng(2).uniform(-1.5, 1.5, (12, 6))
        ]
        best = min(run.fun for run in runs)
    assert abs(made - best) < 1e-7
    assert 0 <= float(found.residual) < 1e-9


def test_cone_projection_by_squares_is_that_of_non_negative_least_squares():
    columns, goal = (
        np.random.default_rng(3).uniform(0.1, 2, (3, 5, 1)),
        np.random.default_rng(4).uniform(0.1, 2, (5, 1)),
    )
    weights = np.full(5, 0.2)
    found = cone_projection(weights, columns, goal, phi=generator("squared"))
    oracle = lsq_linear(columns[:, :, 0].T, goal[:, 0], bounds=(0, np.inf), tol=1e-14)
    np.testing.assert_allclose(found.parameters, oracle.x, atol=1e-7)
    assert float(found.residual) < 1e-9


def test_linear_heads_are_those_of_least_squares():
    goal = np.random.default_rng(5).normal(size=(3, 2))
    found = linear_head_projection(WEIGHTS, FEATURES, goal)
    root = np.sqrt(WEIGHTS)[:, None]
    oracle = np.linalg.lstsq(root * FEATURES, root * goal, rcond=None)[0]
    np.testing.assert_allclose(found.parameters, oracle, rtol=1e-12, atol=1e-12)


def test_duplicate_and_dependent_models_change_nothing():
    plain = hull_projection(WEIGHTS, MODELS, TARGET)
    for extra in (MODELS[:2], [0.5 * (MODELS[0] + MODELS[1]), MODELS.mean(axis=0)]):
        more = hull_projection(WEIGHTS, np.concatenate([MODELS, extra]), TARGET)
        np.testing.assert_allclose(plain.student, more.student, atol=1e-8)
        assert float(more.residual) < 1e-10


def test_models_that_hardly_differ_end_in_a_student_and_a_small_gap():
    close = MODELS[:1] + 1e-6 * (MODELS - MODELS[:1])
    found = hull_projection(WEIGHTS, close, TARGET)
    assert np.isfinite(np.asarray(found.student)).all()
    assert 0 <= float(found.residual) < 1e-14


@pytest.mark.parametrize(
    "student",
    [
        lambda target: hull_projection(WEIGHTS, MODELS[:3], target).student,
        lambda target: hull_projection(WEIGHTS, MODELS[:3], target, direction="forward").student,
        lambda target: dual_hull_projection(WEIGHTS, MODELS[:3], target, normalised=True).student,
        lambda target: softmax_head_projection(WEIGHTS, FEATURES, target, 0.4).student,
        lambda target: softmax_head_projection(WEIGHTS, FEATURES, target, 50.0).student,
        lambda target: linear_head_projection(WEIGHTS, FEATURES, target).student,
    ],
    ids=["reverse hull", "forward hull", "dual hull", "head at its radius", "interior head", "linear head"],
)
def test_derivatives_through_the_optimum_are_those_of_differences(student, x64):
    """Central differences with steps of 1e-4 err by 1e-8 times a third derivative of order one."""
    cotangent = np.random.default_rng(6).normal(size=TARGET.shape)
    along = np.random.default_rng(7).normal(size=TARGET.shape) * 0.1
    along -= along.mean(axis=1, keepdims=True)

    def scalar(target):
        return jax.numpy.sum(cotangent * student(target))

    slope = float(np.sum(np.asarray(jax.grad(scalar)(jax.numpy.asarray(TARGET))) * along))
    step = 1e-4
    difference = (float(scalar(TARGET + step * along)) - float(scalar(TARGET - step * along))) / (2 * step)
    assert slope == pytest.approx(difference, rel=1e-5, abs=1e-7)


def test_a_batch_is_solved_as_its_members_are(x64):
    targets = np.random.default_rng(8).dirichlet(np.ones(3), size=(5, 3)) * 0.94 + 0.02
    together = jax.vmap(lambda t: hull_projection(WEIGHTS, MODELS, t).student)(targets)
    for made, target in zip(together, targets, strict=True):
        np.testing.assert_allclose(made, hull_projection(WEIGHTS, MODELS, target).student, atol=1e-9)


def test_separable_teacher_sends_the_head_to_its_radius():
    features = np.array([[1.0], [-1.0], [2.0]])
    hard = np.where(features > 0, [[1 - 1e-12, 1e-12]], [[1e-12, 1 - 1e-12]])
    found = softmax_head_projection(WEIGHTS, features, hard, 3.0)
    assert bool(found.at_radius)
    assert np.linalg.norm(found.parameters) == pytest.approx(3.0, rel=1e-6)
    assert float(found.residual) < 1e-9


def test_interior_softmax_head_has_the_pythagorean_equality():
    truth = heads(FEATURES, np.array([[0.4, -0.2, -0.2], [0.1, 0.3, -0.4]]))
    found = softmax_head_projection(WEIGHTS, FEATURES, TARGET, 50.0)
    student = np.asarray(found.student)
    assert not bool(found.at_radius)
    assert objective("forward", student) > 1e-4
    assert abs(divergence(TARGET, truth) - divergence(student, truth) - objective("forward", student)) < 1e-8


def test_interior_of_a_hull_has_the_pythagorean_equality():
    """The target lies beside a member of the hull, at right angles to it in the logarithm."""
    along = (MODELS[:2] - MODELS[2]).reshape(2, -1) * np.repeat(WEIGHTS, 3)
    rows = np.repeat(np.eye(3), 3, axis=1)
    inside = np.tensordot([0.3, 0.3, 0.4], MODELS[:3], 1)
    across = np.linalg.svd(np.concatenate([along, rows * inside.reshape(-1)]))[2][-1].reshape(3, 3)
    target = inside * np.exp(0.7 * across)
    found = np.asarray(hull_projection(WEIGHTS, MODELS[:3], target).student)
    np.testing.assert_allclose(found, inside, atol=1e-7)
    truth = np.tensordot([0.7, 0.1, 0.2], MODELS[:3], 1)
    misfit = objective("reverse", found, target)
    assert misfit > 1e-4
    assert abs(divergence(truth, target) - divergence(truth, found) - misfit) < 1e-8


def test_rank_rule_ignores_a_nearly_dependent_feature():
    features = np.array([[1.0, 1.0 + 1e-9], [2.0, 2.0], [3.0, 3.0]])
    found = linear_head_projection(WEIGHTS, features, np.array([[1.0], [0.0], [2.0]]))
    assert np.abs(found.parameters).max() < 10
    assert float(found.residual) < 1e-12


def test_shortfall_is_the_difference_of_objectives():
    best = np.asarray(hull_projection(WEIGHTS, MODELS, TARGET).student)
    for other in (MODELS[0], 0.5 * (best + MODELS[1])):
        made = float(shortfall(WEIGHTS, other, best, TARGET))
        assert made == pytest.approx(objective("reverse", other) - objective("reverse", best), abs=1e-14)
        assert made > 0


def test_directions_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="forward projection is for the generator kl"):
        hull_projection(WEIGHTS, MODELS, TARGET, direction="forward", phi=generator("squared"))
    with pytest.raises(ValueError, match="class is empty"):
        hull_projection(WEIGHTS, MODELS[:0], TARGET)
    with pytest.raises(ValueError, match="generator kl, not squared"):
        dual_hull_projection(WEIGHTS, MODELS, TARGET, phi=generator("squared"), normalised=True)
