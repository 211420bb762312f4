"""A claim is declared once; evaluation, property test, witness test, mutants, table row and citation follow from it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

import equinox as eqx
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.functionals.quantile_interval import QuantileInterval
from w2s_theory.instance import Hypothesis, Instance, Kind
from w2s_theory.worlds.world import World


class Relation(eqx.Module):
    """Both sides of a claim on one instance.

    `scale` is the sum of the absolute values of the terms that cancel within a side, zero where none do: together
    with the sides themselves it is what rounding errors are relative to.  `error` is what else can be wrong with the
    slack: the residual of an optimum inside a side, say.  `bound` is the part of rhs whose constant the claim is
    about, by default all; of a gain by the disagreement it is the disagreement.  `forgiven` has, by the name of an
    assumption, what its failing within tolerance can take from the slack: it counts only where that is assumed.
    """

    lhs: Array
    rhs: Array
    scale: Array | float = 0.0
    error: Array | float = 0.0
    bound: Array | None = None
    forgiven: Mapping[str, Array] = eqx.field(default_factory=dict)

    def error_assuming(self, assumed: Iterable[str]) -> Array:
        """`error`, and what is forgiven of the assumptions named."""
        return sum((self.forgiven[name] for name in assumed if name in self.forgiven), jnp.asarray(self.error))

    def sharpened(self, factor: Array | float) -> "Relation":
        """The relation with its bound multiplied by `factor`."""
        bound = self.rhs if self.bound is None else self.bound
        return eqx.tree_at(lambda r: r.rhs, self, self.rhs - (1.0 - factor) * bound)

    @property
    def magnitude(self) -> Array:
        """scale + |lhs| + |rhs|."""
        return self.scale + jnp.abs(self.lhs) + jnp.abs(self.rhs)


class Leq(Relation):
    """lhs ≤ rhs."""

    @property
    def slack(self) -> Array:
        """rhs - lhs."""
        return self.rhs - self.lhs


class HighProbability(Leq):
    """lhs ≤ rhs with probability at least 1 - δ over a random sample, judged by independent replications of it.

    lhs is the (1 - δ)-quantile over replications, and the longer half of its exact binomial interval is part of
    `error`: a violation is then one at least at the interval's confidence, and a sample too small to tell has an
    infinite error.
    """

    @classmethod
    def of(
        cls, lhs: QuantileInterval, rhs: Array, error: Array | float = 0.0, forgiven: Mapping[str, Array] | None = None
    ) -> "HighProbability":
        """The relation between a quantile with its limits and a right side; `error` is added to the interval's."""
        spread = jnp.maximum(lhs.estimate - lhs.low, lhs.high - lhs.estimate)
        return cls(lhs.estimate, rhs, error=spread + error, forgiven=forgiven or {})


class Eq(Relation):
    """lhs = rhs; its slack, never positive, is minus the absolute difference."""

    @property
    def slack(self) -> Array:
        """-|lhs - rhs|."""
        return -jnp.abs(self.lhs - self.rhs)


class Status(Enum):
    """What is known: `proved` and `refuted` refer to the theory notes, `open` to neither."""

    proved = "proved"
    refuted = "refuted"
    open = "open"


@dataclass(frozen=True)
class Cite:
    """A key of `references.bib` and the place in that source."""

    key: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.key}, {self.where}" if self.where else self.key


@dataclass(frozen=True)
class Domain:
    """Where a claim makes sense at all; `problem(instance)` is a sentence, or None inside the domain."""

    name: str
    problem: Callable[[Instance], str | None]


@dataclass(frozen=True, eq=False)
class Claim:
    """One statement about an instance and all that is needed to check it.

    `sides(instance)` is the relation as the theory writes it; `worlds` generate the instances it is tested on;
    `witness(h)`, for a sharp claim, is an instance whose two sides meet as h → 0, with `witness_scale` the h at
    which they agree to within one part in a thousand.  `sweep` names the variable figures draw the claim against.
    """

    id: str
    statement: str
    cite: Cite
    status: Status
    sides: Callable[[Instance], Leq | Eq]
    worlds: tuple[World, ...]
    assumes: tuple[Hypothesis, ...] = ()
    domain: tuple[Domain, ...] = ()
    kinds: tuple[Kind, ...] = ("simplex",)
    witness: Callable[[float], Instance] | None = None
    witness_scale: float = 1e-4
    sweep: str = "disagreement"
    either_direction: bool = False

    @property
    def identity(self) -> bool:
        """Whether the claim is an equality, by the return annotation of `sides`."""
        return inspect.signature(self.sides).return_annotation is Eq

    @property
    def sharp(self) -> bool:
        """Whether the right side cannot be made smaller by a constant factor: an identity, or one with a witness."""
        return self.identity or self.witness is not None

    def outside_domain(self, instance: Instance) -> str | None:
        """A sentence if the claim cannot be asked about this (concrete) instance, else None."""
        if instance.kind not in self.kinds:
            return f"field kind: {self.id} is about kind {' or '.join(self.kinds)}, not {instance.kind}"
        checks = [d.problem for d in self.domain] + [h.requirement for h in self.assumes if h.requirement]
        return next((sentence for check in checks if (sentence := check(instance))), None)


def claim(
    *,
    cite: Cite,
    status: Status,
    worlds: tuple[World, ...],
    assumes: tuple[Hypothesis, ...] = (),
    domain: tuple[Domain, ...] = (),
    kinds: tuple[Kind, ...] = ("simplex",),
    witness: Callable[[float], Instance] | None = None,
    witness_scale: float = 1e-4,
    sweep: str = "disagreement",
    either_direction: bool = False,
) -> Callable[[Callable[[Instance], Leq | Eq]], Claim]:
    """Turn a function from an instance to a relation into a `Claim`.

    The id is the function's name with hyphens, the statement the first line of its docstring.
    """

    def declare(sides: Callable[[Instance], Leq | Eq]) -> Claim:
        return Claim(
            id=sides.__name__.replace("_", "-"),
            statement=(sides.__doc__ or "").strip().splitlines()[0],
            cite=cite,
            status=status,
            sides=sides,
            worlds=worlds,
            assumes=assumes,
            domain=domain,
            kinds=kinds,
            witness=witness,
            witness_scale=witness_scale,
            sweep=sweep,
            either_direction=either_direction,
        )

    return declare
