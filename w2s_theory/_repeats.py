"""What a function computes twice, computed once: before it is differentiated, batched and compiled."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax.extend import core

T = TypeVar("T")


def without_repeats(function: Callable[..., T]) -> Callable[..., T]:
    """`function`, of arrays and pytrees of them, with operations on the same operands done once.

    So are calls of one compiled function on the same operands; loops are not entered.  Sides and assumptions of claims
    ask for the same projections and divergences.  XLA finds out too, but only after it has inlined and simplified every
    copy, which takes most of its time.  For functions that are traced.
    """

    @functools.wraps(function)
    def once(*args: Any) -> T:
        traced, shape = jax.make_jaxpr(function, return_shape=True)(*args)
        made = core.jaxpr_as_fun(merged(traced))(*jax.tree.leaves(args))
        return jax.tree.unflatten(jax.tree.structure(shape), made)

    return once


def merged(traced: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The same computation without repeated equations, those with effects left as they are."""
    jaxpr = traced.jaxpr
    same: dict[core.Var, core.Var] = {}
    first: dict[Any, list[core.Var]] = {}
    equations = []

    def read(operand: core.Var | core.Literal) -> Any:
        return operand if isinstance(operand, core.Literal) else same.get(operand, operand)

    for equation in jaxpr.eqns:
        operands = [read(operand) for operand in equation.invars]
        if not equation.effects:
            # an unused result has no name, so equations are merged only if they leave the same results unused
            unused = [isinstance(variable, core.DropVar) for variable in equation.outvars]
            parameters = [(name, _parameter(value)) for name, value in equation.params.items()]
            key = (equation.primitive, equation.ctx, *parameters, *map(_operand, operands), *unused)
            if key in first:
                same |= zip(equation.outvars, first[key], strict=True)
                continue
            first[key] = equation.outvars
        equations.append(equation.replace(invars=operands))
    kept = jaxpr.replace(eqns=equations, outvars=[read(v) for v in jaxpr.outvars])
    return core.ClosedJaxpr(kept, traced.consts)


def _operand(operand: core.Var | core.Literal) -> Any:
    """Equal only for the same variable or the same number to the bit: 0.0 is not -0.0."""
    if not isinstance(operand, core.Literal):
        return operand
    return np.asarray(operand.val).tobytes(), operand.aval


def _parameter(value: Any) -> Any:
    """Equal only for the same object, or an equal one of the same type that can be hashed."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
