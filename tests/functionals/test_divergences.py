import numpy as np
import pytest

from tests.oracles import high_precision as exact
from tests.oracles.tables import edge_pairs, row_pairs
from w2s_theory.functionals import divergences

RELATIVE = 1e-10
"""The accuracy promised from a divergence of one down to 1e-24."""

every_divergence = pytest.mark.parametrize(
    "name",
    [
        "kl_divergence",
        "cross_entropy",
        "total_variation",
        "squared_hellinger",
        "chi_squared",
        "jensen_shannon",
        "max_log_ratio",
    ],
)


def worst_error(name, p, q):
    computed = np.asarray(getattr(divergences, name)(p, q))
    return max(
        exact.relative_error(value, getattr(exact, name)(a, b)) for value, a, b in zip(computed, p, q, strict=True)
    )


def test_the_pairs_reach_a_divergence_of_1e_minus_24():
    divergence = np.asarray(divergences.kl_divergence(*row_pairs()))
    assert divergence.max() > 1 and 0 < divergence.min() < 1e-24


@every_divergence
def test_relative_accuracy_from_far_apart_to_nearly_equal(name):
    p, q = row_pairs()
    assert max(worst_error(name, p, q), worst_error(name, q, p)) < RELATIVE


@every_divergence
def test_relative_accuracy_at_zeros_point_masses_and_tiny_entries(name):
    assert worst_error(name, *edge_pairs()) < RELATIVE


@pytest.mark.parametrize("name", ["kl_divergence", "chi_squared", "cross_entropy", "max_log_ratio"])
def test_infinite_where_mass_meets_zero(name):
    p, q = edge_pairs()
    missing = ((p > 0) & (q == 0)).any(axis=-1)
    assert missing.any() and np.isinf(np.asarray(getattr(divergences, name)(p, q))[missing]).all()


@every_divergence
def test_one_row_is_compared_with_many(name):
    one, many = row_pairs()[0][0], row_pairs()[1][:5]
    divergence = getattr(divergences, name)
    np.testing.assert_allclose(divergence(one, many), [divergence(one, row) for row in many], rtol=1e-14)


@every_divergence
def test_leading_axes_are_kept(name):
    p, q = (rows.reshape(8, -1, 4) for rows in row_pairs())
    function = getattr(divergences, name)
    np.testing.assert_array_equal(np.asarray(function(p, q))[3], np.asarray(function(p[3], q[3])))


@every_divergence
@pytest.mark.parametrize("columns", [33, 101], ids=["one column over", "five left over"])
def test_large_tables_are_summed_in_pieces_to_the_same_numbers(name, columns):
    """Each of 2,200 rows against the same row in a table of twenty, which is summed at once."""
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(columns), (2, 2_200))
    divergence = getattr(divergences, name)
    np.testing.assert_allclose(divergence(p, q)[-20:], divergence(p[-20:], q[-20:]), rtol=1e-13)


@every_divergence
def test_what_is_not_a_number_is_never_made_one(name):
    row, broken = np.full((1, 3), 1 / 3), np.array([[np.nan, 0.5, 0.5]])
    divergence = getattr(divergences, name)
    assert np.isnan(divergence(row, broken)).all() and np.isnan(divergence(broken, row)).all()


@pytest.mark.parametrize("apart", [1.0, 1e-2, 1e-4])
def test_kl_in_single_precision_keeps_five_digits_near_equality(apart):
    """The same single-precision pair in double precision: differences of such numbers are exact, so nothing is lost."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 50).astype(np.float32)
    q = (p * (1.0 + apart * rng.uniform(-0.5, 0.5, p.shape))).astype(np.float32)
    computed = divergences.kl_divergence(p, q)
    assert computed.dtype == np.float32
    np.testing.assert_allclose(computed, divergences.kl_divergence(p.astype(float), q.astype(float)), rtol=1e-5)
