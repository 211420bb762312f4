"""Empirical risk minimisation: what it lowers, and what masks of data and of steps leave out."""

import functools

import jax
import numpy as np
import pytest

from tests.compiled import compiled
from w2s_theory.experiments.pair_design import LEARNING_RATE, Budget
from w2s_theory.experiments.training_batch import capacity_of, first_examples, train_batch
from w2s_theory.predictors.initial import initial_network
from w2s_theory.predictors.masked_network import Capacity
from w2s_theory.training.adam import minimise_empirical_risk
from w2s_theory.training.empirical_risk import Sample, empirical_risk

FIT = compiled(
    functools.partial(minimise_empirical_risk, longest=40, floor=0.01, learning_rate=LEARNING_RATE),
)


def _problem(seed: int = 0, hidden: int = 3):
    """A network of 3 features and 2 classes with a sample of 20 soft labels, all float32."""
    rng = np.random.default_rng(seed)
    capacity = Capacity(np.ones(3, np.float32), (np.arange(3) < hidden).astype(np.float32))
    inputs = rng.normal(size=(20, 3))
    score = 1 / (1 + np.exp(-2 * inputs[:, 0]))
    parts = (inputs, np.stack([1 - score, score], axis=1), np.full(20, 1 / 20))
    sample = Sample(*(part.astype(np.float32) for part in parts))
    return initial_network(rng, capacity, 2), capacity, sample


def test_the_empirical_risk_is_the_cross_entropy_of_the_floored_rows():
    network, capacity, sample = _problem()
    rows = np.asarray(network.rows(sample.inputs, capacity, 0.01), float)
    by_hand = -np.mean(np.sum(np.asarray(sample.labels, float) * np.log(rows), axis=1))
    assert float(empirical_risk(network, capacity, sample, 0.01)) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("hidden", [0, 3])
def test_training_lowers_the_loss_towards_the_entropy_of_the_labels(hidden):
    network, capacity, sample = _problem(hidden=hidden)
    fit = FIT(network, capacity, sample, 40)
    labels = np.asarray(sample.labels, float)
    entropy = -np.mean(np.sum(labels * np.log(labels), axis=1))
    assert entropy - 1e-6 < fit.losses[-1] < fit.losses[0]
    assert fit.losses[-1] - entropy < 0.5 * (fit.losses[0] - entropy)


def test_steps_beyond_the_training_length_change_nothing():
    network, capacity, sample = _problem()
    short = FIT(network, capacity, sample, 15)
    alone = compiled(functools.partial(minimise_empirical_risk, longest=15, floor=0.01, learning_rate=LEARNING_RATE))(
        network, capacity, sample, 15
    )
    for one, other in zip(jax.tree.leaves(short.network), jax.tree.leaves(alone.network), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(short.losses[15:], np.full(26, short.losses[15]))
    assert short.losses[15] != short.losses[14]


def test_examples_of_weight_zero_are_not_in_the_sample():
    network, capacity, sample = _problem()
    weights = np.where(np.arange(20) < 8, np.float32(1 / 8), np.float32(0))
    changed = np.where(np.arange(20)[:, None] < 8, sample.inputs, np.float32(9.0))
    one = FIT(network, capacity, Sample(sample.inputs, sample.labels, weights), 40)
    other = FIT(network, capacity, Sample(changed, sample.labels, weights), 40)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_vmapped_batch_equals_the_single_runs():
    budgets = [Budget(3, 0, 20, 40), Budget(2, 3, 5, 10), Budget(1, 2, 12, 25)]
    problems = [_problem(seed) for seed in range(3)]
    samples = [sample for *_, sample in problems]
    inputs, labels = (np.stack([getattr(s, part) for s in samples]) for part in ("inputs", "labels"))
    weights = first_examples(budgets, 20)
    rngs = [np.random.default_rng([7, n]) for n in range(3)]
    together = train_batch(rngs, budgets, inputs, labels, weights)
    probe = np.linspace(-2, 2, 12).reshape(4, 3).astype(np.float32)
    rows = together.rows(probe)
    for n, budget in enumerate(budgets):
        capacity = capacity_of(budget, 3, 3)
        start = initial_network(np.random.default_rng([7, n]), capacity, 2)
        sample = Sample(inputs[n], labels[n], weights[n].astype(np.float32))
        alone = FIT(start, capacity, sample, budget.steps)
        np.testing.assert_allclose(together.losses[n], alone.losses, rtol=1e-5)
        np.testing.assert_allclose(rows[n], alone.network.rows(probe, capacity, 0.01), rtol=1e-4)


def test_budgets_limit_what_a_model_sees():
    budgets = [Budget(1, 0, 20, 10), Budget(3, 0, 20, 10)]
    _, _, sample = _problem()
    labels = np.stack([sample.labels] * 2)
    rngs = [np.random.default_rng(n) for n in range(2)]
    trained = train_batch(rngs, budgets, np.asarray(sample.inputs), labels, first_examples(budgets, 20))
    probe = np.random.default_rng(0).normal(size=(6, 3))
    moved = probe + np.array([0.0, 1.0, -2.0])
    before, after = np.asarray(trained.rows(probe)), np.asarray(trained.rows(moved))
    np.testing.assert_array_equal(before[0], after[0])
    assert np.all(np.abs(before[1] - after[1]).max(axis=1) > 1e-3)
    assert before.dtype == np.float64
    assert before.min() >= 0.01
