"""How far can the strong model's risk be from the weak model's? (theory section 3)"""

import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import log_ratio
from w2s_theory._types import Array
from w2s_theory.catalogue.domains import finite_weak_risk
from w2s_theory.claim import Cite, Eq, Leq, Status, claim
from w2s_theory.functionals.instance_envelope import instance_envelope_change
from w2s_theory.functionals.label_free import label_free_change
from w2s_theory.functionals.risks import disagreement, risk_difference_terms
from w2s_theory.functionals.uniform_envelope import (
    log_ratio_bound,
    naive_risk_bound,
    uniform_envelope_lower,
    uniform_envelope_upper,
)
from w2s_theory.instance import Instance, floored
from w2s_theory.measures import expectation
from w2s_theory.worlds.gaussian_mixture import GaussianMixture
from w2s_theory.worlds.tables import FlooredTables, RealTables

_SMALL = (FlooredTables(1, 2), FlooredTables(3, 4))
_WORLDS = (*_SMALL, GaussianMixture(floor=0.01))
_YAO = Cite("yao2025understanding", "generalization bounds")
_HERE = Cite("w2stheory", "section 3")


def _change(i: Instance) -> tuple[Array, Array]:
    """ΔL, and the sum of the absolute values of its terms."""
    terms = risk_difference_terms(i.truth, i.weak, i.strong)
    return (
        expectation(i.weights, jnp.sum(terms, axis=-1)),
        expectation(i.weights, jnp.sum(jnp.abs(terms), axis=-1)),
    )


def _one_hot(weak_score: float, strong_score: float) -> Instance:
    """One input, two classes, one-hot truth on the class with the given scores."""
    rows = [np.array([[s, 1 - s]]) for s in (1.0, weak_score, strong_score)]
    lowest = min(min(s, 1 - s) for s in (weak_score, strong_score))
    return Instance(np.ones(1), *rows, floor=np.asarray(lowest))


def _nearly_equal_at_the_floor(h: float) -> Instance:
    """Both models at the floor h on the true class, the weak one a ten-thousandth above."""
    return _one_hot(h * (1 + 1e-4), h)


@claim(
    cite=_YAO,
    status=Status.proved,
    worlds=_WORLDS,
    assumes=(floored,),
    witness=_nearly_equal_at_the_floor,
    either_direction=True,
)
def generalization_forward(i: Instance) -> Leq:
    r"""$|L(F_{sw})-L(F_w)|\le C_\gamma\sqrt{d_P(F_w,F_{sw})}$, $C_\gamma=\sqrt{2(1-\gamma)/\gamma}$."""
    gap, size = _change(i)
    bound = log_ratio_bound(disagreement(i.weights, *i.pair("weak", "strong")), i.floor)
    return Leq(jnp.abs(gap), bound, scale=size)


@claim(
    cite=_YAO,
    status=Status.proved,
    worlds=_WORLDS,
    assumes=(floored,),
    witness=_nearly_equal_at_the_floor,
    sweep="reverse disagreement",
    either_direction=True,
)
def generalization_reverse(i: Instance) -> Leq:
    r"""$|L(F_{sw})-L(F_w)|\le C_\gamma\sqrt{d_P(F_{sw},F_w)}$."""
    gap, size = _change(i)
    bound = log_ratio_bound(disagreement(i.weights, *i.pair("strong", "weak")), i.floor)
    return Leq(jnp.abs(gap), bound, scale=size)


@claim(
    cite=_YAO,
    status=Status.proved,
    worlds=_WORLDS,
    assumes=(floored,),
    witness=lambda h: _one_hot(0.5 - h, 0.5 + h),
    either_direction=True,
)
def generalization_naive(i: Instance) -> Leq:
    r"""$|L(F_{sw})-L(F_w)|\le\sqrt{d_P(F_w,F_{sw})}/(\gamma\sqrt2)$."""
    gap, size = _change(i)
    bound = naive_risk_bound(disagreement(i.weights, *i.pair("weak", "strong")), i.floor)
    return Leq(jnp.abs(gap), bound, scale=size)


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=_WORLDS,
    assumes=(floored,),
    witness=lambda h: _one_hot(0.3, 0.01),
)
def generalization_uniform_envelope(i: Instance) -> Leq:
    r"""$-\psi_{\mathrm{lo}}(d)\le L(F_{sw})-L(F_w)\le\psi_{\mathrm{up}}(d)$, $d=d_P(F_w,F_{sw})$."""
    gap, size = _change(i)
    d = disagreement(i.weights, *i.pair("weak", "strong"))
    upper = uniform_envelope_upper(d, i.floor, classes=i.classes)
    lower = uniform_envelope_lower(d, i.floor, classes=i.classes)
    return Leq(jnp.abs(gap), jnp.where(gap >= 0, upper, lower), scale=size)


def _on_the_line(h: float) -> Instance:
    """A student beyond the weak model, on the straight line through truth and weak model."""
    truth, weak = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.6, 0.4], [0.3, 0.7]])
    strong = weak - 0.5 * (truth - weak)
    return Instance(np.array([0.4, 0.6]), truth, weak, strong, floor=np.asarray(strong.min()))


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=_WORLDS,
    domain=(finite_weak_risk,),
    witness=_on_the_line,
)
def generalization_instance_envelope(i: Instance) -> Leq:
    r"""$L(F_{sw})$ lies in its exact range over all students with disagreement at most $d_P(F_w,F_{sw})$."""
    gap, size = _change(i)
    d = disagreement(i.weights, *i.pair("weak", "strong"))
    change = instance_envelope_change(i.weights, i.truth, i.weak, d)
    return Leq(jnp.abs(gap), jnp.where(gap >= 0, change.upper, -change.lower), scale=size + d)


def _worst_labels(h: float) -> Instance:
    """A truth that an optimal dual solution allows: one-hot where the two models' log-ratio is largest."""
    weak, strong = np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([[0.8, 0.2], [0.1, 0.9]])
    return Instance(np.array([0.5, 0.5]), np.eye(2)[[1, 1]], weak, strong, floor=np.asarray(0.1))


@claim(cite=_HERE, status=Status.proved, worlds=_WORLDS, witness=_worst_labels)
def generalization_label_free(i: Instance) -> Leq:
    r"""The strong log-loss lies in its exact range over all truths that give the weak model its log-loss $R_w$."""
    counted = i.counted & (i.truth > 0)
    ratios = log_ratio(jnp.where(counted, i.weak, 1.0), jnp.where(counted, i.strong, 1.0))
    gap = expectation(i.weights, jnp.sum(i.truth * ratios, axis=-1))
    size = expectation(i.weights, jnp.sum(i.truth * jnp.abs(ratios), axis=-1))
    change = label_free_change(i.weights, i.truth, i.weak, i.strong)
    multiplier = jnp.abs(jnp.where(gap >= 0, change.upper_multiplier, change.lower_multiplier))
    levels = jnp.where(i.counted & (i.weak > 0), jnp.abs(log_ratio(i.weak, jnp.full_like(i.weak, 1 / i.classes))), 0.0)
    size = size + multiplier * jnp.max(levels)
    return Leq(jnp.abs(gap), jnp.where(gap >= 0, change.upper, -change.lower), scale=size)


def _one_line(h: float) -> Instance:
    values = [np.array([[v]]) for v in (0.0, 1.0, 3.0)]
    return Instance(np.ones(1), *values, floor=np.zeros(()), kind="real")


@claim(
    cite=Cite("charikar2024quantifying", "the setting of Theorem 1"),
    status=Status.proved,
    worlds=(RealTables(1, 1), RealTables(5, 1)),
    kinds=("real", "simplex", "positive", "density"),
    witness=_one_line,
)
def generalization_squared(i: Instance) -> Leq:
    r"""$|\sqrt{L(F_{sw})}-\sqrt{L(F_w)}|\le\sqrt{d}$ for $d(g,h)=\mathbb E(g-h)^2/(2\sigma^2)$."""

    def root(g: Array, h: Array) -> Array:
        return jnp.sqrt(expectation(i.weights, jnp.sum((g - h) ** 2, axis=-1)) / 2) / i.noise

    weak, strong = root(i.truth, i.weak), root(i.truth, i.strong)
    return Leq(jnp.abs(strong - weak), root(i.weak, i.strong), scale=weak + strong)


@claim(cite=_HERE, status=Status.proved, worlds=_WORLDS, domain=(finite_weak_risk,))
def risk_decomposition(i: Instance) -> Eq:
    r"""$L(F_{sw})-L(F_w)=d_P(F_w,F_{sw})+\mathbb E\sum_i(F^*_i-F_{w,i})\log(F_{w,i}/F_{sw,i})$."""
    gap, size = _change(i)
    d = disagreement(i.weights, *i.pair("weak", "strong"))
    counted = i.counted & ((i.truth > 0) | (i.weak > 0))
    ratios = log_ratio(jnp.where(counted, i.weak, 1.0), jnp.where(counted, i.strong, 1.0))
    cross = (i.truth - i.weak) * ratios
    through_errors = expectation(i.weights, jnp.sum(cross, axis=-1))
    return Eq(gap, d + through_errors, scale=size + expectation(i.weights, jnp.sum(jnp.abs(cross), axis=-1)))
