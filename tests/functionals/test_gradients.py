"""Reverse-mode derivatives against central differences, along one direction through all arguments at once.

Budget: a five-point stencil with steps of 1e-3 on numbers of order one errs by 1e-12 times a fifth derivative, and
turns 1e-15 of rounding into 1e-12; derivatives here are below 1e3.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiled import compiled
from tests.oracles.tables import instance, neighbours
from w2s_theory.functionals import divergences, joint_range, risks, uniform_envelope
from w2s_theory.functionals.calibration import marginal_calibration_error
from w2s_theory.functionals.instance_envelope import floored_instance_envelope, instance_envelope_change
from w2s_theory.functionals.label_free import label_free_range
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error

STEP, TOLERANCE = 1e-3, 1e-8

BASE = instance(0, floor=0.1)
TRUTH = 0.1 + 0.7 * BASE.truth
NEAR = neighbours(np.random.default_rng(1), BASE.weak, 1e-4)
BINARY = instance(2, classes=2, floor=0.1)


def weak_loss(weights, truth, weak):
    return -jnp.sum(weights[:, None] * truth * jnp.log(weak))


CASES = {
    "kl": (lambda p, q: jnp.sum(divergences.kl_divergence(p, q)), (TRUTH, BASE.weak)),
    "risk difference": (risks.risk_difference, (BASE.weights, TRUTH, BASE.weak, BASE.strong)),
    "risk difference, near": (risks.risk_difference, (BASE.weights, TRUTH, BASE.weak, NEAR)),
    "V*": (joint_range.sharp_pinsker_tv, (np.array(0.3),)),
    "V* inverse": (joint_range.sharp_pinsker_kl, (np.array(0.4),)),
    "psi up": (lambda d, g: uniform_envelope.uniform_envelope_upper(d, g, classes=3), (np.array(0.3), np.array(0.05))),
    "psi low": (lambda d, g: uniform_envelope.uniform_envelope_lower(d, g, classes=3), (np.array(0.3), np.array(0.05))),
    "envelope": (instance_envelope_change, (BASE.weights, TRUTH, BASE.weak, np.array(0.05))),
    "floored envelope": (
        lambda w, t, f, d, g: floored_instance_envelope(w, t, f, d, g)[:2],
        (BASE.weights, TRUTH, BASE.weak, np.array(0.03), np.array(0.05)),
    ),
    "floored envelope, one input": (
        lambda t, f, d: floored_instance_envelope(np.ones(1), t, f, d, np.array(0.05))[:2],
        (np.array([[0.5, 0.3, 0.2]]), np.array([[0.3, 0.45, 0.25]]), np.array(0.6)),
    ),
    "label-free": (
        lambda w, t, f, s: label_free_range(w, f, s, weak_loss(w, t, f))[:2],
        (BASE.weights, TRUTH, BASE.weak, BASE.strong),
    ),
    "smooth calibration": (smooth_calibration_error, (BINARY.weights, BINARY.truth, BINARY.strong)),
    "marginal calibration": (marginal_calibration_error, (BASE.weights, TRUTH, BASE.strong)),
}


@pytest.mark.parametrize(("function", "arguments"), CASES.values(), ids=CASES)
def test_gradients_agree_with_central_differences(x64, function, arguments):
    """Several outputs are combined with unequal weights, so that none can stand in for another."""
    rng = np.random.default_rng(0)
    direction = [0.02 * rng.normal(size=np.shape(a)) * a for a in arguments]

    def combined(*arguments):
        return sum((1.0 + 0.7 * j) * output for j, output in enumerate(jax.tree.leaves(function(*arguments))))

    def along(s):
        return combined(*(a + s * v for a, v in zip(arguments, direction, strict=True)))

    points = np.asarray(compiled(jax.vmap(along))(STEP * np.array([-2.0, -1.0, 1.0, 2.0])))
    difference = np.array([1.0, -8.0, 8.0, -1.0]) @ points / (12 * STEP)
    gradients = compiled(jax.grad(combined, argnums=tuple(range(len(arguments)))))(*arguments)
    product = sum(np.sum(np.asarray(g) * v) for g, v in zip(gradients, direction, strict=True))
    assert abs(difference) > 1e-4
    assert product == pytest.approx(difference, rel=TOLERANCE, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda q: divergences.kl_divergence(TRUTH, q), np.zeros((4, 3))),
        (lambda q: divergences.total_variation(TRUTH, q), None),
        (lambda q: divergences.jensen_shannon(TRUTH, q), np.zeros((4, 3))),
        (lambda q: divergences.squared_hellinger(TRUTH, q), np.zeros((4, 3))),
        (lambda q: divergences.chi_squared(TRUTH, q), np.zeros((4, 3))),
        (lambda q: risks.risk_difference(BASE.weights, TRUTH, TRUTH, q), np.zeros((4, 3))),
    ],
    ids=["kl", "total variation", "jensen-shannon", "hellinger", "chi squared", "risk difference"],
)
def test_gradients_are_finite_and_vanish_at_equality(x64, function, expected):
    slope = compiled(jax.grad(lambda q: jnp.sum(function(q))))(TRUTH)
    assert np.isfinite(slope).all()
    if expected is not None:
        np.testing.assert_allclose(slope, expected, atol=1e-15)


@pytest.mark.parametrize(
    "function",
    [
        lambda t, q: divergences.kl_divergence(t, q),
        lambda t, q: divergences.cross_entropy(t, q),
        lambda t, q: risks.risk_difference(BASE.weights, t, BASE.weak, q),
        lambda t, q: jnp.stack(instance_envelope_change(BASE.weights, t, q, 0.3)),
    ],
    ids=["kl", "cross-entropy", "risk difference", "envelope"],
)
def test_gradients_in_the_model_are_finite_where_truth_has_zeros(x64, function):
    one_hot = np.eye(3)[[0, 2, 1, 1]]
    slope = compiled(jax.grad(lambda q: jnp.sum(function(one_hot, q))))(BASE.strong)
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0


@pytest.mark.parametrize("allowed", [1e-20, 1e-6, 1e-2])
def test_slope_of_the_sharp_bound_is_one_over_twice_its_parameter(x64, allowed):
    """The curve's slope of KL against TV is 2t, and t is about √(2d) for small d."""
    slope = float(compiled(jax.grad(joint_range.sharp_pinsker_tv))(allowed))
    assert slope == pytest.approx(1 / (8 * allowed) ** 0.5, rel=max(0.3 * allowed, 1e-12))
