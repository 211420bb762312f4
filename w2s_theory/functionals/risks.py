"""Risks, disagreement and what they say of each other; everything in nats, averaged over weighted inputs."""

import jax
import jax.numpy as jnp

from w2s_theory._numerics import excess_over_log, float64, log_ratio
from w2s_theory._types import Scalar, Table, Vector
from w2s_theory.functionals.divergences import cross_entropy, kl_divergence
from w2s_theory.measures import expectation


@float64
def disagreement(weights: Vector, g: Table, h: Table) -> jax.Array:
    r"""$d_P(g,h)=\mathbb E_x\sum_i[g_i\log(g_i/h_i)-g_i+h_i]$.

    *Forward* disagreement is $d_P(F_w,F_{sw})$, *reverse* is $d_P(F_{sw},F_w)$.
    """
    return expectation(weights, kl_divergence(g, h))


@float64
def risk(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$L(F)=d_P(F^*,F)$: the cross-entropy risk less the entropy of the labels, which no model can remove."""
    return disagreement(weights, truth, model)


@float64
def reverse_risk(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$L^{\mathrm{rev}}(F)=d_P(F,F^*)$; infinite where the model puts mass on a class of probability zero."""
    return disagreement(weights, model, truth)


@float64
def log_loss(weights: Vector, truth: Table, model: Table) -> jax.Array:
    r"""$\mathbb E_x[-\sum_iF^*_i\log F_i]$, the expected log-loss of the model."""
    return expectation(weights, cross_entropy(truth, model))


@float64
def risk_difference_terms(truth: Table, weak: Table, strong: Table) -> jax.Array:
    r"""Summands (m, k) of ΔL: $F^*_i\log(F_{w,i}/F_{sw,i})+F_{sw,i}-F_{w,i}$, free of cancellation.

    With $r=(F_{w,i}-F_{sw,i})/F_{sw,i}$ the summand is $(F^*_i-F_{sw,i})\log(1+r)-F_{sw,i}(r-\log(1+r))$: second
    order in r, to full relative accuracy, when truth agrees with either model.
    """
    truth, weak, strong = jnp.asarray(truth), jnp.asarray(weak), jnp.asarray(strong)
    needed = truth > 0
    weak_, strong_ = jnp.where(needed, weak, 1.0), jnp.where(needed, strong, 1.0)
    step = (weak_ - strong_) / strong_
    near = jnp.abs(step) < 0.5
    step = jnp.where(near, step, 0.0)
    close = (truth - strong_) * log_ratio(weak_, strong_) - strong_ * excess_over_log(step)
    apart = truth * log_ratio(weak_, strong_) + strong_ - weak_
    return jnp.where(needed, jnp.where(near, close, apart), strong - weak)


@float64
def risk_difference(weights: Vector, truth: Table, weak: Table, strong: Table) -> jax.Array:
    r"""$\Delta L=L(F_{sw})-L(F_w)$ as one sum, never as a difference of two risks."""
    return expectation(weights, jnp.sum(risk_difference_terms(truth, weak, strong), axis=-1))


@float64
def performance_gap_recovered(weak: Scalar, strong: Scalar, ceiling: Scalar) -> jax.Array:
    r"""$(\text{strong}-\text{weak})/(\text{ceiling}-\text{weak})$ of one named metric (Burns et al. 2023).

    The metric may be one that grows with quality (accuracy) or one that falls (log-loss): pass it negated if it
    falls.  NaN where the ceiling is no better than the weak model: there is no gap to recover.
    """
    weak, strong, ceiling = jnp.asarray(weak), jnp.asarray(strong), jnp.asarray(ceiling)
    gap = ceiling - weak
    return jnp.where(gap > 0, (strong - weak) / jnp.where(gap > 0, gap, 1.0), jnp.nan)
