"""Minimisation over a convex region by a primal-dual interior point with the exact second derivative.

One compiled loop for one problem or a batch; the optimum is differentiable by the implicit function theorem.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree

from w2s_theory._linear_algebra import pivoted_solve, positive_definite_solve
from w2s_theory._types import Array
from w2s_theory.training.regions import Region

MOST_STEPS = 100
_MOST_HALVINGS = 8
_TO_BOUNDARY = 0.995
_RIDGE = 1e-13
_FINEST = 1e-15
_NEARLY = 1e-9
_NOISE = 1e-15
_PATIENCE = 4


class Objective(NamedTuple):
    """A smooth function of x (d,): its value and slope (d,), and a positive semidefinite curvature (d, d).

    `curvature` is the second derivative where the function is convex; elsewhere any positive semidefinite matrix
    keeps the method one of descent.
    """

    value_and_slope: Callable[[Array], tuple[Array, Array]]
    curvature: Callable[[Array], Array]

    def slope(self, x: Array) -> Array:
        """The slope alone."""
        return self.value_and_slope(x)[1]


class _Point(NamedTuple):
    x: Array
    value: Array
    slope: Array
    gap: Array


class _State(NamedTuple):
    point: _Point
    multipliers: Array
    price: Array
    steps: Array
    lowest: Array
    stale: Array
    done: Array


class _Trial(NamedTuple):
    length: Array
    point: _Point
    number: Array
    too_far: Array


def minimise(
    objective: Objective, region: Region, start: Array, *, gap: Array | float = 0.0, most_steps: int = MOST_STEPS
) -> jax.Array:
    """The minimiser x (d,) of `objective` over `region`, from an interior point `start`.

    Newton's method on the optimality conditions with complementarity μ, which falls by a factor that each step
    predicts for itself, in a curved region to a twentieth of the least gap so far.  Steps stop 0.5 % short of the
    boundary, or if they are short are pulled back inside a curved region; they are halved, at most eight times, until
    the barrier function does not rise.  It ends when the Frank–Wolfe gap is at most a positive `gap`; or one step after
    it is at most 1e-15 and 1e-15 times the first one; or when it is below 1e-9 times the first one, or below what
    rounding x moves it by, and has not halved in four steps.  Usable under `jit`, `vmap`, `grad`; the
    derivative is that of the optimality conditions, so it needs an isolated minimiser, and multipliers that are found
    as exactly as x: no `gap`.
    """
    size = start.shape[0]

    def pull(x: Array, y: Array) -> jax.Array:
        return jax.vjp(region.slack, x)[1](y)[0]

    def push(x: Array, step: Array) -> jax.Array:
        return jax.jvp(region.slack, (x,), (step,))[1]

    def point(x: Array) -> _Point:
        value, slope = objective.value_and_slope(x)
        return _Point(x, value, slope, region.gap(x, slope))

    def conditions(found: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        x, multipliers, price = found
        stationary = objective.slope(x) - pull(x, multipliers) + price
        balance = jnp.sum(x) - 1.0 if region.total else price
        return stationary, region.slack(x) * multipliers, balance

    def solve(_: object, first: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        x0 = first[0]
        slack0 = region.slack(x0)
        number = slack0.shape[0]
        begin = point(x0)
        tiny = jnp.finfo(x0.dtype).tiny
        mu0 = jnp.maximum(0.1 * begin.gap / number, tiny**0.25)

        def barrier(value: Array, slack: Array, mu: Array) -> jax.Array:
            logs = jnp.sum(jnp.log(jnp.where(slack > 0, slack, 1.0)))
            return jnp.where(jnp.all(slack > 0), value - mu * logs, jnp.inf)

        def furthest(slack: Array, rate: Array, bend: Array) -> jax.Array:
            room = _TO_BOUNDARY * slack
            below = -rate + jnp.sqrt(rate**2 + 2.0 * bend * room)
            return jnp.min(jnp.where(below > 0, 2.0 * room / jnp.where(below > 0, below, 1.0), jnp.inf))

        def advance(state: _State) -> _State:
            (x, value, slope, gap_here), s, price, steps, lowest, stale, done = state
            slack = region.slack(x)
            mu = jnp.mean(slack * s)
            normals = jax.vmap(lambda e: push(x, e))(jnp.eye(size))
            curvature = objective.curvature(x)
            matrix = curvature + jnp.diag(region.multiplier_curvature(s, size))
            matrix = matrix + (normals * (s / slack)) @ normals.T
            scale = 1.0 / jnp.sqrt(jnp.maximum(jnp.diagonal(matrix), tiny))
            scaled = matrix * scale[:, None] * scale + _RIDGE * jnp.eye(size)
            ones = jnp.ones(size) if region.total else jnp.zeros(size)
            right = jnp.stack([-slope, pull(x, 1.0 / slack), ones], axis=1)
            solved = positive_definite_solve(scaled, right * scale[:, None]) * scale[:, None]
            plain, inward, ones = solved.T

            def direction(target: Array) -> tuple[Array, Array, Array]:
                step = plain + target * inward
                cost = (jnp.sum(step) - (1.0 - jnp.sum(x))) / jnp.sum(ones) if region.total else jnp.zeros(())
                step = step - cost * ones
                return step, target / slack - s - s / slack * push(x, step), cost

            def lengths(step: Array, dual: Array) -> tuple[jax.Array, jax.Array]:
                primal = furthest(slack, push(x, step), region.bend(step))
                return jnp.minimum(1.0, primal), jnp.minimum(1.0, furthest(s, dual, jnp.zeros_like(s)))

            step, dual, _ = direction(jnp.zeros(()))
            along, along_dual = lengths(step, dual)
            predicted = jnp.mean(region.slack(x + along * step) * (s + along_dual * dual))
            reduced = mu * jnp.clip(predicted / mu, 1e-3, 1.0) ** 3
            target = 0.05 * jnp.minimum(gap_here, lowest) / number if region.curved else reduced
            step, dual, cost = direction(target)
            along, along_dual = lengths(step, dual)
            s_moved = s + along_dual * dual
            now = barrier(value, slack, target)
            rounding = 10.0 * _NOISE * (jnp.abs(now) + target * number + jnp.sum(jnp.abs(x * slope)))

            def halve(tried: _Trial) -> _Trial:
                length = 0.5 * tried.length
                reached = point(region.retracted(x + length * step, target / s_moved))
                too_far = ~(barrier(reached.value, region.slack(reached.x), target) <= now + rounding)
                return _Trial(length, reached, tried.number + 1, too_far)

            # the comparison is part of the state: a batch computes the condition twice, and two compiled forms of a
            # comparison of sums need not agree, which would leave the loop running and every length as it is
            longest = jnp.where(region.retracts(step), 1.0, along)
            moved = lax.while_loop(
                lambda tried: tried.too_far & (tried.number <= _MOST_HALVINGS),
                halve,
                _Trial(2.0 * longest, state.point, jnp.zeros((), int), ~done),
            ).point
            inside = jnp.all(region.slack(moved.x) > 0)
            fine = inside & jnp.all(jnp.isfinite(moved.x)) & jnp.all(jnp.isfinite(s_moved))
            better = gap_here < 0.5 * lowest
            stale, lowest = jnp.where(better, 0, stale + 1), jnp.where(better, gap_here, lowest)
            noise = _NOISE * jnp.sum(jnp.abs(x) * (jnp.abs(curvature) @ jnp.abs(x)))
            stuck = (stale >= _PATIENCE) & (gap_here <= jnp.maximum(_NEARLY * begin.gap, noise))
            least = gap_here <= _FINEST * jnp.minimum(begin.gap, 1.0)
            enough = (gap > 0) & (moved.gap <= gap)
            ended = ~fine | stuck | least | enough
            kept, s_kept, price_kept = jax.tree.map(
                lambda new, old: jnp.where(fine, new, old), (moved, s_moved, cost), (state.point, s, price)
            )
            return _State(kept, s_kept, price_kept, steps + 1, lowest, stale, ended)

        zero, none = jnp.zeros((), x0.dtype), jnp.zeros((), int)
        first_state = _State(begin, mu0 / slack0, zero, none, jnp.full_like(zero, jnp.inf), none, jnp.zeros((), bool))
        end = lax.while_loop(lambda state: ~state.done & (state.steps < most_steps), advance, first_state)
        return end.point.x, balanced(end) if region.curved else end.multipliers, end.price

    def balanced(end: _State) -> jax.Array:
        """The multiplier of the one inequality: steps find it no better than the boundary's rounding allows.

        That of least squares: the slope is s times the normal, and s times the slack is zero.
        """
        slack = region.slack(end.point.x)
        assert slack.shape == (1,)
        normal = pull(end.point.x, jnp.ones_like(slack))
        return jnp.maximum(normal @ end.point.slope, 0.0) / (normal @ normal + slack**2)

    def tangent_solve(linear: Callable, right: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        flat, restore = ravel_pytree(right)
        matrix = jax.vmap(lambda e: ravel_pytree(linear(restore(e)))[0])(jnp.eye(flat.size)).T
        inverse = pivoted_solve(matrix + _RIDGE * jnp.eye(flat.size), jnp.eye(flat.size))
        answer = inverse @ flat
        return restore(answer + inverse @ (flat - matrix @ answer))

    start = jnp.asarray(start)
    guess = (start, jnp.zeros_like(region.slack(start)), jnp.zeros((), start.dtype))
    return lax.custom_root(conditions, guess, solve, tangent_solve)[0]
