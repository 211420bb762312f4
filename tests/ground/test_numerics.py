import contextlib
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiled import compiled, quick
from tests.oracles.high_precision import log_ratio as exact_log_ratio
from tests.oracles.high_precision import mp, relative_error
from w2s_theory import _numerics as numerics

ULPS = 20 * 2.0**-53
"""Budget of one formula: its terms cancel to 1/6 (kl_term where a power of four comes in, at ratios near 1.9) or 1/18
(langevin at 0.6) of their size, each of them rounded once or twice."""

RATIOS = (0.0, 1e-300, 1e-20, 1e-3, 1 / 3, 0.47, 0.49, 0.51, 0.53, 1 - 1e-3, 1 - 1e-8, 1 - 1e-15, 1.0)
VALUES = np.array(sorted({*RATIOS, *(1 / r for r in RATIOS if r > 1e-4), 0.5, 2.0}))
PAIRS = [(a, b) for a in VALUES for b in VALUES]
SIGNED = np.array([-1 + 1e-12, -0.9, -0.5, -0.3, -1e-4, -1e-9, -1e-15, 0.0, 1e-15, 1e-9, 1e-4, 0.3, 0.7, 5.0, 1e6])
EXPONENTS = np.array([-40.0, -1.0, -0.5, -0.499, -1e-3, -1e-9, -1e-15, 0.0, 1e-15, 1e-9, 1e-3, 0.499, 0.5, 2.0, 40.0])
ARGUMENTS = np.array([1e-150, 1e-20, 1e-8, 1e-3, 0.1, 0.5, 0.599, 0.601, 1.0, 3.0, 20.0, 300.0, 1e3, 1e300])


def worst_relative_error(computed, exact):
    return max(relative_error(float(c), e) for c, e in zip(np.asarray(computed), exact, strict=True))


def exact_kl_term(a, b):
    a, b = mp.mpf(a), mp.mpf(b)
    return b if a == 0 else mp.inf if b == 0 else a * mp.log(a / b) - a + b


@pytest.mark.parametrize(
    ("function", "exact"),
    [(numerics.log_ratio, exact_log_ratio), (numerics.kl_term, exact_kl_term)],
    ids=["log_ratio", "kl_term"],
)
def test_two_argument_forms_keep_relative_accuracy(x64, function, exact):
    a, b = np.array(PAIRS).T
    assert worst_relative_error(compiled(function)(a, b), [exact(x, y) for x, y in PAIRS]) < ULPS


@pytest.mark.parametrize(
    ("function", "exact", "points"),
    [
        (numerics.excess_over_log, lambda r: r - mp.log(1 + r), SIGNED[1:]),
        (numerics.exp_excess, lambda z: mp.exp(z) - 1 - z, EXPONENTS),
        (numerics.x_log_x, lambda x: x * mp.log(x) if x else mp.zero, VALUES),
        (numerics.langevin, lambda t: mp.coth(t) - 1 / t if t < 1e9 else 1 - 1 / t, ARGUMENTS),
    ],
    ids=["excess_over_log", "exp_excess", "x_log_x", "langevin"],
)
def test_one_argument_forms_keep_relative_accuracy(x64, function, exact, points):
    with mp.workdps(400):
        expected = [exact(mp.mpf(float(x))) for x in points]
    assert worst_relative_error(compiled(function)(points), expected) < ULPS


def test_excess_over_log_at_the_ends_of_its_domain(x64):
    assert numerics.excess_over_log(jnp.array([-1.0, 0.0])).tolist() == [math.inf, 0.0]


def test_a_given_difference_beats_the_rounded_one(x64):
    g, difference = jnp.array(0.3), jnp.array(1e-20)
    with mp.workdps(100):
        h = mp.mpf(float(g)) + mp.mpf(float(difference))
        exact = mp.mpf(float(g)) * mp.log(mp.mpf(float(g)) / h) + mp.mpf(float(difference))
    assert relative_error(float(numerics.kl_term_from_difference(g, g, difference)), exact) < ULPS


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_zero_against_zero_counts_as_equal_and_has_a_finite_slope(x64, precision):
    zero = jnp.zeros((), precision)
    for function in (numerics.log_ratio, numerics.kl_term):
        value, slopes = compiled(jax.value_and_grad(function, argnums=(0, 1)))(zero, zero)
        assert value == 0 and np.isfinite(slopes).all()


@pytest.mark.parametrize("function", [numerics.log_ratio, numerics.kl_term])
def test_slopes_are_exact_at_equality(x64, function):
    first, second = compiled(jax.grad(function, argnums=(0, 1)))(0.3, 0.3)
    expected = 1 / 0.3 if function is numerics.log_ratio else 0.0
    assert (first, second) == pytest.approx((expected, -expected), rel=ULPS, abs=ULPS)


def test_rounding_budget_bounds_the_error_of_a_sum():
    rng = np.random.default_rng(0)
    for count in (10, 1000, 100_000):
        p, q = rng.random(count), rng.random(count)
        terms = p * np.log(q)
        exact = mp.fsum(mp.mpf(a) * mp.log(mp.mpf(b)) for a, b in zip(p[:1000], q[:1000], strict=True))
        error = abs(float(mp.mpf(float(np.cumsum(terms)[min(count, 1000) - 1])) - exact))
        assert error <= numerics.rounding_budget(min(count, 1000), np.abs(terms[:1000]).sum())


@pytest.mark.parametrize("power", [1, 3])
def test_increasing_root_is_exact_to_the_last_digits_and_differentiable(x64, power):
    """The last bracket is a few last digits wide; then the slope's own rounding matters, three powers of the root."""

    def root(target):
        return numerics.increasing_root(lambda x: x**power - target, 0.0, 100.0)

    targets = jnp.array([1e-6, 0.5, 7.0, 90.0])
    found, slopes = compiled(jax.vmap(jax.value_and_grad(root)))(targets)
    expected = targets ** (1 / power)
    np.testing.assert_allclose(found, expected, rtol=4 * 2**-53, atol=100 * 2**-64)
    np.testing.assert_allclose(slopes, expected / targets / power, rtol=1e-11)


@pytest.mark.parametrize(("offset", "end"), [(5.0, -2.0), (-5.0, 3.0)])
def test_increasing_root_without_sign_change_returns_the_nearer_end(x64, offset, end):
    assert numerics.increasing_root(lambda x: x + offset, -2.0, 3.0) == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jnp.where(x < 0.7, -1.0, 1.0),
        lambda x: jnp.where(x < 0.7, -jnp.inf, jnp.inf),
        lambda x: jnp.where(x < 0.7, -1e-300, x**9),
        lambda x: jnp.where(x < 0.7, (x - 0.7) ** 5, jnp.where(x < 5, 1e-200, jnp.nan)),
        lambda x: jnp.expm1(700.0 * (x - 0.7)),
    ],
    ids=["jump", "infinities", "tiny then steep", "flat, then not a number", "one-sided"],
)
def test_increasing_root_of_functions_that_interpolation_fails_on(x64, function):
    found = compiled(jax.vmap(lambda high: numerics.increasing_root(function, -2.0, high)))(jnp.array([3.0, 1e6]))
    assert np.all(np.abs(np.asarray(found) - 0.7) <= [1e-15, 1e6 * 2**-62])


@numerics.float64(static=("double",))
def scaled(x, factor=1.0, *, double=False):
    return jnp.asarray(x) * factor * (2 if double else 1)


@pytest.mark.parametrize(
    ("arguments", "precision"),
    [
        ((3,), "float64"),
        ((True,), "float64"),
        (([0.1, 2],), "float64"),
        ((np.array([0.1]),), "float64"),
        ((np.array([0.1], np.float32),), "float32"),
        ((np.array([0.1], np.float32), 0.1), "float32"),
        ((np.array([0.1], np.float32), np.array(0.1)), "float64"),
        ((jnp.array([0.1], jnp.float32), 2), "float32"),
    ],
    ids=str,
)
def test_entry_points_run_in_the_precision_of_their_arguments(arguments, precision):
    assert scaled(*arguments).dtype == precision
    assert not jax.config.jax_enable_x64


def test_float64_keeps_all_digits_of_python_numbers():
    assert float(scaled(0.1, [1.0])[0]) == 0.1


def test_static_arguments_choose_the_formula():
    assert (float(scaled(3.0, double=True)), float(scaled(3.0))) == (6, 3)


def test_inside_a_trace_the_function_is_inlined():
    assert compiled(lambda x: scaled(x, 0.1, double=True))(jnp.float32(1)).dtype == np.float32
    with jax.enable_x64(True):
        assert jax.grad(lambda x: scaled(x, 3))(2.0) == 3


def test_a_function_is_compiled_in_the_mode_of_each_call(monkeypatch):
    asked, original = [], numerics.compiled

    def recording(function, *, optimised, **options):
        asked.append(optimised)
        return original(function, optimised=optimised, **options)

    monkeypatch.setattr(numerics, "compiled", recording)
    entry = numerics.float64(lambda x: x + 1.0)
    for mode in (contextlib.nullcontext, quick, contextlib.nullcontext, quick):
        with mode():
            assert float(entry(1.0)) == 2.0
    assert asked == [True, False]
