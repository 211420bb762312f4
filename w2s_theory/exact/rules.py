"""What the verifier knows of a claim: its two sides, and its hypotheses and domain as exact checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flint import arb

from w2s_theory.exact.balls import Rows, disagreement
from w2s_theory.exact.conditioning import cells, row_keys, score_keys
from w2s_theory.exact.instance import Instance, fail
from w2s_theory.exact.students import Student, Training, is_member, optimal_students, require_claimed, require_class


class Relation(NamedTuple):
    """Both sides of a claim, and the part of the right one whose constant the claim is about (None: all of it)."""

    lhs: arb
    rhs: arb
    bound: arb | None = None


@dataclass(frozen=True)
class Case:
    """A claim's instance with one enclosure of its student: what the sides are functions of."""

    i: Instance
    student: Student | None

    @property
    def weights(self) -> list[arb]:
        """Weights of the inputs."""
        return self.i.probabilities

    @property
    def truth(self) -> Rows:
        """The truth in balls."""
        return self.i.truth.balls

    @property
    def weak(self) -> Rows:
        """The weak model in balls."""
        return self.i.weak.balls

    @property
    def strong(self) -> Rows:
        """The student in balls."""
        return self.student.table if self.student else self.i.strong.balls

    @property
    def objective(self) -> arb:
        """What training minimises, at the student."""
        assert self.student is not None
        return self.student.objective

    @property
    def floor(self) -> arb:
        """The floor γ; `CertificateError` if the instance has none."""
        if self.i.floor is None:
            fail("floor", "the key is missing, and the claim is about a floor")
        return arb(self.i.floor)

    @property
    def forward(self) -> arb:
        """d_P(F_w, F_sw)."""
        return disagreement(self.weights, self.weak, self.strong)


def _optimum(i: Instance, training: Training) -> list[Student]:
    found = optimal_students(i, training, i.strong, i.weak)
    return found if i.convex else require_claimed(found, i.strong)


@dataclass(frozen=True)
class Rule:
    """How a claim is checked.

    `sides` gives the relation, `assumes` and `domain` name checks, `training` is that of a claim about students,
    `optimum`, if the claim assumes `optimal`, enclosures of every minimiser, `witnesses` the keys that it may use.
    """

    sides: Callable[[Case], Relation]
    assumes: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("simplex",)
    training: Training | None = None
    optimum: Callable[[Instance, Training], list[Student]] = _optimum
    witnesses: tuple[str, ...] = ()
    identity: bool = False

    def cases(self, i: Instance, dropped: str | None) -> list[Case]:
        """One case for every enclosure of the student, every hypothesis but the dropped one having been checked.

        `CertificateError` with a sentence on the first thing that is not as the claim supposes.
        """
        if i.kind not in self.kinds:
            fail("kind", f"this claim is checked for kind {' or '.join(self.kinds)}, not {i.kind}")
        if self.training is not None:
            require_class(i, self.training)
            if not is_member(i, self.training, i.strong):
                fail("strong", "the way the student is written does not prove that it belongs to its class")
        for name in self.assumes:
            if name != dropped:
                HYPOTHESES[name](self, i)
        cases = [Case(i, student) for student in self._students(i, dropped)]
        for name in self.domain:
            for case in cases:
                DOMAINS[name](case)
        return cases

    def _students(self, i: Instance, dropped: str | None) -> list[Student] | list[None]:
        if self.training is None:
            return [None]
        if "optimal" in self.assumes and dropped != "optimal":
            return self.optimum(i, self.training)
        return [Student(i.strong.balls, self.training.objective(i, i.strong.balls, i.weak.balls))]


def _floor(rule: Rule, i: Instance) -> None:
    """Weak model and student keep the floor; of a class its members, and so every mixture of them."""
    if i.floor is None:
        fail("floor", "the key is missing, and the claim assumes a floor")
    tables = {"weak": i.weak, "strong": i.strong}
    tables |= {f"models[{j}]": model for j, model in enumerate((i.models or []) if rule.training else [])}
    for name, table in tables.items():
        if not all(value >= i.floor for row in table.exact or table.balls for value in row):
            fail(name, f"an entry is below the floor {i.floor}")


def _convex(rule: Rule, i: Instance) -> None:
    if not i.convex:
        fail("class", "the claim assumes a convex class, and a list of models is not convex")


def _realizable(rule: Rule, i: Instance) -> None:
    assert rule.training is not None
    if not is_member(i, rule.training, i.truth):
        fail("truth", "the way the truth is written does not prove that it belongs to the class")


def _optimal(rule: Rule, i: Instance) -> None:
    """The student is enclosed around the optimum by `Rule.optimum`."""


def _score_sufficient(rule: Rule, i: Instance) -> None:
    truth = i.rational("truth")
    for role in ("weak", "strong"):
        model = i.rational(role)
        for label in range(i.classes):
            for cell in cells(score_keys(model, label)):
                if any(truth[x][label] != truth[cell[0]][label] for x in cell):
                    fail(role, f"inputs with equal score of class {label} have different truths")


def _common_partition(rule: Rule, i: Instance) -> None:
    if i.strong_groups is not None and cells(partition(i, "weak")) != cells(i.strong_groups):
        fail("strong_groups", "is another partition than that of the weak model")


def _dual_mean(rule: Rule, i: Instance) -> None:
    if i.strong.mean is None:
        fail("strong", 'is not written as a mean of the models, {"mean": "dual"} or {"mean": "arithmetic"}')


def partition(i: Instance, role: str) -> list[Any]:
    """Labels of the cells that calibration of a role conditions on: its groups, else the weak model's rows."""
    if role == "strong" and i.strong_groups is not None:
        return i.strong_groups
    return i.groups if i.groups is not None else row_keys(i.rational("weak"))


HYPOTHESES: Mapping[str, Callable[[Rule, Instance], None]] = {
    "floor": _floor,
    "realizable": _realizable,
    "mixture_convex": _convex,
    "exponentially_convex": _convex,
    "optimal": _optimal,
    "score_sufficient": _score_sufficient,
    "common_partition": _common_partition,
    "dual_mean": _dual_mean,
}
"""Checks by the name of the hypothesis; each raises `CertificateError` if the instance does not meet it."""


def _binary(case: Case) -> None:
    if case.i.classes != 2:
        fail("weak", f"the claim is about 2 classes, not {case.i.classes}")


def _positive_rows(case: Case) -> None:
    if case.i.kind == "real":
        return
    for role, rows in (("truth", case.truth), ("weak", case.weak), ("strong", case.strong)):
        if not all(value > 0 for row in rows for value in row):
            fail(role, "has an entry that is not certainly positive, but the claim needs positive rows")


def _finite_weak_risk(case: Case) -> None:
    for p, q in zip(case.truth, case.weak, strict=True):
        if any(b.is_zero() and not a.is_zero() for a, b in zip(p, q, strict=True)):
            fail("weak", "an entry is 0 where that of the truth is not: the risk is infinite")


def _sample(case: Case) -> None:
    if case.i.n is None or case.i.delta is None:
        fail("n", "the claim needs the number of inputs n and the probability of failure delta")


DOMAINS: Mapping[str, Callable[[Case], None]] = {
    "binary": _binary,
    "positive rows": _positive_rows,
    "finite d_P(F*, F_w)": _finite_weak_risk,
    "sample": _sample,
}
"""Checks by the name of the domain; each raises `CertificateError` outside it."""
