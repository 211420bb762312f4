"""Conditions of loops read their state and compute nothing.

In a batch a loop goes on while any member does, and members that are done are kept as they are; whether one is done is
then computed twice, in the condition and in the body.  Of floating-point sums two compiled forms can differ in the last
digit: the condition says go on, the body says stay, for ever.
"""

import jax
import jax.numpy as jnp
import pytest
from jax.extend.core import ClosedJaxpr, Jaxpr

from w2s_theory._numerics import increasing_root
from w2s_theory.functionals.instance_envelope import instance_envelope
from w2s_theory.training.projection import hull_projection

READS = {"lt", "le", "gt", "ge", "and", "or", "not", "reduce_or", "convert_element_type", "broadcast_in_dim"}


def conditions(jaxpr):
    """The conditions of all loops of a program, however deep."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "while":
            yield equation.params["cond_jaxpr"].jaxpr
        for value in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda v: isinstance(v, ClosedJaxpr | Jaxpr)
        ):
            if isinstance(value, ClosedJaxpr | Jaxpr):
                yield from conditions(value.jaxpr if isinstance(value, ClosedJaxpr) else value)


def computed(jaxpr):
    """Names of the operations of a program that are more than reading."""
    return {equation.primitive.name for equation in jaxpr.eqns} - READS


PROGRAMS = {
    "root": lambda: jax.make_jaxpr(jax.vmap(lambda y: increasing_root(lambda x: x - y, 0.0, 1.0)))(jnp.ones(3)),
    "envelope": lambda: jax.make_jaxpr(jax.vmap(instance_envelope))(
        jnp.ones((2, 3)), jnp.ones((2, 3, 2)), jnp.ones((2, 3, 2)), jnp.ones(2)
    ),
    **{
        direction: lambda direction=direction: jax.make_jaxpr(
            jax.vmap(lambda w, m, t: hull_projection(w, m, t, direction=direction))
        )(jnp.ones((2, 3)), jnp.ones((2, 4, 3, 2)), jnp.ones((2, 3, 2)))
        for direction in ("forward", "reverse")
    },
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_conditions_of_loops_compute_nothing(x64, program):
    found = list(conditions(PROGRAMS[program]().jaxpr))
    assert found
    assert [computed(condition) for condition in found] == [set()] * len(found)


def test_a_condition_that_computes_is_noticed(x64):
    def halved(y):
        return jax.lax.while_loop(lambda x: jnp.log(x) > y, lambda x: 0.5 * x, 1.0)

    assert [computed(c) for c in conditions(jax.make_jaxpr(jax.vmap(halved))(jnp.ones(3)).jaxpr)] == [{"log"}]
