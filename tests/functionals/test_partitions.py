import jax
import jax.numpy as jnp
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


def binned(scores, bins, scheme):
    """Bins (n,) of one column of scores; edges are found in NumPy."""
    scores = np.asarray(scores, float)
    with jax.enable_x64(True):
        return np.asarray(partitions.bins_of(scores, partitions.bin_edges(scores, bins, scheme)))


@pytest.mark.parametrize("bins", [1, 2, 3, 6, 7, 10, 15, 49, 100])
def test_edges_of_equal_width_bins_belong_below(bins):
    edges = np.arange(bins + 1) / bins
    scores = np.sort(np.concatenate([edges, np.nextafter(edges, 0)[1:], np.nextafter(edges, 1)[:-1]]))
    expected = [brute_force.equal_width_bin(score, bins) for score in scores.tolist()]
    assert binned(scores, bins, "equal-width").tolist() == expected


@given(some_weights, few_scores)
def test_equal_mass_bins_follow_the_middle_of_each_tied_block(weights, scores):
    """With at most 28 scores no middle comes closer than 1/56 to an edge of four bins without being on it."""
    cells = binned(np.repeat(scores, weights.astype(int)), 4, "equal-mass")
    expected = brute_force.equal_mass_bin(weights.tolist(), scores.tolist(), 4)
    assert cells.tolist() == np.repeat(expected, weights.astype(int)).tolist()


@given(few_scores)
def test_equal_mass_bins_keep_ties_together_and_the_order_of_scores(scores):
    cells = binned(scores, 3, "equal-mass")
    order = np.argsort(scores)
    assert (np.diff(cells[order]) >= 0).all() and cells.min() >= 0 and cells.max() < 3
    assert len(set(zip(scores.tolist(), cells.tolist(), strict=True))) == len(set(scores.tolist()))


def test_without_ties_bins_of_equal_mass_hold_equally_many():
    cells = binned(np.random.default_rng(0).random(60), 15, "equal-mass")
    assert np.bincount(cells).tolist() == [4] * 15


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_edges_of_equal_mass_are_the_same_in_compiled_code(precision):
    scores = (np.random.default_rng(0).integers(0, 40, (50, 3)) / 40).astype(precision)
    edges = partitions.bin_edges(scores, 15, "equal-mass")
    assert edges.dtype == precision
    np.testing.assert_array_equal(run(partitions.bin_edges, scores, bins=15, scheme="equal-mass"), edges)


@pytest.mark.parametrize("scheme", ["equal-width", "equal-mass"])
def test_edges_between_whole_numbers_are_those_of_the_same_numbers_as_floats(scheme):
    scores = np.array([0, 1, 1, 1])
    edges = partitions.bin_edges(scores, 4, scheme)
    assert edges.dtype == float
    assert edges.tolist() == partitions.bin_edges(scores.astype(float), 4, scheme).tolist()


@pytest.mark.parametrize("classes", [3, 33, 70])
def test_of_equal_entries_the_first_is_likeliest(classes):
    """Ties within a row in every second row, at the end of the row too."""
    table = np.random.default_rng(classes).integers(0, 9, (40, classes)) / 9
    table[::4, -1] = table[::4, 0] = 1.0
    table[1::4, -1] = 2.0
    largest, place = run(lambda table: jnp.stack(partitions.likeliest(table)), table)
    assert place.tolist() == table.argmax(axis=1).tolist() and largest.tolist() == table.max(axis=1).tolist()


@given(few_scores)
def test_ties_found_by_sorting_in_numpy_are_those_of_compiled_code(scores):
    np.testing.assert_array_equal(partitions.tied_scores(scores), run(partitions.tied_scores, scores))


@given(st.lists(few_scores, min_size=3, max_size=3), st.sampled_from([np.float32, np.float64]))
def test_hashed_rows_share_a_cell_only_when_exactly_equal(columns, precision):
    rows = np.stack(columns, axis=1).astype(precision)
    assert same_partition(partitions.tied_rows(rows), [tuple(row) for row in rows.tolist()])


def test_rows_with_one_hash_are_told_apart(monkeypatch):
    """A hash that forgets everything: all rows are sorted instead; what is not a number equals nothing."""
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [0.5, 0.5], [np.nan, 0.5], [np.nan, 0.5]])
    monkeypatch.setattr(partitions, "_hashes", lambda rows: np.zeros(len(rows), np.uint64))
    cells = partitions.tied_rows(rows)
    assert cells[0] == cells[1] and len(set(cells.tolist())) == 4


def test_sums_over_bins_of_every_column():
    scores, values = np.array([[0.1, 0.9], [0.6, 0.2], [0.4, 1.0]]), np.array([[1.0, 2], [3, 4], [5, 6]])
    sums = run(
        lambda *given: partitions.bin_sums(*given, partitions.bin_edges(scores, 2, "equal-width")), scores, values
    )
    assert sums.tolist() == [6, 3, 4, 8]


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
