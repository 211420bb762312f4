"""Networks, mini-batches, and the two compiled training loops, against the same written out in NumPy."""

import itertools

import jax
import numpy as np
import pytest

from w2s_theory.functionals.risks import disagreement
from w2s_theory.predictors.relu_network import perturbed_network, random_relu_network
from w2s_theory.training.dual_mean import dual_mean
from w2s_theory.training.few_models import best_of_few, equal_weight_mixtures, mixtures_of_few
from w2s_theory.training.linear_heads import fit_linear_heads
from w2s_theory.training.minibatches import batch_weights, shuffled_batches
from w2s_theory.training.pretraining import FrozenTasks, Schedule, pretrain

RNG = np.random.default_rng(0)


def adam_steps(slopes, start, rate, decay=0.0):
    """Parameters after the steps of Adam (AdamW with `decay`), slope(step, parameters) being given."""
    x, first, second = start.astype(float), 0.0, 0.0
    for step, slope in enumerate(slopes, 1):
        g = slope(x)
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        x = x - rate * (move + decay * x)
    return x


def test_a_network_is_rectified_after_every_layer():
    network = random_relu_network(np.random.default_rng(1), [3, 4, 5])
    x = RNG.normal(size=(7, 3)).astype(np.float32)
    by_hand = x
    for weight, bias in zip(network.weights, network.biases, strict=True):
        by_hand = np.maximum(by_hand @ weight + bias, 0)
    np.testing.assert_allclose(network.representation(x), by_hand, rtol=1e-5, atol=1e-6)
    moved = perturbed_network(np.random.default_rng(2), network, 0.1)
    apart = np.concatenate([np.ravel(a - b) for a, b in zip(network.weights, moved.weights, strict=True)])
    assert 0.05 < apart.std() < 0.2


@pytest.mark.parametrize(("examples", "size"), [(10, 4), (8, 4), (3, 4)])
def test_every_example_is_in_one_batch_of_an_epoch(examples, size):
    chosen = np.asarray(shuffled_batches(jax.random.key(0), examples, size))
    weights = batch_weights(examples, size)
    assert chosen.shape == weights.shape
    assert sorted(chosen[weights > 0]) == list(range(examples))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-6)


def test_all_heads_together_take_the_steps_of_adam_alone():
    features, labels = RNG.normal(size=(10, 3)).astype(np.float32), RNG.normal(size=(10, 2)).astype(np.float32)
    start, key = RNG.normal(size=(3, 2)).astype(np.float32), jax.random.key(3)
    found = fit_linear_heads(start, features, labels, key, epochs=3, batch=4, learning_rate=0.05)
    weights = batch_weights(10, 4)
    slopes = []
    for epoch in jax.random.split(key, 3):
        for chosen, weight in zip(np.asarray(shuffled_batches(epoch, 10, 4)), weights, strict=True):
            x, y = features[chosen], labels[chosen]
            slopes.append(lambda h, x=x, y=y, w=weight: 2 * x.T @ (w[:, None] * (x @ h - y)))
    np.testing.assert_allclose(found.parameters, adam_steps(slopes, start, 0.05), rtol=1e-3, atol=1e-4)
    assert found.losses.shape == (3,)
    alone = fit_linear_heads(start[:, :1], features, labels[:, :1], key, epochs=3, batch=4, learning_rate=0.05)
    np.testing.assert_allclose(alone.parameters, found.parameters[:, :1], rtol=1e-4, atol=1e-5)


def test_pretraining_takes_turns_over_the_tasks_and_lowers_the_loss():
    truth = random_relu_network(np.random.default_rng(4), [3, 4])
    inputs = RNG.normal(size=(2, 12, 3)).astype(np.float32)
    slopes, offsets = RNG.normal(size=(2, 4)).astype(np.float32), np.zeros(2, np.float32)
    labels = np.einsum("tnj,tj->tn", np.asarray(truth.representation(inputs)), slopes).astype(np.float32)
    tasks = FrozenTasks(inputs, labels, slopes, offsets)
    start = random_relu_network(np.random.default_rng(5), [3, 4])
    told = []
    schedule = Schedule(batch=4, learning_rate=1e-2)
    found = pretrain(start, tasks, jax.random.key(0), epochs=40, schedule=schedule, told=told.append)
    assert found.losses.shape == (40,)
    assert found.losses[-5:].mean() < 0.5 * found.losses[0]
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_one_step_of_pretraining_is_one_of_adamw():
    start = random_relu_network(np.random.default_rng(6), [2, 1])
    inputs, labels = np.array([[[1.0, 2.0]]], np.float32), np.array([[3.0]], np.float32)
    tasks = FrozenTasks(inputs, labels, np.array([[1.5]], np.float32), np.zeros(1, np.float32))
    weight, bias = start.weights[0].astype(float), start.biases[0].astype(float)
    unit = np.maximum(inputs[0, 0] @ weight + bias, 0)
    slope = 2 * (1.5 * unit - 3.0) * 1.5 * (unit > 0) * inputs[0, 0][:, None]
    found = pretrain(start, tasks, jax.random.key(0), epochs=1, schedule=Schedule(batch=1, weight_decay=0.1))
    expected = adam_steps([lambda _: slope], weight, 1e-3, decay=0.1)
    np.testing.assert_allclose(found.network.weights[0], expected, rtol=1e-5)


def test_mixtures_of_few_are_all_there_and_the_best_is_found():
    shares = equal_weight_mixtures(3, 4)
    assert len(shares) == mixtures_of_few(3, 4) == 15
    every = {tuple(np.bincount(c, minlength=3) / 4) for c in itertools.combinations_with_replacement(range(3), 4)}
    assert {tuple(row) for row in shares} == every
    weights, models = np.full(2, 0.5), RNG.dirichlet(np.ones(3), size=(3, 2))
    target = RNG.dirichlet(np.ones(3), size=2)
    best = np.asarray(best_of_few(weights, models, target, members=4))
    made = [np.tensordot(share, models, 1) for share in every]
    least = min(made, key=lambda table: float(disagreement(weights, table, target)))
    np.testing.assert_allclose(best, least, rtol=1e-12)
    with pytest.raises(ValueError, match="more than 50000"):
        equal_weight_mixtures(10, 50)


def test_the_dual_mean_is_the_normalised_geometric_mean():
    weights, models = np.full(2, 0.5), RNG.dirichlet(np.ones(3), size=(4, 2))
    by_hand = np.exp(np.log(models).mean(axis=0))
    np.testing.assert_allclose(dual_mean(weights, models), by_hand / by_hand.sum(axis=1, keepdims=True), rtol=1e-12)
    density = np.asarray(dual_mean(weights, models, kind="density"))
    np.testing.assert_allclose(weights @ density, 1.0, rtol=1e-12)
    np.testing.assert_allclose(dual_mean(weights, models, kind="real"), models.mean(axis=0), rtol=1e-12)
