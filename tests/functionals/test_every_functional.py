import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiled import compiled
from tests.functionals.registry import CASES, PUBLIC

SEEDS = (0, 1, 2)


@pytest.fixture(params=CASES.values(), ids=CASES, scope="module")
def case(request):
    return request.param


@pytest.fixture(scope="module")
def expected(case):
    return leaves(case.function(*case.arguments(0), **case.static))


def leaves(outcome):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(outcome)]


def test_no_public_functional_is_left_out():
    assert {name.split()[0] for name in CASES} == set(PUBLIC)


def test_float64_tables_give_finite_float64_results(expected):
    assert {leaf.dtype for leaf in expected} <= {np.dtype(np.float64), np.dtype(bool)}
    assert all(np.isfinite(leaf).all() for leaf in expected)


def test_lists_and_python_numbers_mean_the_same_as_float64_arrays(case, expected):
    listed = case.function(*(np.asarray(a).tolist() for a in case.arguments(0)), **case.static)
    for a, b in zip(leaves(listed), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_float32_stays_float32_and_agrees_to_its_precision(case, expected):
    """Conditioning: the inputs are perturbed by 6e-8; no derivative here exceeds a few hundred."""
    arguments = case.arguments(0)
    short = [jnp.asarray(a, np.float32 if a.dtype.kind == "f" else None) for a in map(np.asarray, arguments)]
    outcome = leaves(case.function(*short, **case.static))
    assert {leaf.dtype for leaf in outcome} <= {np.dtype(np.float32), np.dtype(bool)}
    for a, b in zip(outcome, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_a_program_of_ones_own_may_call_it_on_constants(x64, case, expected):
    """Every option of compilation that is the package's own would be refused there."""
    made = compiled(lambda: case.function(*case.arguments(0), **case.static))()
    for a, b in zip(leaves(made), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=64 * 2**-53, atol=64 * 2**-53)


def test_jit_of_vmap_equals_the_loop(x64, case):
    """The same operations in another order of summation: a few dozen ulps, on numbers of order one."""
    batches = [case.arguments(seed) for seed in SEEDS]
    stacked = [jnp.stack([jnp.asarray(a) for a in column]) for column in zip(*batches, strict=True)]
    together = compiled(jax.vmap(lambda *arguments: case.function(*arguments, **case.static)))(*stacked)
    for position, arguments in enumerate(batches):
        alone = case.function(*arguments, **case.static)
        for a, b in zip(leaves(together), leaves(alone), strict=True):
            np.testing.assert_allclose(a[position], b, rtol=64 * 2**-53, atol=64 * 2**-53)
