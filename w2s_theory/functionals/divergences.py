"""Divergences between rows: arrays `(…, k)` in, of shapes that broadcast, arrays `(…)` out, in nats.

All are accurate in the relative sense near p = q (see `w2s_theory._numerics`), treat 0·log 0 as 0, and are the
*generalised* forms: for rows that do not sum to one they are still non-negative and zero exactly at p = q.
"""

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64, kl_term, kl_term_from_difference, log_ratio
from w2s_theory._types import Rows


@float64
def kl_divergence(p: Rows, q: Rows) -> jax.Array:
    r"""$\mathrm{KL}(p\,\|\,q)=\sum_i[p_i\log(p_i/q_i)-p_i+q_i]$; for rows that sum to one, the KL divergence.

    $+\infty$ where some $p_i>0=q_i$.  Generalised KL: Csiszár (1991).
    """
    return jnp.sum(kl_term(p, q), axis=-1)


@float64
def cross_entropy(p: Rows, q: Rows) -> jax.Array:
    r"""$-\sum_i p_i\log q_i$, with $0\log0=0$."""
    p, q = jnp.asarray(p), jnp.asarray(q)
    needed = p > 0
    return -jnp.sum(jnp.where(needed, p * jnp.log(jnp.where(needed, q, 1.0)), 0.0), axis=-1)


@float64
def total_variation(p: Rows, q: Rows) -> jax.Array:
    r"""$\mathrm{TV}(p,q)=\tfrac12\sum_i|p_i-q_i|\in[0,1]$."""
    return 0.5 * jnp.sum(jnp.abs(jnp.asarray(p) - jnp.asarray(q)), axis=-1)


@float64
def squared_hellinger(p: Rows, q: Rows) -> jax.Array:
    r"""$H^2(p,q)=\tfrac12\sum_i(\sqrt{p_i}-\sqrt{q_i})^2$; for rows summing to one also $1-\sum_i\sqrt{p_iq_i}$."""
    p, q = jnp.asarray(p), jnp.asarray(q)
    both_zero = (p == 0) & (q == 0)
    roots = jnp.sqrt(jnp.where(both_zero, 1.0, p)) + jnp.sqrt(jnp.where(both_zero, 1.0, q))
    return 0.5 * jnp.sum(((p - q) / roots) ** 2, axis=-1)


@float64
def chi_squared(p: Rows, q: Rows) -> jax.Array:
    r"""$\chi^2(p\,\|\,q)=\sum_i(p_i-q_i)^2/q_i$; $+\infty$ where $p_i>0=q_i$."""
    p, q = jnp.asarray(p), jnp.asarray(q)
    both_zero = (p == 0) & (q == 0)
    return jnp.sum((p - q) * ((p - q) / jnp.where(both_zero, 1.0, q)), axis=-1)


@float64
def jensen_shannon(p: Rows, q: Rows) -> jax.Array:
    r"""$\tfrac12\mathrm{KL}(p\|m)+\tfrac12\mathrm{KL}(q\|m)$ with $m=\tfrac12(p+q)$; at most $\log2$."""
    p, q = jnp.asarray(p), jnp.asarray(q)
    middle = 0.5 * (p + q)
    half = 0.5 * (q - p)
    terms = kl_term_from_difference(p, middle, half) + kl_term_from_difference(q, middle, -half)
    return 0.5 * jnp.sum(terms, axis=-1)


@float64
def max_log_ratio(p: Rows, q: Rows) -> jax.Array:
    r"""$\max_i|\log(p_i/q_i)|$, the L∞ distance of the log-probabilities."""
    return jnp.max(jnp.abs(log_ratio(p, q)), axis=-1)
