import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiled import compiled
from w2s_theory.measures import (
    EXACT,
    DiscreteMeasure,
    Exact,
    GaussHermite,
    MonteCarlo,
    SplitGauss,
    Trapezoid,
    expectation,
    product_measure,
    sign_changes,
)


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


def test_a_stride_thins_the_coarser_rule(x64):
    measure = Trapezoid(9, stride=4).measure(lambda p: jnp.ones(len(p)), jnp.array([0.0]), jnp.array([8.0]))
    np.testing.assert_allclose(measure.coarse_weights, np.array([1, 0, 0, 0, 2, 0, 0, 0, 1]) / 4, rtol=1e-15)
    np.testing.assert_allclose(measure.weights, np.array([1, *[2] * 7, 1]) / 16, rtol=1e-15)


@pytest.mark.parametrize("stride", [1, 3])
def test_a_stride_that_misses_the_last_node_is_refused(stride):
    with pytest.raises(ValueError, match=f"stride {stride} does not lead from the first to the last of 9 nodes"):
        Trapezoid(9, stride).measure(normal_density, jnp.zeros(1), jnp.ones(1))


def test_a_product_measure_keeps_the_atoms_of_its_two_rules_apart(x64):
    line, other = (np.array([0.0, 1.0]), np.array([1.0, 3.0])), (np.array([2.0]), np.array([5.0]))
    measure = product_measure([line, line], [other, other])
    np.testing.assert_array_equal(measure.points, [[0, 0], [0, 1], [1, 0], [1, 1], [2, 2]])
    np.testing.assert_allclose(measure.weights, [1 / 16, 3 / 16, 3 / 16, 9 / 16, 0], rtol=1e-15)
    np.testing.assert_array_equal(measure.coarse_weights, [0, 0, 0, 0, 1])
    assert str(measure.provenance) == "quadrature(4)"


@pytest.mark.parametrize("dimension", [1, 2])
def test_gauss_hermite_is_exact_up_to_its_degree(x64, dimension):
    measure = GaussHermite(3).measure(dimension)
    last = np.asarray(measure.points)[:, -1]
    found = [float(measure.expect(last**power)) for power in range(7)]
    np.testing.assert_allclose(found[:6], [1, 0, 1, 0, 3, 0], atol=1e-13)
    assert abs(found[6] - 15) > 1
    # two nodes: exact up to degree three
    coarse = [float(expectation(measure.coarse_weights, last**power)) for power in range(5)]
    np.testing.assert_allclose(coarse, [1, 0, 1, 0, 1], atol=1e-13)


def test_a_gauss_hermite_rule_without_a_coarser_one_is_refused():
    with pytest.raises(ValueError, match="at least 3 nodes, not 2"):
        GaussHermite(2).measure(1)


def test_a_rule_split_at_its_kink_is_accurate_and_says_when_it_is_not_split(x64):
    def error_and_estimate(kinks):
        measure = SplitGauss(3, 12).measure(lambda x: 0.5 + 0.0 * x, -1.0, 1.0, kinks)
        kinked = np.abs(np.asarray(measure.points)[:, 0] - 0.1) * np.exp(np.asarray(measure.points)[:, 0])
        fine, coarse = float(measure.expect(kinked)), float(expectation(measure.coarse_weights, kinked))
        return abs(fine - exact), abs(fine - coarse)

    # by parts: the integral of |x - c|e^x/2 over [-1, 1]
    exact = 0.5 * (2 * np.exp(0.1) - (1 - 0.1 - 1) * -np.exp(1.0) - np.exp(-1.0) * (1 + 0.1 + 1))
    error, estimate = error_and_estimate(np.array([0.1, 5.0]))
    assert error <= 1e-14 and estimate <= 1e-12
    error, estimate = error_and_estimate(np.array([]))
    assert 1e-6 < error < estimate


def test_sign_changes_are_found_also_on_the_grid(x64):
    grid = np.linspace(-1, 1, 2_001)
    np.testing.assert_allclose(sign_changes(lambda x: x - grid[1234], -1.0, 1.0), [grid[1234]], atol=1e-15)
    np.testing.assert_allclose(sign_changes(lambda x: np.cos(3 * x), -1.0, 1.0), [-np.pi / 6, np.pi / 6], rtol=1e-14)
    both = sign_changes(lambda x: np.stack([x - 0.3, 0.2 - x], axis=1), -1.0, 1.0)
    np.testing.assert_allclose(both, [0.3, 0.2], rtol=1e-13)


@pytest.mark.parametrize("function", [lambda x: 0.0 * x, lambda x: np.maximum(x, 0.0), lambda x: (x - 0.5) ** 2])
def test_a_function_that_is_zero_somewhere_need_not_change_its_sign(x64, function):
    assert sign_changes(function, -1.0, 1.0).size == 0
