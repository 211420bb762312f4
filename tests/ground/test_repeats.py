"""What is computed twice is computed once, and nothing else changes."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend import core

from tests.compiled import compiled
from w2s_theory._repeats import merged, without_repeats
from w2s_theory.catalogue import CLAIMS, find_claim
from w2s_theory.verification.evaluation import margins_of, measure, measure_together

X = np.array([0.5, 2.0, 3.0], dtype=np.float32)


def operations(function, *args):
    """How often each operation stands in a function."""
    return collections.Counter(str(e.primitive) for e in jax.make_jaxpr(function)(*args).jaxpr.eqns)


def test_an_operation_on_the_same_operands_is_done_once_whatever_way_it_is_reached():
    def twice(x):
        return jnp.sin(jnp.exp(x) + 1.0) + jnp.cos(jnp.exp(x) + 1.0), jnp.exp(x)

    assert operations(twice, X)["exp"] == 3 and operations(twice, X)["add"] == 3
    assert operations(without_repeats(twice), X) == {"exp": 1, "add": 2, "sin": 1, "cos": 1}
    for one, other in zip(twice(X), without_repeats(twice)(X), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "pair",
    [
        (lambda x: jnp.sum(x), lambda x: jnp.sum(x[:2])),
        (lambda x: x * 0.0, lambda x: x * -0.0),
        (lambda x: x + 1.0, lambda x: x + 1.0000001),
        (lambda x: jnp.cumsum(x), lambda x: jax.lax.cumsum(x, reverse=True)),
        (lambda x: x - X, lambda x: X - x),
        (lambda x: x.astype(jnp.int32), lambda x: x.astype(jnp.int8)),
    ],
)
def test_what_differs_stays(pair):
    def both(x):
        return [function(x) for function in pair]

    for one, other in zip(both(jnp.asarray(X)), without_repeats(both)(X), strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(np.copysign(1.0, one), np.copysign(1.0, other)) and np.array_equal(one, other)


def rewritten(traced, equations):
    return core.ClosedJaxpr(traced.jaxpr.replace(eqns=equations), traced.consts)


def test_what_has_effects_is_done_as_often_as_asked():
    seen = []

    def tells(x):
        jax.debug.callback(seen.append, x[0])
        return x

    traced = jax.make_jaxpr(tells)(X)
    *before, telling = traced.jaxpr.eqns
    assert telling.effects
    core.jaxpr_as_fun(merged(rewritten(traced, [*before, telling, telling])))(X)
    jax.effects_barrier()
    assert len(seen) == 2


def test_a_result_that_has_no_name_is_not_asked_of_another():
    traced = jax.make_jaxpr(lambda x: (jax.lax.top_k(x, 2)[0], jax.lax.top_k(x, 2)[1]))(X)
    first, second = traced.jaxpr.eqns
    hidden = first.replace(outvars=[first.outvars[0], core.DropVar(first.outvars[1].aval)])
    made = merged(rewritten(traced, [hidden, second]))
    assert len(made.jaxpr.eqns) == 2
    values, places = core.jaxpr_as_fun(made)(X)
    assert list(values) == [3.0, 2.0] and list(places) == [2, 1]


def test_it_may_be_differentiated_batched_compiled_and_close_over_what_is_traced():
    def function(x, scale):
        return jnp.sum(jnp.exp(x) * scale * jnp.exp(x))

    @compiled
    def slope(x, scale):
        return jax.vmap(jax.grad(without_repeats(lambda row: function(row, scale))))(x)

    rows = np.stack([X, 2.0 * X])
    np.testing.assert_allclose(slope(rows, 3.0), 6.0 * np.exp(2.0 * rows), rtol=1e-5)


def test_claims_measured_together_are_what_each_is_alone(x64):
    """And take half the operations: four claims about a student share its class and all that is judged."""
    claim = find_claim("gain-reverse-mixture-risk")
    claims = tuple(c for c in CLAIMS if c.assumes == claim.assumes and c.worlds[0] == claim.worlds[0])
    i = claim.worlds[0].decode(claim.worlds[0].draw(np.random.default_rng(0), 1)[0])

    def separately(i):
        margins = margins_of(claims, i)
        return {c.id: measure(c, i, margins=margins) for c in claims}

    def together(i):
        return measure_together(claims, i)

    assert len(claims) == 4
    assert 2 * operations(together, i).total() < operations(separately, i).total()
    for one, other in zip(*map(jax.tree.leaves, (compiled(separately)(i), compiled(together)(i))), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
