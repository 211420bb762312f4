import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compiled import compiled
from tests.oracles import brute_force
from w2s_theory.functionals import partitions

COUNT = 7
FEW = [0.0, 0.1, 0.2, 1 / 3, 0.3, 0.1 + 0.2, 0.5, 1.0]
few_scores = st.lists(st.sampled_from(FEW), min_size=COUNT, max_size=COUNT).map(np.array)
some_weights = st.lists(st.integers(0, 4), min_size=COUNT, max_size=COUNT).filter(any).map(lambda w: np.array(w, float))


def run(function, *arguments, **static):
    with jax.enable_x64(True):
        return np.asarray(compiled(function, static_argnames=tuple(static))(*arguments, **static))


def same_partition(cells, keys):
    """Whether inputs share a cell exactly when they share a key."""
    cells = cells.tolist()
    return len(set(zip(cells, keys, strict=True))) == len(set(cells)) == len(set(keys))


@given(few_scores)
def test_scores_share_a_cell_only_when_exactly_equal(scores):
    assert same_partition(run(partitions.tied_scores, scores), scores.tolist())


@given(st.lists(few_scores, min_size=3, max_size=3))
def test_rows_share_a_cell_only_when_exactly_equal(columns):
    rows = np.stack(columns, axis=1)
    assert same_partition(run(partitions.tied_rows, rows), [tuple(row) for row in rows.tolist()])


def test_neighbouring_floats_are_different_scores():
    assert same_partition(run(partitions.tied_scores, np.array([0.3, 0.1 + 0.2])), [0, 1])


def test_both_zeros_are_the_same_score():
    assert same_partition(run(partitions.tied_scores, np.array([0.0, -0.0])), [0, 0])


@pytest.mark.parametrize("bins", [1, 2, 3, 6, 7, 10, 15, 49, 100])
def test_edges_of_equal_width_bins_belong_below(bins):
    edges = np.arange(bins + 1) / bins
    scores = np.sort(np.concatenate([edges, np.nextafter(edges, 0)[1:], np.nextafter(edges, 1)[:-1]]))
    expected = [brute_force.equal_width_bin(score, bins) for score in scores.tolist()]
    assert run(partitions.equal_width_bins, scores, bins=bins).tolist() == expected


@given(some_weights, few_scores)
def test_equal_mass_bins_follow_the_middle_of_each_tied_block(weights, scores):
    """With at most 28 of weight no middle comes closer than 1/56 to an edge of four bins without being on it."""
    cells = run(partitions.equal_mass_bins, weights, scores, bins=4)
    assert cells.tolist() == brute_force.equal_mass_bin(weights.tolist(), scores.tolist(), 4)


@given(few_scores)
def test_equal_mass_bins_keep_ties_together_and_the_order_of_scores(scores):
    cells = run(partitions.equal_mass_bins, np.ones(COUNT), scores, bins=3)
    order = np.argsort(scores)
    assert (np.diff(cells[order]) >= 0).all() and cells.min() >= 0 and cells.max() < 3
    assert len(set(zip(scores.tolist(), cells.tolist(), strict=True))) == len(set(scores.tolist()))


def test_without_ties_bins_of_equal_mass_hold_equally_many():
    cells = run(partitions.equal_mass_bins, np.ones(60), np.random.default_rng(0).random(60), bins=15)
    assert np.bincount(cells).tolist() == [4] * 15


def test_sums_and_means_over_cells():
    cells, weights, values = np.array([2, 0, 2]), np.array([1.0, 2.0, 3.0]), np.array([[1.0, 0], [5, 1], [2, 4]])
    assert run(partitions.cell_sums, cells, values).tolist() == [[5, 1], [0, 0], [3, 4]]
    assert run(partitions.cell_means, cells, weights, values).tolist() == [[1.75, 3], [5, 1], [1.75, 3]]


def test_the_mean_over_a_cell_without_weight_is_zero():
    means = run(partitions.cell_means, np.array([0, 1]), np.array([1.0, 0.0]), np.array([3.0, 7.0]))
    assert means.tolist() == [3, 0]


@pytest.mark.parametrize("count", [7, 40])
def test_cells_of_few_and_of_many_inputs_are_numbered_by_score(count):
    """Small tables compare all pairs, larger ones sort."""
    scores = np.random.default_rng(count).integers(0, 5, count) / 5
    np.testing.assert_array_equal(run(partitions.tied_scores, scores), np.unique(scores, return_inverse=True)[1])
    values = np.stack([scores, scores**2], axis=1)
    cells = np.random.default_rng(0).integers(0, count, count)
    sums = [values[cells == cell].sum(axis=0) for cell in range(count)]
    np.testing.assert_allclose(run(partitions.cell_sums, cells, values), sums, rtol=1e-14)
