r"""How much a floor γ bounds log-ratios and risk differences, over all instances with that floor."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from w2s_theory._numerics import float64, increasing_root, kl_term_from_difference, real
from w2s_theory._types import Array, Reals, Scalar

_MARGIN = 1e-6
"""By what share a bracket of the rise is wider than it need be, for rounding."""


@float64
def log_ratio_constant(floor: Scalar) -> jax.Array:
    r"""$C_\gamma=\sqrt{2(1-\gamma)/\gamma}$, best in $\mathbb E\max_i|\log(p_i/q_i)|\le C_\gamma\sqrt d$."""
    floor = jnp.asarray(floor)
    return jnp.sqrt(2.0 * (1.0 - floor) / floor)


@float64
def log_ratio_bound(kl: Reals, floor: Scalar) -> jax.Array:
    r"""$C_\gamma\sqrt d$: how far log-ratios, and so risks, can be apart at disagreement d, either way round."""
    return log_ratio_constant(floor) * jnp.sqrt(jnp.asarray(kl))


@float64
def naive_risk_bound(kl: Reals, floor: Scalar) -> jax.Array:
    r"""$\sqrt d/(\gamma\sqrt2)$: Pinsker's inequality times the steepest slope 1/γ of the logarithm."""
    return jnp.sqrt(jnp.asarray(kl)) / (jnp.asarray(floor) * jnp.sqrt(2.0))


@float64(static=("classes",))
def uniform_envelope_upper(kl: Scalar, floor: Scalar, *, classes: int) -> jax.Array:
    r"""$\psi_{\mathrm{up}}(d)=\log(a/\gamma)$ with $\mathrm{kl}_2(a,\gamma)=d$, $a\in[\gamma,1-(k-1)\gamma]$.

    The largest risk increase L(F_sw) - L(F_w) at forward disagreement d when both models keep the floor γ; it
    saturates at $\log((1-(k-1)\gamma)/\gamma)$.  Concave in d, and $\sim C_\gamma\sqrt d$ as $d\to0$.
    """
    kl, floor = real(kl), real(floor)

    def divergence(rise: jax.Array) -> jax.Array:
        step = floor * jnp.expm1(rise)
        return _binary_kl(floor + step, floor, -step)

    return _saturating(divergence, kl, floor, classes)


@float64(static=("classes",))
def uniform_envelope_lower(kl: Scalar, floor: Scalar, *, classes: int) -> jax.Array:
    r"""$\psi_{\mathrm{lo}}(d)=\log(b/\gamma)$ with $\mathrm{kl}_2(\gamma,b)=d$, $b\in[\gamma,1-(k-1)\gamma]$.

    The largest risk decrease L(F_w) - L(F_sw) at forward disagreement d; saturation and limits as for ψ_up.
    """
    kl, floor = real(kl), real(floor)

    def divergence(rise: jax.Array) -> jax.Array:
        step = floor * jnp.expm1(rise)
        return _binary_kl(floor, floor + step, step)

    return _saturating(divergence, kl, floor, classes)


def _binary_kl(p: Array, q: Array, difference: Array) -> jax.Array:
    """kl₂(p, q) from p, q and q - p."""
    return kl_term_from_difference(p, q, difference) + kl_term_from_difference(1.0 - p, 1.0 - q, -difference)


def _saturating(divergence: Callable[[jax.Array], jax.Array], kl: Array, floor: Array, classes: int) -> jax.Array:
    highest = jnp.log((1.0 - (classes - 1) * floor) / floor)
    room = highest > 0
    highest = jnp.where(room, highest, 1.0)
    at_highest = divergence(highest)
    saturated = kl >= at_highest
    target = jnp.where(saturated | (kl <= 0), 0.5 * at_highest, kl)
    # the divergence over the squared rise is a power series with positive coefficients that begins with 1/C²
    low = highest * jnp.sqrt(target / at_highest) * (1.0 - _MARGIN)
    high = jnp.minimum(log_ratio_constant(floor) * jnp.sqrt(target) * (1.0 + _MARGIN), highest)
    low, high = lax.stop_gradient((jnp.log(low), jnp.log(high)))
    log_rise = increasing_root(lambda u: jnp.log(divergence(jnp.exp(u)) / target), low, high)
    inside = jnp.where(kl > 0, jnp.exp(log_rise), jnp.where(kl == 0, 0.0, jnp.nan))
    return jnp.where(room, jnp.where(saturated, highest, inside), 0.0)
