import functools

import jax
import numpy as np
import pytest

from tests.compiled import compiled
from tests.oracles import high_precision as exact
from tests.oracles.optimisers import SOLVER_TOLERANCE, convex_extremes
from tests.oracles.tables import instance, neighbours, simplex_rows
from w2s_theory.functionals.instance_envelope import instance_envelope, instance_envelope_change, line_students
from w2s_theory.functionals.risks import disagreement, risk, risk_difference

RELATIVE = 1e-10
INSTANCES = {
    "generic": instance(0),
    "one-hot truth": instance(1)._replace(truth=np.eye(3)[[2, 0, 1, 1]]),
    "near equality": instance(2)._replace(truth=neighbours(np.random.default_rng(2), instance(2).weak, 1e-6)),
    "an input of zero weight": instance(3)._replace(weights=np.array([0.3, 0.0, 0.5, 0.2])),
    "two classes all but tied for the worst": instance(5)._replace(
        truth=np.array([[0.6, 0.2, 0.2], [0.3, 0.6 - 1e-6, 0.1 + 1e-6], [0.1, 0.4, 0.5], [0.2, 0.5, 0.3]]),
        weak=np.array([[0.2, 0.4, 0.4], [0.1, 0.2, 0.7], [0.2, 0.4, 0.4], [0.2, 0.5, 0.3]]),
    ),
    "a class nobody considers": instance(4)._replace(
        truth=np.array([[0.2, 0.8, 0.0]] * 4), weak=np.array([[0.4, 0.6, 0.0], *instance(4).weak[1:]])
    ),
}

every_instance = pytest.mark.parametrize("i", INSTANCES.values(), ids=INSTANCES)


@every_instance
@pytest.mark.parametrize("allowed", [1e-24, 1e-18, 1e-12, 1e-6, 1e-3, 0.1, 2.0, 20.0])
def test_both_ends_keep_relative_accuracy(i, allowed):
    change = instance_envelope_change(i.weights, i.truth, i.weak, allowed)
    reachable = allowed < exact.disagreement(i.weights, i.weak, i.truth)
    lowest = exact.best_change if reachable else lambda *_: -exact.risk(i.weights, i.truth, i.weak)
    assert exact.relative_error(change.lower, lowest(i.weights, i.truth, i.weak, allowed)) < RELATIVE
    assert exact.relative_error(change.upper, exact.worst_change(i.weights, i.truth, i.weak, allowed)) < RELATIVE


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("allowed", [1e-3, 0.05, 0.5])
def test_a_convex_solver_finds_the_same_ends(seed, allowed):
    """Both ends move by at most 60 per unit of disagreement here, so the solver's tolerance costs 60 of it."""
    i = instance(seed, floor=0.05)
    ends = instance_envelope(i.weights, i.truth, i.weak, allowed)
    found = convex_extremes(i.weights, i.truth, i.weak, allowed)
    np.testing.assert_allclose((ends.lower, ends.upper), found, rtol=0, atol=60 * SOLVER_TOLERANCE)


@compiled
@functools.partial(jax.vmap, in_axes=(None, None, None, 0))
def outcomes(weights, truth, weak, student):
    """Change of the risk, and the band at the student's disagreement."""
    change = instance_envelope_change(weights, truth, weak, disagreement(weights, weak, student))
    return risk_difference(weights, truth, weak, student), change.lower, change.upper


@every_instance
def test_random_students_never_leave_the_band(x64, i):
    rng = np.random.default_rng(5)
    scales = np.logspace(-9, 1, 200)
    students = np.array([neighbours(rng, i.weak, s) for s in scales] + [simplex_rows(rng, 4, 3) for _ in range(100)])
    gap, lower, upper = map(np.asarray, outcomes(i.weights, i.truth, i.weak, students))
    budget = RELATIVE * (upper - lower)
    assert (gap >= lower - budget).all() and (gap <= upper + budget).all()
    assert (upper > 0).all() and (lower < 0).all()


@pytest.mark.parametrize("position", [0.9, 0.3, 1e-2, 1e-4, -1e-4, -1e-2, -0.9])
def test_students_on_the_line_touch_the_band(position):
    """`position` counts from the weak model to truth, and beyond the weak model to where an entry reaches zero."""
    i = INSTANCES["generic"]
    reach = 1.0 if position > 0 else 1.0 / (np.max(i.truth / i.weak) - 1.0)
    student = line_students(i.truth, i.weak, position * reach)
    np.testing.assert_allclose(np.sum(np.asarray(student), axis=-1), 1, rtol=1e-15)
    gap = risk_difference(i.weights, i.truth, i.weak, student)
    change = instance_envelope_change(i.weights, i.truth, i.weak, disagreement(i.weights, i.weak, student))
    # the student's rows are rounded at 2⁻⁵³, its distance is |position|·reach: relative error 2⁻⁵³/(1e-4·0.1)
    assert float(gap) == pytest.approx(float(change.lower if position > 0 else change.upper), rel=RELATIVE)


def test_line_students_start_at_the_weak_model_and_pass_through_truth():
    i = instance(0)
    np.testing.assert_array_equal(line_students(i.truth, i.weak, 0.0), i.weak)
    np.testing.assert_allclose(line_students(i.truth, i.weak, 1.0), i.truth, rtol=1e-15, atol=2**-53)


def test_envelope_is_the_risk_of_the_weak_model_plus_the_change():
    i = instance(0)
    ends = instance_envelope(i.weights, i.truth, i.weak, 0.05)
    change = instance_envelope_change(i.weights, i.truth, i.weak, 0.05)
    at_weak = float(risk(i.weights, i.truth, i.weak))
    assert float(ends.lower) == pytest.approx(at_weak + float(change.lower), rel=1e-14)
    assert float(ends.upper) == pytest.approx(at_weak + float(change.upper), rel=1e-14)


@pytest.mark.parametrize("allowed", [1e-20, 1e-6, 0.3, 40.0])
def test_an_exact_teacher_can_only_be_lost_from(allowed):
    i = instance(0)
    change = instance_envelope_change(i.weights, i.weak, i.weak, allowed)
    assert float(change.lower) == 0
    assert float(change.upper) == pytest.approx(allowed, rel=1e-15)


@pytest.mark.parametrize("allowed", [1e-6, 0.3])
def test_a_teacher_that_is_exact_up_to_rounding(allowed):
    """Errors of 2⁻⁵³ in truth move either end by 2⁻⁵³ times a log-ratio."""
    i = instance(0)
    change = instance_envelope_change(i.weights, i.weak * (1 + np.array([2, -2, 1]) * 2**-53), i.weak, allowed)
    assert float(change.lower) == pytest.approx(0, abs=1e-14)
    assert float(change.upper) == pytest.approx(allowed, abs=1e-14)


def test_the_lower_end_is_zero_from_the_disagreement_with_truth_on():
    i = instance(0)
    enough = float(disagreement(i.weights, i.weak, i.truth))
    ends = [float(instance_envelope(i.weights, i.truth, i.weak, enough * f).lower) for f in (0.99, 1.0, 1.01, 100.0)]
    assert ends[0] > 0
    assert max(ends[1:]) < 16 * 2**-53


def test_inputs_of_zero_weight_are_ignored():
    i = instance(0)
    weights, truth = np.append(i.weights, 0.0), np.vstack([i.truth, [0.5, 0.5, 0.0]])
    for row in ([1e-9, 0.5, 0.5], [0.0, 0.5, 0.5]):
        ends = instance_envelope_change(weights, truth, np.vstack([i.weak, row]), 0.2)
        np.testing.assert_allclose(ends, instance_envelope_change(i.weights, i.truth, i.weak, 0.2), rtol=1e-14)


def test_a_class_the_weak_model_all_but_excludes():
    """The worst student pushes that class towards zero, at a rate of truth/weak = 1e6 per unit of disagreement."""
    weights, truth = np.array([0.5, 0.5]), np.array([[1e-6, 1 - 1e-6], [0.9, 0.1]])
    weak, student = np.array([[1e-12, 1 - 1e-12], [0.3, 0.7]]), np.array([[1e-12, 1 - 1e-12], [1e-15, 1 - 1e-15]])
    allowed = float(disagreement(weights, weak, student))
    upper = float(instance_envelope_change(weights, truth, weak, allowed).upper)
    assert upper >= float(risk_difference(weights, truth, weak, student)) > 10
    assert upper == pytest.approx(1e6 * allowed, rel=1e-5)


def test_no_disagreement_no_change_and_a_negative_one_is_nan():
    i = instance(0)
    assert [float(end) for end in instance_envelope_change(i.weights, i.truth, i.weak, 0.0)] == [0, 0]
    assert np.isnan(instance_envelope_change(i.weights, i.truth, i.weak, -1e-9)).all()


def test_gradients_are_finite_where_the_teacher_is_exact(x64):
    i = instance(0)
    slopes = compiled(jax.jacrev(instance_envelope_change, argnums=(1, 2, 3)))(i.weights, i.weak, i.weak, 0.2)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))
    assert (float(slopes.lower[2]), float(slopes.upper[2])) == (0, 1)
