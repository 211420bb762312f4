"""Sides of the calibration claims: calibration errors are exact rationals, their bounds balls."""

from collections.abc import Callable

from flint import arb, fmpq

from w2s_theory.exact.balls import balls, disagreement
from w2s_theory.exact.conditioning import (
    binned_error,
    grouped_error,
    score_conditional_error,
    smooth_error,
    truth_given_row,
)
from w2s_theory.exact.curves import bretagnolle_huber, sharp_pinsker
from w2s_theory.exact.rules import Case, Relation, Rule, partition


def _by_ties(error: Callable[..., fmpq]) -> Callable[[Case, str], fmpq]:
    return lambda case, role: error(case.i.weights, case.i.rational("truth"), case.i.rational(role))


def _by_partition(case: Case, role: str) -> fmpq:
    tables = case.i.rational("truth"), case.i.rational(role)
    return grouped_error(case.i.weights, *tables, partition(case.i, role))


_score = _by_ties(score_conditional_error)


def _difference(error: Callable[[Case, str], fmpq], curve: Callable[[arb], arb]) -> Callable[[Case], Relation]:
    """|error(strong) - error(weak)| ≤ 2 curve(d_P(F_w, F_sw))."""
    return lambda case: Relation(abs(arb(error(case, "strong") - error(case, "weak"))), 2 * curve(case.forward))


def _risk_controls(case: Case) -> Relation:
    risk = disagreement(case.weights, case.truth, case.strong)
    return Relation(arb(_score(case, "strong")), 2 * sharp_pinsker(risk))


def _refinement(case: Case) -> Relation:
    given = balls(truth_given_row(case.i.weights, case.i.rational("truth"), case.i.rational("strong")))
    parts = ((case.truth, case.strong), (given, case.strong), (case.truth, given))
    risk, reliability, refinement = (disagreement(case.weights, *pair) for pair in parts)
    return Relation(risk, reliability + refinement)


CALIBRATION = {
    "calibration-score-sufficient": Rule(_difference(_score, bretagnolle_huber), ("score_sufficient",)),
    "calibration-common-conditioning": Rule(_difference(_by_partition, bretagnolle_huber), ("common_partition",)),
    "calibration-smooth": Rule(_difference(_by_ties(smooth_error), bretagnolle_huber), domain=("binary",)),
    "calibration-sharp": Rule(_difference(_score, sharp_pinsker), ("score_sufficient",)),
    "calibration-sharp-common": Rule(_difference(_by_partition, sharp_pinsker), ("common_partition",)),
    "calibration-sharp-smooth": Rule(_difference(_by_ties(smooth_error), sharp_pinsker), domain=("binary",)),
    "calibration-score-conditional": Rule(_difference(_score, bretagnolle_huber)),
    "calibration-binned": Rule(_difference(_by_ties(binned_error), bretagnolle_huber)),
    "risk-controls-calibration": Rule(_risk_controls),
    "calibration-refinement": Rule(_refinement, identity=True),
}
"""The rules of the calibration claims by claim id."""
