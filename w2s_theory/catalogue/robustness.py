"""How much of the gain survives when the student is not optimal, not realizable or trained on a sample (section 5)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import float64, real, rounding_budget
from w2s_theory._types import Array
from w2s_theory.catalogue.domains import positive_rows
from w2s_theory.claim import Cite, Domain, Eq, HighProbability, Leq, Status, claim
from w2s_theory.functionals.quantile_interval import quantile_interval
from w2s_theory.functionals.uniform_envelope import log_ratio_constant
from w2s_theory.instance import Hypothesis, Instance
from w2s_theory.measures import expectation
from w2s_theory.student_class import TOLERANCE, Training, class_floor, convex_class, optimal, realizable
from w2s_theory.training.dual_mean import dual_mean
from w2s_theory.training.few_models import MOST_MIXTURES, mixtures_against, mixtures_of_few
from w2s_theory.training.projection import hull_projection, shortfall
from w2s_theory.worlds.strained_students import StrainedStudents
from w2s_theory.worlds.teachers import Teachers

_HERE = Cite("w2stheory", "section 5")
_YAO = Cite("yao2025revisiting", "finite samples")
_CHARIKAR = Cite("charikar2024quantifying", "approximate realizability")
_XU = Cite("xu2025emergence")
_REVERSE = Training("reverse", "mixture")
_SQUARED = Training("reverse", "mixture", "squared")

REPLICATIONS = 104
"""Samples drawn for one instance of a high-probability claim: the fewest whose interval is finite at δ = 0.05."""

CONFIDENCE = 0.99
"""Of the interval that replications give."""


def _risk(i: Instance, model: Array) -> jax.Array:
    return _REVERSE.divergence(i, i.truth, model)


def _judged(i: Instance) -> tuple[jax.Array, jax.Array, jax.Array]:
    """L(F_w), L(F_sw) and d_P(F_sw, F_w)."""
    pairs = i.pair("truth", "weak"), i.pair("truth", "strong"), i.pair("strong", "weak")
    teacher, student, taken = (_REVERSE.divergence(i, *pair) for pair in pairs)
    return teacher, student, taken


@float64
def log_span(floor: Array | float, classes: Array | int) -> jax.Array:
    r"""$\log\frac{1-(k-1)\gamma}\gamma$, the largest log-ratio of two entries above the floor."""
    return jnp.log((1.0 - (classes - 1) * floor) / floor)


@float64
def shortfall_penalty(floor: Array | float, tau: Array) -> jax.Array:
    r"""$C_\gamma\sqrt\tau+\tau$: how much of the gain a shortfall τ of the objective can take."""
    return log_ratio_constant(floor) * jnp.sqrt(tau) + tau


def _penalty_error(i: Instance, tau: Array, gap: Array) -> Array:
    """How much larger the penalty is at a shortfall larger by `gap`."""
    return shortfall_penalty(i.floor, tau + jnp.maximum(gap, 0.0)) - shortfall_penalty(i.floor, tau)


def _within_penalty(i: Instance, penalty: Array, error: Array | float, **forgiven: Array) -> Leq:
    """L(F_sw) ≤ L(F_w) - d_P(F_sw, F_w) + penalty."""
    teacher, student, taken = _judged(i)
    rhs = teacher - taken + penalty
    return Leq(student, rhs, scale=teacher + taken + penalty, error=error, bound=penalty, forgiven=forgiven)


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=(
        StrainedStudents(1, 3, _REVERSE, members=2, strain="truth"),
        StrainedStudents(3, 3, _REVERSE, strain="truth"),
    ),
    assumes=(convex_class(_REVERSE), optimal(_REVERSE), class_floor),
    sweep="reverse disagreement",
)
def gain_misspecified(i: Instance) -> Leq:
    r"""$L(F_{sw})\le L(F_w)-d_P(F_{sw},F_w)+B\sqrt{2\varepsilon}$, $B=\log\frac{1-(k-1)\gamma}{\gamma}$.

    $\varepsilon=\min_f\,d_P(F^*,f)$ over the class is how far the truth is from being realizable.
    """
    if i.convex:
        assert i.models is not None
        nearest = hull_projection(i.weights, i.models, i.truth, direction="forward").student
        distance = _risk(i, nearest)
    else:
        distance = jnp.min(jax.vmap(lambda model: _risk(i, model))(i.models))
    penalty = jnp.sqrt(2.0 * jnp.maximum(distance, 0.0)) * log_span(i.floor, i.classes)
    return _within_penalty(i, penalty, 0.0, optimal=jnp.maximum(_REVERSE.gap(i), 0.0))


def _one_step_from_the_teacher(h: float) -> Instance:
    """Hull of the two rows at the floor h, the teacher a fiftieth above one end, the student at that end."""

    def row(score: float) -> np.ndarray:
        return np.array([[score, 1.0 - score]])

    ends = np.stack([row(h), row(1.0 - h)])
    return Instance(np.ones(1), row(1.0 - h), row(1.02 * h), row(h), np.asarray(h), models=ends)


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=(
        StrainedStudents(1, 3, _REVERSE, members=2, strain="student"),
        StrainedStudents(3, 3, _REVERSE, strain="student"),
    ),
    assumes=(convex_class(_REVERSE), realizable(_REVERSE), class_floor),
    witness=_one_step_from_the_teacher,
    witness_scale=5e-4,
    sweep="reverse disagreement",
)
def gain_suboptimal(i: Instance) -> Leq:
    r"""$L(F_{sw})\le L(F_w)-d_P(F_{sw},F_w)+C_\gamma\sqrt\tau+\tau$ for a student within $\tau$ of the optimum."""
    best = _REVERSE.student(i)
    tau = jnp.maximum(shortfall(i.weights, i.strong, best, i.weak), 0.0)
    ideal = eqx.tree_at(lambda j: j.strong, i, best)
    gap = _REVERSE.gap(ideal) + rounding_budget(i.truth.size, tau)
    error = _penalty_error(i, tau, gap) + jnp.maximum(_REVERSE.gap(ideal), 0.0)
    return _within_penalty(i, shortfall_penalty(i.floor, tau), error, realizable=_REVERSE.defect(ideal))


def _needs_sample(i: Instance) -> str | None:
    if i.sample_size is None:
        return "field n: the number of inputs that the student is trained on is needed"
    return "field delta: the probability of failure is needed" if i.delta is None else None


needs_sample = Domain("sample", _needs_sample)


@claim(
    cite=_YAO,
    status=Status.proved,
    worlds=(
        StrainedStudents(2, 2, _REVERSE, members=2, strain="sample", size=2**44),
        StrainedStudents(3, 3, _REVERSE, strain="sample", size=64),
    ),
    assumes=(convex_class(_REVERSE), realizable(_REVERSE), class_floor),
    domain=(needs_sample,),
    sweep="reverse disagreement",
)
def gain_finite_sample(i: Instance) -> HighProbability:
    r"""$L(\hat F)\le L(F_w)-d_P(\hat F,F_w)+C_\gamma\sqrt{\tau_n}+\tau_n$ with probability $1-\delta$ over n inputs.

    $\hat F$ minimises $d(f,F_w)$ on n random inputs over the hull of M models, and with
    $B=\log\frac{1-(k-1)\gamma}\gamma$: $\tau_n=2B\bigl[\sqrt{(M\log(1+2n)+\log(2/\delta))/(2n)}+2/n\bigr]$.
    The left side is the $(1-\delta)$-quantile of $L(\hat F)-L(F_w)+d_P(\hat F,F_w)$ over 104 samples of n inputs, with
    its exact binomial interval at 99 % in the error; the right side is the penalty.  Samples are the same for every
    evaluation of an instance.
    """
    assert i.sample_size is not None
    assert i.delta is not None
    assert i.models is not None
    shape = REPLICATIONS, i.weights.shape[0]
    counts = jax.random.multinomial(jax.random.key(0), i.sample_size, jnp.asarray(i.weights), shape=shape)

    def excess(share: Array) -> tuple[Array, Array, Array]:
        seen = eqx.tree_at(lambda j: j.weights, i, share)
        student = _REVERSE.student(seen)
        gap = _REVERSE.gap(eqx.tree_at(lambda j: j.strong, seen, student))
        defect = _REVERSE.defect(eqx.tree_at(lambda j: j.strong, i, student))
        teacher, own, taken = _judged(eqx.tree_at(lambda j: j.strong, i, student))
        return own - teacher + taken, gap, defect

    excesses, gaps, defects = jax.vmap(excess)(counts / i.sample_size)
    tau = finite_sample_shortfall(i.sample_size, i.models.shape[0], i.delta, log_span(i.floor, i.classes))
    interval = quantile_interval(excesses, 1.0 - i.delta, CONFIDENCE)
    rounding = rounding_budget(i.truth.size, _risk(i, i.weak) + log_span(i.floor, i.classes))
    return HighProbability.of(
        interval,
        shortfall_penalty(i.floor, tau),
        error=_penalty_error(i, tau, jnp.max(gaps)) + rounding,
        forgiven={"realizable": jnp.max(defects)},
    )


@float64
def finite_sample_shortfall(
    samples: Array | int, models: Array | int, delta: Array | float, span: Array | float
) -> jax.Array:
    r"""$2B\bigl[\sqrt{(M\log(1+2n)+\log(2/\delta))/(2n)}+2/n\bigr]$: how far from optimal n inputs leave the student.

    The loss is within [0, B] and B-Lipschitz in the M mixture weights: a 1/n-net of them and Hoeffding's inequality.
    """
    n = real(samples)
    complexity = models * jnp.log1p(2.0 * n) + jnp.log(2.0 / delta)
    return jnp.asarray(2.0 * span * (jnp.sqrt(complexity / (2.0 * n)) + 2.0 / n))


def _needs_few(i: Instance) -> str | None:
    if i.models is None:
        return "field models: the claim is about mixtures of models, and there are none"
    if i.members is None:
        return "field r: the number of models in a mixture is needed"
    number = mixtures_of_few(len(i.models), i.members)
    if number > MOST_MIXTURES:
        return f"field r: {number} mixtures of {i.members} out of {len(i.models)} models are too many to enumerate"
    return None


def _best_of_few_margin(i: Instance) -> jax.Array:
    """Minus the distance from the nearest mixture of few, and minus what the best of them gains."""
    assert i.models is not None
    assert i.members is not None
    objectives, apart = mixtures_against(i.weights, i.models, i.weak, i.strong, members=i.members)
    return -jnp.min(apart + objectives - jnp.min(objectives))


best_mixture = Hypothesis(
    "optimal",
    "the student is the best equal-weight mixture of r models, repetition allowed",
    _best_of_few_margin,
    _needs_few,
    TOLERANCE,
)


@float64
def few_shortfall(members: Array | int, classes: Array | int, floor: Array | float) -> jax.Array:
    r"""$\frac{1-1/k}{2\gamma r}$: how far the best equal-weight mixture of r members can be from the best of the hull.

    Maurey's lemma: draw r members by the weights of the best mixture; its variance is at most (1 - 1/k)/r.
    """
    return jnp.asarray((1.0 - 1.0 / classes) / (2.0 * floor * members))


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=(
        StrainedStudents(2, 2, _REVERSE, members=2, strain="few", size=1024),
        StrainedStudents(3, 3, _REVERSE, strain="few", size=64),
    ),
    assumes=(realizable(_REVERSE), best_mixture, class_floor),
    sweep="reverse disagreement",
)
def gain_mixture_of_r(i: Instance) -> Leq:
    r"""$L(F_{sw})\le L(F_w)-d_P(F_{sw},F_w)+C_\gamma\sqrt{\tau_r}+\tau_r$ for the best mixture of r models.

    $\tau_r=\frac{1-1/k}{2\gamma r}$; weights are equal, models may be repeated, and the truth is in their hull.
    """
    assert i.members is not None
    tau = few_shortfall(i.members, i.classes, i.floor)
    margin = jnp.maximum(-_best_of_few_margin(i), 0.0)
    ideal = eqx.tree_at(lambda j: j.strong, i, _REVERSE.student(i))
    return _within_penalty(
        i,
        shortfall_penalty(i.floor, tau),
        jnp.maximum(_REVERSE.gap(ideal), 0.0),
        optimal=_penalty_error(i, tau, margin),
        realizable=_REVERSE.defect(ideal),
    )


def _beyond_a_single_model(h: float) -> Instance:
    """One model, a truth beyond it, and a teacher beyond the truth."""
    tables = (np.full((1, 1), value) for value in (2.0, 4.0, 1.0))
    return Instance(np.ones(1), *tables, floor=np.zeros(()), models=np.full((1, 1, 1), 1.0), kind="real")


@claim(
    cite=_CHARIKAR,
    status=Status.proved,
    worlds=(
        StrainedStudents(1, 1, _SQUARED, members=2, kind="real", strain="truth"),
        StrainedStudents(3, 3, _SQUARED, strain="truth"),
    ),
    assumes=(convex_class(_SQUARED), optimal(_SQUARED)),
    kinds=("real", "simplex", "positive", "density"),
    witness=_beyond_a_single_model,
)
def gain_squared_misspecified(i: Instance) -> Leq:
    r"""$\sqrt{d(F_{sw},F^*)}\le\sqrt{(\sqrt{d(F_w,F^*)}+e)^2-d(F_{sw},F_w)}+e$, $e^2=\min_f\,d(f,F^*)$."""
    if i.convex:
        distance = _SQUARED.divergence(i, _SQUARED.nearest(i, i.truth), i.truth)
    else:
        distance = jnp.min(jax.vmap(lambda model: _SQUARED.divergence(i, model, i.truth))(i.models))
    root = jnp.sqrt(distance)
    reach = (jnp.sqrt(_SQUARED.divergence(i, i.weak, i.truth)) + root) ** 2
    taken = _SQUARED.divergence(i, i.strong, i.weak)
    left = jnp.maximum(reach - taken, 0.0)
    gap = jnp.maximum(_SQUARED.gap(i), 0.0) + rounding_budget(i.truth.size, reach + taken)
    student = jnp.sqrt(_SQUARED.divergence(i, i.strong, i.truth))
    return Leq(student, jnp.sqrt(left) + root, forgiven={"optimal": jnp.sqrt(left + gap) - jnp.sqrt(left)})


def _means(i: Instance) -> tuple[Array, Array]:
    """Dual and arithmetic mean of the models."""
    assert i.models is not None
    return dual_mean(i.weights, i.models, kind=i.kind), jnp.mean(i.models, axis=0)


def _from(i: Instance, mean: Array) -> jax.Array:
    return expectation(i.weights, jnp.sum(jnp.where(i.counted, jnp.abs(i.strong - mean), 0.0), axis=-1))


posterior_mean = Hypothesis(
    "dual_mean",
    "the student is the mean of the models: the (normalised) geometric one, or the arithmetic one",
    lambda i: -jnp.minimum(*(_from(i, mean) for mean in _means(i))),
    lambda i: "field models: the random teachers are needed" if i.models is None else None,
    1e-9,
)


@claim(
    cite=_XU,
    status=Status.proved,
    worlds=(
        Teachers(2, 3),
        Teachers(2, 3, dual=False),
        Teachers(3, 1, kind="positive"),
        Teachers(3, 1, kind="density"),
        Teachers(3, 1, kind="real"),
    ),
    assumes=(posterior_mean,),
    domain=(positive_rows,),
    kinds=("simplex", "positive", "density", "real"),
)
def gain_posterior_mean(i: Instance) -> Eq:
    r"""$\mathbb E\,d(F^*,F_w)-d(F^*,\bar F)=\mathbb E\,d(\bar F,F_w)$ for the dual mean of random teachers.

    For their arithmetic mean, the same with both arguments of every divergence exchanged.  The teachers are `models`,
    equally likely; the identity is that of the mean the student is nearer to.
    """
    geometric, arithmetic = _means(i)
    dual = _from(i, geometric) <= _from(i, arithmetic)

    def each(student: Array) -> jax.Array:
        """Expected divergence of the teachers, that of the student, and expected misfit."""

        def d(g: Array, h: Array) -> Array:
            return jnp.where(dual, _REVERSE.divergence(i, g, h), _REVERSE.divergence(i, h, g))

        teachers = jnp.mean(jax.vmap(lambda f: d(i.truth, f))(i.models))
        return jnp.stack([teachers, d(i.truth, student), jnp.mean(jax.vmap(lambda f: d(student, f))(i.models))])

    teachers, own, misfit = each(jnp.asarray(i.strong))
    moved = each(jnp.where(dual, geometric, arithmetic)) - jnp.stack([teachers, own, misfit])
    return Eq(teachers - own, misfit, scale=teachers + own, forgiven={"dual_mean": jnp.sum(jnp.abs(moved))})
