r"""The joint range of KL divergence and total variation: which pairs (KL, TV) exist, and the curves around them.

The lower boundary is the curve of Fedotov, Harremoës and Topsøe (2003), parametrised by $t>0$ and attained by a pair
of distributions on two points.  With $L(t)=\coth t-1/t$ that pair is $q=\tfrac12(1-L)$, $p=q+\tfrac t2(1-L^2)$; $2t$
is the difference of their log-odds, and the slope of KL against TV along the curve.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from w2s_theory._numerics import float64, increasing_root, kl_term_from_difference, langevin, log_ratio, real
from w2s_theory._types import Array, Reals

_BEND = 0.1045
"""Fitted: with it the start of the iteration for log t is off by at most 0.03."""
_COMPLETE = 40.0
"""From this divergence on a total variation of one is possible to the last digit."""
_LARGE = 20.0
"""From here on KL = log 2t to the last digit, and the slope's formula is one of cancelling terms."""


@float64
def pinsker_bound(kl: Reals) -> jax.Array:
    r"""$\mathrm{TV}\le\sqrt{\mathrm{KL}/2}$ (Pinsker, with Csiszár's and Kullback's constant)."""
    return jnp.sqrt(0.5 * jnp.asarray(kl))


@float64
def bretagnolle_huber_bound(kl: Reals) -> jax.Array:
    r"""$\mathrm{TV}\le\sqrt{1-e^{-\mathrm{KL}}}$ (Bretagnolle and Huber 1979)."""
    return jnp.sqrt(-jnp.expm1(-jnp.asarray(kl)))


@float64
def extremal_pair(t: Reals) -> tuple[jax.Array, jax.Array]:
    """The pair of binary distributions (p, q), each of shape (…, 2), on the sharp curve at parameter t > 0."""
    (p, p_other), (q, q_other), _ = _pair(jnp.asarray(t))
    return jnp.stack([p, p_other], axis=-1), jnp.stack([q, q_other], axis=-1)


@float64
def sharp_pinsker_point(t: Reals) -> tuple[Array, Array]:
    r"""The point (TV, KL) of the sharp curve at parameter t > 0.

    $2\,\mathrm{TV}=t(1-L(t)^2)$ and $\mathrm{KL}=\log\frac t{\sinh t}+t\coth t-\frac{t^2}{\sinh^2t}$ (Fedotov,
    Harremoës, Topsøe 2003), computed from the extremal pair so that both keep their digits as t → 0 and t → ∞.
    """
    (p, p_other), (q, q_other), tv = _pair(jnp.asarray(t))
    return tv, kl_term_from_difference(p, q, -tv) + kl_term_from_difference(p_other, q_other, tv)


@float64
def sharp_pinsker_tv(kl: Reals) -> jax.Array:
    r"""$V^*(d)=\sup\{\mathrm{TV}(p,q):\mathrm{KL}(p\|q)\le d\}$: concave, $V^*(d)\sim\sqrt{d/2}$ as $d\to0$."""

    def scalar(d: jax.Array) -> jax.Array:
        tiny = d < 1e6 * jnp.finfo(d.dtype).tiny
        usual = jnp.where(~tiny & (d < _COMPLETE), d, 1.0)
        inside = sharp_pinsker_point(jnp.exp(_log_parameter(usual)))[0]
        inside = jnp.where(tiny, math.sqrt(0.5) * jnp.sqrt(jnp.where(tiny & (d > 0), d, 1.0)), inside)
        return jnp.where(d > 0, jnp.where(d < _COMPLETE, inside, 1.0), jnp.where(d == 0, 0.0, jnp.nan))

    return jnp.vectorize(scalar)(real(kl))


def _log_parameter(kl: jax.Array) -> jax.Array:
    r"""log t of the point of the sharp curve whose KL divergence is `kl` > 0.

    Newton's method in $\log\sqrt{e^{2\mathrm{KL}}-1}$ as a function of $\log t$, the slope of which is between one and
    1.5; the start is within 0.03 of the answer, so that three steps reach the last digit.
    """

    def solve(_: Callable[[jax.Array], jax.Array], log_t: jax.Array) -> jax.Array:
        for _step in range(3):
            t = jnp.exp(log_t)
            now = sharp_pinsker_point(t)[1]
            ell = langevin(t)
            rise = t * t * (1.0 - ell**2 - 2.0 * t * ell * (1.0 - ell**2 - 2.0 * ell / t))
            slope = jnp.where(t < _LARGE, rise, 1.0) / -jnp.expm1(-2.0 * now)
            log_t -= (now - kl + 0.5 * log_ratio(-jnp.expm1(-2.0 * now), -jnp.expm1(-2.0 * kl))) / slope
        return log_t

    def tangent_solve(linear: Callable[[jax.Array], jax.Array], y: jax.Array) -> jax.Array:
        return y / linear(jnp.ones_like(y))

    share = -jnp.expm1(-2.0 * kl)
    start = kl + 0.5 * (jnp.log(share) + jnp.log((1.0 - share + _BEND * share) / (1.0 - share + 4.0 * _BEND * share)))
    return lax.custom_root(lambda u: jnp.log(sharp_pinsker_point(jnp.exp(u))[1] / kl), start, solve, tangent_solve)


@float64
def sharp_pinsker_kl(tv: Reals) -> jax.Array:
    r"""$\inf\{\mathrm{KL}(p\|q):\mathrm{TV}(p,q)\ge v\}$, the inverse of `sharp_pinsker_tv`; infinite at v = 1."""

    def scalar(v: jax.Array) -> jax.Array:
        interior = jnp.where((v > 0) & (v < 1), v, 0.5)
        ends = _log_t_ends(v.dtype)
        log_t = increasing_root(lambda u: jnp.log(sharp_pinsker_point(jnp.exp(u))[0] / interior), *ends)
        inside = sharp_pinsker_point(jnp.exp(log_t))[1]
        edge = jnp.where(v == 0, 0.0, jnp.where(v == 1, jnp.inf, jnp.nan))
        return jnp.where((v > 0) & (v < 1), inside, edge)

    return jnp.vectorize(scalar)(real(tv))


def _log_t_ends(precision: jnp.dtype) -> tuple[float, float]:
    """Bracket of log t in this precision: from where t² underflows to where 1/(2t) does."""
    smallest = math.log(jnp.finfo(precision).tiny)
    return 0.5 * smallest, -smallest - 1.0


def _pair(
    t: Array,
) -> tuple[tuple[Array, Array], tuple[Array, Array], Array]:
    """p and q with their complements, and TV = p - q, each free of cancellation."""
    ell = langevin(t)
    tail = jnp.where(t < 350.0, 1.0 / jnp.expm1(jnp.minimum(2.0 * t, 700.0)), 0.0)
    one_minus = jnp.where(t < 1.0, 1.0 - ell, 1.0 / jnp.maximum(t, 0.5) - 2.0 * tail)
    q = 0.5 * one_minus
    q_other = 0.5 * (1.0 + ell)
    tv = 0.5 * t * one_minus * (1.0 + ell)
    return (q + tv, (1.0 + ell) * t * tail), (q, q_other), tv
