"""Rational instances: exact sums after every change, students to thirty digits, and shrinking that stops in time."""

from dataclasses import replace
from fractions import Fraction

import jax
import numpy as np
import pytest

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.student_class import Training
from w2s_theory.training.projection import (
    dual_hull_projection,
    hull_projection,
    softmax_head_projection,
)
from w2s_theory.verification import fine_student
from w2s_theory.verification.draft import Draft, draft_of, rounded_shares
from w2s_theory.verification.shrink import PARTS, shrunk
from w2s_theory.worlds.students import Students


def shares(rng, size, parts=1000):
    return rounded_shares([Fraction(float(v)) for v in rng.dirichlet(np.ones(size))], parts, True)


def tables(rng, *shape):
    if len(shape) == 1:
        return shares(rng, shape[0])
    return [tables(rng, *shape[1:]) for _ in range(shape[0])]


def floats(nested):
    return np.array(nested, dtype=float)


@pytest.fixture
def problem():
    rng = np.random.default_rng(4)
    return shares(rng, 3), tables(rng, 3, 3, 3), tables(rng, 3, 3)


@pytest.mark.parametrize("loss", ["reverse", "forward"])
def test_fine_hull_students_agree_with_the_package_and_are_finer(problem, loss):
    weights, models, target = problem
    made = fine_student.hull_weights(weights, models, target, loss)
    assert sum(made) == 1
    here = hull_projection(floats(weights), floats(models), floats(target), direction=loss)
    np.testing.assert_allclose(floats(made), here.parameters, atol=1e-9)
    assert all(value.denominator <= 10**fine_student.DIGITS for value in made)


def test_fine_dual_students_and_heads_agree_with_the_package(problem):
    weights, models, target = problem
    made = fine_student.dual_hull_weights(weights, models, target)
    here = dual_hull_projection(floats(weights), floats(models), floats(target), normalised=True)
    np.testing.assert_allclose(floats(made), here.parameters, atol=1e-9)
    features = [[Fraction(1, 2), Fraction(1)], [Fraction(-2), Fraction(1)], [Fraction(3, 4), Fraction(-1)]]
    for radius in (Fraction(6), Fraction(1, 4)):
        theta = floats(fine_student.head_parameters(weights, features, target, radius))
        here = softmax_head_projection(floats(weights), floats(features), floats(target), float(radius))
        np.testing.assert_allclose(floats(features) @ theta, floats(features) @ np.asarray(here.parameters), atol=1e-7)
        assert np.sum(theta**2) <= float(radius) ** 2
    assert bool(here.at_radius)


def test_the_reverse_head_is_the_best_of_its_line():
    weights, feature, target = [0.4, 0.6], [1.0, -0.5], [[0.9, 0.1], [0.7, 0.3]]
    ((t, _),) = fine_student.reverse_head_hint(weights, feature, target, 6.0)

    def objective(t):
        f = 1 / (1 + np.exp(-2 * np.multiply.outer(t, feature)))
        p = np.array(target)
        return (f * np.log(f / p[:, 0]) + (1 - f) * np.log((1 - f) / p[:, 1])) @ weights

    assert objective(float(t)) <= objective(np.linspace(-4.2, 4.2, 100_001)).min() + 1e-12


def drawn(identifier, training, **world):
    claim = CATALOGUE[identifier]
    made = Students(2, 3, training, members=3, **world)
    batch = made.sample(np.random.default_rng(8), 1)
    one = jax.tree.map(lambda leaf: np.asarray(leaf[0]), batch)
    return draft_of(claim, None, one, made)


@pytest.fixture
def draft():
    return drawn("gain-reverse-mixture-risk", Training("reverse", "mixture"))


def sums(draft):
    fields = draft.completed()[0]
    yield sum(fields["weights"])
    yield from map(sum, fields["weak"])
    yield from (sum(row) for model in fields["models"] for row in model)
    yield sum(fields["truth"]["mixture"])
    yield sum(fields["strong"]["mixture"])


def test_shares_sum_to_one_exactly_whatever_is_rounded_or_removed(draft):
    changed = [draft, draft.rounded(7, keep_positive=True), draft.rounded(50, keep_positive=False, fields=["weak"])]
    changed += [draft.without(axis, 0) for axis in "mkj"]
    for made in changed:
        assert set(sums(made)) == {1}
    assert draft.without("k", 1).sizes() == {"m": 2, "k": 2, "j": 3, "p": 0}
    assert max(v.denominator for v in draft.rounded(7, keep_positive=True).free["weights"]) <= 7


def test_more_positive_shares_than_parts_are_refused():
    with pytest.raises(ValueError, match="cannot be kept positive"):
        rounded_shares([Fraction(1, 3)] * 3, 2, True)
    assert rounded_shares([Fraction(1, 3)] * 3, 2, False).count(0) >= 1


def test_the_floats_of_a_draft_are_an_instance_of_the_claim(draft):
    made = draft.instance_file()
    assert np.allclose(np.sum(made["strong"], axis=-1), 1)
    training = Training("reverse", "mixture")
    student = hull_projection(made["weights"], np.array(made["models"]), np.array(made["weak"])).student
    np.testing.assert_allclose(made["strong"], student, atol=1e-8)
    assert draft.training == training


def test_shrinking_keeps_the_violation_it_was_asked_to_keep(draft):
    def excess(made: Draft) -> float | None:
        """Enough as long as there are two models and a weight of at least a fifth."""
        enough = made.sizes()["j"] >= 2 and min(made.free["weights"]) >= Fraction(1, 5)
        return 1.0 if enough else None

    made = shrunk(draft, excess, 0.5)
    assert made is not None
    assert made.sizes() == {"m": 1, "k": 2, "j": 2, "p": 0}
    assert max(v.denominator for row in made.free["weak"] for v in row) == PARTS[0]
    assert shrunk(draft, lambda made: None, 0.5) is None
    assert shrunk(replace(draft), excess, 2.0) is None
