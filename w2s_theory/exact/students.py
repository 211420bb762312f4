"""Students of a class: membership by the way a table is written, and enclosures of optimal ones by their gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from flint import arb, fmpq, fmpq_mat

from w2s_theory.exact.balls import (
    GENERATORS,
    ONE,
    ZERO,
    Generator,
    Rows,
    balls,
    between,
    largest,
    log_ratios,
    mean_of_terms,
    meet,
    positive_part,
    root,
    smallest,
    total,
)
from w2s_theory.exact.heads import reverse_heads
from w2s_theory.exact.instance import Instance, Table, fail
from w2s_theory.exact.rationals import CertificateError


@dataclass(frozen=True)
class Student:
    """A table (m, k) in balls, and the trained objective there, which may be enclosed more tightly than by them."""

    table: Rows
    objective: arb


@dataclass(frozen=True)
class Training:
    r"""What a student minimises: $d(F_w,f)$ (`forward`) or $d(f,F_w)$ (`reverse`), over which family of functions.

    `mixture`: the hull of `models`, for kind real also linear functions of `features`.  `exponential`: the hull in
    the coordinates ∇φ, or softmax heads on `features`.  `bregman` is the divergence of the instance's generator,
    `squared` is E‖·‖²/(2σ²), to which kind real always falls back.
    """

    direction: Literal["forward", "reverse"]
    family: Literal["mixture", "exponential"]
    loss: Literal["kl", "bregman", "squared"] = "kl"

    def phi(self, i: Instance) -> Generator:
        """The generator of the divergence."""
        if i.kind == "real" or self.loss == "squared":
            return GENERATORS["squared"]
        return GENERATORS[i.generator if self.loss == "bregman" else "kl"]

    def scale(self, i: Instance) -> arb:
        """What E Σ D_φ is multiplied by: 1/(2σ²) for the squared loss, else 1."""
        return ONE / (2 * i.sigma2) if self.phi(i).name == "squared" and self.loss != "bregman" else ONE

    def dual(self, i: Instance) -> bool:
        """Whether the class is convex in ∇φ rather than as a set of functions."""
        return self.family == "exponential" and self.phi(i).name != "squared"

    def divergence(self, i: Instance, g: Rows, h: Rows, weights: Sequence[arb] | None = None) -> arb:
        """E Σ D_φ(g, h), scaled; with other weights of the inputs if they are given."""
        return self.scale(i) * mean_of_terms(weights or i.probabilities, self.phi(i).term, g, h)

    def objective(self, i: Instance, table: Rows, target: Rows, weights: Sequence[arb] | None = None) -> arb:
        """The divergence between target and table in the trained direction."""
        pair = (target, table) if self.direction == "forward" else (table, target)
        return self.divergence(i, *pair, weights)


def is_member(i: Instance, training: Training, table: Table) -> bool:
    """Whether the way a table is written proves that it belongs to the class of the instance."""
    if i.models is None:
        return table.head is not None
    if not i.convex:
        return table.model is not None
    return (table.dual_shares if training.dual(i) else table.shares) is not None


def require_class(i: Instance, training: Training) -> None:
    """`CertificateError` unless the instance describes a class of this family."""
    if i.models is not None:
        if i.convex and training.dual(i) and training.direction == "reverse":
            fail("models", "an exponential class trained in the reverse direction is given by features and a radius")
        return
    if not i.convex:
        fail("class", "a list of models needs the field models")
    if i.features is None:
        fail("models", "the claim is about a class of students, given by models or features, and there is none")
    if i.kind != "real" and not training.dual(i):
        fail("models", f"a mixture class of kind {i.kind} is the hull of models, and there are none")


def optimal_students(i: Instance, training: Training, near: Table, target: Table) -> list[Student]:
    """Enclosures that contain every minimiser of the objective against `target`; mostly there is one.

    `near` is a member of the class next to the minimiser: its Frank–Wolfe gap says how far off it is.
    """
    if not i.convex:
        assert i.models is not None
        return best_of(i, training, (model.balls for model in i.models), target)
    if i.models is None and i.kind == "real":
        return [_least_squares(i, training, target)]
    if i.models is None and training.direction == "reverse":
        return [Student(rows, value) for rows, value in reverse_heads(i, target.balls)]
    gap = frank_wolfe_gap(i, training, near, target, i.probabilities)
    objective = training.objective(i, near.balls, target.balls)
    least = positive_part(objective - gap * training.scale(i))
    return [Student(around(i, training, near, target, i.probabilities, gap), between(least, objective))]


def best_of(
    i: Instance, training: Training, tables: Iterable[Rows], target: Table, weights: Sequence[arb] | None = None
) -> list[Student]:
    """Those of the tables that are not certainly worse than another one."""
    each = [Student(table, training.objective(i, table, target.balls, weights)) for table in tables]
    finite = [student for student in each if student.objective.is_finite()]
    if not finite:
        raise CertificateError("no member of the class has a finite objective")
    least = smallest(student.objective for student in finite)
    return [student for student in finite if not student.objective > least]


def require_claimed(found: list[Student], claimed: Table) -> list[Student]:
    """The students found; `CertificateError` if the claimed one is certainly none of them."""

    def same(p: Rows, q: Rows) -> bool:
        return all(a.overlaps(b) for r, s in zip(p, q, strict=True) for a, b in zip(r, s, strict=True))

    if not any(same(student.table, claimed.balls) for student in found):
        fail("strong", "another member of the class has a smaller objective")
    return found


def frank_wolfe_gap(i: Instance, training: Training, near: Table, target: Table, weights: Sequence[arb]) -> arb:
    r"""$G=\max_g\mathbb E\langle\text{slope},u(f)-u(g)\rangle$ over the class, u the coordinates in which it is convex.

    f is the table `near`; the objective (unscaled) is within G of its minimum.  The upper end is what is used.
    """
    phi, f, dual = training.phi(i), near.balls, training.dual(i)

    def slope(a: arb, t: arb) -> arb:
        if dual:
            return a - t
        if training.direction == "forward" and phi.name == "kl":
            return ONE if t.is_zero() else 1 - t / a
        return phi.slope(a) - phi.slope(t)

    slopes = [[slope(a, t) for a, t in zip(p, q, strict=True)] for p, q in zip(f, target.balls, strict=True)]
    if i.models is None:
        assert i.features is not None and i.radius is not None and near.head is not None
        against = [
            [
                total(w * h[row] * s[label] for w, h, s in zip(weights, i.features, slopes, strict=True))
                for label in range(i.classes)
            ]
            for row in range(len(i.features[0]))
        ]
        own = total(a * v for p, q in zip(against, near.head, strict=True) for a, v in zip(p, q, strict=True))
        gap = own + i.radius * root(total(a * a for row in against for a in row))
    else:
        gap = largest(
            total(
                w * s * ((phi.slope(a) - phi.slope(g)) if dual else (a - g))
                for w, p, q, r in zip(weights, slopes, f, model.balls, strict=True)
                for s, a, g in zip(p, q, r, strict=True)
                if not (w.is_zero() or (a.is_zero() and g.is_zero()))
            )
            for model in i.models
        )
    if not gap.is_finite():
        raise CertificateError("the approximate optimum has no finite gap")
    return positive_part(gap).upper()


def around(
    i: Instance, training: Training, near: Table, target: Table, weights: Sequence[arb], gap: arb
) -> list[list[arb]]:
    r"""Balls around the entries of the minimiser f* when `near` has this gap.

    Reverse, convex as a set: $D_\varphi(f,f^*)\le G$ (Pythagoras).  Convex in ∇φ, trained forward:
    $D_\varphi(f^*,f)\le G$.  Forward KL over mixtures, t the target: optimality is $\mathbb E\sum t_ir_i\le1$ for
    $r=f/f^*$, so that $\mathbb E\sum t_i[r_i-1-\log r_i]\le G$.  Every term is non-negative, so each obeys the bound.
    Where neither weight nor target pins an entry, it lies between the models' entries.
    """
    phi, dual = training.phi(i), training.dual(i)

    def entry(x: int, label: int) -> arb:
        w, f, t = weights[x], near.balls[x][label], target.balls[x][label]
        if dual:
            return phi.before(f, gap / w)
        assert i.models is not None
        each = [model.balls[x][label] for model in i.models]
        if all(value.is_zero() for value in each):
            return ZERO
        span = between(smallest(each), largest(each))
        forward = training.direction == "forward" and phi.name == "kl"
        if w.is_zero() or (forward and t.is_zero()):
            return span
        return meet(span, f * (-log_ratios(gap / (w * t))).exp() if forward else phi.after(f, gap / w))

    rows = [[entry(x, label) for label in range(i.classes)] for x in range(len(near.balls))]
    return rows if dual else _by_one_share(i, rows)


def _by_one_share(i: Instance, rows: list[list[arb]]) -> list[list[arb]]:
    """Of two models the entries of f* = a f_1 + (1-a) f_2 are tied by one share a, which every entry encloses."""
    assert i.models is not None
    if len(i.models) != 2:
        return rows
    share, (first, second) = between(ZERO, ONE), (model.balls for model in i.models)
    for p, g, h in zip(rows, first, second, strict=True):
        for value, a, b in zip(p, g, h, strict=True):
            if not (a - b).contains(0):
                share = meet(share, (value - b) / (a - b))
    tied = i.mixture([share, 1 - share])
    return [[meet(a, b) for a, b in zip(p, q, strict=True)] for p, q in zip(rows, tied, strict=True)]


def _least_squares(i: Instance, training: Training, target: Table) -> Student:
    """The normal equations of linear features, solved in rationals."""
    if i.features is None or target.exact is None:
        fail("features", "least squares needs features and rational tables")
    features, goal = fmpq_mat(i.features), fmpq_mat(target.exact)
    weighted = fmpq_mat([[w * h for h in row] for w, row in zip(i.weights, i.features, strict=True)])
    try:
        theta = (weighted.transpose() * features).solve(weighted.transpose() * goal)
    except ZeroDivisionError:
        fail("features", "are linearly dependent at the inputs of positive weight")
    rows: list[list[fmpq]] = (features * theta).tolist()
    return Student(balls(rows), training.objective(i, balls(rows), target.balls))
