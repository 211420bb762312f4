"""Numerics that decide right from wrong: differences of logarithms that keep *relative* accuracy near equality.

Every divergence here is a sum of terms that are exactly zero when the two arguments agree and second order
around it.  Written naively, such a sum loses all its digits; these forms keep a relative accuracy of 1e-10 down
to a divergence of 1e-24 and below.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from w2s_theory._near_equality import at_least_tiny, brought_near
from w2s_theory._types import Array

P = ParamSpec("P")
T = TypeVar("T")

_LOG_4 = math.log(4.0)

UNIT_ROUNDOFF = 2.0**-53
"""Half the spacing of float64 around one."""

_ELEMENTARY_ULPS = 32


@functools.cache
def _compiler_options(optimised: bool) -> dict[str, Any]:
    """Options of XLA, those that this version of it knows.

    None of jaxlib 0.10's "ynn" fusions, which are known to crash or to wait for ever on some shapes (issue 39257 of
    JAX).  On request no LLVM optimisation, and then each fusion written as LLVM code at once rather than through MLIR:
    the code is as fast, and made in half the time.
    """
    wanted: dict[str, Any] = {"xla_cpu_experimental_ynn_fusion_type": ""}
    if not optimised:
        wanted |= {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
    return {name: value for name, value in wanted.items() if _is_option(name, value)}


def _is_option(name: str, value: Any) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={name: value}).lower().compile()
    except RuntimeError:
        return False
    return True


def compiled(function: Callable[..., Any], *, optimised: bool = True, **options: Any) -> Any:
    """`jax.jit` with this package's compiler options; not `optimised` compiles faster and runs slower.

    Nothing is where JAX is asked for few optimisations, by `jax_disable_most_optimizations`.
    """
    return jax.jit(function, compiler_options=_compiler_options(optimised and _optimising()), **options)


def _optimising() -> bool:
    return not jax.config.read("jax_disable_most_optimizations")


def float64(function: Callable[P, T] | None = None, *, static: tuple[str, ...] = ()) -> Any:
    """Compile `function` and run it in float64, whatever the global JAX precision is.

    Python numbers, lists and float64 arrays are computed in float64; a float32 array stays float32, because its
    owner asked for it, and so do numbers and lists beside float32 arrays only.  Inside a trace (`jit`, `vmap`, `grad`)
    the function is a part of what is traced, in the precision in force, inside `jit` on constants too; what is called
    again with the same shapes is not traced again.  `static` names keyword arguments that choose a formula rather than
    enter it.
    """
    if function is None:
        return functools.partial(float64, static=static)
    traced: Any = jax.jit(function, static_argnames=static)

    @functools.cache
    def made(optimised: bool) -> Any:
        return compiled(function, optimised=optimised, static_argnames=static)

    @functools.wraps(function)
    def entry(*args: P.args, **kwargs: P.kwargs) -> T:
        fixed = {name: kwargs.pop(name) for name in static if name in kwargs}
        plain_args, plain_kwargs = _as_arrays((args, kwargs))
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((plain_args, plain_kwargs))):
            return traced(*plain_args, **plain_kwargs, **fixed)
        whole = made(_optimising())

        def run() -> T:
            with jax.enable_x64(True):
                return whole(*plain_args, **plain_kwargs, **fixed)

        return _run_or_staged(run, lambda: traced(*plain_args, **plain_kwargs, **fixed))

    return entry


def _run_or_staged(run: Callable[[], T], staged: Callable[[], T]) -> T:
    """`run()`, a program of its own; where JAX is staging another one, constants and all, a part of it: `staged()`."""
    try:
        return run()
    except ValueError as problem:
        if "`compiler_options` can only be passed to top-level" not in str(problem):
            raise
    return staged()


def on_arrays(function: Callable[..., T]) -> Callable[..., T]:
    """`function`, given lists as float64 arrays: for what prepares the arguments of compiled functions."""

    def converted(x: Any) -> Any:
        return np.asarray(x, float) if _is_list(x) else x

    @functools.wraps(function)
    def entry(*args: Any, **kwargs: Any) -> T:
        return function(*map(converted, args), **{name: converted(x) for name, x in kwargs.items()})

    return entry


def one_program(function: Callable[P, T]) -> Callable[P, T]:
    """`function` compiled as a whole, in the precision in force; in a trace it is traced once a choice of shapes."""
    traced: Any = jax.jit(function)
    made: Any = None

    @functools.wraps(function)
    def entry(*args: P.args, **kwargs: P.kwargs) -> T:
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((args, kwargs))):
            return traced(*args, **kwargs)
        nonlocal made
        made = made or compiled(function, optimised=False)
        return _run_or_staged(lambda: made(*args, **kwargs), lambda: traced(*args, **kwargs))

    return entry


def _as_arrays(arguments: Any) -> Any:
    """Python numbers and lists as arrays: of float64, or of the precision of the arrays beside them."""
    dtypes = [getattr(leaf, "dtype", np.dtype(int)) for leaf in jax.tree.leaves(arguments, is_leaf=_is_list)]
    precision = max(
        (d for d in dtypes if jnp.issubdtype(d, jnp.inexact)), key=lambda d: d.itemsize, default=np.dtype(float)
    )
    return jax.tree.map(functools.partial(_as_array, precision), arguments, is_leaf=_is_list)


def _is_list(x: Any) -> bool:
    return isinstance(x, list)


def _as_array(precision: np.dtype, leaf: Any) -> Any:
    return np.asarray(leaf, dtype=precision) if isinstance(leaf, int | float | list) else leaf


def real(x: Array | float) -> jax.Array:
    """`x` as a floating-point JAX array in the precision in force."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.result_type(float))


def rounding_budget(terms: int, scale: Array | float) -> jax.Array:
    r"""Bound on the rounding error of a sum of `terms` products of elementary functions.

    $(\text{terms} + 32)\,u\cdot\text{scale}$, where $u=2^{-53}$ and `scale` is the sum of the absolute values of
    the terms: the classical bound for recursive summation, with 32 ulps for the functions in each term.
    """
    return jnp.asarray((terms + _ELEMENTARY_ULPS) * UNIT_ROUNDOFF * scale)


def _real_pair(*numbers: Array) -> tuple[jax.Array, ...]:
    """Arrays of one precision, float32 or float64."""
    dtype = jnp.result_type(*numbers)
    if not jnp.issubdtype(dtype, jnp.inexact):
        dtype = jnp.result_type(float)
    return tuple(jnp.asarray(x, jnp.promote_types(dtype, jnp.float32)) for x in numbers)


@one_program
def log_ratio(a: Array, b: Array) -> jax.Array:
    r"""$\log(a/b)$ for $a,b\ge0$, relatively accurate near $a=b$; $0/0$ counts as one.

    $b=4^cb'$ with $b'$ near a, and $\log(b'/a)=2\operatorname{artanh}\frac{b'-a}{b'+a}$, whose argument is free of
    cancellation.
    """
    a, b = _real_pair(a, b)
    return _log_ratio(a, b, b - a)


@jax.custom_jvp
def _log_ratio(a: jax.Array, b: jax.Array, difference: jax.Array) -> jax.Array:
    """log(a/b) for a pair with a known difference b - a."""
    r = brought_near(a, b, difference)
    value = -2.0 * r.s * (1.0 + r.tail) - _LOG_4 * r.power
    value = jnp.where((a == 0) & (b > 0), -jnp.inf, value)
    value = jnp.where((b == 0) & (a > 0), jnp.inf, value)
    return jnp.where(jnp.isnan(b), b, value)


@_log_ratio.defjvp
def _(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    a, b, _ = primals
    slope_a, slope_b = (1.0 / jnp.where(x > 0, x, 1.0) for x in (a, b))
    return _log_ratio(*primals), slope_a * tangents[0] - slope_b * tangents[1]


@one_program
def kl_term(g: Array, h: Array) -> jax.Array:
    r"""$g\log(g/h)-g+h\ge0$, relatively accurate near $g=h$; $0\log0=0$, and $+\infty$ where $g>0=h$.

    With $h=4^ch'$, $h'$ near g, and $s=(h'-g)/(h'+g)$ the term equals
    $s\,[(h'-g)-2g\,s^2(\tfrac13+\tfrac{s^2}5+\dots)]-c\,g\log4+(h-h')$: no division by g, and no subtraction of
    nearly equal numbers, because c = 0 where they are.
    """
    return _kl_term(*_real_pair(g, h))


@one_program
def kl_term_from_difference(g: Array, h: Array, difference: Array) -> jax.Array:
    """`kl_term` for a pair whose difference h - g is known more accurately than the subtraction would give it."""
    return _kl_term_from_difference(*_real_pair(g, h, difference))


def _kl_value(g: jax.Array, h: jax.Array, difference: jax.Array | None = None) -> jax.Array:
    r = brought_near(g, h, difference)
    value = r.s * (r.difference - 2.0 * g * r.tail) - (_LOG_4 * r.power) * g + (r.h - r.near)
    return jnp.where(g == 0, h, jnp.where(h == 0, jnp.inf, value))


_kl_term = jax.custom_jvp(lambda g, h: _kl_value(g, h))
_kl_term_from_difference = jax.custom_jvp(_kl_value)


@_kl_term.defjvp
def _(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    r"""$\log(g/h)\,\dot g+\frac{h-g}h\dot h$."""
    g, h = map(at_least_tiny, primals)
    return _kl_term(*primals), _log_ratio(g, h, h - g) * tangents[0] + (h - g) / h * tangents[1]


@_kl_term_from_difference.defjvp
def _(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    r"""$[\log(g/h)+\frac dh]\dot g+\frac dh\dot d$ with d = h - g, the bracket being minus the term of (1, g/h)."""
    g, h = map(at_least_tiny, primals[:2])
    step = primals[2] / h
    both = _kl_term_from_difference(jnp.ones_like(g), at_least_tiny(g / h), -step)
    return _kl_term_from_difference(*primals), step * tangents[2] - both * tangents[0]


def excess_over_log(r: Array) -> jax.Array:
    r"""$\varphi(r)=r-\log(1+r)\ge0$ for $r\ge-1$, relatively accurate near zero."""
    r = jnp.asarray(r)
    return kl_term_from_difference(jnp.ones_like(r), 1.0 + r, r)


@one_program
def exp_excess(z: Array) -> jax.Array:
    r"""$e^z-1-z\ge0$, relatively accurate near zero."""
    z = jnp.asarray(z)
    near = jnp.abs(z) < 0.5
    small = jnp.where(near, z, 0.0)
    total = jnp.full_like(small, 1 / 17)
    for j in range(16, 2, -1):
        total = (1.0 + small * total) / j
    series = 0.5 * small * small * (1.0 + small * total)
    return jnp.where(near, series, jnp.expm1(z) - z)


def x_log_x(x: Array) -> jax.Array:
    r"""$x\log x$ with $0\log0=0$."""
    positive = x > 0
    return jnp.where(positive, x * jnp.log(jnp.where(positive, x, 1.0)), 0.0)


@one_program
def langevin(t: Array) -> jax.Array:
    r"""$\coth t-1/t$ for $t\ge0$, by its Taylor series below $t=0.6$ and directly above."""
    t = jnp.asarray(t)
    near = t < 0.6
    x = jnp.where(near, t, 0.0)
    y = x * x
    series = jnp.zeros_like(x)
    for coefficient in reversed(_LANGEVIN):
        series = series * y + coefficient
    big = jnp.where(near, 1.0, t)
    direct = 1.0 + 2.0 / jnp.expm1(jnp.minimum(2.0 * big, 700.0)) - 1.0 / big
    return jnp.where(near, x * series, direct)


def _langevin_coefficients(count: int) -> tuple[float, ...]:
    """Taylor coefficients of (coth t - 1/t)/t in t², from t·coth t = cosh t / (sinh t / t)."""
    even = [1.0]
    odd = [1.0]
    for j in range(1, count + 1):
        even.append(even[-1] / ((2 * j - 1) * (2 * j)))
        odd.append(odd[-1] / ((2 * j) * (2 * j + 1)))
    quotient: list[float] = []
    for j in range(count + 1):
        quotient.append(even[j] - sum(quotient[i] * odd[j - i] for i in range(j)))
    return tuple(quotient[1:])


_LANGEVIN = _langevin_coefficients(14)


def increasing_root(
    function: Callable[[jax.Array], jax.Array], low: Array | float, high: Array | float, *, steps: int = 64
) -> jax.Array:
    """Root of an increasing scalar function bracketed by [low, high], to the last digits.

    Chandrupatla's method (1997): inverse quadratic interpolation where three points show that it is safe, bisection
    elsewhere, which needs nothing of the function but its sign, so flat stretches, infinities and jumps do no harm.
    Both ends are asked first, and the function must be a number at `low`.  After `steps` evaluations all steps are
    bisections.  If the function has no sign change the nearer end is returned.  Differentiable by the implicit
    function theorem, usable under `jit` and `vmap`.
    """
    precision = jax.eval_shape(function, real(low)).dtype
    low, high = jnp.asarray(low, precision), jnp.asarray(high, precision)
    low, high = jnp.broadcast_arrays(low, high)
    resolution = 2.0 * float(jnp.finfo(precision).eps)

    def solve(f: Callable[[jax.Array], jax.Array], _: jax.Array) -> jax.Array:
        def unfinished(state: _Bracket) -> jax.Array:
            return (state.share < 0.5) & (state.step < 2 * steps)

        def narrow(state: _Bracket) -> _Bracket:
            x = (1.0 - state.fraction) * state.new + state.fraction * state.far
            return state.narrowed(x, f(x), resolution, high - low, bisect=state.step >= steps)

        unknown = jnp.full_like(low, jnp.nan)
        begin = _Bracket(
            low, unknown, high, unknown, jnp.asarray(True), jnp.zeros_like(low), jnp.zeros_like(low), jnp.asarray(0)
        )
        return lax.while_loop(unfinished, narrow, begin).root

    def tangent_solve(linear: Callable[[jax.Array], jax.Array], y: jax.Array) -> jax.Array:
        return y / linear(jnp.ones_like(y))

    return lax.custom_root(function, 0.5 * (low + high), solve, tangent_solve)


class _Bracket(NamedTuple):
    """A bracket of a root: the `new` end, its value and whether the root is above it, and the `far` end.

    The next point divides the bracket at `fraction` from the new end, both ends being asked first; `share` is the
    resolution's share of it.  Values are NaN, and all comparisons with them false, until the function has been asked.
    """

    new: jax.Array
    at_new: jax.Array
    far: jax.Array
    at_far: jax.Array
    rising: jax.Array
    fraction: jax.Array
    share: jax.Array
    step: jax.Array

    @property
    def root(self) -> jax.Array:
        """The end whose value is nearer zero."""
        return jnp.where(jnp.abs(self.at_far) < jnp.abs(self.at_new), self.far, self.new)

    def narrowed(self, x: jax.Array, at_x: jax.Array, resolution: float, width: jax.Array, bisect: Array) -> "_Bracket":
        """The bracket when the function has been found to be `at_x` at x, inside it."""
        rising = at_x < 0
        same = rising == self.rising
        old, at_old = jnp.where(same, self.new, self.far), jnp.where(same, self.at_new, self.at_far)
        far, at_far = jnp.where(same, self.far, self.new), jnp.where(same, self.at_far, self.at_new)
        place = (x - far) / (old - far)
        height = (at_x - at_far) / (at_old - at_far)
        safe = (height**2 < place) & ((1.0 - height) ** 2 < 1.0 - place) & ~bisect
        inverse = at_x / (at_far - at_x) * at_old / (at_far - at_old)
        inverse += (old - x) / (far - x) * at_x / (at_old - at_x) * at_far / (at_old - at_far)
        root = jnp.where(jnp.abs(at_far) < jnp.abs(at_x), far, x)
        share = (resolution * jnp.abs(root) + 2.0**-63 * width) / jnp.abs(far - x)
        share = jnp.where(at_x == 0, 1.0, share)
        blind = jnp.where(self.step == 0, 1.0, 0.5)
        fraction = jnp.where(safe, jnp.clip(inverse, share, 1.0 - share), blind)
        return _Bracket(x, at_x, far, at_far, rising, fraction, share, self.step + 1)
