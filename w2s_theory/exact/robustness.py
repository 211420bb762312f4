"""Sides of the claims on how much of the gain survives an imperfect student, class or sample."""

import itertools
import math
from collections.abc import Iterator

from flint import arb, fmpq

from w2s_theory.exact.balls import ONE, Rows, mean_of_terms, positive_part, root, smallest, square, total
from w2s_theory.exact.curves import log_ratio_constant, log_span
from w2s_theory.exact.gain import SQUARED
from w2s_theory.exact.instance import Instance, Table, dual_mixture, equal_shares, fail
from w2s_theory.exact.rules import Case, Relation, Rule
from w2s_theory.exact.students import (
    Student,
    Training,
    around,
    best_of,
    frank_wolfe_gap,
    is_member,
    optimal_students,
    require_claimed,
)

MOST_SAMPLES = 10_000
MOST_MIXTURES = 100_000
_REVERSE = Training("reverse", "mixture")
_FORWARD = Training("forward", "mixture")


def _penalty(case: Case, tau: arb) -> arb:
    r"""$C_\gamma\sqrt\tau+\tau$."""
    return log_ratio_constant(case.floor) * root(tau) + tau


def _within(case: Case, penalty: arb) -> Relation:
    """L(F_sw) ≤ L(F_w) - d_P(F_sw, F_w) + penalty, a claim about the penalty's constant."""
    teacher, student = (_REVERSE.divergence(case.i, case.truth, model) for model in (case.weak, case.strong))
    return Relation(student, teacher - case.objective + penalty, penalty)


def _least(i: Instance, training: Training, near: Table | None, target: Table, name: str) -> arb:
    """The minimum of the objective against `target` over the class, next to the witness `near` in a hull."""
    if not i.convex or i.models is None:
        near = i.strong
    if near is None or not is_member(i, training, near):
        fail(f"witness {name}", "is needed: a member of the class next to that optimum")
    return smallest(student.objective for student in optimal_students(i, training, near, target))


def _misspecified(case: Case) -> Relation:
    """The objective of the forward training on the truth itself is ε."""
    distance = _least(case.i, _FORWARD, case.i.nearest, case.i.truth, "nearest")
    return _within(case, root(2 * distance) * log_span(case.floor, case.i.classes))


def _suboptimal(case: Case) -> Relation:
    tau = positive_part(case.objective - _least(case.i, _REVERSE, case.i.best, case.i.weak, "best"))
    return _within(case, _penalty(case, tau))


def _squared_misspecified(case: Case) -> Relation:
    i = case.i
    miss = root(_least(i, SQUARED, i.nearest, i.truth, "nearest"))
    reach = square(root(SQUARED.divergence(i, case.weak, case.truth)) + miss)
    student = root(SQUARED.divergence(i, case.strong, case.truth))
    return Relation(student, root(positive_part(reach - case.objective)) + miss)


def _mixture_of_r(case: Case) -> Relation:
    r"""$\tau_r=\frac{1-1/k}{2\gamma r}$."""
    number = _members_of_mixture(case.i)
    tau = (1 - ONE / case.i.classes) / (2 * case.floor * number)
    return _within(case, _penalty(case, tau))


def _members_of_mixture(i: Instance) -> int:
    """R; `CertificateError` unless there are models in a hull, and the student's shares are multiples of 1/r."""
    if not i.convex or i.r is None:
        fail("r", "the claim needs the number r, and models in a hull")
    assert i.strong.shares is not None
    if any((share * i.r).q != 1 for share in i.strong.shares):
        fail("strong", f"its weights are not multiples of 1/{i.r}")
    return i.r


def _best_of_few(i: Instance, training: Training) -> list[Student]:
    """The equal-weight mixtures of r models that are not certainly worse than another one."""
    number = _members_of_mixture(i)
    assert i.models is not None
    if math.comb(len(i.models) + number - 1, number) > MOST_MIXTURES:
        fail("r", f"there are more than {MOST_MIXTURES} mixtures of {number} models")
    every = (i.mixture([fmpq(c, number) for c in counts]) for counts in compositions(number, len(i.models)))
    return require_claimed(best_of(i, training, every, i.weak), i.strong)


def compositions(number: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to write `number` as an ordered sum of so many non-negative integers."""
    for bars in itertools.combinations(range(number + parts - 1), parts - 1):
        walls = (-1, *bars, number + parts - 1)
        yield tuple(b - a - 1 for a, b in itertools.pairwise(walls))


def _finite_sample(case: Case) -> Relation:
    r"""The (1-δ)-quantile of the excess against the penalty of $\tau_n$.

    Exact multinomial probabilities of the samples that have a witness (of all, for a list of models) are added in
    order of decreasing certified excess until they pass δ.  The last excess is the left side: wherever it exceeds
    the right side, the claim fails with a probability above δ.
    """
    i = case.i
    assert i.n is not None and i.delta is not None and i.models is not None
    if math.comb(i.n + len(i.kept) - 1, i.n) > MOST_SAMPLES:
        fail("n", f"there are more than {MOST_SAMPLES} samples of {i.n} inputs")
    reached, least = fmpq(0), arb.pos_inf()
    for excess, chance in sorted(_excesses(case, i.n), key=lambda found: -float(found[0].lower())):
        reached, least = reached + chance, least.min(excess)
        if reached > i.delta:
            complexity = len(i.models) * arb(1 + 2 * i.n).log() + arb(2 / i.delta).log()
            span = log_span(case.floor, i.classes)
            tau = 2 * span * (root(complexity / (2 * i.n)) + ONE * 2 / i.n)
            return Relation(least, _penalty(case, tau))
    fail("delta", f"the samples with a certified excess have probability {reached}, which is not above {i.delta}")


def _excesses(case: Case, n: int) -> Iterator[tuple[arb, fmpq]]:
    r"""Sample by sample, $L(\hat F)-L(F_w)+d_P(\hat F,F_w)$ of its least favourable minimiser, and its probability."""
    i = case.i
    teacher = _REVERSE.divergence(i, case.truth, case.weak)
    if i.convex:
        if any(sum(counts) != n for counts in i.samples):
            fail("witness samples", f"has counts that do not sum to {n}")
        samples = {tuple(counts[x] for x in i.kept): near for counts, near in i.samples.items()}
    else:
        samples = dict.fromkeys(compositions(n, len(i.kept)))
    for counts, near in samples.items():
        if sum(counts) != n:
            continue  # a witness for samples with inputs of weight zero, which never occur
        chance, left = fmpq(1), n
        for count, weight in zip(counts, i.weights, strict=True):
            chance *= math.comb(left, count) * weight**count
            left -= count
        each = (
            _REVERSE.divergence(i, case.truth, f) - teacher + _REVERSE.divergence(i, f, case.weak)
            for f in _minimisers(i, near, [arb(fmpq(count, n)) for count in counts])
        )
        yield smallest(each), chance


def _minimisers(i: Instance, near: Table | None, shares: list[arb]) -> list[Rows]:
    """Enclosures of all that minimise the objective with these shares of the inputs."""
    assert i.models is not None
    if near is None:
        return [student.table for student in best_of(i, _REVERSE, (m.balls for m in i.models), i.weak, shares)]
    if not is_member(i, _REVERSE, near):
        fail("witness samples", "a table is not written as a member of the class")
    gap = frank_wolfe_gap(i, _REVERSE, near, i.weak, shares)
    return [around(i, _REVERSE, near, i.weak, shares, gap)]


def _posterior_mean(case: Case) -> Relation:
    """Expected divergence of the models less that of the student, and expected misfit, for the nearer mean.

    Where it is not certain which mean that is, the one for which both sides are closer together.
    """
    i = case.i
    if i.models is None:
        fail("models", "the claim is about random teachers, which are the models")

    def identity(dual: bool) -> Relation:
        def d(g: Rows, h: Rows) -> arb:
            return _REVERSE.divergence(i, *((g, h) if dual else (h, g)))

        assert i.models is not None
        teachers, misfit = (
            total(d(table, m.balls) for m in i.models) / len(i.models) for table in (case.truth, case.strong)
        )
        return Relation(teachers - d(case.truth, case.strong), misfit)

    possible = (i.strong.mean == "dual",) if i.strong.mean else _may_be_nearer_to_dual(case)
    return min(map(identity, possible), key=lambda r: abs(r.lhs - r.rhs).lower().fmpq())


def _may_be_nearer_to_dual(case: Case) -> tuple[bool, ...]:
    """Whether a student that is neither mean is nearer, in E‖·‖₁, to the dual than to the arithmetic one."""
    assert case.i.models is not None
    shares = equal_shares(case.i.models)
    dual, arithmetic = (
        mean_of_terms(case.weights, lambda a, b: abs(a - b), case.strong, mean)
        for mean in (dual_mixture(case.i.models, shares, case.i.kind, "kl", "strong"), case.i.mixture(shares))
    )
    return (True,) if dual <= arithmetic else (False,) if dual > arithmetic else (True, False)


ROBUSTNESS = {
    "gain-misspecified": Rule(
        _misspecified, ("mixture_convex", "optimal", "floor"), training=_REVERSE, witnesses=("nearest",)
    ),
    "gain-suboptimal": Rule(
        _suboptimal, ("mixture_convex", "realizable", "floor"), training=_REVERSE, witnesses=("best",)
    ),
    "gain-finite-sample": Rule(
        _finite_sample,
        ("mixture_convex", "realizable", "floor"),
        ("sample",),
        training=_REVERSE,
        witnesses=("samples",),
    ),
    "gain-mixture-of-r": Rule(
        _mixture_of_r, ("realizable", "optimal", "floor"), training=_REVERSE, optimum=_best_of_few
    ),
    "gain-squared-misspecified": Rule(
        _squared_misspecified,
        ("mixture_convex", "optimal"),
        kinds=("real", "simplex"),
        training=SQUARED,
        witnesses=("nearest",),
    ),
    "gain-posterior-mean": Rule(_posterior_mean, ("dual_mean",), ("positive rows",), identity=True),
}
"""The rules of the robust claims by claim id."""
