"""Strategies keep their promises, find what is false, and shrink it to something short."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import w2s_theory as w2s
from w2s_theory.testing import _between, instances, joint_laws, predictor_pairs, simplex_rows

SEARCH = settings(max_examples=2_000)
FIRST = settings(SEARCH, phases=(Phase.generate,))


def assert_rows(rows, floor, k):
    assert rows.dtype == np.float64 and rows.shape[-1] == k
    assert np.all(rows >= floor)
    np.testing.assert_allclose(rows.sum(axis=-1), 1, rtol=0, atol=2 * k * 2.0**-53)


def smallest_denominators(numbers):
    """Denominators of the simplest fractions within rounding of the numbers."""
    return [Fraction(float(x)).limit_denominator(10**6).denominator for x in np.ravel(numbers)]


def total_variation(pair):
    return float(w2s.expectation(pair.weights, w2s.total_variation(pair.weak, pair.strong)))


@pytest.mark.parametrize(("k", "floor"), [(1, 0.0), (2, 0.0), (3, 0.1), (3, 1 / 3), (49, 1 / 49), (5, 1e-9)])
def test_rows_lie_on_the_simplex_above_the_floor(k, floor):
    given(simplex_rows(k, floor))(lambda row: assert_rows(row[None], floor, k))()


def test_rows_shrink_to_short_ones():
    np.testing.assert_array_equal(find(simplex_rows(3, 0.1), lambda row: True), np.full(3, 1 / 3))
    np.testing.assert_allclose(find(simplex_rows(3), lambda row: row.max() > 0.5), [0.2, 0.2, 0.6], rtol=1e-15)
    np.testing.assert_array_equal(find(simplex_rows(2), lambda row: row[0] == 1), [1, 0])
    np.testing.assert_allclose(find(simplex_rows(2, 0.1), lambda row: row[0] == 0.1), [0.1, 0.9], rtol=1e-15)


@pytest.mark.parametrize("step", [0.0, 1e-9, 1e-3, 0.3, 0.7, 1.0])
def test_rounding_never_leaves_the_way_between_two_rows(step):
    grid = np.linspace(0, 1, 101)
    start, end = np.meshgrid(grid, grid)
    between = _between(start, end, step)
    assert np.all((np.minimum(start, end) <= between) & (between <= np.maximum(start, end)))
    np.testing.assert_array_equal(between, start if step == 0 else end if step == 1 else between)


@pytest.mark.parametrize("floor", [0.0, 0.01])
@pytest.mark.parametrize("max_kl", [None, 0.0, 1e-12, 0.1, 2.0])
def test_pairs_are_as_near_as_was_asked(max_kl, floor):
    @given(predictor_pairs(inputs=3, classes=3, max_kl=max_kl, floor=floor))
    def check(pair):
        assert 1 <= len(pair.weights) <= 3
        assert_rows(pair.weights[None], 0, len(pair.weights))
        assert_rows(pair.truth, 0, 3)
        assert_rows(pair.weak, floor, 3)
        assert_rows(pair.strong, floor, 3)
        if max_kl is not None:
            assert float(w2s.disagreement(pair.weights, pair.weak, pair.strong)) <= max_kl

    check()


def test_pairs_reach_their_bound_and_disagree_at_one_input_only():
    def disagreement(pair):
        return float(w2s.disagreement(pair.weights, pair.weak, pair.strong))

    assert disagreement(find(predictor_pairs(max_kl=0.1), lambda p: disagreement(p) > 0.0999, settings=FIRST)) <= 0.1

    def largest(pair):
        return np.max(np.asarray(w2s.kl_divergence(pair.weak, pair.strong))[pair.weights > 0])

    found = find(predictor_pairs(max_kl=0.1), lambda pair: largest(pair) > 0.2, settings=FIRST)
    assert disagreement(found) <= 0.1


def test_pairs_shrink_to_short_ones():
    simplest = find(predictor_pairs(classes=3, max_kl=0.1), lambda pair: True)
    np.testing.assert_array_equal(simplest.weights, [1])
    for table in (simplest.truth, simplest.weak, simplest.strong):
        np.testing.assert_array_equal(table, np.full((1, 3), 1 / 3))


def test_the_shortest_pair_against_a_wrong_constant_in_pinskers_inequality_is_readable():
    pair = find(predictor_pairs(inputs=1, max_kl=0.1), lambda pair: total_variation(pair) > 0.2, settings=SEARCH)
    np.testing.assert_array_equal(pair.weights, [1])
    np.testing.assert_array_equal(pair.truth, [[0.5, 0.5]])
    assert max(smallest_denominators([pair.weak, pair.strong])) <= 64
    assert 0.2 < total_variation(pair) <= math.sqrt(0.1 / 2)


def test_what_holds_of_pairs_is_not_refuted():
    @given(predictor_pairs(max_kl=0.1))
    def check(pair):
        assert total_variation(pair) <= float(w2s.sharp_pinsker_tv(0.1)) * (1 + 1e-12)

    check()


def test_a_refuted_claim_is_refuted_by_a_pair():
    def violated(pair):
        return w2s.evaluate("calibration-score-conditional", pair._asdict()).verdict is w2s.Verdict.violated

    assert violated(find(predictor_pairs(max_kl=0.01), violated, settings=FIRST))


@pytest.mark.parametrize(("k", "floor"), [(2, 0.0), (3, 0.05)])
def test_joint_laws_are_laws(k, floor):
    @given(joint_laws(k, inputs=4, floor=floor))
    def check(law):
        assert 1 <= len(law.weights) <= 4
        assert_rows(law.weights[None], 0, len(law.weights))
        assert_rows(law.truth, 0, k)
        assert_rows(law.model, floor, k)

    check()


def test_joint_laws_share_predictions_exactly_and_nearly():
    def gap(law):
        both = len(law.weights) == 2 and np.all(law.weights > 0) and np.any(law.truth[0] != law.truth[1])
        return np.max(np.abs(law.model[0] - law.model[1])) if both else np.nan

    assert gap(find(joint_laws(2), lambda law: gap(law) == 0, settings=FIRST)) == 0
    assert 0 < gap(find(joint_laws(2), lambda law: 0 < gap(law) < 1e-8, settings=FIRST)) < 1e-8


def test_a_false_calibration_inequality_is_found_and_a_true_one_is_not():
    def ratio(law):
        marginal = float(w2s.marginal_calibration_error(*law))
        return float(w2s.smooth_calibration_error(*law)) / marginal if marginal > 1e-6 else 0.0

    found = find(joint_laws(2, inputs=1), lambda law: ratio(law) > 1 / 3, settings=SEARCH)
    assert max(smallest_denominators([found.truth, found.model])) <= 3

    @given(joint_laws(2))
    def check(law):
        assert ratio(law) <= 0.5 + 1e-9

    check()


def test_merged_classes_hide_miscalibration_in_some_law():
    law = find(
        joint_laws(3),
        lambda law: float(w2s.marginal_calibration_error(*law)) < float(w2s.full_row_calibration_error(*law)) - 0.05,
        settings=FIRST,
    )
    assert len(law.weights) > 1


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # beartype does, while JAX traces `decode`
def test_instances_shrink_to_the_simplest():
    def apart(i):
        return np.max(np.abs(np.asarray(i.weak) - np.asarray(i.strong)))

    found = find(instances(w2s.FlooredTables(3, 4)), lambda i: apart(i) < 1)
    for table in (found.weak, found.strong):
        np.testing.assert_allclose(table, 0.25, rtol=1e-12)


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (lambda: simplex_rows(0), "k=0"),
        (lambda: simplex_rows(3, 0.34), "floor=0.34"),
        (lambda: simplex_rows(2, -0.1), "floor=-0.1"),
        (lambda: simplex_rows(2, math.nan), "floor=nan"),
        (lambda: predictor_pairs(max_kl=-1.0), "max_kl=-1.0"),
        (lambda: predictor_pairs(max_kl=math.nan), "max_kl=nan"),
        (lambda: predictor_pairs(inputs=0), "inputs=0"),
        (lambda: joint_laws(2, inputs=0), "inputs=0"),
        (lambda: joint_laws(2, floor=0.6), "floor=0.6"),
    ],
)
def test_impossible_numbers_are_named_at_once(strategy, said):
    with pytest.raises(w2s.InputError, match=said):
        strategy()


def test_strategies_compose():
    @given(st.data())
    def check(data):
        pair = data.draw(predictor_pairs(inputs=2, classes=2))
        assert w2s.evaluate("pinsker", pair._asdict()).verdict is not w2s.Verdict.violated

    check()
