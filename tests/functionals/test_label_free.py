import numpy as np
import pytest

from tests.oracles import linear_programs
from tests.oracles.tables import instance
from w2s_theory.functionals.label_free import label_free_change, label_free_range
from w2s_theory.functionals.risks import log_loss

LP = 100 * linear_programs.SOLVER_TOLERANCE
"""A residual of the solver costs the multiplier (below 100 here) times that."""

ZEROS = np.array([[0.0, 0.4, 0.6], [0.3, 0.7, 0.0], [0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
UNIFORM = np.full((4, 3), 1 / 3)
WEAK = {
    "generic": lambda i: i.weak,
    "some rows uniform": lambda i: np.where([[True], [False], [True], [False]], UNIFORM, i.weak),
    "all rows uniform": lambda i: UNIFORM,
    "tied entries": lambda i: np.array([[0.25, 0.25, 0.5], [0.4, 0.2, 0.4], [0.1, 0.8, 0.1], [0.3, 0.35, 0.35]]),
    "zero entries": lambda i: ZEROS,
    "equal to strong": lambda i: i.strong,
}
every_weak = pytest.mark.parametrize("weak", WEAK.values(), ids=WEAK)


def problem(weak, seed, truth=None):
    i = instance(seed)
    weak = weak(i)
    truth = np.where(weak > 0, i.truth, 0.0) if truth is None else truth
    truth = truth / truth.sum(axis=1, keepdims=True)
    return i._replace(weak=weak, truth=truth), float(log_loss(i.weights, truth, weak))


@every_weak
@pytest.mark.parametrize("seed", range(5))
def test_a_linear_program_over_all_truths_gives_the_same_range(weak, seed):
    i, weak_loss = problem(weak, seed)
    found = label_free_range(i.weights, i.weak, i.strong, weak_loss)
    np.testing.assert_allclose(
        (found.lower, found.upper),
        linear_programs.label_free_range(i.weights, i.weak, i.strong, weak_loss),
        rtol=0,
        atol=LP,
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_single_input(seed):
    i = instance(seed, inputs=1)
    weak_loss = float(log_loss(i.weights, i.truth, i.weak))
    found = label_free_range(i.weights, i.weak, i.strong, weak_loss)
    expected = linear_programs.label_free_range(i.weights, i.weak, i.strong, weak_loss)
    np.testing.assert_allclose((found.lower, found.upper), expected, rtol=0, atol=LP)


@every_weak
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "pick",
    [lambda weak: weak.argmax(axis=1), lambda weak: np.where(weak > 0, weak, 2.0).argmin(axis=1)],
    ids=["likeliest", "unlikeliest"],
)
def test_one_hot_truth_at_the_end_of_what_is_possible_is_determined(weak, seed, pick):
    """Only the rows with ties leave the truth any choice there; the multiplier stays of order one."""
    i, _ = problem(weak, seed)
    chosen = pick(i.weak)
    truth = np.eye(3)[chosen]
    _, weak_loss = problem(weak, seed, truth)
    found = label_free_range(i.weights, i.weak, i.strong, weak_loss)
    as_likely = i.weak == np.take_along_axis(i.weak, chosen[:, None], axis=1)
    losses = -np.log(i.strong)
    lower = i.weights @ np.min(np.where(as_likely, losses, np.inf), axis=1)
    upper = i.weights @ np.max(np.where(as_likely, losses, -np.inf), axis=1)
    np.testing.assert_allclose((found.lower, found.upper), (lower, upper), rtol=0, atol=1e-11)


@every_weak
def test_truth_lies_in_its_range_and_the_change_is_the_range_less_the_weak_loss(weak):
    for seed in range(5):
        i, weak_loss = problem(weak, seed)
        found = label_free_range(i.weights, i.weak, i.strong, weak_loss)
        change = label_free_change(i.weights, i.truth, i.weak, i.strong)
        loss = float(log_loss(i.weights, i.truth, i.strong))
        assert float(found.lower) - 1e-13 <= loss <= float(found.upper) + 1e-13
        np.testing.assert_allclose((change.lower, change.upper), np.subtract(found[:2], weak_loss), rtol=0, atol=1e-12)


@pytest.mark.parametrize("step", [1e-3, 1e-8, 1e-13])
def test_the_change_scales_with_the_distance_of_the_models(step):
    """It is linear in log(weak/strong); the farther student has that magnified, and rounded at 1e-14 of it."""
    i = instance(0, step=step)
    farther = i.weak * np.exp(np.log1p((i.strong - i.weak) / i.weak) * (0.01 / step))
    change, reference = (label_free_change(i.weights, i.truth, i.weak, strong) for strong in (i.strong, farther))
    np.testing.assert_allclose(np.array(change[:2]) / step, np.array(reference[:2]) / 0.01, rtol=1e-11)


def test_multipliers_are_the_sensitivities_to_the_weak_loss():
    i, weak_loss = problem(WEAK["generic"], 0)
    found, shifted = (label_free_range(i.weights, i.weak, i.strong, weak_loss + d) for d in (0.0, 1e-6))
    slopes = np.subtract(shifted[:2], found[:2]) / 1e-6
    np.testing.assert_allclose(slopes, (found.lower_multiplier, found.upper_multiplier), rtol=1e-6)


@pytest.mark.parametrize("excess", [-1e-6, 1e-6, -3.0, 30.0])
def test_a_weak_loss_no_truth_can_give_is_nan(excess):
    i = instance(0)
    losses = -np.log(i.weak)
    end = i.weights @ (losses.min(axis=1) if excess < 0 else losses.max(axis=1))
    assert np.isnan(label_free_range(i.weights, i.weak, i.strong, end + excess)).all()


def test_inputs_of_zero_weight_are_ignored():
    i, weak_loss = problem(WEAK["generic"], 0)
    padded = label_free_range(
        np.append(i.weights, 0.0), np.vstack([i.weak, [0, 0, 1]]), np.vstack([i.strong, [1, 0, 0]]), weak_loss
    )
    np.testing.assert_allclose(padded, label_free_range(i.weights, i.weak, i.strong, weak_loss), rtol=1e-13)


def test_a_class_the_strong_model_excludes_makes_the_upper_end_infinite():
    i, weak_loss = problem(WEAK["generic"], 0)
    strong = i.strong.copy()
    strong[0] = [0.0, 0.5, 0.5]
    found = label_free_range(i.weights, i.weak, strong, weak_loss)
    assert float(found.upper) == np.inf and np.isfinite(float(found.lower))


def test_equal_models_are_pinned_to_the_weak_loss():
    i, _ = problem(WEAK["equal to strong"], 1)
    change = label_free_change(i.weights, i.truth, i.weak, i.strong)
    assert (float(change.lower), float(change.upper)) == (0, 0)
