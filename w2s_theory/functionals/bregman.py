"""Bregman divergences of separable generators."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from w2s_theory._numerics import excess_over_log, float64, kl_term, x_log_x
from w2s_theory._types import Array, Rows


@dataclass(frozen=True)
class Generator:
    r"""A convex $\varphi$ of one variable: its value, its derivative, and its divergence in an accurate form.

    `divergence(a, b)` is $\varphi(a)-\varphi(b)-\varphi'(b)(a-b)$ elementwise; left out, it is computed literally,
    which loses relative accuracy near a = b.
    """

    name: str
    value: Callable[[Array], jax.Array]
    divergence: Callable[[Array, Array], jax.Array] | None = None

    def slope(self, x: Array) -> jax.Array:
        r"""$\varphi'(x)$ elementwise, by automatic differentiation."""
        return jax.jvp(self.value, (jnp.asarray(x),), (jnp.ones_like(jnp.asarray(x)),))[1]

    def term(self, a: Array, b: Array) -> jax.Array:
        r"""$D_\varphi(a,b)$ elementwise."""
        if self.divergence is not None:
            return self.divergence(a, b)
        return self.value(a) - self.value(b) - self.slope(b) * (a - b)


def generator(name: str) -> Generator:
    """The generator called `name`: one of `GENERATOR_NAMES`; `ValueError` otherwise."""
    match name:
        case "kl":
            return Generator("kl", lambda x: x_log_x(x) - x, kl_term)
        case "squared":
            return Generator("squared", jnp.square, lambda a, b: (a - b) ** 2)
        case "itakura-saito":
            return Generator("itakura-saito", lambda x: -jnp.log(x), lambda a, b: excess_over_log((a - b) / b))
        case _:
            raise ValueError(f"unknown generator {name!r}; known: {', '.join(GENERATOR_NAMES)}")


GENERATOR_NAMES = ("kl", "squared", "itakura-saito")


@float64(static=("phi",))
def bregman_divergence(a: Rows, b: Rows, *, phi: Generator) -> jax.Array:
    r"""$D_\varphi(a,b)=\sum_i\varphi(a_i)-\varphi(b_i)-\varphi'(b_i)(a_i-b_i)\ge0$ over the last axis.

    `kl`: $\varphi=t\log t-t$, the generalised KL divergence; `squared`: $t^2$; `itakura-saito`: $-\log t$.
    """
    return jnp.sum(phi.term(jnp.asarray(a), jnp.asarray(b)), axis=-1)
