import functools

import jax
import numpy as np
import pytest

from tests.compiled import compiled
from tests.oracles.optimisers import SOLVER_TOLERANCE, convex_extremes, scanned_extremes
from tests.oracles.tables import instance, neighbours, simplex_rows
from w2s_theory.functionals.instance_envelope import floored_instance_envelope, instance_envelope
from w2s_theory.functionals.risks import disagreement, risk

SHAPES = ((2, 2), (1, 3))
FLOORS = (0.01, 0.1)
SEEDS = (0, 1, 2, 3, 8, 11)
"""Among them rows that jump from one vertex to another (8 and 11 where there is but one row)."""

ALLOWED = (0.02, 0.1, 0.3, 0.8, 1.5)
SCAN = 1e-9
"""Seven rounds of zooming leave cells of 1e-14, where a smooth maximum is missed by far less."""


@functools.cache
def searched(shape):
    """Envelope and scan of the same problems: tuples (ends, lowest found, highest found)."""
    outcome = []
    for seed in SEEDS:
        i, floor = instance(seed, *shape), FLOORS[seed % 2]
        for allowed in ALLOWED:
            problem = (i.weights, i.truth, i.weak, allowed, floor)
            outcome.append((floored_instance_envelope(*problem), *scanned_extremes(*problem)))
    return outcome


every_shape = pytest.mark.parametrize("shape", SHAPES, ids=["two rows of two", "one row of three"])


@every_shape
def test_no_student_of_a_scan_leaves_the_band(shape):
    """The students are rounded: what they exceed the bound by is below a few ulps of a risk."""
    for ends, lowest, highest in searched(shape):
        if not np.isnan(highest):
            assert lowest >= float(ends.lower) - 1e-14 and highest <= float(ends.upper) + 1e-14


@every_shape
def test_the_best_student_is_found_by_the_scan(shape):
    for ends, lowest, _ in searched(shape):
        np.testing.assert_allclose(lowest, ends.lower, rtol=0, atol=SCAN)


@every_shape
def test_the_worst_student_is_found_by_the_scan_where_the_bound_says_so(shape):
    attained = [(ends, highest) for ends, _, highest in searched(shape) if bool(ends.upper_is_attained)]
    assert len(attained) > 10
    for ends, highest in attained:
        np.testing.assert_allclose(highest, ends.upper, rtol=0, atol=SCAN)


def test_at_no_disagreement_the_only_student_is_the_teacher():
    """The nearest student with a floor may be a rounding error away, and none is then near enough."""
    found = 0
    for seed in range(60):
        i = instance(seed, 2, 2)
        ends = floored_instance_envelope(i.weights, i.truth, i.weak, 0.0, 0.5 * i.weak.min())
        if not np.isnan(ends.upper):
            found += 1
            at_teacher = float(risk(i.weights, i.truth, i.weak))
            np.testing.assert_allclose([ends.lower, ends.upper], at_teacher, rtol=0, atol=1e-13)
    assert found > 20


def test_elsewhere_the_bound_is_not_reached():
    gaps = [
        float(ends.upper) - highest
        for shape in SHAPES
        for ends, _, highest in searched(shape)
        if not bool(ends.upper_is_attained) and not np.isnan(highest)
    ]
    assert len(gaps) > 5 and min(gaps) > SCAN


@pytest.mark.parametrize("seed", range(4))
def test_a_convex_solver_finds_the_same_best_student(seed):
    i, floor = instance(seed), 0.04
    for allowed in (0.2, 0.6):
        found, _ = convex_extremes(i.weights, i.truth, i.weak, allowed, floor)
        lower = floored_instance_envelope(i.weights, i.truth, i.weak, allowed, floor).lower
        assert float(lower) == pytest.approx(found, abs=60 * SOLVER_TOLERANCE)


@compiled
@functools.partial(jax.vmap, in_axes=(None, None, None, 0, None))
def outcomes(weights, truth, weak, student, floor):
    """Risk, and the band at the student's disagreement."""
    ends = floored_instance_envelope(weights, truth, weak, disagreement(weights, weak, student), floor)
    return risk(weights, truth, student), ends.lower, ends.upper


@pytest.mark.parametrize("seed", range(4))
def test_random_floored_students_never_leave_the_band(x64, seed):
    i, rng, floor = instance(seed), np.random.default_rng(seed), 0.03
    near = [neighbours(rng, i.weak, s) for s in np.logspace(-2, 1, 200)]
    students = np.array([floor + (1 - 3 * floor) * s for s in near] + [simplex_rows(rng, 4, 3, floor) for _ in near])
    found, lower, upper = map(np.asarray, outcomes(i.weights, i.truth, i.weak, students, floor))
    assert (found >= lower - 1e-13).all() and (found <= upper + 1e-13).all()


def test_without_a_floor_it_is_the_instance_envelope():
    """Here the student is found by bisection on its multiplier: the risks of order one keep fourteen digits."""
    i = instance(0)
    for allowed in (1e-4, 0.02, 0.2):
        ends = floored_instance_envelope(i.weights, i.truth, i.weak, allowed, 0.0)
        expected = instance_envelope(i.weights, i.truth, i.weak, allowed)
        np.testing.assert_allclose((ends.lower, ends.upper), expected, rtol=1e-12)
        assert bool(ends.upper_is_attained)


def test_no_student_close_enough_is_nan():
    weights, truth, weak = np.ones(1), np.array([[0.3, 0.7]]), np.array([[0.05, 0.95]])
    nearest = float(disagreement(weights, weak, np.array([[0.2, 0.8]])))
    below, above = (floored_instance_envelope(weights, truth, weak, nearest * f, 0.2) for f in (0.999, 1.001))
    assert np.isnan(below.lower) and np.isnan(below.upper) and not bool(below.upper_is_attained)
    expected = float(risk(weights, truth, np.array([[0.2, 0.8]])))
    # around the nearest student the risk moves like the root of the extra disagreement
    assert float(above.lower) <= expected <= float(above.upper)
    assert float(above.upper) - float(above.lower) < 0.02


@pytest.mark.parametrize("floor", [0.34, 0.6])
def test_a_floor_no_row_can_keep_is_nan(floor):
    i = instance(0)
    ends = floored_instance_envelope(i.weights, i.truth, i.weak, 5.0, floor)
    assert np.isnan(ends.lower) and np.isnan(ends.upper) and not bool(ends.upper_is_attained)


def test_the_highest_possible_floor_leaves_the_uniform_student():
    i = instance(0)
    ends = floored_instance_envelope(i.weights, i.truth, i.weak, 5.0, 1 / 3)
    uniform = float(risk(i.weights, i.truth, np.full((4, 3), 1 / 3)))
    assert (float(ends.lower), float(ends.upper)) == pytest.approx((uniform, uniform), rel=1e-14)


@pytest.mark.parametrize("truth", [instance(0).truth, np.eye(3)[[2, 0, 1, 1]]], ids=["generic", "one-hot"])
def test_far_away_every_row_sits_at_its_worst_vertex(truth):
    i, floor = instance(0), 0.03
    ends = floored_instance_envelope(i.weights, truth, i.weak, 50.0, floor)
    vertex = np.where(np.arange(3) == truth.argmin(axis=1)[:, None], 1 - 2 * floor, floor)
    assert float(ends.upper) == pytest.approx(float(risk(i.weights, truth, vertex)), rel=1e-14)
    assert bool(ends.upper_is_attained)


def test_inputs_of_zero_weight_are_ignored():
    i = instance(0)
    weights, truth, weak = (
        np.append(i.weights, 0.0),
        np.vstack([i.truth, [0.9, 0.1, 0.0]]),
        np.vstack([i.weak, [0, 0.5, 0.5]]),
    )
    padded = floored_instance_envelope(weights, truth, weak, 0.2, 0.03)
    expected = floored_instance_envelope(i.weights, i.truth, i.weak, 0.2, 0.03)
    np.testing.assert_allclose(padded, expected, rtol=1e-12)
