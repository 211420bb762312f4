"""Sides of the claims on how far the strong model's risk can be from the weak model's."""

from collections.abc import Callable

from flint import arb

from w2s_theory.exact.balls import (
    ZERO,
    Rows,
    between,
    disagreement,
    expectation,
    log_ratio,
    mean_of_terms,
    root,
    square,
    total,
)
from w2s_theory.exact.curves import log_ratio_constant, uniform_envelope
from w2s_theory.exact.envelopes import instance_envelope, label_free_range, risk_change
from w2s_theory.exact.rules import Case, Relation, Rule


def _change(case: Case) -> arb:
    return risk_change(case.weights, case.truth, case.weak, case.strong)


def _within(bound: Callable[[Case], arb]) -> Callable[[Case], Relation]:
    return lambda case: Relation(abs(_change(case)), bound(case))


def _on_its_side(gap: arb, bound: Callable[[bool], arb]) -> Relation:
    """|gap| against the bound for its sign, or for both signs where it is not decided."""
    if gap >= 0:
        return Relation(gap, bound(True))
    return Relation(-gap, bound(False)) if gap < 0 else Relation(abs(gap), between(bound(True), bound(False)))


def _uniform(case: Case) -> Relation:
    return _on_its_side(_change(case), lambda up: uniform_envelope(case.forward, case.floor, case.i.classes, rising=up))


def _instance(case: Case) -> Relation:
    return _on_its_side(_change(case), lambda up: instance_envelope(case.i, case.forward, rising=up))


def _label_free(case: Case) -> Relation:
    gap = expectation(
        case.weights,
        (
            total(t * log_ratio(p, q) for t, p, q in zip(a, b, c, strict=True) if not t.is_zero())
            for a, b, c in zip(case.truth, case.weak, case.strong, strict=True)
        ),
    )
    return _on_its_side(gap, lambda up: label_free_range(case.i, case.strong, gap if up else -gap, rising=up))


def _squared(case: Case) -> Relation:
    def distance(g: Rows, h: Rows) -> arb:
        return root(mean_of_terms(case.weights, lambda a, b: square(a - b), g, h) / (2 * case.i.sigma2))

    change = distance(case.truth, case.strong) - distance(case.truth, case.weak)
    return Relation(abs(change), distance(case.weak, case.strong))


def _decomposition(case: Case) -> Relation:
    cross = expectation(
        case.weights,
        (
            total(
                ZERO if t.is_zero() and p.is_zero() else (t - p) * log_ratio(p, q)
                for t, p, q in zip(*rows, strict=True)
            )
            for rows in zip(case.truth, case.weak, case.strong, strict=True)
        ),
    )
    return Relation(_change(case), case.forward + cross)


_FINITE = ("finite d_P(F*, F_w)",)
_FLOOR = ("floor",)

GENERALIZATION = {
    "generalization-forward": Rule(_within(lambda c: log_ratio_constant(c.floor) * root(c.forward)), _FLOOR),
    "generalization-reverse": Rule(
        _within(lambda c: log_ratio_constant(c.floor) * root(disagreement(c.weights, c.strong, c.weak))), _FLOOR
    ),
    "generalization-naive": Rule(_within(lambda c: root(c.forward / 2) / c.floor), _FLOOR),
    "generalization-uniform-envelope": Rule(_uniform, _FLOOR),
    "generalization-instance-envelope": Rule(_instance, domain=_FINITE),
    "generalization-label-free": Rule(_label_free),
    "generalization-squared": Rule(_squared, kinds=("real", "simplex", "positive", "density")),
    "risk-decomposition": Rule(_decomposition, domain=_FINITE, identity=True),
}
"""The rules of the generalization claims by claim id."""
