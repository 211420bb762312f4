"""Bregman divergences of separable generators."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from w2s_theory._numerics import float64, kl_term, kl_term_from_difference, x_log_x
from w2s_theory._types import Array, Rows


@dataclass(frozen=True)
class Generator:
    r"""A convex $\varphi$ of one variable: its value, its derivative, and its divergence in an accurate form.

    `divergence(a, b)` is $\varphi(a)-\varphi(b)-\varphi'(b)(a-b)$ elementwise; left out, it is computed literally,
    which loses relative accuracy near a = b.  `from_slope` is the inverse of $\varphi'$.
    """

    name: str
    value: Callable[[Array], Array]
    divergence: Callable[[Array, Array], Array] | None = None
    from_slope: Callable[[Array], Array] = jnp.exp

    def slope(self, x: Array) -> Array:
        r"""$\varphi'(x)$ elementwise, by automatic differentiation."""
        return jax.jvp(self.value, (jnp.asarray(x),), (jnp.ones_like(jnp.asarray(x)),))[1]

    def term(self, a: Array, b: Array) -> Array:
        r"""$D_\varphi(a,b)$ elementwise."""
        if self.divergence is not None:
            return self.divergence(a, b)
        return self.value(a) - self.value(b) - self.slope(b) * (a - b)


@functools.cache
def generator(name: str) -> Generator:
    """The generator called `name`: one of `GENERATOR_NAMES`; `ValueError` otherwise."""
    match name:
        case "kl":
            return Generator("kl", lambda x: x_log_x(x) - x, kl_term)
        case "squared":
            return Generator("squared", jnp.square, lambda a, b: (a - b) ** 2, lambda u: 0.5 * u)
        case "itakura-saito":
            return Generator("itakura-saito", lambda x: -jnp.log(x), _itakura_saito_term, lambda u: -1.0 / u)
        case _:
            raise ValueError(f"unknown generator {name!r}; known: {', '.join(GENERATOR_NAMES)}")


def _itakura_saito_term(a: Array, b: Array) -> jax.Array:
    r"""$\frac ab-1-\log\frac ab$, the KL term of the pair (1, a/b)."""
    return kl_term_from_difference(jnp.ones_like(a), a / b, (a - b) / b)


GENERATOR_NAMES = ("kl", "squared", "itakura-saito")


@float64(static=("phi",))
def bregman_divergence(a: Rows, b: Rows, *, phi: Generator) -> jax.Array:
    r"""$D_\varphi(a,b)=\sum_i\varphi(a_i)-\varphi(b_i)-\varphi'(b_i)(a_i-b_i)\ge0$ over the last axis.

    `kl`: $\varphi=t\log t-t$, the generalised KL divergence; `squared`: $t^2$; `itakura-saito`: $-\log t$.
    """
    return jnp.sum(phi.term(jnp.asarray(a), jnp.asarray(b)), axis=-1)
