import jax.numpy as jnp
import numpy as np
import pytest

from tests.oracles import high_precision as exact
from tests.oracles.tables import row_pairs
from w2s_theory.functionals.bregman import GENERATOR_NAMES, Generator, bregman_divergence, generator

FAR = (np.array([[1e-20, 1e-12, 1e-8, 0.5]]), np.array([[0.5, 0.3, 0.2, 1e-9]]))

every_generator = pytest.mark.parametrize("name", GENERATOR_NAMES)


@every_generator
@pytest.mark.parametrize(
    "pairs", [row_pairs(), row_pairs()[::-1], FAR, FAR[::-1]], ids=["near", "swapped", "far", "raf"]
)
def test_relative_accuracy(name, pairs):
    computed = np.asarray(bregman_divergence(*pairs, phi=generator(name)))
    errors = [exact.relative_error(c, exact.BREGMAN[name](a, b)) for c, a, b in zip(computed, *pairs, strict=True)]
    assert max(errors) < 1e-10


@every_generator
def test_the_accurate_form_is_the_definition(name):
    """Literal evaluation is good to a few ulps of its terms, all below 10 here."""
    phi = generator(name)
    literal = Generator("literal", phi.value)
    a, b = np.array([[0.1, 0.7, 0.4]]), np.array([[0.3, 0.2, 0.45]])
    np.testing.assert_allclose(
        bregman_divergence(a, b, phi=phi), bregman_divergence(a, b, phi=literal), rtol=0, atol=64 * 10 * 2**-53
    )


@every_generator
def test_slope_is_the_derivative(x64, name):
    phi, x = generator(name), jnp.array([0.2, 1.7])
    expected = {"kl": jnp.log(x), "squared": 2 * x, "itakura-saito": -1 / x}[name]
    np.testing.assert_allclose(phi.slope(x), expected, rtol=1e-15)


@every_generator
def test_three_point_identity(x64, name):
    phi = generator(name)
    a, b, c = jnp.asarray(np.random.default_rng(0).dirichlet(np.ones(4), (3, 1)))
    left = bregman_divergence(a, c, phi=phi)
    right = bregman_divergence(a, b, phi=phi) + bregman_divergence(b, c, phi=phi)
    assert float(left[0]) == pytest.approx(
        float(right[0] + jnp.sum((a - b) * (phi.slope(b) - phi.slope(c)))), rel=1e-13
    )


def test_a_generator_is_one_object_so_that_nothing_is_compiled_twice():
    assert generator("kl") is generator("kl")


def test_an_unknown_generator_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown generator 'cosine'; known: kl, squared, itakura-saito"):
        generator("cosine")
