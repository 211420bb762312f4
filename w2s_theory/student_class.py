"""The class a student is chosen from, as an instance describes it, and the assumptions a gain claim makes about it."""

import functools
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._linear_algebra import pseudo_inverse
from w2s_theory._numerics import UNIT_ROUNDOFF
from w2s_theory._types import Array
from w2s_theory.functionals.bregman import Generator, generator
from w2s_theory.instance import Hypothesis, Instance, floored
from w2s_theory.measures import expectation
from w2s_theory.training.projection import (
    Direction,
    cone_projection,
    dual_hull_projection,
    exponential_reverse_gradient,
    hull_projection,
    linear_head_projection,
    mixture_gradient,
    softmax_head_projection,
)

Family = Literal["mixture", "exponential"]

TOLERANCE = 1e-6
"""How far, in nats or in expected absolute difference, a student may be from optimal and a table from its class.

What lies below it is counted: it enters the error budget of the claim.
"""

_RANK_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Training:
    r"""How a student is trained: it minimises $d_P(F_w,f)$ (`forward`) or $d_P(f,F_w)$ (`reverse`) over a family.

    Families: `mixture`, convex as a set of functions: the hull of `models`; of `features`, non-negative combinations
    (kind `positive`), those of mean one (`density`), all linear ones (`real`).  `exponential`, convex in logarithms:
    heads on `features` with ‖θ‖ ≤ `radius`, or the hull of the logarithms of `models`.  `bregman` replaces KL by the
    instance's generator φ (`exponential` then means convex in ∇φ), `squared` by E‖f-F_w‖²/(2σ²).  Kind `real` is
    always squared: both directions and both families are one.
    """

    direction: Direction
    family: Family
    loss: Literal["kl", "bregman", "squared"] = "kl"

    def phi(self, i: Instance) -> Generator:
        """The generator of the objective."""
        if i.kind == "real" or self.loss == "squared":
            return generator("squared")
        return generator(i.generator if self.loss == "bregman" else "kl")

    def dual(self, i: Instance) -> bool:
        """Whether the class is convex in ∇φ rather than as a set of functions."""
        return self.family == "exponential" and self.phi(i).name != "squared"

    def divergence(self, i: Instance, g: Array, h: Array) -> jax.Array:
        """E Σ D_φ(g, h), for the squared loss divided by 2σ²."""
        phi = self.phi(i)
        total = expectation(i.weights, jnp.sum(jnp.where(i.counted, phi.term(g, h), 0.0), axis=-1))
        return total / (2.0 * i.noise**2) if phi.name == "squared" and self.loss != "bregman" else total

    def objective(self, i: Instance, student: Array) -> jax.Array:
        """What training minimises."""
        return self.divergence(i, *((i.weak, student) if self.direction == "forward" else (student, i.weak)))

    def coordinates(self, i: Instance, table: Array) -> Array:
        """The table itself, or ∇φ of it; logarithms of rows on the simplex less their mean over classes."""
        if not self.dual(i):
            return jnp.asarray(table)
        made = self.phi(i).slope(table)
        return made - jnp.mean(made, axis=-1, keepdims=True) if self._normalised(i) else made

    def _normalised(self, i: Instance) -> bool:
        return i.kind == "simplex" and self.phi(i).name == "kl"

    def slope(self, i: Instance) -> Array:
        """Slope of the objective at the student, by the coordinates, per unit weight (m, k)."""
        phi = self.phi(i)
        if self.dual(i):
            if self.direction == "forward":
                made = i.strong - i.weak
            else:
                made = exponential_reverse_gradient(i.weights, i.strong, i.weak, _kind(i))
        elif phi.name == "squared":
            made = phi.slope(i.strong) - phi.slope(i.weak)
        else:
            made = mixture_gradient(i.strong, i.weak, direction=self.direction, phi=phi)
        return made / (2.0 * i.noise**2) if phi.name == "squared" and self.loss != "bregman" else made

    def missing(self, i: Instance) -> str | None:
        """A sentence naming what the instance lacks to have a class of this family, or None."""
        if i.models is not None:
            if i.convex and self.dual(i) and self.direction == "reverse":
                return "field models: an exponential class trained by reverse KL is given by features and a radius"
            return None
        if not i.convex:
            return "field class: a list of models needs the field models"
        if i.features is None:
            return (
                "field models: the claim is about a class of students, given by models or features, and there is none"
            )
        if self.dual(i) and i.radius is None:
            return "field radius: softmax heads on features need a radius for their parameters"
        if i.kind == "simplex" and not self.dual(i):
            return "field models: on the simplex a mixture class is the hull of models, and there are none"
        if self.dual(i) and self.phi(i).name != "kl":
            return f"field models: for the generator {i.generator} the class is given by models, and there are none"
        if i.kind in ("positive", "density") and not self.dual(i):
            return _unfit_features(np.asarray(i.features), np.asarray(i.weights))
        return None

    def pairing(self, i: Instance, table: Array) -> jax.Array:
        """E⟨slope, table⟩."""
        return expectation(i.weights, jnp.sum(jnp.where(i.counted, self.slope(i) * table, 0.0), axis=-1))

    def _columns(self, i: Instance) -> Array:
        """Features as models (p, m, 1), of mean one for kind `density`."""
        assert i.features is not None
        columns = jnp.asarray(i.features).T[:, :, None]
        if i.kind == "density":
            columns = columns / jnp.einsum("m,pmk->pk", i.weights, columns)[:, None]
        return columns

    def gap(self, i: Instance) -> jax.Array:
        """Frank–Wolfe gap of the student over the class, ≥ 0 for a member; of a list, the gap of the objective."""
        if not i.convex:
            assert i.models is not None
            every = jax.vmap(lambda model: self.objective(i, model))(i.models)
            return self.objective(i, i.strong) - jnp.min(every)
        own = self.pairing(i, self.coordinates(i, i.strong))
        if i.models is not None or (not self.dual(i) and i.kind == "density"):
            models = i.models if i.models is not None else self._columns(i)
            return own - jnp.min(jax.vmap(lambda f: self.pairing(i, self.coordinates(i, f)))(models))
        assert i.features is not None
        if self.dual(i):
            assert i.radius is not None
            slope = jnp.where(i.counted, self.slope(i), 0.0)
            against = jnp.asarray(i.features).T @ (i.weights[:, None] * slope)
            return own + i.radius * jnp.sqrt(jnp.sum(against**2))
        if i.kind == "positive":
            columns = self._columns(i)
            mass = jnp.sum(i.weights[:, None] * i.truth)
            each = jax.vmap(lambda f: self.pairing(i, f) / jnp.sum(i.weights[:, None] * f))(columns)
            return jnp.abs(own) + mass * jnp.maximum(-jnp.min(each), 0.0)
        kept = linear_head_projection(i.weights, i.features, self.slope(i)).student
        size = expectation(i.weights, jnp.sum(kept**2, axis=-1))
        return jnp.sqrt(size * expectation(i.weights, jnp.sum((i.truth - i.strong) ** 2, axis=-1)))

    def nearest(self, i: Instance, table: Array) -> jax.Array:
        """Coordinates (m, k) of a member of the class next to `table`, in squared distance of coordinates."""
        goal = self.coordinates(i, table)
        if i.models is not None:
            members = jax.vmap(lambda f: self.coordinates(i, f))(i.models)
            if i.convex:
                return hull_projection(i.weights, members, goal, phi=generator("squared")).student
            apart = jax.vmap(lambda u: _apart(i, u, goal))(members)
            return members[jnp.argmin(apart)]
        assert i.features is not None
        if self.dual(i):
            assert i.radius is not None
            features = jnp.asarray(i.features)
            if i.kind == "density":
                features = features - i.weights @ features
                goal = goal - jnp.sum(i.weights[:, None] * goal, axis=0)
            root = jnp.sqrt(i.weights)[:, None]
            columns = root * features
            inverse = pseudo_inverse(columns.T @ columns, _RANK_TOLERANCE**2)
            head = inverse @ (columns.T @ (root * goal))
            head = head + inverse @ (columns.T @ (root * goal - columns @ head))
            size = jnp.sqrt(jnp.sum(head**2))
            head = head * jnp.where(size > i.radius, i.radius / jnp.where(size > 0, size, 1.0), 1.0)
            fitted = features @ head
            return fitted + self.coordinates(i, table) - goal
        if i.kind == "real":
            return linear_head_projection(i.weights, i.features, goal).student
        project = hull_projection if i.kind == "density" else cone_projection
        return project(i.weights, self._columns(i), goal, phi=generator("squared")).student

    def distance(self, i: Instance, table: Array) -> jax.Array:
        """Expected absolute difference E Σ between the coordinates of `table` and of a member next to it."""
        return _apart(i, self.coordinates(i, table), self.nearest(i, table))

    def forgiven(self, i: Instance) -> dict[str, jax.Array]:
        """What a student that is not quite optimal, and a truth not quite in the class, can take from a gain."""
        return {"optimal": jnp.maximum(self.gap(i), 0.0), "realizable": self.defect(i)}

    def defect(self, i: Instance) -> jax.Array:
        r"""$|\mathbb E\langle\text{slope},u(F^*)-u(f)\rangle|$ for the member f next to the truth."""
        return jnp.abs(self.pairing(i, self.coordinates(i, i.truth) - self.nearest(i, i.truth)))

    def student(self, i: Instance) -> jax.Array:
        """The exact student (m, k) of the instance's weak model; of a list, the best member."""
        phi = self.phi(i)
        if not i.convex:
            assert i.models is not None
            return i.models[jnp.argmin(jax.vmap(lambda f: self.objective(i, f))(i.models))]
        if self.dual(i):
            if i.models is not None:
                return dual_hull_projection(
                    i.weights, i.models, i.weak, phi=phi, normalised=self._normalised(i)
                ).student
            return softmax_head_projection(
                i.weights, i.features, i.weak, i.radius, direction=self.direction, kind=_kind(i)
            ).student
        direction = self.direction if phi.name == "kl" else "reverse"
        if i.models is not None or i.kind == "density":
            models = i.models if i.models is not None else self._columns(i)
            return hull_projection(i.weights, models, i.weak, direction=direction, phi=phi).student
        if i.kind == "real":
            return linear_head_projection(i.weights, i.features, i.weak).student
        return cone_projection(i.weights, self._columns(i), i.weak, direction=direction, phi=phi).student


def _unfit_features(features: np.ndarray, weights: np.ndarray) -> str | None:
    """A sentence on the first feature that non-negative combinations cannot use."""
    for column, feature in enumerate(features.T):
        if (feature < 0).any():
            return f"field features, row {int(np.argmax(feature < 0))}: entry {column} is negative"
        if not weights @ feature > 0:
            return f"field features: column {column} is zero at every input of positive weight"
    return None


def _kind(i: Instance) -> Literal["simplex", "positive", "density"]:
    assert i.kind != "real"
    return i.kind


def _apart(i: Instance, u: Array, v: Array) -> jax.Array:
    return expectation(i.weights, jnp.sum(jnp.where(i.counted, jnp.abs(u - v), 0.0), axis=-1))


def _convexity_margin(training: Training, i: Instance) -> jax.Array:
    """Minus the student's distance from the class; of a list, minus that of a midpoint from it if it is larger."""
    own = training.distance(i, i.strong)
    if i.convex:
        return -own
    members = jax.vmap(lambda f: training.coordinates(i, f))(i.models)
    middles = 0.5 * (members[:, None] + members)

    def from_list(middle: Array) -> jax.Array:
        return jnp.min(jax.vmap(lambda u: _apart(i, u, middle))(members))

    return -jnp.maximum(own, jnp.max(jax.vmap(jax.vmap(from_list))(middles)))


def _optimality_margin(training: Training, i: Instance) -> jax.Array:
    """Minus the gap; where the objective is not convex, minus what the best of several starts gains, if more."""
    margin = -training.gap(i)
    if training.dual(i) and training.direction == "reverse" and i.convex:
        better = training.objective(i, i.strong) - training.objective(i, training.student(i))
        margin = jnp.minimum(margin, -better)
    return margin


@functools.cache
def convex_class(training: Training) -> Hypothesis:
    """`mixture_convex` or `exponentially_convex`: the student is a member of a class convex in the family's sense."""
    name, sense = {
        "mixture": ("mixture_convex", "as a set of functions"),
        "exponential": ("exponentially_convex", "in the coordinates in which its heads are linear"),
    }[training.family]
    return Hypothesis(
        name,
        f"the student belongs to its class, and the class is convex {sense}",
        functools.partial(_convexity_margin, training),
        training.missing,
        TOLERANCE,
    )


@functools.cache
def realizable(training: Training) -> Hypothesis:
    """`realizable`: the truth belongs to the class."""
    return Hypothesis(
        "realizable",
        "the truth belongs to the class the student is chosen from",
        lambda i: -training.distance(i, i.truth),
        training.missing,
        TOLERANCE,
    )


@functools.cache
def optimal(training: Training) -> Hypothesis:
    """`optimal`: no member of the class is better by the training objective."""
    return Hypothesis(
        "optimal",
        "the student minimises the training objective over its class",
        functools.partial(_optimality_margin, training),
        training.missing,
        TOLERANCE,
    )


def _class_floor_margin(i: Instance) -> jax.Array:
    """Smallest entry of teacher, student and models, less the floor."""
    entries = jnp.minimum(i.weak, i.strong)
    if i.models is not None:
        entries = jnp.minimum(entries, jnp.min(i.models, axis=0))
    return jnp.min(jnp.where(i.counted, entries, jnp.inf)) - i.floor


def _needs_positive_class(i: Instance) -> str | None:
    """A sentence naming the first entry of teacher, student or models that is not positive, or None."""
    assert floored.requirement is not None
    problem = floored.requirement(i)
    if problem or i.models is None:
        return problem
    bad = np.argwhere((np.asarray(i.models) <= 0) & np.asarray(i.counted))
    if not len(bad):
        return None
    model, row, column = bad[0]
    return f"field models[{model}], row {row}: entry {column} is not positive, but a floor is needed"


class_floor = Hypothesis(
    "floor",
    "every entry of the weak model and of every member of the class is at least the floor",
    _class_floor_margin,
    _needs_positive_class,
    4 * UNIT_ROUNDOFF,
)
