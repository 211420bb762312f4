r"""The exact range of the student's risk for *given* truth and weak model, at most a disagreement away.

Both extreme students lie on the straight line through weak model and truth,
$q=F_w\,(1-\rho\,\sigma(u))$ for a scalar $u$ (σ the logistic function):

* best: $\rho_i=(F_{w,i}-F^*_i)/F_{w,i}$, so $q=(F^*+\lambda F_w)/(1+\lambda)$ with $\lambda=e^{-u}$;
* worst: $\rho_i=e_i/\max e$ with $e_i=(F^*_i-F_{w,i})/F_{w,i}$, so $q=(\mu F_w-F^*)/(\mu-1)$, $\mu>\max F^*_i/F_{w,i}$.

Disagreement increases with u, and both it and the risk difference are sums of $\varphi(r)=r-\log(1+r)$ at
$r=-\rho\,\sigma(u)$: relatively accurate from the smallest disagreement to the largest.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from w2s_theory._numerics import excess_over_log, float64, increasing_root, kl_term, real
from w2s_theory._types import Scalar, Table, Vector
from w2s_theory.functionals.risks import risk

_ARC = (-7.3, 80.0)
"""Bracket of v with u = sinh v: from u = -740 (disagreement zero) to u = 3e34 (beyond any use, however small the
weight and the weak model's probability of the class that is pushed to zero)."""


class Envelope(NamedTuple):
    """Lowest and highest value of a quantity."""

    lower: jax.Array
    upper: jax.Array


@float64
def instance_envelope(weights: Vector, truth: Table, weak: Table, disagreement: Scalar) -> Envelope:
    r"""Range of $L(F_{sw})$ over all students with $d_P(F_w,F_{sw})\le D$.

    `weights (m,)`, `truth (m, k)`, `weak (m, k)`, `disagreement` a scalar; the risk of the weak model must be
    finite.  The lower end is zero from $D=d_P(F_w,F^*)$ on (approached only, if truth has zeros).
    """
    change = instance_envelope_change(weights, truth, weak, disagreement)
    at_weak = risk(weights, truth, weak)
    return Envelope(jnp.maximum(at_weak + change.lower, 0.0), at_weak + change.upper)


@float64
def instance_envelope_change(weights: Vector, truth: Table, weak: Table, disagreement: Scalar) -> Envelope:
    r"""Range of $\Delta L=L(F_{sw})-L(F_w)$ over the same students, accurate for the smallest disagreements."""
    weights, truth, weak = jnp.asarray(weights), jnp.asarray(truth), jnp.asarray(weak)
    disagreement = real(disagreement)
    counted = (weights[:, None] > 0) & (weak > 0)
    relative_error = jnp.where(counted, (truth - weak) / jnp.where(counted, weak, 1.0), 0.0)
    truth_over_weak = jnp.where(counted, truth / jnp.where(counted, weak, 1.0), 1.0)
    largest = jnp.max(relative_error)
    exact_teacher = ~(largest > 0)
    scale = jnp.where(exact_teacher, 1.0, largest)
    mass = jnp.where(counted, weights[:, None] * weak, 0.0)

    def at(rho: jax.Array, complement: jax.Array, u: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Disagreement and ΔL of the student at u on the line with directions rho; `complement` is 1 - rho."""
        r = -rho * jax.nn.sigmoid(u)
        near, emptied = jnp.abs(r) < 0.5, complement == 0
        ratio = jnp.where(r > 0, 1.0 + r, complement + rho * jax.nn.sigmoid(-u))
        far_log = jnp.where(emptied, -jax.nn.softplus(u), jnp.log(jnp.where(near | emptied, 1.0, ratio)))
        near_excess = excess_over_log(jnp.where(near, r, 0.0))
        excess = jnp.where(near, near_excess, r - far_log)
        near_change = near_excess - relative_error * (r - near_excess)
        change = jnp.where(near, near_change, r - truth_over_weak * far_log)
        return jnp.sum(mass * excess), jnp.sum(mass * change)

    def extreme(rho: jax.Array, complement: jax.Array, beyond: float | None = None) -> jax.Array:
        """ΔL where the disagreement along the line reaches the allowed one; past its end `beyond`, or the end's ΔL."""
        rho, complement = jnp.where(exact_teacher, 1.0, rho), jnp.where(exact_teacher, 0.0, complement)
        at_end, change_at_end = at(rho, complement, jnp.sinh(_ARC[1]))
        reachable = (disagreement > 0) & (disagreement < at_end)
        target = jnp.where(reachable, disagreement, 0.5 * jnp.where(at_end > 0, at_end, 1.0))
        arc = increasing_root(lambda v: jnp.log(at(rho, complement, jnp.sinh(v))[0] / target), *_ARC)
        inside = at(rho, complement, jnp.sinh(arc))[1]
        past = change_at_end if beyond is None else beyond
        return jnp.where(reachable, inside, jnp.where(disagreement > 0, past, 0.0))

    lower = extreme(-relative_error, truth_over_weak)
    worst = extreme(relative_error / scale, (largest - relative_error) / scale, jnp.inf)
    upper = jnp.where(exact_teacher, disagreement, worst)
    valid = disagreement >= 0
    return Envelope(jnp.where(valid, jnp.where(exact_teacher, 0.0, lower), jnp.nan), jnp.where(valid, upper, jnp.nan))


@float64
def line_students(truth: Table, weak: Table, position: Scalar) -> jax.Array:
    r"""The student $F_w+\tau(F^*-F_w)$ at position τ on the line through weak model (0) and truth (1).

    Its rows sum to one for every τ, but are non-negative only up to the position where an entry reaches zero.
    """
    weak = jnp.asarray(weak)
    return weak + jnp.asarray(position) * (jnp.asarray(truth) - weak)


class FlooredEnvelope(NamedTuple):
    """`Envelope` over students that keep a floor; `upper_is_attained` says whether the upper end is exact."""

    lower: jax.Array
    upper: jax.Array
    upper_is_attained: jax.Array


@float64
def floored_instance_envelope(
    weights: Vector, truth: Table, weak: Table, disagreement: Scalar, student_floor: Scalar
) -> FlooredEnvelope:
    r"""Range of $L(F_{sw})$ over students with $d_P(F_w,F_{sw})\le D$ and every entry at least `student_floor`.

    Lagrange duality in one multiplier κ ≥ 0 on the disagreement.  Best student: $q_i=\max(\gamma,(F^*_i+\kappa
    F_{w,i})/\nu_x)$, a convex problem, hence exact.  Worst student: $q_i=\max(\gamma,(\kappa
    F_{w,i}-F^*_i)/\nu_x)$ in every row with a positive coefficient, else the vertex of the smallest
    $F^*_i-\kappa F_{w,i}$.  That is exact for $\kappa>\max_x\min_iF^*_i/F_{w,i}$ and from the disagreement of the
    rows' worst vertices (all mass on the class of smallest $F^*_i$) on.  In between rows jump from vertex to vertex.
    With one input the worst student then lies on an edge of the floored simplex, where it is found exactly; with
    more, the exact answer is a knapsack problem, and `upper` is the Lagrangian bound: never too small
    (`upper_is_attained` false).

    NaN where no student with that floor is so close to the weak model, or none has that floor.
    """
    weights, truth, weak = jnp.asarray(weights), jnp.asarray(truth), jnp.asarray(weak)
    floor, allowed = real(student_floor), real(disagreement)

    def outcome(student: jax.Array) -> tuple[jax.Array, jax.Array]:
        return risk(weights, truth, student), risk(weights, weak, student)

    def best(kappa: jax.Array) -> jax.Array:
        return _water_fill((truth + kappa * weak) / (1.0 + kappa), floor)

    def worst(kappa: jax.Array) -> jax.Array:
        coefficient = (kappa * weak - truth) / (1.0 + kappa)
        vertex = jnp.argmax(coefficient, axis=-1, keepdims=True) == jnp.arange(truth.shape[-1])
        top = 1.0 - (truth.shape[-1] - 1) * floor
        stuck = jnp.max(coefficient, axis=-1, keepdims=True) <= 0
        return jnp.where(stuck, jnp.where(vertex, top, floor), _water_fill(coefficient, floor))

    def multiplier(student_at: Callable[[jax.Array], jax.Array]) -> jax.Array:
        """Log-multiplier at which the disagreement falls to the allowed one; from e³⁷ on student and teacher agree."""
        return increasing_root(lambda v: allowed - outcome(student_at(jnp.exp(v)))[1], -60.0, 37.0)

    nearest = outcome(_water_fill(weak, floor))[1]
    feasible = (allowed >= nearest) & (floor <= 1.0 / truth.shape[-1])

    best_end, best_end_gap = outcome(best(jnp.zeros_like(allowed)))
    lower = jnp.where(allowed >= best_end_gap, best_end, outcome(best(jnp.exp(multiplier(best))))[0])

    worst_end, worst_end_gap = outcome(worst(jnp.zeros_like(allowed)))
    kappa = jnp.exp(multiplier(worst))
    reached, gap = outcome(worst(kappa))
    bound = reached + kappa * (allowed - gap)
    ratio = jnp.where(weak > 0, truth / jnp.where(weak > 0, weak, 1.0), jnp.inf)
    concave = kappa > jnp.max(jnp.where(weights > 0, jnp.min(ratio, axis=-1), 0.0))
    one_input = jnp.sum(weights > 0) == 1
    only = jnp.argmax(weights)
    jumped = jnp.where(one_input & ~concave, _worst_on_edges(truth[only], weak[only], allowed, floor), bound)
    upper = jnp.where(allowed >= worst_end_gap, worst_end, jumped)
    attained = concave | one_input | (allowed >= worst_end_gap)
    return FlooredEnvelope(
        jnp.where(feasible, lower, jnp.nan), jnp.where(feasible, upper, jnp.nan), attained & feasible
    )


def _worst_on_edges(truth: jax.Array, weak: jax.Array, allowed: jax.Array, floor: jax.Array) -> jax.Array:
    """Highest risk of one row on the edges of the floored simplex, at most `allowed` from the weak row.

    On the edge between the vertices of classes i and j risk and disagreement are convex, so the maximum lies where
    the disagreement reaches the allowed one on the way to i or to j, or at a vertex.
    """
    classes = truth.shape[0]
    shared = 1.0 - (classes - 2) * floor

    def towards(i: jax.Array, j: jax.Array) -> jax.Array:
        """Risk at the last allowed student on the way to the vertex of class i."""

        def student(mass: jax.Array) -> jax.Array:
            return jnp.full(classes, floor).at[j].set(shared - mass).at[i].set(mass)

        def excess(mass: jax.Array) -> jax.Array:
            return jnp.sum(kl_term(weak, student(mass))) - allowed

        both = weak[i] + weak[j]
        nearest = jnp.clip(shared * weak[i] / jnp.where(both > 0, both, 1.0), floor, shared - floor)
        top = shared - floor
        within = (excess(nearest) <= 0) & (i != j)
        crosses = within & (excess(top) > 0)
        # without a crossing the root would be at the flat bottom of `excess`, where it has no derivative
        root = increasing_root(lambda mass: jnp.where(crosses, excess(mass), mass - nearest), nearest, top)
        return jnp.where(within, jnp.sum(kl_term(truth, student(jnp.where(crosses, root, top)))), -jnp.inf)

    index = jnp.arange(classes)
    return jnp.max(jax.vmap(lambda i: jax.vmap(lambda j: towards(i, j))(index))(index))


def _water_fill(coefficient: jax.Array, floor: jax.Array) -> jax.Array:
    """Rows max(floor, c/ν) that sum to one; each row of `coefficient` has a positive entry."""
    classes = coefficient.shape[-1]
    ordered = -jnp.sort(-coefficient, axis=-1)
    count = jnp.arange(1, classes + 1)
    level = jnp.cumsum(ordered, axis=-1) / (1.0 - (classes - count) * floor)
    active = (ordered > 0) & (ordered >= floor * level)
    last = jnp.maximum(jnp.sum(active, axis=-1, keepdims=True), 1)
    scale = jnp.take_along_axis(level, last - 1, axis=-1)
    return jnp.maximum(floor, coefficient / jnp.where(scale > 0, scale, 1.0))
