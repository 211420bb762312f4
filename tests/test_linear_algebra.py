"""Linear algebra written out for batches, against LAPACK."""

import jax
import numpy as np
import pytest

from tests.compiled import compiled
from w2s_theory._linear_algebra import is_positive_definite, pivoted_solve, positive_definite_solve, pseudo_inverse

RNG = np.random.default_rng(0)
SIZES = [1, 2, 5, 17]


def gram(size, rank, batch=50):
    columns = RNG.normal(size=(batch, size, rank))
    return columns @ columns.swapaxes(1, 2)


@pytest.mark.parametrize("size", SIZES)
def test_solutions_are_those_of_lapack(x64, size):
    right = RNG.normal(size=(50, size, 3))
    general = RNG.normal(size=(50, size, size))
    general[:, 0, 0] = 0.0 if size > 1 else 1.0
    for solver, matrix in ((pivoted_solve, general), (positive_definite_solve, gram(size, size + 2))):
        found = np.asarray(compiled(jax.vmap(solver))(matrix, right))
        # backward error: residual against what the entries and the answer can round to
        size_of = np.abs(matrix) @ np.abs(found) + np.abs(right)
        assert (np.abs(matrix @ found - right) <= 100 * size * 2.0**-53 * size_of.max(axis=1, keepdims=True)).all()
        exact = np.linalg.solve(matrix, right)
        budget = 100 * size * 2.0**-53 * np.linalg.cond(matrix)[:, None, None] * np.abs(exact).max(1, keepdims=True)
        assert (np.abs(found - exact) <= budget).all()


def test_a_matrix_that_is_not_positive_definite_is_seen(x64):
    matrices = np.concatenate([gram(4, 6), gram(4, 6) - 20.0 * np.eye(4)])
    expected = np.linalg.eigvalsh(matrices)[:, 0] > 0
    assert 0 < expected.sum() < len(expected)
    assert (np.asarray(compiled(jax.vmap(is_positive_definite))(matrices)) == expected).all()
    solved = np.asarray(compiled(jax.vmap(positive_definite_solve))(matrices, np.ones((100, 4, 1))))
    assert (np.isnan(solved).all(axis=(1, 2)) == ~expected).all()


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_pseudo_inverse_and_its_derivative_at_constant_rank(x64, rank):
    columns, change = RNG.normal(size=(2, 20, 5, rank))

    def inverse(factor):
        return pseudo_inverse(factor @ factor.T, 1e-12)

    values, moved = compiled(jax.vmap(lambda c, d: jax.jvp(inverse, (c,), (d,))))(columns, change)
    exact = np.linalg.pinv(columns @ columns.swapaxes(1, 2), rcond=1e-12, hermitian=True)
    scale = np.abs(exact).max(axis=(1, 2), keepdims=True)
    np.testing.assert_array_less(np.abs(values - exact) / scale, 1e-9)
    step = 1e-6
    ahead, behind = (np.asarray(compiled(jax.vmap(inverse))(columns + s * change)) for s in (step, -step))
    numeric = (ahead - behind) / (2 * step)
    np.testing.assert_array_less(np.abs(moved - numeric) / np.abs(numeric).max(axis=(1, 2), keepdims=True), 1e-5)


def test_no_batched_lapack_kernel_is_left_in_students(x64):
    """Each of the kernels that hand work to the pool they run on would show as a call with a batch dimension."""
    text = compiled(jax.vmap(positive_definite_solve)).lower(gram(3, 3), np.ones((50, 3, 1))).as_text()
    assert "lapack" not in text
    text = compiled(jax.vmap(lambda m: pseudo_inverse(m, 1e-12))).lower(gram(3, 3)).as_text()
    calls = [line for line in text.splitlines() if "lapack_" in line]
    assert calls and all("tensor<3x3xf64>" in line and "tensor<50x" not in line for line in calls)
