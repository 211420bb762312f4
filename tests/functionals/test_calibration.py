import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import brute_force
from w2s_theory.functionals import calibration
from w2s_theory.functionals.risks import risk

INPUTS, CLASSES = 6, 3
BUDGET = 64 * 2.0**-53
"""Eighteen terms below one, each rounded a few times."""

ROWS = [(0.2, 0.3, 0.5), (0.5, 0.3, 0.2), (0.3, 0.5, 0.2), (0.4, 0.4, 0.2), (1.0, 0.0, 0.0), (0.1, 0.1, 0.8)]
NEAR = (0.2 + 2**-55, 0.3, 0.5)
weights = st.lists(st.integers(0, 5), min_size=INPUTS, max_size=INPUTS).filter(any).map(lambda w: np.array(w) / sum(w))
tied_rows = st.lists(st.sampled_from([*ROWS, NEAR]), min_size=INPUTS, max_size=INPUTS).map(np.array)
truths = st.lists(st.sampled_from([*ROWS, (0.0, 0.0, 1.0)]), min_size=INPUTS, max_size=INPUTS).map(np.array)
groups = st.lists(st.integers(0, INPUTS - 1), min_size=INPUTS, max_size=INPUTS).map(np.array)


def agree(computed, expected):
    np.testing.assert_allclose(np.asarray(computed), np.array(expected, dtype=float), rtol=0, atol=BUDGET)


@given(weights, truths, tied_rows)
@pytest.mark.parametrize(
    "name",
    ["marginal_calibration_error", "full_row_calibration_error", "expected_calibration_error", "truth_given_row"],
)
def test_grouping_by_exact_ties_in_rational_arithmetic(name, w, truth, model):
    expected = getattr(brute_force, name)(w.tolist(), truth.tolist(), model.tolist())
    agree(getattr(calibration, name)(w, truth, model), expected)


@given(weights, truths, tied_rows, groups)
def test_grouping_by_a_given_partition(w, truth, model, cells):
    expected = brute_force.group_calibration_error(w.tolist(), truth.tolist(), model.tolist(), cells.tolist())
    agree(calibration.marginal_calibration_error(w, truth, model, groups=cells), expected)
    agree(calibration.marginal_calibration_error(w, truth, model, groups=cells.tolist()), expected)


@given(weights, truths, tied_rows)
@pytest.mark.parametrize("bins", [15, 10])
def test_equal_width_bins(bins, w, truth, model):
    expected = brute_force.binned_calibration_error(w.tolist(), truth.tolist(), model.tolist(), bins)
    agree(calibration.equal_width_calibration_error(w, truth, model, bins=bins), expected)


@given(weights, truths, tied_rows)
def test_a_supplied_condition_replaces_the_grouping(w, truth, model):
    condition = calibration.truth_given_row(w, truth, model)
    agree(
        calibration.marginal_calibration_error(w, truth, model, conditional_truth=condition),
        calibration.full_row_calibration_error(w, truth, model),
    )


def test_the_condition_decides():
    """Two inputs, opposite truths, an uninformed weak model: calibrated, until a student tells the inputs apart."""
    w, truth = np.array([0.5, 0.5]), np.array([[0.9, 0.1], [0.1, 0.9]])
    weak, strong = np.full((2, 2), 0.5), np.array([[0.501, 0.499], [0.499, 0.501]])
    agree(calibration.marginal_calibration_error(w, truth, weak), 0)
    agree(calibration.marginal_calibration_error(w, truth, strong), 0.798)
    agree(calibration.marginal_calibration_error(w, truth, strong, groups=np.zeros(2, int)), 0)


def test_equal_largest_entries_predict_the_class_of_lowest_index():
    w, truth, model = np.ones(1), np.array([[0.3, 0.6, 0.1]]), np.array([[0.4, 0.4, 0.2]])
    agree(calibration.expected_calibration_error(w, truth, model), 0.1)


def test_the_refinement_identity():
    """Risk is miscalibration of the row plus what the row leaves unsaid."""
    w, model = np.full(6, 1 / 6), np.array(ROWS)[[0, 0, 1, 1, 2, 2]]
    truth = np.array(ROWS)[[0, 1, 2, 3, 5, 0]]
    row_truth = np.asarray(calibration.truth_given_row(w, truth, model))
    parts = float(risk(w, row_truth, model)) + float(risk(w, truth, row_truth))
    assert float(risk(w, truth, model)) == pytest.approx(parts, rel=1e-14)
