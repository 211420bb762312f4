"""When does the student beat its teacher, and by at least their disagreement? (theory section 5)

Sixteen claims are one table: how the student is trained × the convexity of its class × how it is judged × by the
disagreement or at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array
from w2s_theory.catalogue.domains import positive_rows
from w2s_theory.claim import Cite, Claim, Leq, Status, claim
from w2s_theory.instance import Instance, Role
from w2s_theory.student_class import Family, Training, convex_class, optimal, realizable
from w2s_theory.training.projection import Direction
from w2s_theory.worlds.students import Students

Judged = Literal["risk", "reverse-risk"]

_CHARIKAR = Cite("charikar2024quantifying", "Theorem 1")
_MULGUND = Cite("mulgund2025relating")
_REVERSE = Cite("yao2025revisiting")
_HERE = Cite("w2stheory", "section 5")


@dataclass(frozen=True)
class Cell:
    """One cell of the truth table: `gain` and `never_worse` say whether each claim holds."""

    trained: Direction
    family: Family
    judged: Judged
    gain: bool
    never_worse: bool

    @property
    def training(self) -> Training:
        """How the student of this cell is trained."""
        return Training(self.trained, self.family)


CELLS = (
    Cell("reverse", "mixture", "risk", True, True),
    Cell("reverse", "mixture", "reverse-risk", False, False),
    Cell("forward", "mixture", "risk", False, True),
    Cell("forward", "mixture", "reverse-risk", False, False),
    Cell("forward", "exponential", "risk", False, False),
    Cell("forward", "exponential", "reverse-risk", True, True),
    Cell("reverse", "exponential", "risk", False, False),
    Cell("reverse", "exponential", "reverse-risk", False, False),
)


def _sensitive(slack: Callable[[Array], Array], i: Instance, gap: Array) -> jax.Array:
    r"""An estimate of how far the slack can move, to first order, when the student has this gap.

    It takes the student to be within $\sqrt{2\,\text{gap}}$ of the optimum in expected absolute difference: for reverse
    mixtures and forward heads on the simplex by Pythagoras and Pinsker, elsewhere a rule of thumb.  Used for claims
    that are refuted; gaps are about 1e-16 there.
    """
    slope = jax.grad(slack)(jnp.asarray(i.strong)) / jnp.where(i.counted, i.weights[:, None], 1.0)
    return jnp.sqrt(2.0 * jnp.maximum(gap, 0.0)) * jnp.max(jnp.where(i.counted, jnp.abs(slope), 0.0))


def _sides(cell: Cell, by_disagreement: bool, proved: bool) -> Callable[[Instance], Leq]:
    training = cell.training

    def judged(i: Instance, model: Role) -> Array:
        pair = i.pair("truth", model) if cell.judged == "risk" else i.pair(model, "truth")
        return training.divergence(i, *pair)

    def disagreement(i: Instance) -> Array:
        pair = i.pair("weak", "strong") if cell.trained == "forward" else i.pair("strong", "weak")
        return training.divergence(i, *pair)

    def sides(i: Instance) -> Leq:
        def slack(student: Array) -> Array:
            j = eqx.tree_at(lambda other: other.strong, i, student)
            return judged(j, "weak") - judged(j, "strong") - (disagreement(j) if by_disagreement else 0.0)

        teacher = judged(i, "weak")
        taken = disagreement(i) if by_disagreement else jnp.zeros(())
        return Leq(
            judged(i, "strong"),
            teacher - taken,
            scale=teacher + taken,
            bound=taken if by_disagreement else None,
            forgiven=training.forgiven(i) if proved else {"optimal": _sensitive(slack, i, training.gap(i))},
        )

    return sides


def _statement(cell: Cell, by_disagreement: bool) -> str:
    risk = "L" if cell.judged == "risk" else r"L^{\mathrm{rev}}"
    pair = "F_w,F_{sw}" if cell.trained == "forward" else "F_{sw},F_w"
    objective = "d_P(F_w,f)" if cell.trained == "forward" else "d_P(f,F_w)"
    minus = f"-d_P({pair})" if by_disagreement else ""
    family = "a mixture-convex" if cell.family == "mixture" else "an exponentially convex"
    trained = rf"$f=F_{{sw}}$ minimising ${objective}$ over {family} class with $F^*$"
    return rf"${risk}(F_{{sw}})\le {risk}(F_w){minus}$ for {trained}."


def _input(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array([rows])


def _in_the_hull(h: float) -> Instance:
    """A student in the middle of the hull of two rows, the log-ratio to its teacher orthogonal to the hull."""
    models = np.array([[[0.6, 0.3, 0.1]], [[0.2, 0.4, 0.4]]])
    along = models[0, 0] - models[1, 0]
    across = np.array([along[1], -along[0], 0.0])
    student = models.mean(axis=0)
    teacher = student * np.exp(2.0 * across)
    teacher /= teacher.sum()
    truth = 0.8 * models[0] + 0.2 * models[1]
    return Instance(np.ones(1), truth, teacher, student, np.asarray(0.05), models=models)


def _interior_head(h: float) -> Instance:
    """A softmax head that is the same row at two inputs, and a teacher that errs by opposite amounts."""
    student = np.array([[0.5, 0.3, 0.2]] * 2)
    truth = np.array([[0.2, 0.3, 0.5]] * 2)
    error = np.array([[0.1, -0.05, -0.05], [-0.1, 0.05, 0.05]])
    return Instance(
        np.full(2, 0.5),
        truth,
        student + error,
        student,
        np.asarray(0.05),
        features=np.ones((2, 1)),
        radius=np.asarray(6.0),
    )


def _teacher_in_class(witness: Callable[[float], Instance]) -> Callable[[float], Instance]:
    """The same class and truth, and a teacher that belongs to the class: the student is its equal."""

    def made(h: float) -> Instance:
        i = witness(h)
        return replace(i, weak=i.strong)

    return made


_WITNESSES = {
    ("mixture", True): _in_the_hull,
    ("exponential", True): _interior_head,
    ("mixture", False): _teacher_in_class(_in_the_hull),
    ("exponential", False): _teacher_in_class(_interior_head),
}
"""Where a claim of a cell that holds is sharp, by the family and whether it is by the disagreement."""


def _worlds(training: Training, proved: bool) -> tuple[Students, ...]:
    """Proved cells on all kinds of regression too; refuted ones on the simplex, reverse heads on one parameter."""
    heads = training.family == "exponential"
    if heads and training.direction == "reverse":
        return (Students(2, 2, training, members=1),)
    small = (Students(1, 3, training, members=2), Students(3, 3, training, members=2 if heads else 3))
    if not proved:
        return small
    regression = tuple(Students(4, 1, training, members=2, kind=kind) for kind in ("positive", "density", "real"))
    return (*small, *regression)


def _cell_claims(cell: Cell) -> tuple[Claim, ...]:
    training = cell.training
    assumed = (convex_class(training), realizable(training), optimal(training))
    made = []
    for prefix, by_disagreement, holds in (("gain", True, cell.gain), ("never-worse", False, cell.never_worse)):
        made.append(
            Claim(
                id=f"{prefix}-{cell.trained}-{cell.family}-{cell.judged}",
                statement=_statement(cell, by_disagreement),
                cite=_REVERSE if by_disagreement and holds else _HERE,
                status=Status.proved if holds else Status.refuted,
                sides=_sides(cell, by_disagreement, holds),
                worlds=_worlds(training, holds),
                assumes=assumed,
                domain=(positive_rows,) if cell.judged == "reverse-risk" else (),
                kinds=("simplex", "positive", "density", "real"),
                witness=_WITNESSES[cell.family, by_disagreement] if holds else None,
                sweep="disagreement" if cell.trained == "forward" else "reverse disagreement",
            )
        )
    return tuple(made)


TABLE: tuple[Claim, ...] = tuple(made for cell in CELLS for made in _cell_claims(cell))
"""The sixteen claims, two a cell: the gain by the disagreement, then never worse."""

_SQUARED = Training("reverse", "mixture", "squared")
_BREGMAN = Training("reverse", "mixture", "bregman")
_DUAL = Training("forward", "exponential", "bregman")


def _assumed(training: Training) -> tuple:
    return convex_class(training), realizable(training), optimal(training)


def _gain(training: Training, i: Instance, student: Array, teacher: Array, taken: Array) -> Leq:
    """student ≤ teacher - taken."""
    return Leq(student, teacher - taken, scale=teacher + taken, bound=taken, forgiven=training.forgiven(i))


def _least_squares(h: float) -> Instance:
    """The best constant for a teacher that errs by opposite amounts at two inputs."""
    student, truth = np.full((2, 1), 1.0), np.full((2, 1), 3.0)
    weak = student + np.array([[1.0], [-1.0]])
    zero = np.zeros(())
    return Instance(np.full(2, 0.5), truth, weak, student, zero, features=np.ones((2, 1)), kind="real")


@claim(
    cite=_CHARIKAR,
    status=Status.proved,
    worlds=(Students(4, 1, _SQUARED, members=2, kind="real"), Students(3, 3, _SQUARED)),
    assumes=_assumed(_SQUARED),
    kinds=("real", "simplex", "positive", "density"),
    witness=_least_squares,
)
def gain_squared(i: Instance) -> Leq:
    r"""$d(F_{sw},F^*)\le d(F_w,F^*)-d(F_{sw},F_w)$ for $d(g,h)=\mathbb E(g-h)^2/(2\sigma^2)$ and a convex class."""
    teacher, taken = _SQUARED.divergence(i, *i.pair("weak", "truth")), _SQUARED.divergence(i, *i.pair("strong", "weak"))
    student = _SQUARED.divergence(i, *i.pair("strong", "truth"))
    return _gain(_SQUARED, i, student, teacher, taken)


@claim(
    cite=_MULGUND,
    status=Status.proved,
    worlds=(
        Students(3, 3, _BREGMAN),
        Students(2, 3, _BREGMAN, kind="positive", generator="squared"),
        Students(2, 2, _BREGMAN, kind="positive", generator="itakura-saito"),
    ),
    assumes=_assumed(_BREGMAN),
    domain=(positive_rows,),
    kinds=("simplex", "positive", "density"),
    witness=_in_the_hull,
)
def gain_bregman(i: Instance) -> Leq:
    r"""$D_\varphi(F^*,F_{sw})\le D_\varphi(F^*,F_w)-D_\varphi(F_{sw},F_w)$, minimising $D_\varphi(f,F_w)$."""
    teacher, taken = _BREGMAN.divergence(i, *i.pair("truth", "weak")), _BREGMAN.divergence(i, *i.pair("strong", "weak"))
    student = _BREGMAN.divergence(i, *i.pair("truth", "strong"))
    return _gain(_BREGMAN, i, student, teacher, taken)


def _in_the_dual_hull(h: float) -> Instance:
    """A student in the middle of the hull of two logarithms, its difference to the teacher orthogonal to it."""
    models = np.array([[[2.0, 1.0]], [[0.5, 1.5]]])
    student = np.sqrt(models[0] * models[1])
    along = np.log(models[0, 0] / models[1, 0])
    truth = models[0] ** 0.8 * models[1] ** 0.2
    teacher = student + 0.2 * np.array([[-along[1], along[0]]])
    return Instance(np.ones(1), truth, teacher, student, np.zeros(()), models=models, kind="positive")


@claim(
    cite=_MULGUND,
    status=Status.proved,
    worlds=(
        Students(3, 3, _DUAL),
        Students(2, 3, _DUAL, kind="positive"),
        Students(2, 3, _DUAL, kind="positive", generator="squared"),
        Students(2, 2, _DUAL, kind="positive", generator="itakura-saito"),
    ),
    assumes=_assumed(_DUAL),
    domain=(positive_rows,),
    kinds=("positive", "simplex"),
    witness=_in_the_dual_hull,
)
def gain_bregman_dual(i: Instance) -> Leq:
    r"""$D_\varphi(F_{sw},F^*)\le D_\varphi(F_w,F^*)-D_\varphi(F_w,F_{sw})$, class convex in $\nabla\varphi$."""
    teacher, taken = _DUAL.divergence(i, *i.pair("weak", "truth")), _DUAL.divergence(i, *i.pair("weak", "strong"))
    student = _DUAL.divergence(i, *i.pair("strong", "truth"))
    return _gain(_DUAL, i, student, teacher, taken)
