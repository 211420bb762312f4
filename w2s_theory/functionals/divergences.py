"""Divergences between rows: arrays `(…, k)` in, of shapes that broadcast, arrays `(…)` out, in nats.

All are accurate in the relative sense near p = q (see `w2s_theory._numerics`), treat 0·log 0 as 0, and are the
*generalised* forms: for rows that do not sum to one they are still non-negative and zero exactly at p = q.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64, kl_term, kl_term_from_difference, log_ratio
from w2s_theory._types import Rows

_FEW_COLUMNS, _SMALL, _PIECES = 32, 2**16, 8


def _sum_of_terms(term: Callable[..., jax.Array], p: Rows, q: Rows) -> jax.Array:
    """Sum of `term(p, q)` over the last axis; of large tables eight columns of terms are added before they are summed.

    XLA sums more than 32 columns in stages, and would store all terms before the first.
    """
    p, q = jnp.broadcast_arrays(jnp.asarray(p), jnp.asarray(q))
    columns = p.shape[-1]
    if columns <= _FEW_COLUMNS or p.size <= _SMALL:
        return jnp.sum(term(p, q), axis=-1)
    width = columns // _PIECES
    pieces = [slice(j * width, (j + 1) * width) for j in range(_PIECES)]
    total = sum(term(p[..., piece], q[..., piece]) for piece in pieces)
    rest = slice(_PIECES * width, None)
    return jnp.sum(total, axis=-1) + jnp.sum(term(p[..., rest], q[..., rest]), axis=-1)


@float64
def kl_divergence(p: Rows, q: Rows) -> jax.Array:
    r"""$\mathrm{KL}(p\,\|\,q)=\sum_i[p_i\log(p_i/q_i)-p_i+q_i]$; for rows that sum to one, the KL divergence.

    $+\infty$ where some $p_i>0=q_i$.  Generalised KL: Csiszár (1991).
    """
    return _sum_of_terms(kl_term, p, q)


@float64
def cross_entropy(p: Rows, q: Rows) -> jax.Array:
    r"""$-\sum_i p_i\log q_i$, with $0\log0=0$."""

    def term(p: jax.Array, q: jax.Array) -> jax.Array:
        return jnp.where(p == 0, 0.0, p * jnp.log(jnp.where(p == 0, 1.0, q)))

    return -_sum_of_terms(term, p, q)


@float64
def total_variation(p: Rows, q: Rows) -> jax.Array:
    r"""$\mathrm{TV}(p,q)=\tfrac12\sum_i|p_i-q_i|\in[0,1]$."""
    return 0.5 * _sum_of_terms(lambda p, q: jnp.abs(p - q), p, q)


@float64
def squared_hellinger(p: Rows, q: Rows) -> jax.Array:
    r"""$H^2(p,q)=\tfrac12\sum_i(\sqrt{p_i}-\sqrt{q_i})^2$; for rows summing to one also $1-\sum_i\sqrt{p_iq_i}$."""

    def term(p: jax.Array, q: jax.Array) -> jax.Array:
        both_zero = (p == 0) & (q == 0)
        roots = jnp.sqrt(jnp.where(both_zero, 1.0, p)) + jnp.sqrt(jnp.where(both_zero, 1.0, q))
        return ((p - q) / roots) ** 2

    return 0.5 * _sum_of_terms(term, p, q)


@float64
def chi_squared(p: Rows, q: Rows) -> jax.Array:
    r"""$\chi^2(p\,\|\,q)=\sum_i(p_i-q_i)^2/q_i$; $+\infty$ where $p_i>0=q_i$."""

    def term(p: jax.Array, q: jax.Array) -> jax.Array:
        return (p - q) * ((p - q) / jnp.where((p == 0) & (q == 0), 1.0, q))

    return _sum_of_terms(term, p, q)


@float64
def jensen_shannon(p: Rows, q: Rows) -> jax.Array:
    r"""$\tfrac12\mathrm{KL}(p\|m)+\tfrac12\mathrm{KL}(q\|m)$ with $m=\tfrac12(p+q)$; at most $\log2$."""

    def term(p: jax.Array, q: jax.Array) -> jax.Array:
        middle, half = 0.5 * (p + q), 0.5 * (q - p)
        return kl_term_from_difference(p, middle, half) + kl_term_from_difference(q, middle, -half)

    return 0.5 * _sum_of_terms(term, p, q)


@float64
def max_log_ratio(p: Rows, q: Rows) -> jax.Array:
    r"""$\max_i|\log(p_i/q_i)|$, the L∞ distance of the log-probabilities."""
    return jnp.max(jnp.abs(log_ratio(p, q)), axis=-1)
