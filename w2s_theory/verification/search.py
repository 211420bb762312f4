"""Gradient search for the instance that strains a claim most: many restarts at once, then second-order polishing.

Random coordinates must suffice to find what is false; corners of the worlds and a claim's own witness are extra
starts, and the outcome says which kind won.
"""

import functools
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.optimize import minimize

from w2s_theory._numerics import compiled, rounding_budget
from w2s_theory._repeats import without_repeats
from w2s_theory._types import Array
from w2s_theory.claim import Claim, Relation
from w2s_theory.errors import InputError
from w2s_theory.instance import Instance
from w2s_theory.processes import Spread
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import Measurement
from w2s_theory.verification.sweep import batch_measure, stack
from w2s_theory.worlds.world import World, decode_batch

Start = Literal["random", "corner", "witness"]
Aim = Literal["violation", "tightness"]

_ASKED = tuple(verdict.code for verdict in (Verdict.holds, Verdict.tight, Verdict.violated))
_REACH: Mapping[Aim, float] = MappingProxyType({"violation": 1.0, "tightness": 2.0})
"""Coordinates are kept within this many times the largest scale of their block: equality is often at an extreme."""
RATE = 0.3
"""Length of the first gradient steps in every coordinate."""
DRAWS = 4
"""Random coordinates drawn for each that climbs; the best of them do."""
_JUDGED = 64
"""How many of the best instances of a world are judged with all their assumptions."""
MOST_INPUTS = 64
"""Worlds with more inputs, which are quadratures, are left out, being slow."""


@dataclass(frozen=True)
class Effort:
    """How long a search is.

    `starts` starts in a world of small tables, half of them the best of `DRAWS` times as many random draws, make
    `steps` gradient steps each, and the best `polished` of them are then polished.  Worlds whose instances cost more,
    of a smaller `share`, get fewer.
    """

    starts: int = 2_048
    steps: int = 150
    polished: int = 4

    def scaled(self, share: float) -> "Effort":
        """The effort for a world of this share."""
        share = min(1.0, share)
        return replace(self, starts=max(16, int(self.starts * share)), steps=max(40, int(self.steps * share**0.75)))


@dataclass(frozen=True)
class Strained:
    r"""The instance that strains a claim most, of those a search has seen.

    `violation` is lhs - rhs, signed, of a broken identity |lhs - rhs|; `tightness` is lhs/rhs; `strain` is the factor
    below which a sharper bound is violated here, $1-\text{slack}/\text{bound}$, which is the tightness where all of
    the right side is the bound.
    """

    instance: Instance
    verdict: Verdict
    violation: float
    tightness: float
    strain: float
    start: Start
    world: World
    evaluations: int


def without(claim: Claim, dropped: str | None) -> Claim:
    """The claim without the hypothesis named, on worlds that do not impose it; the claim itself if none is named.

    `InputError` if the claim has no such hypothesis.
    """
    if dropped is None:
        return claim
    names = [hypothesis.name for hypothesis in claim.assumes]
    if dropped not in names:
        known = f"its hypotheses are {', '.join(names)}" if names else "it has none"
        raise InputError(f"claim {claim.id} has no hypothesis {dropped!r}; {known}")
    kept = tuple(hypothesis for hypothesis in claim.assumes if hypothesis.name != dropped)
    return replace(claim, assumes=kept, worlds=tuple(_relaxed(claim.worlds, dropped)), witness=None)


def _relaxed(worlds: Sequence[World], dropped: str) -> list[World]:
    made = []
    for world in worlds:
        try:
            made.append(world.relax(dropped))
        except ValueError:
            continue
    return made


def _allowance(claim: Claim, i: Instance, relation: Relation) -> Array:
    """How much of the excess rounding and what the relation declares may explain."""
    rounding = rounding_budget(i.truth.size, relation.magnitude)
    declared = relation.error_assuming(h.name for h in claim.assumes)
    return rounding + i.normalisation_defect() * (2.0 + relation.magnitude) + declared


def objective(claim: Claim, aim: Aim, i: Instance) -> Array:
    """What the search maximises: lhs - rhs, or 1 - slack/bound, with the error budget counted against it."""
    relation = claim.sides(i)
    excess = -relation.slack if claim.identity else relation.lhs - relation.rhs
    excess = excess - _allowance(claim, i, relation)
    if aim == "violation":
        return excess
    bound = relation.rhs if relation.bound is None else relation.bound
    positive = bound > 0
    return jnp.where(positive, 1.0 + excess / jnp.where(positive, bound, 1.0), -jnp.inf)


def _value(claim: Claim, world: World, aim: Aim) -> Callable[[Array], Array]:
    """The objective by coordinates."""
    return without_repeats(lambda z: objective(claim, aim, world.decode(z)))


def ends(world: World, aim: Aim) -> np.ndarray:
    """Largest absolute value of each coordinate."""
    return np.concatenate([np.full(block.size, _REACH[aim] * block.largest) for block in world.blocks])


@functools.lru_cache(maxsize=32)
def compiled_climb(claim: Claim, world: World, aim: Aim, count: int, steps: int) -> Any:
    """Compiled: of the coordinates z (`DRAWS` count, dim), `count` make `steps` steps of Adam at once.

    Half of them are the best of all, which finds what is rare; the others the first, which keeps them different.
    Returns the best z each of them met, and its value.
    """
    edge = ends(world, aim)
    optimiser = optax.adam(optax.cosine_decay_schedule(RATE, steps, alpha=0.01))

    value = _value(claim, world, aim)
    each = jax.vmap(jax.value_and_grad(value))

    def step(state: tuple, _: None) -> tuple[tuple, None]:
        z, moments, best, best_z = state
        now, slope = each(z)
        better = now > best
        best, best_z = jnp.where(better, now, best), jnp.where(better[:, None], z, best_z)
        usable = jnp.all(jnp.isfinite(slope), axis=1, keepdims=True) & jnp.isfinite(now)[:, None]
        update, moments = optimiser.update(jnp.where(usable, -slope, 0.0), moments)
        return (jnp.clip(z + update, -edge, edge), moments, best, best_z), None

    def climb(z: Array) -> tuple[Array, Array]:
        drawn = jax.vmap(value)(z)
        best = jnp.argsort(-jnp.where(jnp.isnan(drawn), -jnp.inf, drawn))
        z = jnp.concatenate([z[best[: count // 2]], z[: count - count // 2]])
        begin = (z, optimiser.init(z), jnp.full(count, -jnp.inf), z)
        (_, _, best, best_z), _ = jax.lax.scan(step, begin, length=steps)
        return best_z, best

    with jax.enable_x64(True):
        return compiled(climb).lower(jax.ShapeDtypeStruct((DRAWS * count, world.dim), np.float64)).compile()


@functools.lru_cache(maxsize=32)
def compiled_slope(claim: Claim, world: World, aim: Aim) -> Any:
    """Compiled: the objective at one z (dim,) and its gradient."""
    function = jax.value_and_grad(_value(claim, world, aim))
    with jax.enable_x64(True):
        return compiled(function, optimised=False).lower(jax.ShapeDtypeStruct((world.dim,), np.float64)).compile()


def _polished(claim: Claim, world: World, aim: Aim, z: np.ndarray) -> tuple[np.ndarray, int]:
    """z after BFGS on the objective, and how many evaluations it took."""
    slope, edge = compiled_slope(claim, world, aim), ends(world, aim)

    def falling(at: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = (np.asarray(part) for part in slope(np.clip(at, -edge, edge)))
        usable = np.isfinite(value) and np.isfinite(gradient).all()
        return (-float(value), -gradient) if usable else (1e3 + abs(begun), np.zeros_like(at))

    with jax.enable_x64(True):
        begun = float(slope(z)[0])
        made = minimize(falling, z, jac=True, method="BFGS", options={"maxiter": 100, "gtol": 1e-10})
    return np.clip(made.x, -edge, edge) if made.fun < -begun else z, int(made.nfev)


def _candidates(claim: Claim, world: World, aim: Aim, rng: np.random.Generator, effort: Effort) -> tuple[Any, int]:
    """Coordinates (`_JUDGED`, dim) of the best that random starts lead to in this world, and the evaluations spent."""
    scaled = effort.scaled(world.share)
    climb = compiled_climb(claim, world, aim, scaled.starts, scaled.steps)
    with jax.enable_x64(True):
        z, value = (np.asarray(part) for part in climb(world.draw(rng, DRAWS * scaled.starts)))
    order = np.argsort(-np.where(np.isnan(value), -np.inf, value))
    best = z[np.resize(order, _JUDGED)].copy()
    spent = scaled.starts * (scaled.steps + DRAWS)
    for place in range(min(effort.polished, len(order))):
        best[-1 - place], more = _polished(claim, world, aim, best[place])
        spent += more
    return best, spent


def _best(made: Measurement) -> int | None:
    """Which of a batch is strained most: the worst violation, else the largest strain where that is defined, else
    the least slack; None if the claim was asked of none of them."""
    code, slack, strain = (np.asarray(part) for part in (made.code, made.slack, made.strain))
    violated, asked = code == Verdict.violated.code, np.isin(code, _ASKED)
    for allowed, strained in ((violated, -slack), (asked & ~np.isnan(strain), strain), (asked, -slack)):
        if allowed.any():
            return int(np.argmax(np.where(allowed, strained, -np.inf)))
    return None


@dataclass(frozen=True)
class Look:
    """The search for what strains a claim in one world, which depends on nothing else."""

    claim: Claim
    world: World
    aim: Aim
    seed: int
    effort: Effort


@dataclass(frozen=True)
class Seen:
    """What strains the claim most in one world, of each kind of start, and the evaluations spent."""

    found: tuple[Strained, ...]
    evaluations: int


def look(task: Look) -> Seen:
    """Gradient search from random starts in one world, corners and witness beside it."""
    claim, world = task.claim, task.world
    rng = np.random.default_rng([task.seed, zlib.crc32(repr(world).encode())])
    z, spent = _candidates(claim, world, task.aim, rng, task.effort)
    batch = jax.tree.map(np.asarray, decode_batch(world, z))
    found = []
    for start, instances in _starts(claim, world, batch):
        with jax.enable_x64(True):
            made = jax.tree.map(np.asarray, batch_measure((claim,), world, _JUDGED, False)(instances)[claim.id])
        place = _best(made)
        if place is not None:
            found.append(_strained(made, instances, place, start, world))
    return Seen(tuple(found), spent)


def search(
    claim: Claim,
    *,
    aim: Aim = "violation",
    seed: int = 0,
    effort: Effort | None = None,
    progress: Callable[[float], Any] | None = None,
    spread: Spread = map,
) -> Strained:
    """The instance of the claim's worlds that strains it most, of all that gradient search from random starts meets.

    `aim` is what is maximised: lhs - rhs (`violation`) or the strain (`tightness`).  Small worlds come first, and
    the first in which a violation is found ends the search.  Corners and the claim's witness compete as they
    are.  `spread` may look into several worlds at once; what is found beyond the end of the search is left out.
    `InputError` if the claim has no world of finite tables.
    """
    effort = effort or Effort()
    worlds = sorted((world for world in claim.worlds if world.inputs <= MOST_INPUTS), key=_order)
    if not worlds:
        raise InputError(f"claim {claim.id} has no world in which this can be searched for")
    found: list[Strained] = []
    spent = 0
    for number, seen in enumerate(spread(look, [Look(claim, world, aim, seed, effort) for world in worlds])):
        found += seen.found
        spent += seen.evaluations
        if progress:
            progress((number + 1) / len(worlds))
        if any(one.verdict is Verdict.violated for one in found):
            break
    if not found:
        raise InputError(f"claim {claim.id} could be asked of no instance that the search met")
    return replace(max(found, key=_rank), evaluations=spent)


def _order(world: World) -> tuple[bool, int]:
    """Rows of the simplex before other kinds, which certificates mostly do not speak of; then small worlds."""
    return getattr(world, "kind", "simplex") != "simplex", world.dim


def _rank(one: Strained) -> tuple[bool, float, bool]:
    """Violations first; then by violation or strain to six digits, random starts before the others."""
    violated = one.verdict is Verdict.violated
    value = one.violation if violated else one.strain
    return violated, float(f"{value:.6g}") if np.isfinite(value) else -np.inf, one.start == "random"


def _starts(claim: Claim, world: World, like: Instance) -> list[tuple[Start, Instance]]:
    """The batch itself, then corners of the world and the claim's witness, if of its shape, as batches like it."""
    kinds: list[tuple[Start, tuple[Instance, ...]]] = [("corner", world.corners())]
    if claim.witness:
        kinds.append(("witness", (claim.witness(claim.witness_scale),)))
    made: list[tuple[Start, Instance]] = [("random", like)]
    for start, instances in kinds:
        fitting = [i for i in instances if _shape(i) == _shape(jax.tree.map(lambda leaf: leaf[0], like))]
        if fitting:
            every = [fitting[number % len(fitting)] for number in range(_JUDGED)]
            made.append((start, jax.tree.map(lambda a, b: b.astype(a.dtype), like, stack(every))))
    return made


def _shape(i: Instance) -> Any:
    return jax.tree.structure(i), [np.shape(leaf) for leaf in jax.tree.leaves(i)]


def _strained(made: Measurement, batch: Instance, place: int, start: Start, world: World) -> Strained:
    one = jax.tree.map(lambda leaf: leaf[place], made)
    violation = abs(float(one.slack)) if CODES[int(one.code)] is Verdict.violated else -float(one.slack)
    return Strained(
        instance=jax.tree.map(lambda leaf: np.asarray(leaf[place]), batch),
        verdict=CODES[int(one.code)],
        violation=violation,
        tightness=float(one.tightness),
        strain=float(one.strain),
        start=start,
        world=world,
        evaluations=0,
    )
