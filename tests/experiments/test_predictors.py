"""Floored softmax heads and masked networks."""

import jax
import numpy as np
import pytest

from w2s_theory.predictors.floored_softmax import floored_softmax
from w2s_theory.predictors.initial import initial_network
from w2s_theory.predictors.masked_network import Capacity, Network


@pytest.mark.parametrize("floor", [0.0, 0.01, 0.2])
def test_rows_keep_the_floor_and_sum_to_one(floor, x64):
    logits = np.array([[0.0, 0.0, 0.0], [800.0, -800.0, 0.0], [1.0, 2.0, -3.0], [-1e3, -1e3, 1e3]])
    rows = np.asarray(floored_softmax(logits, floor))
    assert rows.min() >= floor
    assert rows.max() <= 1 - 2 * floor + 1e-15
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=1e-15)


def _random_network(features: int, hidden: int) -> tuple[Network, np.ndarray]:
    rng = np.random.default_rng(0)
    everything = Capacity(np.ones(features, np.float32), np.ones(hidden, np.float32))
    network = initial_network(rng, everything, 3)
    shifted = Network(
        network.skip, network.bias + np.float32(0.3), network.inward, network.shift + np.float32(0.2), network.outward
    )
    return shifted, rng.normal(size=(7, features)).astype(np.float32)


def test_masks_leave_exactly_the_smaller_network():
    network, inputs = _random_network(5, 6)
    masked = Capacity(np.array([1, 1, 0, 0, 0], np.float32), np.array([1, 1, 1, 0, 0, 0], np.float32))
    small = Network(
        network.skip[:2], network.bias, network.inward[:2, :3], network.shift[:3], network.outward[:3]
    )  # fmt: skip
    all_of_it = Capacity(np.ones(2, np.float32), np.ones(3, np.float32))
    np.testing.assert_allclose(
        network.logits(inputs, masked), small.logits(inputs[:, :2], all_of_it), rtol=1e-5, atol=1e-6
    )


def test_no_active_unit_leaves_a_linear_head():
    network, inputs = _random_network(4, 3)
    linear = Capacity(np.ones(4, np.float32), np.zeros(3, np.float32))
    np.testing.assert_allclose(
        network.logits(inputs, linear), inputs @ network.skip + network.bias, rtol=1e-5, atol=1e-6
    )


def test_parameters_behind_a_mask_have_no_gradient():
    network, inputs = _random_network(4, 5)
    masked = Capacity(np.array([1, 0, 1, 0], np.float32), np.array([0, 1, 1, 0, 0], np.float32))
    slope = jax.grad(lambda n: (n.logits(inputs, masked) ** 2).sum())(network)
    hidden, seen = np.asarray(masked.active) > 0, np.asarray(masked.seen) > 0
    assert not np.any(slope.outward[~hidden])
    assert not np.any(slope.inward[:, ~hidden])
    assert not np.any(slope.inward[~seen])
    assert not np.any(slope.skip[~seen])
    assert np.all(np.any(slope.outward[hidden], axis=1))


def test_initial_weights_follow_the_unmasked_width():
    wide = Capacity(np.ones(400, np.float32), np.ones(300, np.float32))
    narrow = Capacity((np.arange(400) < 25).astype(np.float32), (np.arange(300) < 9).astype(np.float32))
    for capacity, skip, outward in ((wide, 0.05, 300**-0.5), (narrow, 0.2, 1 / 3)):
        network = initial_network(np.random.default_rng(1), capacity, 8)
        assert network.skip.std() == pytest.approx(skip, rel=0.1)
        assert network.outward.std() == pytest.approx(outward, rel=0.1)
        assert network.skip.dtype == np.float32
        assert not np.any(network.bias)
