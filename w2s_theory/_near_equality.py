"""Two positive numbers, and the logarithm of their ratio, by operations of which XLA makes one loop over a table.

A logarithm, or a quotient that is used twice, would make it cut the loop and store tables between the pieces.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


class Near(NamedTuple):
    r"""Two positive numbers brought near each other: $h=4^ch'$ with $h'$ within a factor of 2.13 of g.

    With $s=(h'-g)/(h'+g)$, $\log(g/h)=-2s(1+\text{tail})-c\log4$, tail $=s^2/3+s^4/5+\dots$
    """

    h: jax.Array
    near: jax.Array
    power: jax.Array
    difference: jax.Array
    s: jax.Array
    tail: jax.Array


_ARTANH = {
    8: (
        0.3333333333333331,
        0.20000000000034449,
        0.14285714277036735,
        0.11111111956694018,
        0.09090867388116317,
        0.07693483617852138,
        0.06646618714719917,
        0.060914578097567486,
        0.03974784628738592,
        0.08910782762748332,
    ),
    4: (0.33333334, 0.19999707, 0.14303473, 0.10740365, 0.12147792),
}
r"""Coefficients of $(\operatorname{artanh}(s)/s-1)/s^2$ in $s^2\in[0,0.1306]$ by bytes of a number.

Chebyshev interpolation; off by 1e-15 and 4e-8 of its size, and at most 0.05 of a logarithm.
"""


def brought_near(g: jax.Array, h: jax.Array, difference: jax.Array | None = None) -> Near:
    """Powers of four are counted in the bits of the numbers: a compiled loop has no branch, logarithm or quotient.

    Numbers below four times the smallest normal one count as that.  `difference` is h - g, if known more accurately.
    """
    bytes_ = g.dtype.itemsize
    integer, shift = {8: (np.int64, 53), 4: (np.int32, 24)}[bytes_]
    g, h = at_least_tiny(g), at_least_tiny(h)
    g_bits, h_bits = lax.bitcast_convert_type(g, integer), lax.bitcast_convert_type(h, integer)
    fours = (h_bits - g_bits + (1 << (shift - 1))) >> shift
    near = lax.bitcast_convert_type(h_bits - (fours << shift), g.dtype)
    apart = near - g if difference is None else jnp.where(fours == 0, difference, near - g)
    s = apart * _reciprocal(near + g)
    square = s * s
    series = jnp.full_like(square, _ARTANH[bytes_][-1])
    for coefficient in _ARTANH[bytes_][-2::-1]:
        series = series * square + coefficient
    return Near(h, near, fours.astype(g.dtype), apart, s, square * series)


def _reciprocal(x: jax.Array) -> jax.Array:
    """1/x to the last digit or two, for numbers from 1e-307 to 1e307 (in float32 from 1e-37 to 1e37).

    A first guess from the bits is within an eighth, and every step cubes its error.
    """
    magic, steps = {8: (np.int64(0x7FDE623822FC16E6), 3), 4: (np.int32(0x7EF311C7), 2)}[x.dtype.itemsize]
    guess = lax.bitcast_convert_type(magic - lax.bitcast_convert_type(x, magic.dtype), x.dtype)
    for _ in range(steps):
        error = 1.0 - x * guess
        guess += guess * (error + error * error)
    return guess


def at_least_tiny(x: jax.Array) -> jax.Array:
    """x, or four times the smallest normal number; what is not a number stays so."""
    least = 4.0 * float(jnp.finfo(x.dtype).tiny)
    return jnp.where(x < least, least, x)
