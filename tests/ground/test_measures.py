import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiled import compiled
from w2s_theory.measures import EXACT, DiscreteMeasure, Exact, MonteCarlo, Trapezoid, expectation


def normal_density(points):
    return jnp.exp(-0.5 * jnp.sum(points**2, axis=1))


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 2, 2)])
def test_expectation_is_the_weighted_sum_over_the_first_axis(shape):
    values = np.random.default_rng(0).normal(size=shape)
    weights = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(expectation(weights, values), np.tensordot(weights, values, axes=1), rtol=1e-15)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_atoms_of_zero_weight_do_not_count(value):
    assert float(expectation(np.array([1.0, 0.0]), np.array([2.0, value]))) == 2.0


def test_atoms_of_zero_weight_leave_gradients_finite(x64):
    slope = jax.grad(lambda v: expectation(jnp.array([1.0, 0.0]), jnp.log(v)))(jnp.array([2.0, 0.0]))
    assert slope[0] == 0.5


def test_infinite_values_of_positive_weight_do_count():
    assert float(expectation(np.array([0.5, 0.5]), np.array([1.0, np.inf]))) == np.inf


def test_exact_rule_keeps_atoms_and_weights(x64):
    measure = Exact().measure(np.array([[1.0], [2.0]]), np.array([0.1, 0.9]))
    assert measure.provenance == EXACT and str(measure.provenance) == "exact" and measure.coarse_weights is None
    assert measure.expect(measure.points[:, 0]) == 0.1 + 2 * 0.9


def test_measures_pass_through_jit_with_their_provenance(x64):
    measure = MonteCarlo(4).measure(jax.random.normal, jax.random.key(0))
    doubled = compiled(lambda m: DiscreteMeasure(2 * m.points, m.weights, m.coarse_weights, m.provenance))(measure)
    np.testing.assert_array_equal(doubled.points, 2 * measure.points)
    assert str(doubled.provenance) == "sampled(4)"


@pytest.mark.parametrize(("dimensions", "nodes"), [(1, 41), (2, 33)])
def test_trapezoid_is_spectrally_accurate_on_gaussian_moments(x64, dimensions, nodes):
    reach = jnp.full(dimensions, 9.0)
    measure = Trapezoid(nodes).measure(normal_density, -reach, reach)
    assert str(measure.provenance) == f"quadrature({nodes**dimensions})"
    first = measure.points[:, 0]
    moments = measure.expect(first[:, None] ** jnp.arange(5))
    # Poisson summation: the error is 2·exp(-2π²/h²) times a Hermite polynomial, h the spacing: below 1e-13 here
    np.testing.assert_allclose(moments, [1, 0, 1, 0, 3], atol=2e-12)


def test_nested_rule_overestimates_the_error_at_a_kink(x64):
    measure = Trapezoid(41).measure(normal_density, jnp.array([-8.7]), jnp.array([9.1]))
    kinked = jnp.abs(measure.points[:, 0] - 0.1)
    exact = 0.1 * (2 * 0.539827837277029 - 1) + 2 * 0.3969525474770118
    fine, coarse = float(measure.expect(kinked)), float(expectation(measure.coarse_weights, kinked))
    assert 0 < abs(fine - exact) < abs(fine - coarse)


def test_coarse_rule_uses_every_other_node(x64):
    measure = Trapezoid(5).measure(lambda p: jnp.ones(len(p)), jnp.array([0.0]), jnp.array([4.0]))
    np.testing.assert_allclose(measure.weights, np.array([1, 2, 2, 2, 1]) / 8, rtol=1e-15)
    np.testing.assert_allclose(measure.coarse_weights, np.array([1, 0, 2, 0, 1]) / 4, rtol=1e-15)


def test_monte_carlo_weighs_its_samples_equally(x64):
    measure = MonteCarlo(5).measure(jax.random.normal, jax.random.key(1))
    np.testing.assert_array_equal(measure.points, jax.random.normal(jax.random.key(1), (5,)))
    assert measure.weights.tolist() == [0.2] * 5


@pytest.mark.parametrize("nodes", [3, 40])
def test_a_trapezoid_rule_that_is_not_nested_is_refused(nodes):
    with pytest.raises(ValueError, match=f"odd number of at least 5 nodes, not {nodes}"):
        Trapezoid(nodes).measure(normal_density, jnp.zeros(1), jnp.ones(1))


def test_monte_carlo_without_samples_is_refused():
    with pytest.raises(ValueError, match="at least one sample, not 0"):
        MonteCarlo(0).measure(jax.random.normal, jax.random.key(0))
