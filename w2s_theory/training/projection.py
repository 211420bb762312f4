"""Exact students: projections of a target table on a class of tables, each with its optimality residual.

All functions take `weights (m,)` and a `target (m, k)`, run in float64, go through `jit` and `vmap` (in the precision
of the arrays there), and are differentiable through the optimum (implicitly) in weights, class and target.
"""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._linear_algebra import is_positive_definite, pseudo_inverse
from w2s_theory._numerics import float64, kl_term, log_ratio
from w2s_theory._types import Array, Table, Vector
from w2s_theory.functionals.bregman import Generator, generator
from w2s_theory.training.interior_point import Objective, minimise
from w2s_theory.training.regions import Ball, Box, Orthant, Region, Simplex

Direction = Literal["forward", "reverse"]
Kind = Literal["simplex", "positive", "density"]

_STEPS_A_START = 30


class Projection(eqx.Module):
    """An exact student: its table (m, k), its parameters, and how far from optimal it can be.

    `residual` is the Frank–Wolfe gap of the objective's slope over the class, in units of the objective: the
    objective is within it of its minimum where the class is convex.  `at_radius` says whether parameters confined to
    a ball or a box ended on its boundary.
    """

    student: Array
    parameters: Array
    residual: Array
    at_radius: Array


@float64
def shortfall(weights: Vector, student: Table, best: Table, target: Table) -> jax.Array:
    r"""$d_P(f,t)-d_P(f^*,t)$ of a student f beside the best one f*: how far f is from optimal.

    Computed as $d_P(f,f^*)+\mathbb E\langle\log(f^*/t),f-f^*\rangle$, relatively accurate where f is near f*.
    """
    linear = log_ratio(best, target) * (jnp.asarray(student) - best)
    return _counted(jnp.asarray(weights), kl_term(student, best) + linear)


def _counted(weights: Array, terms: Array) -> jax.Array:
    """Σ over inputs of positive weight, other terms being ignored even if they are not finite."""
    counted = weights[:, None] > 0
    return jnp.sum(jnp.where(counted, weights[:, None] * jnp.where(counted, terms, 0.0), 0.0))


def _slope_against(direction: Direction, phi: Generator, student: Array, target: Array) -> Array:
    r"""Derivative of the objective by the student's table, per unit weight (m, k).

    `reverse`, $D_\varphi(f,t)$: $\varphi'(f)-\varphi'(t)$; `forward`, $d(t,f)$: $1-t/f$.
    """
    if direction == "forward":
        return -(target - student) / student
    if phi.name == "kl":
        return log_ratio(student, target)
    return phi.slope(student) - phi.slope(target)


def mixture_gradient(student: Table, target: Table, *, direction: Direction, phi: Generator | None = None) -> Array:
    r"""Slope table (m, k) of $D_\varphi(f,t)$ (`reverse`) or of $d_P(t,f)$ (`forward`) at f = student, per unit weight.

    The Frank–Wolfe gap of a student f over a class of tables is $\max_g\mathbb E\langle\text{slope},f-g\rangle$.
    """
    return _slope_against(direction, phi or generator("kl"), jnp.asarray(student), jnp.asarray(target))


def _on_combinations(
    weights: Array,
    models: Array,
    target: Array,
    direction: Direction,
    phi: Generator,
    region: Region,
    gap: Array | float,
) -> Projection:
    """Projection on the combinations Σ xⱼ modelsⱼ with x in `region`, to a Frank–Wolfe gap."""
    number = models.shape[0]
    present = jnp.any(models > 0, axis=0) | (phi.name == "squared")
    usable = (weights[:, None] > 0) & present
    mass = jnp.where(usable, weights[:, None], 0.0)
    flat = jnp.where(usable, models, 1.0).reshape(number, -1)
    goal = jnp.where(usable, target, 1.0).reshape(-1)
    if direction == "forward":
        spare = jnp.where(usable, 0.0, weights[:, None] * jnp.where(weights[:, None] > 0, target, 0.0))
    else:
        spare = jnp.zeros(())
    mass = mass.reshape(-1)

    def value_and_slope(x: Array) -> tuple[jax.Array, jax.Array]:
        table = x @ flat
        term = kl_term(goal, table) if direction == "forward" else phi.term(table, goal)
        value = jnp.sum(mass * term) + jnp.where(jnp.sum(spare) > 0, jnp.inf, 0.0)
        return value, flat @ (mass * _slope_against(direction, phi, table, goal))

    def curvature(x: Array) -> jax.Array:
        table = x @ flat
        ones = jnp.ones_like(table)
        bend = goal / table**2 if direction == "forward" else jax.jvp(phi.slope, (table,), (ones,))[1]
        return (flat * (mass * bend)) @ flat.T

    objective = Objective(value_and_slope, curvature)
    parameters = minimise(objective, region, region.centre(number), gap=gap)
    residual = region.gap(parameters, objective.slope(parameters))
    student = jnp.tensordot(parameters, models, axes=1)
    return Projection(student, parameters, residual, jnp.zeros((), bool))


@float64(static=("direction", "phi"))
def hull_projection(
    weights: Vector,
    models: Array,
    target: Table,
    *,
    direction: Direction = "reverse",
    phi: Generator | None = None,
    gap: Array | float = 0.0,
) -> Projection:
    r"""Projection on the convex hull of `models (M, m, k)`: $f=\sum_ja_jf_j$, $a\ge0$, $\sum_ja_j=1$.

    `reverse` minimises $D_\varphi(f,\text{target})$ (φ: KL by default, then $d_P(f,\text{target})$), convex for every
    generator; `forward` minimises $d_P(\text{target},f)$ and is for KL only.  `parameters` are the mixture weights
    a (M,).  Duplicate or dependent models are no harm: the student is unique, its weights then are not.
    The mixture class of positive or density regression with $\mathbb E\,f=1$ is the hull of mean-one features.
    The search ends early once its Frank–Wolfe gap is at most a positive `gap`: `residual` is within it, but derivatives
    can be far less accurate, so none should be asked for where they matter.  `ValueError` for `forward` with another
    generator.
    """
    phi = phi or generator("kl")
    _known(direction, phi, models)
    weights, models, target = (jnp.asarray(a) for a in (weights, models, target))
    return _on_combinations(weights, models, target, direction, phi, Simplex(), gap)


@float64(static=("direction", "phi"))
def cone_projection(
    weights: Vector,
    models: Array,
    target: Table,
    *,
    direction: Direction = "reverse",
    phi: Generator | None = None,
    gap: Array | float = 0.0,
) -> Projection:
    r"""Projection on the non-negative combinations of `models (p, m, k)`: $f=\sum_j\beta_jf_j$, $\beta\ge0$.

    For positive regression.  `residual` compares with members of the class whose mean is at most the target's.
    Directions, `phi` and `gap` as in `hull_projection`.
    """
    phi = phi or generator("kl")
    _known(direction, phi, models)
    weights, models, target = (jnp.asarray(a) for a in (weights, models, target))
    means = jnp.einsum("m,pmk->p", weights, models)
    scale = jnp.where(means > 0, means, 1.0)
    goal_mean = jnp.maximum(jnp.abs(_counted(weights, target)), jnp.finfo(target.dtype).tiny)
    scaled = models * (goal_mean / scale)[:, None, None]
    orthant = Orthant(jnp.asarray(1.0, target.dtype))
    made = _on_combinations(weights, scaled, target, direction, phi, orthant, gap)
    return eqx.tree_at(lambda p: p.parameters, made, made.parameters * goal_mean / scale)


@float64(static=("phi", "normalised"))
def dual_hull_projection(
    weights: Vector,
    models: Array,
    target: Table,
    *,
    phi: Generator | None = None,
    normalised: bool = False,
    gap: Array | float = 0.0,
) -> Projection:
    r"""Minimise $D_\varphi(\text{target},f)$ over $\nabla\varphi(f)=\sum_ja_j\nabla\varphi(f_j)$, $a\ge0$, Σa = 1.

    The class is convex in the dual coordinates $\nabla\varphi$, in which the objective is convex.  `normalised` (KL
    only): rows are divided by their sums, so that the class is that of normalised geometric means.  `gap` as in
    `hull_projection`.
    """
    phi = phi or generator("kl")
    if normalised and phi.name != "kl":
        raise ValueError(f"normalised dual hulls are for the generator kl, not {phi.name}")
    _known("reverse", phi, models)
    weights, models, target = (jnp.asarray(a) for a in (weights, models, target))
    counted = weights[:, None] > 0
    coordinates = jnp.where(counted, phi.slope(jnp.where(counted, models, 1.0)), 0.0)
    goal = jnp.where(counted, target, 1.0)

    def table(x: Array) -> Array:
        dual = jnp.tensordot(x, coordinates, axes=1)
        return jax.nn.softmax(dual, axis=-1) if normalised else phi.from_slope(dual)

    def value_and_slope(x: Array) -> tuple[jax.Array, jax.Array]:
        made = table(x)
        slope = jnp.einsum("m,jmk,mk->j", weights, coordinates, made - goal)
        return _counted(weights, phi.term(goal, made)), slope

    region = Simplex()
    objective = Objective(value_and_slope, jax.jacfwd(lambda x: value_and_slope(x)[1]))
    parameters = minimise(objective, region, region.centre(models.shape[0]), gap=gap)
    student = jnp.where(counted, table(parameters), jnp.tensordot(parameters, models, axes=1))
    return Projection(student, parameters, region.gap(parameters, objective.slope(parameters)), jnp.zeros((), bool))


def _known(direction: str, phi: Generator, models: Array) -> None:
    _one_of("direction", direction, ("forward", "reverse"))
    if not len(models):
        raise ValueError("the class is empty: there are no models")
    if direction == "forward" and phi.name != "kl":
        raise ValueError(f"the forward projection is for the generator kl, not {phi.name}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(known)}")


@float64(static=("rank_tolerance",))
def linear_head_projection(
    weights: Vector, features: Array, target: Table, *, rank_tolerance: float = 1e-6
) -> Projection:
    r"""Least squares $\min_\theta\mathbb E\|\Phi\theta-\text{target}\|^2$ over heads θ (p, k), in closed form.

    The rank rule: singular values of the weighted features, columns scaled to unit length, count as zero below
    `rank_tolerance` times the largest, and of all minimisers that remain the one of least norm (in the scaled
    coordinates) is taken.  Features of rectified networks can be nearly dependent: a rule at machine precision fits
    their noise.  This is also the projection of Gaussian predictive laws N(F(x), σ²) in KL divergence, either way
    round.  `residual` is $\|P(\Phi\theta-\text{target})\|_2$, P the orthogonal projection on the features kept.
    """
    weights, features, target = (jnp.asarray(a) for a in (weights, features, target))
    root = jnp.sqrt(weights)[:, None]
    columns = jnp.where(root > 0, root * features, 0.0)
    length = jnp.sqrt(jnp.sum(columns**2, axis=0))
    unit = jnp.where(length > 0, length, 1.0)
    gram = (columns / unit).T @ (columns / unit)
    inverse = pseudo_inverse(gram, rank_tolerance**2)
    goal = jnp.where(root > 0, root * target, 0.0)

    def fitted(right: Array) -> jax.Array:
        return inverse @ ((columns / unit).T @ right) / unit[:, None]

    theta = fitted(goal)
    theta = theta + fitted(goal - columns @ theta)
    left = (columns / unit).T @ (goal - columns @ theta)
    residual = jnp.sqrt(jnp.maximum(jnp.sum(left * (inverse @ left)), 0.0))
    return Projection(features @ theta, theta, residual, jnp.zeros((), bool))


def head_table(weights: Vector, logits: Table, kind: Kind) -> jax.Array:
    """Rows of an exponential class from its logits (m, k): softmax, exponentials, or exponentials of mean one."""
    if kind == "simplex":
        return jax.nn.softmax(logits, axis=-1)
    if kind == "positive":
        return jnp.exp(logits)
    counted = jnp.asarray(weights)[:, None] > 0
    top = jnp.max(jnp.where(counted, logits, -jnp.inf), axis=0)
    raised = jnp.exp(logits - top)
    return raised / jnp.sum(jnp.where(counted, jnp.asarray(weights)[:, None] * raised, 0.0), axis=0)


@float64(static=("direction", "kind", "region", "starts"))
def softmax_head_projection(
    weights: Vector,
    features: Array,
    target: Table,
    radius: Array,
    *,
    direction: Direction = "forward",
    kind: Kind = "simplex",
    region: Literal["ball", "box"] = "ball",
    starts: int = 4,
) -> Projection:
    r"""KL projection on heads $\propto e^{\Phi\theta}$, θ (p, k) in a ball, $\|\theta\|_F\le R$, or a box.

    `forward` minimises $d_P(\text{target},F_\theta)$, convex in θ: soft-label cross-entropy training, by Newton's
    method.  `reverse` minimises $d_P(F_\theta,\text{target})$, which is *not* convex: the best of `starts` starts
    (zero and fixed random ones) is returned, a stationary point that need not be the global minimum.
    `kind` `positive`: $e^{\Phi\theta}$; `density`: divided by its mean.
    """
    _one_of("direction", direction, ("forward", "reverse"))
    _one_of("kind", kind, ("simplex", "positive", "density"))
    _one_of("region", region, ("ball", "box"))
    weights, features, target = (jnp.asarray(a) for a in (weights, features, target))
    radius = jnp.asarray(radius, target.dtype)
    shape = features.shape[1], target.shape[1]
    confined: Region = Ball(radius) if region == "ball" else Box(radius)
    counted = weights[:, None] > 0
    goal = jnp.where(counted, target, 1.0)
    inputs = jnp.where(counted, features, 0.0)

    def table(x: Array) -> jax.Array:
        return head_table(weights, inputs @ x.reshape(shape), kind)

    def value_and_slope(x: Array) -> tuple[jax.Array, jax.Array]:
        made = table(x)
        forward = direction == "forward"
        against = made - goal if forward else exponential_reverse_gradient(weights, made, goal, kind)
        value = _counted(weights, kl_term(goal, made) if forward else kl_term(made, goal))
        return value, (inputs.T @ (weights[:, None] * against)).reshape(-1)

    def curvature(x: Array) -> jax.Array:
        second = jax.jacfwd(objective.slope)(x)
        if kind == "simplex":
            size = jnp.mean(jnp.abs(second)) + jnp.finfo(x.dtype).tiny
            second = second + size * jnp.kron(jnp.eye(shape[0]), jnp.full((shape[1], shape[1]), 1.0 / shape[1]))
        if direction == "reverse":
            convex = is_positive_definite(second)
            least = jnp.min(2.0 * jnp.diagonal(second) - jnp.sum(jnp.abs(second), axis=1))
            spread = jnp.max(jnp.abs(second))
            second = second + jnp.where(convex, 0.0, 1e-3 * spread - least) * jnp.eye(zero.size)
        return second

    objective = Objective(value_and_slope, curvature)
    zero = confined.centre(shape[0] * shape[1])
    if direction == "forward":
        theta = minimise(objective, confined, zero)
    else:
        wander = np.random.default_rng(0).normal(size=(starts - 1, zero.size))
        wander *= np.geomspace(0.05, 0.9, starts - 1)[:, None] / np.sqrt(np.sum(wander**2, axis=1, keepdims=True))
        begins = jnp.concatenate([zero[None], radius * wander])
        found = jax.vmap(lambda start: minimise(objective, confined, start, most_steps=_STEPS_A_START))(begins)
        values = jax.vmap(lambda x: value_and_slope(x)[0])(found)
        theta = found[jnp.argmin(jnp.where(jnp.isfinite(values), values, jnp.inf))]
    at_radius = jnp.min(confined.slack(theta)) <= 1e-6 * radius**2
    student = head_table(weights, features @ theta.reshape(shape), kind)
    return Projection(student, theta.reshape(shape), confined.gap(theta, objective.slope(theta)), at_radius)


def exponential_reverse_gradient(weights: Vector, student: Table, target: Table, kind: Kind) -> Array:
    r"""Slope table (m, k) of $d_P(f,t)$ by the logits of f, per unit weight: $f\odot(\ell-\bar\ell)$, $\ell=\log(f/t)$.

    $\bar\ell$ is the mean of ℓ under f: over classes for kind `simplex`, over inputs for `density`, absent for
    `positive`.
    """
    ratio = log_ratio(student, target)
    if kind == "simplex":
        centre = jnp.sum(student * ratio, axis=-1, keepdims=True)
    elif kind == "density":
        centre = jnp.sum(jnp.asarray(weights)[:, None] * student * ratio, axis=0)
    else:
        centre = jnp.zeros(())
    return student * (ratio - centre)
