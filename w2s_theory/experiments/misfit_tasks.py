"""New tasks on frozen representations: truths, teachers fitted to them and students fitted to the teachers."""

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.experiments.misfit_design import (
    BATCH,
    CLASSES,
    HEAD_LEARNING_RATE,
    HEAD_SCALE,
    MIXTURE_CONCENTRATION,
    MIXTURE_FLOOR,
    RADIUS,
    WIDTH,
    MisfitDesign,
)
from w2s_theory.experiments.misfit_representations import Representations, draw_inputs, draw_linear_heads
from w2s_theory.predictors.relu_network import ReluNetwork
from w2s_theory.training.linear_heads import fit_linear_heads
from w2s_theory.training.projection import (
    Projection,
    hull_projection,
    linear_head_projection,
    softmax_head_projection,
)

Family = Literal["linear", "forward-hull", "reverse-hull", "softmax"]


class ByInputs(NamedTuple):
    """Tables on the three sets of inputs: the teacher's, the student's (maybe the same), and fresh ones."""

    weak: np.ndarray
    student: np.ndarray
    fresh: np.ndarray


class NewTasks(NamedTuple):
    """T tasks: `inputs`, linear `heads (17, T)`, `mixtures (T, 16)`, `softmax_heads (T, 17, 4)`, Adam's `starts`."""

    inputs: ByInputs
    heads: np.ndarray
    mixtures: np.ndarray
    softmax_heads: np.ndarray
    starts: tuple[np.ndarray, np.ndarray]
    seeds: tuple[int, int]


class Tables(NamedTuple):
    """Truth, teacher and student of every task on one set of inputs, each (T, m, k)."""

    truth: np.ndarray
    weak: np.ndarray
    student: np.ndarray


class Fitted(NamedTuple):
    """Tables on the student's inputs and on fresh ones, and how far from optimal students are.

    `residual (T,)` is the Frank–Wolfe gap of each student; `features (m, p)` are the student's.  `at_radius` counts
    teachers and students on the boundary of their ball; `losses` are loss curves of teachers and students.
    """

    training: Tables
    fresh: Tables
    features: np.ndarray
    residual: np.ndarray
    at_radius: tuple[int, int] | None = None
    losses: tuple[np.ndarray, np.ndarray] | None = None


def draw_tasks(rng: np.random.Generator, design: MisfitDesign, student_inputs: str) -> NewTasks:
    """Inputs shared by all tasks of a seed, and random truths of the three kinds."""
    taught = draw_inputs(rng, design.points)
    student = taught if student_inputs == "same" else draw_inputs(rng, design.points)
    return NewTasks(
        ByInputs(taught, student, draw_inputs(rng, design.fresh_points)),
        draw_linear_heads(rng, design.tasks),
        rng.dirichlet(np.full(WIDTH, MIXTURE_CONCENTRATION), design.tasks),
        HEAD_SCALE * rng.standard_normal((design.tasks, WIDTH + 1, CLASSES)),
        (draw_linear_heads(rng, design.tasks), draw_linear_heads(rng, design.tasks)),
        (int(rng.integers(2**31)), int(rng.integers(2**31))),
    )


def represented(network: ReluNetwork, inputs: ByInputs) -> ByInputs:
    """Features (m, 16) of all inputs, in float64."""
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), network)
        return ByInputs(*(np.asarray(exact.representation(x)) for x in inputs))


def with_constant(features: ByInputs) -> ByInputs:
    """A constant feature added: (m, 17)."""
    return ByInputs(*(np.concatenate([table, np.ones((len(table), 1))], axis=1) for table in features))


def standardised(features: ByInputs, own: np.ndarray) -> ByInputs:
    """Every feature divided by its root mean square over `own` inputs (dead ones left at zero), and a constant."""
    size = np.sqrt(np.mean(own**2, axis=0))
    return with_constant(ByInputs(*(table / np.where(size > 0, size, 1.0) for table in features)))


def mean_one(features: ByInputs, own: np.ndarray) -> ByInputs:
    r"""$\tilde h_j=(1-\eta)h_j/\mathbb E\,h_j+\eta$ with the mean over `own` inputs; dead units become 1."""
    mean = np.mean(own, axis=0)
    alive = mean > 0

    def floored(table: np.ndarray) -> np.ndarray:
        return np.where(alive, (1.0 - MIXTURE_FLOOR) * table / np.where(alive, mean, 1.0) + MIXTURE_FLOOR, 1.0)

    return ByInputs(*map(floored, features))


def fit_least_squares(networks: Representations, tasks: NewTasks) -> Fitted:
    """Linear heads in closed form: teachers on the truth, students on the teachers' labels."""
    truth, strong, weak = _linear_features(networks, tasks)
    taught, _, _ = _project("linear", weak.weak, _tables(truth.weak, tasks.heads))
    learnt, residual, _ = _project("linear", strong.student, weak.student @ taught)
    return _linear_fit(tasks.heads, taught, learnt, (truth, strong, weak), residual)


def fit_by_adam(networks: Representations, tasks: NewTasks, design: MisfitDesign) -> Fitted:
    """The same heads by mini-batch Adam in float32, on standardised features; the residual is left to be measured."""
    truth, strong, weak = _linear_features(networks, tasks)

    def fitted(role: int, features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start, table, goal = (np.asarray(a, np.float32) for a in (tasks.starts[role], features, labels))
        made = fit_linear_heads(
            start,
            table,
            goal,
            jax.random.key(tasks.seeds[role]),
            epochs=design.head_epochs,
            batch=BATCH,
            learning_rate=HEAD_LEARNING_RATE,
        )
        return made.parameters.T[:, :, None].astype(np.float64), made.losses

    taught, weak_losses = fitted(0, weak.weak, truth.weak @ tasks.heads)
    learnt, losses = fitted(1, strong.student, (weak.student @ taught)[..., 0].T)
    made = _linear_fit(tasks.heads, taught, learnt, (truth, strong, weak), np.full(len(learnt), np.nan))
    return made._replace(losses=(weak_losses, losses))


def fit_mixtures(networks: Representations, tasks: NewTasks, student: Family) -> Fitted:
    """Mixtures of mean-one features: teachers by forward KL on the truth, students by `student` on the teachers."""
    truth, strong, weak = (represented(network, tasks.inputs) for network in networks)
    truth, strong = mean_one(truth, truth.student), mean_one(strong, strong.student)
    weak = mean_one(weak, weak.weak)
    true = tasks.mixtures[:, :, None]
    taught, _, _ = _project("forward-hull", weak.weak, truth.weak @ true)
    learnt, residual, _ = _project(student, strong.student, weak.student @ taught)

    def tables(on: int) -> Tables:
        return Tables(truth[on] @ true, weak[on] @ taught, strong[on] @ learnt)

    return Fitted(tables(1), tables(2), strong.student, residual)


def fit_softmax_heads(networks: Representations, tasks: NewTasks) -> Fitted:
    """Softmax heads by forward KL, that is cross-entropy: teachers on the truth, students on the teachers' rows."""
    truth, strong, weak = (represented(network, tasks.inputs) for network in networks)
    truth, strong = standardised(truth, truth.student), standardised(strong, strong.student)
    weak = standardised(weak, weak.weak)
    taught, _, bound = _project("softmax", weak.weak, _rows(truth.weak @ tasks.softmax_heads))
    learnt, residual, student_bound = _project("softmax", strong.student, _rows(weak.student @ taught))

    def tables(on: int) -> Tables:
        heads = (truth[on] @ tasks.softmax_heads, weak[on] @ taught, strong[on] @ learnt)
        return Tables(*map(_rows, heads))

    at_radius = int(bound.sum()), int(student_bound.sum())
    return Fitted(tables(1), tables(2), strong.student, residual, at_radius)


def _linear_features(networks: Representations, tasks: NewTasks) -> tuple[ByInputs, ByInputs, ByInputs]:
    truth, strong, weak = (represented(network, tasks.inputs) for network in networks)
    return with_constant(truth), standardised(strong, strong.student), standardised(weak, weak.weak)


def _linear_fit(
    heads: np.ndarray,
    taught: np.ndarray,
    learnt: np.ndarray,
    features: tuple[ByInputs, ByInputs, ByInputs],
    residual: np.ndarray,
) -> Fitted:
    truth, strong, weak = features

    def tables(on: int) -> Tables:
        return Tables(_tables(truth[on], heads), weak[on] @ taught, strong[on] @ learnt)

    return Fitted(tables(1), tables(2), strong.student, residual)


def _tables(features: np.ndarray, heads: np.ndarray) -> np.ndarray:
    return (features @ heads).T[:, :, None]


def _rows(logits: np.ndarray) -> np.ndarray:
    with jax.enable_x64(True):
        return np.asarray(jax.nn.softmax(logits, axis=-1))


def _project(family: Family, features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters (T, p, k), residuals (T,) and whether at the radius (T,), of projections of `targets (T, m, k)`."""
    with jax.enable_x64(True):
        made = jax.tree.map(np.asarray, _projections(family)(features, targets))
    return made


@functools.lru_cache(maxsize=4)
def _projections(family: Family) -> Callable[[np.ndarray, np.ndarray], tuple[Array, Array, Array]]:
    """One task after the other in one compiled loop: faster than abreast, since the tables then stay in the cache."""

    def project(weights: Array, features: Array, target: Array) -> Projection:
        if family == "linear":
            return linear_head_projection(weights, features, target)
        if family == "softmax":
            return softmax_head_projection(weights, features, target, jnp.asarray(RADIUS, features.dtype))
        direction = "forward" if family == "forward-hull" else "reverse"
        return hull_projection(weights, features.T[:, :, None], target, direction=direction)

    def projections(features: Array, targets: Array) -> tuple[Array, Array, Array]:
        weights = jnp.full(features.shape[0], 1.0 / features.shape[0])

        def one(target: Array) -> tuple[Array, Array, Array]:
            made = project(weights, features, target)
            parameters = made.parameters if made.parameters.ndim == 2 else made.parameters[:, None]
            return parameters, made.residual, made.at_radius

        return jax.lax.map(one, targets)

    return compiled(projections)
