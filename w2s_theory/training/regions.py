"""Where the parameters of a student may lie: convex regions described by inequalities c(x) ≥ 0."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_theory._types import Array


class Region(eqx.Module):
    """A convex set of vectors x (d,), given by concave quadratic inequalities.

    `curved`: not all of them are linear; `total`: the entries of x sum to one.
    """

    total: bool = eqx.field(static=True, default=False, kw_only=True)
    curved: bool = eqx.field(static=True, default=False, kw_only=True)

    @abstractmethod
    def centre(self, size: int) -> jax.Array:
        """A point in the interior, (d,)."""

    @abstractmethod
    def slack(self, x: Array) -> jax.Array:
        """c(x), positive in the interior, (number of inequalities,)."""

    @abstractmethod
    def bend(self, step: Array) -> jax.Array:
        """Minus the second derivative of c along `step`, ≥ 0, one entry an inequality."""

    @abstractmethod
    def gap(self, x: Array, slope: Array) -> Array:
        r"""Frank–Wolfe gap $\max_{y}\langle\text{slope},x-y\rangle\ge0$ over the region."""

    def retracts(self, step: Array) -> jax.Array:
        """Whether a step is short enough for `retracted` to stay close to where it leads."""
        return jnp.zeros((), bool)

    def retracted(self, x: Array, slack: Array) -> Array:
        """x, where a step has left a curved region the point next to it whose inequalities have this `slack`."""
        return x

    def multiplier_curvature(self, multipliers: Array, size: int) -> jax.Array:
        """Diagonal of -Σ sₙ ∇²cₙ: how multipliers bend the Lagrangian, (d,)."""
        return jnp.zeros(size)


class Simplex(Region):
    """x ≥ 0 with Σx = 1: mixture weights."""

    total: bool = eqx.field(static=True, default=True, kw_only=True)

    def centre(self, size: int) -> jax.Array:
        """Equal weights."""
        return jnp.full(size, 1.0 / size)

    def slack(self, x: Array) -> jax.Array:
        """x itself."""
        return jnp.asarray(x)

    def bend(self, step: Array) -> jax.Array:
        """Zero: the inequalities are linear."""
        return jnp.zeros_like(step)

    def gap(self, x: Array, slope: Array) -> Array:
        r"""$\sum_jx_j(g_j-\min_ig_i)$."""
        return jnp.sum((slope - jnp.min(slope)) * x)


class Orthant(Region):
    r"""x ≥ 0: coefficients of a cone.  `reach` bounds Σx of the points that the gap compares with."""

    reach: Array

    def centre(self, size: int) -> jax.Array:
        """Equal coefficients that sum to `reach`."""
        return jnp.full(size, self.reach / size)

    def slack(self, x: Array) -> jax.Array:
        """x itself."""
        return jnp.asarray(x)

    def bend(self, step: Array) -> jax.Array:
        """Zero: the inequalities are linear."""
        return jnp.zeros_like(step)

    def gap(self, x: Array, slope: Array) -> Array:
        r"""$|\langle g,x\rangle|+\text{reach}\cdot\max_j(-g_j)_+$: against points with Σx ≤ reach."""
        return jnp.abs(jnp.sum(slope * x)) + self.reach * jnp.maximum(-jnp.min(slope), 0.0)


class Ball(Region):
    """‖x‖₂ ≤ radius."""

    radius: Array
    curved: bool = eqx.field(static=True, default=True, kw_only=True)

    def centre(self, size: int) -> jax.Array:
        """Zero."""
        return jnp.zeros(size)

    def slack(self, x: Array) -> jax.Array:
        """½(radius² - ‖x‖²)."""
        return jnp.asarray(0.5 * (self.radius**2 - jnp.sum(x**2)))[None]

    def bend(self, step: Array) -> jax.Array:
        """‖step‖²."""
        return jnp.sum(step**2)[None]

    def gap(self, x: Array, slope: Array) -> Array:
        r"""$\langle g,x\rangle+R\|g\|_2$."""
        return jnp.sum(slope * x) + self.radius * jnp.sqrt(jnp.sum(slope**2))

    def retracts(self, step: Array) -> jax.Array:
        """Steps of at most a tenth of the radius."""
        return jnp.asarray(jnp.sum(step**2) <= (0.1 * self.radius) ** 2)

    def retracted(self, x: Array, slack: Array) -> Array:
        """x scaled down to ½(radius² - ‖x‖²) ≥ slack, a slack of at most radius²/4."""
        room = self.radius**2 - 2.0 * jnp.minimum(slack[0], 0.25 * self.radius**2)
        size = jnp.sum(x**2)
        return x * jnp.sqrt(jnp.where(size > room, room / jnp.where(size > room, size, 1.0), 1.0))

    def multiplier_curvature(self, multipliers: Array, size: int) -> jax.Array:
        """The one multiplier, everywhere."""
        return jnp.full(size, multipliers[0])


class Box(Region):
    """Every |xⱼ| ≤ radius."""

    radius: Array

    def centre(self, size: int) -> jax.Array:
        """Zero."""
        return jnp.zeros(size)

    def slack(self, x: Array) -> jax.Array:
        """radius - x, then radius + x."""
        return jnp.concatenate([self.radius - x, self.radius + x])

    def bend(self, step: Array) -> jax.Array:
        """Zero: the inequalities are linear."""
        return jnp.zeros(2 * step.shape[0])

    def gap(self, x: Array, slope: Array) -> Array:
        r"""$\langle g,x\rangle+R\|g\|_1$."""
        return jnp.sum(slope * x) + self.radius * jnp.sum(jnp.abs(slope))
