"""Inequalities between divergences; p = weak and q = strong, averaged over the inputs (theory section 2)."""

import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import exp_excess, log_ratio
from w2s_theory._types import Array
from w2s_theory.catalogue.domains import binary, positive_rows
from w2s_theory.claim import Cite, Eq, Leq, Status, claim
from w2s_theory.functionals.bregman import bregman_divergence, generator
from w2s_theory.functionals.calibration import marginal_calibration_error
from w2s_theory.functionals.divergences import kl_divergence, max_log_ratio, squared_hellinger, total_variation
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, pinsker_bound, sharp_pinsker_tv
from w2s_theory.functionals.risks import disagreement
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.functionals.uniform_envelope import log_ratio_bound
from w2s_theory.instance import Instance, floored
from w2s_theory.measures import expectation
from w2s_theory.worlds.extremal import ExtremalPairs, extremal_instance
from w2s_theory.worlds.tables import FlooredTables
from w2s_theory.worlds.tied import TiedTables

_TABLES = (FlooredTables(1, 2), FlooredTables(3, 4))
_POSITIVE = (FlooredTables(1, 2, positive_truth=True), FlooredTables(3, 4, positive_truth=True))
_BINARY = (FlooredTables(4, 2), TiedTables(4, 2))


def _pair(weak: list[float], strong: list[float], truth: list[float] | None = None) -> Instance:
    """One input with the given rows; truth = weak unless said."""
    rows = [np.asarray([row]) for row in (truth or weak, weak, strong)]
    return Instance(np.ones(1), *rows, floor=np.asarray(min(weak + strong)))


def _mean_tv(i: Instance) -> Array:
    return expectation(i.weights, total_variation(i.weak, i.strong))


def _forward(i: Instance) -> Array:
    return disagreement(i.weights, *i.pair("weak", "strong"))


def _towards_half(h: float) -> Instance:
    return _pair([0.5, 0.5], [0.5 + h, 0.5 - h])


def _far_apart(h: float) -> Instance:
    return _pair([1 - h, h], [h, 1 - h])


@claim(
    cite=Cite("cover2006elements", "Lemma 11.6.1"),
    status=Status.proved,
    worlds=(*_TABLES, ExtremalPairs()),
    witness=_towards_half,
    either_direction=True,
)
def pinsker(i: Instance) -> Leq:
    r"""$\mathbb E\,\mathrm{TV}(F_w,F_{sw})\le\sqrt{d_P(F_w,F_{sw})/2}$."""
    return Leq(_mean_tv(i), pinsker_bound(_forward(i)))


@claim(
    cite=Cite("bretagnolle1979estimation"),
    status=Status.proved,
    worlds=(*_TABLES, ExtremalPairs()),
    witness=_far_apart,
    either_direction=True,
)
def bretagnolle_huber(i: Instance) -> Leq:
    r"""$\mathbb E\,\mathrm{TV}(F_w,F_{sw})\le\sqrt{1-e^{-d_P(F_w,F_{sw})}}$."""
    return Leq(_mean_tv(i), bretagnolle_huber_bound(_forward(i)))


@claim(
    cite=Cite("fedotov2003refinements", "the parametrised lower curve"),
    status=Status.proved,
    worlds=(*_TABLES, ExtremalPairs()),
    witness=lambda h: extremal_instance(1.0),
    either_direction=True,
)
def sharp_pinsker(i: Instance) -> Leq:
    r"""$\mathbb E\,\mathrm{TV}(F_w,F_{sw})\le V^*(d_P(F_w,F_{sw}))$."""
    return Leq(_mean_tv(i), sharp_pinsker_tv(_forward(i)))


@claim(
    cite=Cite("donsker1975asymptotic"),
    status=Status.proved,
    worlds=_POSITIVE,
    domain=(positive_rows,),
    witness=lambda h: _pair([0.7, 0.3], [0.4, 0.6]),
)
def donsker_varadhan(i: Instance) -> Leq:
    r"""$\mathbb E[\langle F_w,g\rangle-\log\langle F_{sw},e^g\rangle]\le d_P(F_w,F_{sw})$ for $g=\log(F^*/F_{sw})$."""
    g = log_ratio(i.truth, i.strong)
    expected = jnp.sum(i.weak * g, axis=-1)
    tilted = jnp.log1p(jnp.sum(i.strong * jnp.expm1(g), axis=-1))
    size = expectation(i.weights, jnp.sum(i.weak * jnp.abs(g), axis=-1) + jnp.sum(jnp.abs(i.truth - i.strong), -1))
    return Leq(expectation(i.weights, expected - tilted), _forward(i), scale=size)


@claim(
    cite=Cite("hoeffding1963probability", "the lemma behind Theorem 2"),
    status=Status.proved,
    worlds=_TABLES,
    witness=_towards_half,
)
def hoeffding_lemma(i: Instance) -> Leq:
    r"""$\mathbb E_x\log\mathbb E[e^{Z-\mathbb E Z}]\le\mathbb E_x(b-a)^2/8$, $Z=F_{sw,i}$ with weight $F_{w,i}$."""
    lowest, highest = jnp.min(i.strong, axis=-1), jnp.max(i.strong, axis=-1)
    middle = 0.5 * (lowest + highest)
    shifted = i.strong - middle[:, None]
    centred = shifted - jnp.sum(i.weak * shifted, axis=-1, keepdims=True)
    cumulant = jnp.log1p(jnp.sum(i.weak * exp_excess(centred), axis=-1))
    return Leq(expectation(i.weights, cumulant), expectation(i.weights, (highest - lowest) ** 2 / 8))


@claim(
    cite=Cite("cover2006elements", "Theorem 2.7.2"),
    status=Status.proved,
    worlds=_TABLES,
    witness=lambda h: _pair([0.7, 0.3], [0.4, 0.6]),
)
def data_processing(i: Instance) -> Leq:
    r"""$\mathrm{KL}(\mathbb EF_w\,\|\,\mathbb EF_{sw})\le d_P(F_w,F_{sw})$."""
    return Leq(kl_divergence(expectation(i.weights, i.weak), expectation(i.weights, i.strong)), _forward(i))


@claim(
    cite=Cite("bregman1967relaxation"),
    status=Status.proved,
    worlds=(
        FlooredTables(3, 4, positive_truth=True),
        FlooredTables(2, 3, positive_truth=True, generator="squared"),
        FlooredTables(2, 3, positive_truth=True, generator="itakura-saito"),
    ),
    domain=(positive_rows,),
    kinds=("simplex", "positive", "density"),
)
def three_point(i: Instance) -> Eq:
    r"""$D_\varphi(a,c)=D_\varphi(a,b)+D_\varphi(b,c)+\langle a-b,\nabla\varphi(b)-\nabla\varphi(c)\rangle$."""
    phi = generator(i.generator)
    ab, bc, ac = (
        expectation(i.weights, bregman_divergence(*pair, phi=phi))
        for pair in (i.pair("truth", "weak"), i.pair("weak", "strong"), i.pair("truth", "strong"))
    )
    slopes = jnp.abs(phi.slope(i.weak)) + jnp.abs(phi.slope(i.strong))
    cross = (i.truth - i.weak) * (phi.slope(i.weak) - phi.slope(i.strong))
    size = expectation(i.weights, jnp.sum(jnp.abs(i.truth - i.weak) * slopes, axis=-1))
    return Eq(ac, ab + bc + expectation(i.weights, jnp.sum(cross, axis=-1)), scale=ab + bc + size)


@claim(
    cite=Cite("lecam1986asymptotic"),
    status=Status.proved,
    worlds=_TABLES,
    witness=lambda h: _pair([1.0, 0.0], [0.0, 1.0]),
)
def hellinger_tv_lower(i: Instance) -> Leq:
    r"""$\mathbb E\,H^2(F_w,F_{sw})\le\mathbb E\,\mathrm{TV}(F_w,F_{sw})$."""
    return Leq(expectation(i.weights, squared_hellinger(i.weak, i.strong)), _mean_tv(i))


@claim(
    cite=Cite("lecam1986asymptotic"),
    status=Status.proved,
    worlds=_TABLES,
    witness=lambda h: _pair([0.8, 0.2], [0.2, 0.8]),
)
def hellinger_tv_upper(i: Instance) -> Leq:
    r"""$\mathbb E\,\mathrm{TV}(F_w,F_{sw})\le\mathbb E\,H\sqrt{2-H^2}$."""
    square = squared_hellinger(i.weak, i.strong)
    root = jnp.sqrt(square) * jnp.sqrt(jnp.maximum(2.0 - square, 0.0))
    return Leq(_mean_tv(i), expectation(i.weights, root))


@claim(
    cite=Cite("w2stheory", "section 2 (sharp constant)"),
    status=Status.proved,
    worlds=_TABLES,
    assumes=(floored,),
    witness=lambda h: _pair([h * (1 + 1e-4), 1 - h * (1 + 1e-4)], [h, 1 - h]),
    either_direction=True,
)
def floored_log_ratio(i: Instance) -> Leq:
    r"""$\mathbb E\max_i|\log(F_{w,i}/F_{sw,i})|\le\sqrt{2(1-\gamma)/\gamma}\,\sqrt{d_P(F_w,F_{sw})}$."""
    spread = expectation(i.weights, max_log_ratio(i.weak, i.strong))
    return Leq(spread, log_ratio_bound(_forward(i), i.floor))


@claim(
    cite=Cite("blasiok2023unifying", "smooth calibration"),
    status=Status.proved,
    worlds=_BINARY,
    domain=(binary,),
    witness=lambda h: _pair([0.5, 0.5], [0.3, 0.7], truth=[0.8, 0.2]),
    sweep="calibration",
)
def smooth_below_marginal(i: Instance) -> Leq:
    r"""$\mathrm{smCE}(F_{sw})\le\tfrac12\mathrm{MCE}(F_{sw})$ for two classes."""
    smooth = smooth_calibration_error(i.weights, i.truth, i.strong)
    marginal = marginal_calibration_error(
        i.weights, i.truth, i.strong, conditional_truth=i.score_conditional_truth("strong")
    )
    return Leq(smooth, 0.5 * marginal, scale=1.0)
