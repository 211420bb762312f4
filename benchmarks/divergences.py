# pyright: reportMissingImports=false
"""Divergences over a batch of rows: mean KL and mean total variation, and how the KL does near equality."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.apart import Work
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.limits import Least
from benchmarks.targets import Target, above_limit, behind, error, lead
from benchmarks.task import Task
from w2s_theory import kl_divergence, total_variation
from w2s_theory._numerics import compiled

SIZES = ((1_000_000, 10, "float64"), (100_000, 100, "float64"), (2_000, 50_000, "float64"), (2_000, 50_000, "float32"))
TOLERANCES = {"float64": 1e-9, "float32": 1e-4}
PAIRS, CLOSE = 200_000, 1e-8
KL, TV, CLOSE_KL = "KL", "total variation", "KL near equality"
ACCURATE, PLAIN, LIBRARY = "accurate", "plain sum", "library"


@dataclass(frozen=True)
class Pair:
    """Two tables of rows that sum to one."""

    p: np.ndarray
    q: np.ndarray

    @cached_property
    def on_jax(self) -> tuple[jax.Array, jax.Array]:
        """Both as JAX arrays of their own precision, which all that use JAX share."""
        with jax.enable_x64(True):
            return jax.block_until_ready((jnp.asarray(self.p), jnp.asarray(self.q)))

    def on_torch(self) -> tuple[Any, Any]:
        """Both as PyTorch tensors, on the same memory."""
        import torch

        return torch.from_numpy(self.p), torch.from_numpy(self.q)


def draw(n: int, k: int, kind: str) -> Pair:
    """Rows uniform on the simplex."""
    rng = np.random.default_rng(0)

    def rows() -> np.ndarray:
        made = rng.standard_exponential((n, k), dtype=np.dtype(kind))
        made += np.finfo(kind).eps  # a float32 zero would make every divergence infinite
        made /= made.sum(axis=1, keepdims=True)
        return made

    return Pair(rows(), rows())


def close_pairs(n: int, k: int) -> Pair:
    """Rows and the same rows moved by one part in 10⁸."""
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(k), n)
    q = p * (1.0 + CLOSE * rng.uniform(-1.0, 1.0, (n, k)))
    return Pair(p, q / q.sum(axis=1, keepdims=True))


Formula = Callable[[Any, Any], Any]


def in_jax(pair: Pair, formula: Formula) -> Work:
    """A formula in JAX of both tables."""
    p, q = pair.on_jax

    def work() -> Any:
        with jax.enable_x64(True):
            return formula(p, q)

    return work


def jitted(formula: Formula) -> Formula:
    """`jax.jit` as its users call it."""
    return jax.jit(formula)  # noqa: TID251


def in_torch(pair: Pair, formula: Callable[[Any, Any, Any], Any], compiles: bool = False) -> Work:
    """A formula in PyTorch of the library and both tables, compiled or not."""
    import torch

    p, q = pair.on_torch()
    run = partial(formula, torch)
    made = torch.compile(run) if compiles else run
    return lambda: made(p, q).numpy()


def numpy_log1p(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Σ p(r − log(1 + r)) with r = (q − p)/p, which keeps its digits near equality."""
    r = (q - p) / p
    return (p * (r - np.log1p(r))).sum(axis=-1)


def jax_log1p(p: jax.Array, q: jax.Array) -> jax.Array:
    """The same in JAX."""
    r = (q - p) / p
    return jnp.sum(p * (r - jnp.log1p(r)), axis=-1)


def plain(p: Any, q: Any, xp: Any) -> Any:
    """Σ p log(p/q), unguarded, by NumPy or JAX."""
    return (p * xp.log(p / q)).sum(-1)


def kl_case(n: int, k: int, kind: str) -> Case:
    """Mean KL, both tables ready."""
    pair = draw(n, k, kind)

    def torch_kl(torch: Any, p: Any, q: Any) -> Any:
        return torch.nn.functional.kl_div(q.log(), p, reduction="batchmean")

    def special(name: str) -> Work:
        from scipy import special

        return lambda: getattr(special, name)(pair.p, pair.q).sum(axis=1).mean()

    def entropy() -> Work:
        from scipy import stats

        return lambda: stats.entropy(pair.p, pair.q, axis=1).mean()

    def metrics() -> Work:
        from torchmetrics.functional import kl_divergence as torch_kl_divergence

        p, q = pair.on_torch()
        return lambda: torch_kl_divergence(p, q).numpy()

    inside = compiled(lambda p, q: jnp.mean(kl_divergence(p, q)))
    simple = jitted(lambda p, q: jnp.mean(plain(p, q, jnp)))
    guarded = jitted(lambda p, q: jnp.mean(jnp.sum(jax.scipy.special.rel_entr(p, q), axis=-1)))
    careful = jitted(lambda p, q: jnp.mean(jax_log1p(p, q)))
    far = kind == "float32"  # of rows so far apart, r and log(1 + r) cancel too
    contestants = (
        Contestant("kl_divergence", lambda: in_jax(pair, lambda p, q: jnp.mean(kl_divergence(p, q))), OURS),
        Contestant("kl_divergence inside jit", lambda: in_jax(pair, inside), OURS),
        Contestant("jax.jit Σ p log(p/q)", lambda: in_jax(pair, simple), PLAIN, compiles=True),
        Contestant("torch.compile F.kl_div", lambda: in_torch(pair, torch_kl, True), PLAIN, compiles=True),
        Contestant("NumPy Σ p log(p/q)", lambda: lambda: plain(pair.p, pair.q, np).mean(), PLAIN),
        Contestant("torch F.kl_div", lambda: in_torch(pair, torch_kl), LIBRARY),
        Contestant("jax.scipy rel_entr, jit", lambda: in_jax(pair, guarded), LIBRARY),
        Contestant("scipy rel_entr", lambda: special("rel_entr"), LIBRARY),
        Contestant("scipy.stats.entropy", entropy, LIBRARY),
        Contestant("torchmetrics", metrics, LIBRARY),
        Contestant("jax.jit Σ p(r − log1p r)", lambda: in_jax(pair, careful), ACCURATE, far, compiles=True),
        Contestant("NumPy Σ p(r − log1p r)", lambda: lambda: numpy_log1p(pair.p, pair.q).mean(), ACCURATE, far),
    )
    logs = {"single_logarithms" if kind == "float32" else "logarithms": float(n * k)}
    least = Least(read=2.0 * pair.p.nbytes, **logs)
    return Case(f"mean KL, n = {n:,}, k = {k:,}, {kind}", contestants, KL, TOLERANCES[kind], least=least)


def tv_case(n: int, k: int, kind: str) -> Case:
    """Mean total variation, both tables ready."""
    pair = draw(n, k, kind)

    def half(p: Any, q: Any) -> Any:
        return 0.5 * abs(p - q).sum(-1).mean()

    inside = compiled(lambda p, q: jnp.mean(total_variation(p, q)))
    contestants = (
        Contestant("total_variation", lambda: in_jax(pair, lambda p, q: jnp.mean(total_variation(p, q))), OURS),
        Contestant("total_variation inside jit", lambda: in_jax(pair, inside), OURS),
        Contestant("jax.jit", lambda: in_jax(pair, jitted(half)), compiles=True),
        Contestant("NumPy", lambda: lambda: half(pair.p, pair.q)),
        Contestant("torch", lambda: in_torch(pair, lambda torch, p, q: half(p, q))),
        Contestant(
            "torch.compile", lambda: in_torch(pair, lambda torch, p, q: half(p, q), compiles=True), compiles=True
        ),
    )
    least = Least(read=2.0 * pair.p.nbytes)
    name = f"mean total variation, n = {n:,}, k = {k:,}, {kind}"
    return Case(name, contestants, TV, TOLERANCES[kind], least=least, seconds=1.0)


def close_case(n: int, k: int) -> Case:
    """The KL of every pair of nearly equal rows, judged in extended precision."""
    pair = close_pairs(n, k)
    p, q = (table.astype(np.longdouble) for table in (pair.p, pair.q))
    truth = numpy_log1p(p, q).astype(float)
    distance = 0.5 * np.abs(p - q).sum(axis=1).astype(float)

    def worst(value: Any) -> float:
        return float(np.max(np.abs(np.asarray(value) / truth - 1.0)))

    def facts(value: Any) -> dict[str, str]:
        made = np.asarray(value, float)
        refuted = distance > np.sqrt(np.maximum(made, 0.0) / 2.0) * (1.0 + 1e-9)
        return {"negative": f"{np.mean(made < 0):.1%}", "'refutes' Pinsker": f"{np.mean(refuted):.1%}"}

    def torch_rows(torch: Any, p: Any, q: Any) -> Any:
        return torch.nn.functional.kl_div(q.log(), p, reduction="none").sum(-1)

    def special(name: str) -> Work:
        from scipy import special

        return lambda: getattr(special, name)(pair.p, pair.q).sum(axis=1)

    plainly = jitted(lambda p, q: plain(p, q, jnp))
    contestants = (
        Contestant("kl_divergence", lambda: in_jax(pair, kl_divergence), OURS),
        Contestant("NumPy Σ p(r − log1p r)", lambda: lambda: numpy_log1p(pair.p, pair.q), ACCURATE, True),
        Contestant("jax.jit Σ p log(p/q)", lambda: in_jax(pair, plainly), PLAIN, True, compiles=True),
        Contestant("NumPy Σ p log(p/q)", lambda: lambda: plain(pair.p, pair.q, np), PLAIN, True),
        Contestant("scipy rel_entr", lambda: special("rel_entr"), LIBRARY, True),
        Contestant("scipy kl_div", lambda: special("kl_div"), LIBRARY, True),
        Contestant("torch F.kl_div", lambda: in_torch(pair, torch_rows), LIBRARY, True),
    )
    return Case(
        f"KL of {n:,} pairs one part in 10⁸ apart, k = {k}",
        contestants,
        CLOSE_KL,
        1e-9,
        error=worst,
        error_name="largest relative error",
        facts=facts,
        seconds=1.0,
    )


def cases(quick: bool) -> Iterator[Case]:
    """All cases."""
    sizes = ((500, 10, "float64"), (20, 300, "float32")) if quick else SIZES
    for size in sizes:
        yield kl_case(*size)
    for size in sizes[:3]:
        yield tv_case(*size)
    yield close_case(500 if quick else PAIRS, 8)


TASK = Task(
    "divergences",
    "Divergences over a batch",
    "Means over a batch of rows that is ready in the memory of each library; the time for a mean is counted.  Sums "
    "p log(p/q) are inaccurate near equality, as the last table shows; `accurate` forms keep their digits there.",
    cases,
    (
        Target("KL: time beside the fastest plain, inaccurate sum", KL, behind(PLAIN), most=1.7),
        Target(
            "KL: ahead of every accurate form and of every library",
            KL,
            lead(ACCURATE, LIBRARY),
            least=1.0,
            why="JAX fuses Σ p(r − log1p r) into one loop too, which in float64 is about as fast for the widest rows.",
        ),
        Target(
            "total variation: time beside one read of the tables",
            TV,
            above_limit,
            most=1.3,
            why="one read is what it does; the ratio was between 1.1 and 1.4 in different runs, for both its numbers "
            "move with what else uses the memory.",
        ),
        Target("KL near equality: largest relative error", CLOSE_KL, error, most=1e-9),
    ),
)
