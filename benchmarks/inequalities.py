"""Pinsker's and Bretagnolle and Huber's inequalities on random pairs of eight classes, drawn and checked.

Ours is the machinery that checks any claim of the catalogue, its worlds, error budgets and verdicts included.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.apart import Work
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.limits import Least
from benchmarks.targets import Target, lead
from benchmarks.task import Task
from w2s_theory import CATALOGUE, FlooredTables, verify
from w2s_theory.claim import Claim
from w2s_theory.verdict import Verdict
from w2s_theory.verification.sweep import batch_measure, tallied

CLASSES, PAIRS, BLOCK, JAX_BLOCK = 8, 200_000, 10_000, 8_192
MACHINERY_BLOCK = 5_000
DRAW, CHECK = "draw and check", "check only"
NUMPY, COMPILED, LOOP = "NumPy blocks", "jit and vmap", "loop"
LOGARITHMS = 8 + 16
"""Of one pair: those of its divergence, and those that two rows of exponentials are drawn by."""

WORLD = FlooredTables(1, CLASSES)


def claims() -> tuple[Claim, Claim]:
    """Both claims, on pairs alone."""
    names = ("pinsker", "bretagnolle-huber")
    pinsker, huber = (replace(CATALOGUE[name], id=f"{name}-of-pairs", worlds=(WORLD,)) for name in names)
    return pinsker, huber


def slacks(p: Any, q: Any, xp: Any) -> tuple[Any, Any]:
    """Slacks of both inequalities by the plain formulas, in NumPy or JAX."""
    kl = xp.maximum((p * xp.log(p / q)).sum(-1), 0.0)
    tv = 0.5 * abs(p - q).sum(-1)
    return xp.sqrt(0.5 * kl) - tv, xp.sqrt(-xp.expm1(-kl)) - tv


def numpy_drawn(pairs: int) -> Work:
    """Blocks of pairs uniform on the simplex."""
    seeds = itertools.count()

    def work() -> list[int]:
        rng = np.random.default_rng(next(seeds))
        violations = np.zeros(2, int)
        for _ in range(pairs // BLOCK or 1):
            rows = rng.standard_exponential((2, min(BLOCK, pairs), CLASSES))
            p, q = rows / rows.sum(axis=-1, keepdims=True)
            violations += [np.sum(slack < 0) for slack in slacks(p, q, np)]
        return [pairs, *violations]

    return work


def jax_drawn(pairs: int) -> Work:
    """The same in one compiled scan."""
    seeds, block = itertools.count(), min(JAX_BLOCK, pairs)
    blocks = -(-pairs // block)

    def one(total: jax.Array, key: jax.Array) -> tuple[jax.Array, None]:
        rows = jax.random.exponential(key, (2, block, CLASSES), jnp.float64)
        p, q = rows / rows.sum(axis=-1, keepdims=True)
        return total + jnp.stack([jnp.sum(slack < 0) for slack in slacks(p, q, jnp)]), None

    def run(key: jax.Array) -> jax.Array:
        return jax.lax.scan(one, jnp.zeros(2, int), jax.random.split(key, blocks))[0]

    with jax.enable_x64(True):
        made = jax.jit(run).lower(jax.random.key(0)).compile()  # noqa: TID251

    def work() -> list[int]:
        with jax.enable_x64(True):
            return [pairs, *np.asarray(made(jax.random.key(next(seeds))))]

    return work


def scipy_drawn(pairs: int, formula: str) -> Work:
    """A loop over pairs."""
    seeds = itertools.count()

    def work() -> list[int]:
        rng = np.random.default_rng(next(seeds))
        violations = np.zeros(2, int)
        for _ in range(pairs):
            p, q = rng.dirichlet(np.ones(CLASSES), 2)
            violations += [slack < 0 for slack in scipy_slacks(p, q, formula)]
        return [pairs, *violations]

    return work


def scipy_slacks(p: np.ndarray, q: np.ndarray, formula: str) -> tuple[float, float]:
    """Slacks of one pair by SciPy's KL."""
    from scipy import special, stats

    kl = max(float(stats.entropy(p, q) if formula == "entropy" else special.rel_entr(p, q).sum()), 0.0)
    tv = 0.5 * np.abs(p - q).sum()
    return np.sqrt(0.5 * kl) - tv, np.sqrt(-np.expm1(-kl)) - tv


def verified(pairs: int) -> Work:
    """`verify` of both claims, every run on new pairs."""
    both, seeds = claims(), itertools.count()

    def work() -> list[int]:
        rows = verify(*both, instances=pairs, seed=next(seeds))
        return [min(row.instances for row in rows), *(row.violations for row in rows)]

    return work


def swept(pairs: int) -> Work:
    """Both claims in one sweep, on the same pairs."""
    both, seeds = claims(), itertools.count(1_000_000)

    def work() -> list[int]:
        tallies = tallied(both, pairs, next(seeds))
        return [min(tally.asked for tally in tallies), *(tally.violations for tally in tallies)]

    return work


def drawn_case(pairs: int) -> Case:
    """New pairs every time; peers draw them in the cheapest way, ours from a world that is rich in near-equal ones."""
    few = max(1, pairs // 100)

    def scaled(value: Any) -> float:
        return float(np.abs(np.asarray(value) - [few, 0, 0]).max())

    def facts(value: Any) -> dict[str, str]:
        return {"violations": " ".join(str(int(count)) for count in value[1:])}

    contestants = (
        Contestant("verify", lambda: verified(pairs), OURS),
        Contestant("one sweep of both claims", lambda: swept(pairs), OURS),
        Contestant("NumPy in blocks of 10,000", lambda: numpy_drawn(pairs), NUMPY),
        Contestant("jit, scan over blocks of 8,192", lambda: jax_drawn(pairs), COMPILED, compiles=True),
        *(
            Contestant(f"loop, scipy {name}", lambda f=name: scipy_drawn(few, f), LOOP, share=few / pairs, error=scaled)
            for name in ("rel_entr", "entropy")
        ),
    )
    least = Least(logarithms=float(LOGARITHMS * pairs))
    return Case(
        f"{DRAW}, {pairs:,} pairs",
        contestants,
        DRAW,
        0.0,
        error=lambda value: float(np.abs(np.asarray(value) - [pairs, 0, 0]).max()),
        error_name="miscounted",
        least=least,
        count=pairs,
        unit="pairs",
        facts=facts,
    )


def checked_case(pairs: int) -> Case:
    """The same pairs for all, from a world of ours, nearly equal ones among them."""
    size = min(MACHINERY_BLOCK, pairs)
    batches = [WORLD.sample(np.random.default_rng(number), size) for number in range(pairs // size)]
    batches = [jax.tree.map(np.asarray, batch) for batch in batches]
    p, q = (np.concatenate([np.asarray(batch.table(role))[:, 0] for batch in batches]) for role in ("weak", "strong"))
    pairs, few = len(p), max(1, len(p) // 100)

    def machinery() -> Work:
        both = claims()
        measure = batch_measure(both, WORLD, size, True)

        def work() -> np.ndarray:
            slack, count = np.zeros(2), np.zeros(2, int)
            with jax.enable_x64(True):
                for batch in batches:
                    made = jax.tree.map(np.asarray, measure(batch))
                    slack += [made[claim.id].slack.sum() for claim in both]
                    count += [np.sum(made[claim.id].code == Verdict.violated.code) for claim in both]
            return np.concatenate([slack / pairs, count])

        return work

    def summary(found: Sequence[Any], xp: Any) -> list[Any]:
        return [*(slack.mean() for slack in found), *(xp.sum(slack < 0) for slack in found)]

    def in_numpy() -> Work:
        blocks = [slice(first, first + BLOCK) for first in range(0, pairs, BLOCK)]

        def work() -> list[float]:
            parts = [slacks(p[rows], q[rows], np) for rows in blocks]
            return summary(tuple(np.concatenate(part) for part in zip(*parts, strict=True)), np)

        return work

    def in_jax() -> Work:
        with jax.enable_x64(True):
            tables = jnp.asarray(p), jnp.asarray(q)
            run: Callable[..., Any] = jax.vmap(lambda p, q: slacks(p, q, jnp))
            made = jax.jit(lambda p, q: jnp.stack(summary(run(p, q), jnp))).lower(*tables).compile()  # noqa: TID251
        return lambda: made(*tables)

    def looped() -> Work:
        def work() -> list[float]:
            found = np.array([scipy_slacks(p[row], q[row], "rel_entr") for row in range(few)]).T
            return summary((found[0], found[1]), np)

        return work

    truth = np.array([slack.mean() for slack in slacks(p, q, np)])
    part = np.array([slack.mean() for slack in slacks(p[:few], q[:few], np)])

    def facts(value: Any) -> dict[str, str]:
        return {"'violations'": " ".join(str(int(count)) for count in np.asarray(value)[2:])}

    def apart(value: Any, from_: np.ndarray) -> float:
        return float(np.max(np.abs(np.asarray(value)[:2] - from_)))

    contestants = (
        Contestant("catalogue's machinery", machinery, OURS),
        Contestant("NumPy in blocks of 10,000", in_numpy, NUMPY),
        Contestant("jit and vmap", in_jax, COMPILED, compiles=True),
        Contestant("loop, scipy rel_entr", looped, LOOP, share=few / pairs, error=lambda value: apart(value, part)),
    )
    return Case(
        f"{CHECK}, {pairs:,} pairs",
        contestants,
        CHECK,
        1e-6,
        error=lambda value: apart(value, truth),
        error_name="mean slack off by",
        least=Least(read=float(p.nbytes + q.nbytes), logarithms=float(CLASSES * pairs)),
        count=pairs,
        unit="pairs",
        facts=facts,
    )


def cases(quick: bool) -> Iterator[Case]:
    """All cases."""
    yield drawn_case(200 if quick else PAIRS)
    yield checked_case(200 if quick else PAIRS)


TASK = Task(
    "inequalities",
    "Checking an inequality",
    "Both inequalities on every pair, k = 8.  Ours goes through the catalogue: instances of a world, error budgets, "
    "verdicts, the worst instance kept.  Peers state the formulas by hand, and some of what they call violations in "
    "the second table are rounding errors between nearly equal rows.",
    cases,
    (
        Target(
            "drawing and checking: ahead of NumPy blocks",
            DRAW,
            lead(NUMPY),
            least=2.0,
            why="a world draws weights, a floor and three rows, each at a scale of its own: 26 Gaussian numbers a "
            "pair, where 16 exponential ones are drawn for NumPy's; and in every block the worst instance is found.",
        ),
        Target(
            "checking only: ahead of NumPy blocks",
            CHECK,
            lead(NUMPY),
            least=3.0,
            why="beside both sides, of every pair the error budget, tightness, strain and the verdict are "
            "computed and written, and the truth is read too.",
        ),
    ),
)
