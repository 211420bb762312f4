"""Sides of the claims on when the student beats its teacher: a table of cells, and other losses."""

from collections.abc import Callable

from flint import arb

from w2s_theory.exact.balls import Rows
from w2s_theory.exact.rules import Case, Relation, Rule
from w2s_theory.exact.students import Training

_CONVEX = {"mixture": "mixture_convex", "exponential": "exponentially_convex"}
_TRAININGS = (
    Training("reverse", "mixture"),
    Training("forward", "mixture"),
    Training("forward", "exponential"),
    Training("reverse", "exponential"),
)


def assumed(training: Training) -> tuple[str, ...]:
    """The hypotheses of a claim about an optimal student of a convex class that contains the truth."""
    return _CONVEX[training.family], "realizable", "optimal"


def _sides(training: Training, *, truth_first: bool, by_disagreement: bool) -> Callable[[Case], Relation]:
    """Judged risk of the student ≤ that of the teacher, less what training minimised if the claim is by it."""

    def sides(case: Case) -> Relation:
        def judged(model: Rows) -> arb:
            return training.divergence(case.i, *((case.truth, model) if truth_first else (model, case.truth)))

        student, teacher = judged(case.strong), judged(case.weak)
        if not by_disagreement:
            return Relation(student, teacher)
        return Relation(student, teacher - case.objective, case.objective)

    return sides


def _table() -> dict[str, Rule]:
    made = {}
    for training in _TRAININGS:
        for judged in ("risk", "reverse-risk"):
            for prefix in ("gain", "never-worse"):
                made[f"{prefix}-{training.direction}-{training.family}-{judged}"] = Rule(
                    _sides(training, truth_first=judged == "risk", by_disagreement=prefix == "gain"),
                    assumed(training),
                    ("positive rows",) if judged == "reverse-risk" else (),
                    training=training,
                )
    return made


def _loss(training: Training, kinds: tuple[str, ...], *, truth_first: bool, domain: tuple[str, ...] = ()) -> Rule:
    sides = _sides(training, truth_first=truth_first, by_disagreement=True)
    return Rule(sides, assumed(training), domain, kinds, training)


SQUARED = Training("reverse", "mixture", "squared")

GAIN = _table() | {
    "gain-squared": _loss(SQUARED, ("real", "simplex"), truth_first=False),
    "gain-bregman": _loss(
        Training("reverse", "mixture", "bregman"), ("simplex", "positive"), truth_first=True, domain=("positive rows",)
    ),
    "gain-bregman-dual": _loss(
        Training("forward", "exponential", "bregman"),
        ("positive", "simplex"),
        truth_first=False,
        domain=("positive rows",),
    ),
}
"""The rules of the gain claims by claim id."""
