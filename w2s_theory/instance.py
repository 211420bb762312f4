"""One point of a claim's domain, and the assumptions a claim may make about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import UNIT_ROUNDOFF
from w2s_theory._types import Array
from w2s_theory.errors import UnresolvedError
from w2s_theory.functionals.partitions import tied_rows, tied_scores
from w2s_theory.measures import EXACT, Provenance

Kind = Literal["simplex", "positive", "density", "real"]
Role = Literal["weak", "strong"]
Name = Literal["truth", "weak", "strong"]
Flip = Literal["disagreement", "risk"]

SQUARED_LOSS_SIGMA = 0.5**0.5
"""The noise level at which the Gaussian KL divergence E(g-h)²/(2σ²) *is* the squared loss E(g-h)²."""


class Conditioning(eqx.Module):
    """Conditional expectations of the truth that a continuous world knows: tables (m, k), one row an input.

    `weak_score[x, i]` is P(Y=i | F_w,i(X) = F_w,i(x)), `strong_score` the same for the student, and `strong_row`
    is E[F* | the whole row F_sw(x)].
    """

    weak_score: Array | None = None
    strong_score: Array | None = None
    strong_row: Array | None = None


class Instance(eqx.Module):
    """Output tables on weighted inputs: everything both sides of a claim are functions of.

    `weights (m,)`; `truth`, `weak`, `strong (m, k)`, the student being `strong`; `floor` γ, a scalar; optional
    `models (M, m, k)`, `features (m, p)`, `radius`, `groups (m,)` (a partition of the inputs; `strong_groups` only
    where a relaxed world conditions the student differently), `conditioning` tables, `coarse_weights (m,)` of a
    nested quadrature rule, `sigma` (kind `real`) and `delta`.  `sample_size` (n) and `members` (r) are sizes.

    `convex` is False where the class of students is the finite list `models` rather than its hull.  `flipped` is for
    mutants of claims: which divergences have their arguments exchanged.

    A pytree: `vmap`, `grad` and `jit` go through it.
    """

    weights: Array
    truth: Array
    weak: Array
    strong: Array
    floor: Array
    models: Array | None = None
    features: Array | None = None
    radius: Array | None = None
    groups: Array | None = None
    strong_groups: Array | None = None
    conditioning: Conditioning | None = None
    coarse_weights: Array | None = None
    sigma: Array | None = None
    delta: Array | None = None
    kind: Kind = eqx.field(static=True, default="simplex")
    generator: str = eqx.field(static=True, default="kl")
    convex: bool = eqx.field(static=True, default=True)
    sample_size: int | None = eqx.field(static=True, default=None)
    members: int | None = eqx.field(static=True, default=None)
    flipped: Flip | None = eqx.field(static=True, default=None)
    provenance: Provenance = eqx.field(static=True, default=EXACT)

    @property
    def classes(self) -> int:
        """Number of classes k."""
        return self.truth.shape[-1]

    @property
    def noise(self) -> Array:
        """σ of kind `real`; by default the value at which the divergence is the squared loss."""
        return jnp.asarray(SQUARED_LOSS_SIGMA) if self.sigma is None else self.sigma

    @property
    def counted(self) -> Array:
        """Which inputs have positive weight, as a column (m, 1)."""
        return self.weights[:, None] > 0

    def table(self, role: Role) -> Array:
        """The output table of the weak or of the strong model."""
        return self.weak if role == "weak" else self.strong

    def pair(self, g: Name, h: Name) -> tuple[Array, Array]:
        """The tables g and h, arguments of a divergence: a `risk` if one is the truth, else the `disagreement`.

        Exchanged if that is what the instance has `flipped`.
        """
        kind = "risk" if "truth" in (g, h) else "disagreement"
        first, second = (h, g) if self.flipped == kind else (g, h)
        return getattr(self, first), getattr(self, second)

    def partition(self, role: Role) -> Array:
        """Partition of the inputs that calibration of `role` conditions on: `groups`, else equal weak rows."""
        if role == "strong" and self.strong_groups is not None:
            return self.strong_groups
        if self.groups is not None:
            return self.groups
        self.require_finite_table("the partition by equal weak rows")
        return tied_rows(self.weak)

    def score_conditional_truth(self, role: Role) -> Array | None:
        """P(Y=i | score i of the model) where the world supplies it; None if exact ties decide it."""
        supplied = self.conditioning and getattr(self.conditioning, f"{role}_score")
        if supplied is None:
            self.require_finite_table(f"the truth given the {role} model's score")
        return supplied

    def require_finite_table(self, quantity: str) -> None:
        """Raise `UnresolvedError` unless the atoms are the whole distribution, so that exact ties mean something."""
        if self.provenance.rule != "exact":
            raise UnresolvedError(f"{quantity} is not determined by {self.provenance} atoms without a table")

    def normalisation_defect(self) -> Array:
        """Bound on how far weights, and rows of kind `simplex`, are from summing to one, rounding included."""
        defect = jnp.abs(jnp.sum(self.weights) - 1.0) + self.weights.shape[0] * UNIT_ROUNDOFF
        if self.kind != "simplex":
            return defect
        rows = jnp.stack([jnp.abs(jnp.sum(t, axis=-1) - 1.0) for t in (self.truth, self.weak, self.strong)])
        return defect + jnp.max(jnp.where(self.weights > 0, rows, 0.0)) + self.classes * UNIT_ROUNDOFF


@dataclass(frozen=True)
class Hypothesis:
    """An assumption as an executable predicate: `margin(instance)` is signed, and the assumption is met when ≥ 0.

    `requirement`, where given, returns a sentence if the instance lies outside the domain on which the assumption
    can be asked at all, and None otherwise; it sees concrete arrays.  `tolerance` is how far below zero rounding
    alone can take the margin of an assumption that is met with equality.
    """

    name: str
    sentence: str
    margin: Callable[[Instance], Array]
    requirement: Callable[[Instance], str | None] | None = None
    tolerance: float = 0.0


def _floor_margin(i: Instance) -> Array:
    entries = jnp.minimum(i.weak, i.strong)
    return jnp.min(jnp.where(i.counted, entries, jnp.inf)) - i.floor


def first_zero(i: Instance, role: str) -> str | None:
    """A sentence naming the first entry of table `role` that is not positive at a weighted input, or None."""
    bad = np.argwhere((np.asarray(getattr(i, role)) <= 0) & np.asarray(i.counted))
    if not len(bad):
        return None
    row, column = bad[0]
    return f"field {role}, row {row}: entry {column} is {float(getattr(i, role)[row, column])!r}, not positive"


def _needs_positive_models(i: Instance) -> str | None:
    for role in ("weak", "strong"):
        problem = first_zero(i, role)
        if problem:
            return f"{problem}, but a floor is needed"
    return None


floored = Hypothesis(
    "floor",
    "every entry of the weak and of the strong model is at least the floor",
    _floor_margin,
    _needs_positive_models,
)


def _score_sufficiency_margin(i: Instance) -> Array:
    """Minus the largest |F*_i - E[F*_i | score i]|, over both models, classes and inputs."""

    def spread(role: Role) -> Array:
        supplied = i.score_conditional_truth(role)
        if supplied is not None:
            return jnp.max(jnp.where(i.counted, jnp.abs(i.truth - supplied), 0.0))

        def one_class(score: Array, truth: Array) -> Array:
            cells = tied_scores(score)
            counted = i.counted[:, 0]
            high = jnp.full_like(truth, -jnp.inf).at[cells].max(jnp.where(counted, truth, -jnp.inf))
            low = jnp.full_like(truth, jnp.inf).at[cells].min(jnp.where(counted, truth, jnp.inf))
            return jnp.max(jnp.maximum(high - low, 0.0))

        return jnp.max(jax.vmap(one_class, in_axes=1)(i.table(role), i.truth))

    return -jnp.maximum(spread("weak"), spread("strong"))


score_sufficient = Hypothesis(
    "score_sufficient",
    "each F*_i is a function of the weak model's score i, and also of the strong model's score i",
    _score_sufficiency_margin,
    tolerance=8 * UNIT_ROUNDOFF,
)


def _common_partition_margin(i: Instance) -> Array:
    """Minus the probability that two independent inputs share a cell of one partition but not of the other."""
    if i.strong_groups is None:
        return jnp.zeros(())
    weak, strong = i.partition("weak"), i.strong_groups
    differ = (weak[:, None] == weak) != (strong[:, None] == strong)
    return -jnp.sum(i.weights[:, None] * i.weights * differ)


common_partition = Hypothesis(
    "common_partition",
    "both models are conditioned on one and the same partition of the inputs",
    _common_partition_margin,
)
