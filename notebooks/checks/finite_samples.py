"""Checks of 06_finite_samples."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from checks.frame import Check, UnreadableError, accepted, exercise, hint, near, number, rows
from w2s_theory.api import evaluate
from w2s_theory.catalogue import find_claim
from w2s_theory.catalogue.robustness import finite_sample_shortfall, log_span, shortfall_penalty
from w2s_theory.functionals.quantile_interval import quantile_interval
from w2s_theory.training.projection import hull_projection
from w2s_theory.verification.sampled import sampled_outcomes
from w2s_theory.worlds.gaussian_scores import GaussianScores

_MODELS, _CLASSES, _FLOOR, _DELTA = 4, 3, 0.05, 0.05
_MANY, _SAMPLES = 1e9, 20_000
_HULL = np.array([[[0.8, 0.2]], [[0.4, 0.6]]])
_LEAST = 0.1


def _bound(n: float) -> float:
    """The bound on the excess, in nats."""
    tau = finite_sample_shortfall(n, _MODELS, _DELTA, log_span(_FLOOR, _CLASSES))
    return float(shortfall_penalty(_FLOOR, tau))


@exercise
def exercise_1(answer: int) -> Check:
    """The smallest power of two at which the bound says something."""
    span, given = float(log_span(_FLOOR, _CLASSES)), number(answer)
    right = next(2**power for power in range(64) if _bound(2**power) < span)
    if given == right:
        return accepted(
            f"At n = {right:,} the bound is {_bound(right):.3g} nats, just below {span:.3g}."
        )
    if given == math.log2(right):
        return hint("That is the exponent. What is the number of inputs?")
    if given < 1 or not math.log2(given).is_integer():
        return hint("The answer should be a power of two: 2, 4, 8, and so on.")
    if given < right:
        return hint(
            f"At that n the bound is {_bound(given):.3g} nats, and no risk difference exceeds {span:.3g}."
        )
    return hint(
        f"The bound is below {span:.3g} nats there, but it was so at a smaller power of two already."
    )


@exercise
def exercise_2(answer: float) -> Check:
    """By what factor must n grow to halve the bound?"""
    given = number(answer)
    if given <= 1:
        return hint("More inputs make the bound smaller, so the factor is above one.")
    left = _bound(_MANY * given) / _bound(_MANY)
    low, high = 1.0, 1e4
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (
            (middle, high) if _bound(_MANY * middle) > 0.5 * _bound(_MANY) else (low, middle)
        )
    if near(given, low, 0.25):
        return accepted(
            f"About {low:.3g}: the fourth power of two, and a little more for the logarithm. Slow rates are expensive."
        )
    return hint(
        f"With {given:.3g} times as many inputs the bound is {left:.2f} of what it was. Which rate is it?"
    )


@exercise
def exercise_3(answer: int) -> Check:
    """The fewest draws whose interval of the 90 % quantile has an upper end."""
    given = number(answer)
    if given != int(given) or not 1 <= given <= 10_000:
        return hint(
            "A number of draws is a whole number, at least one; ten thousand are more than enough."
        )
    draws = int(given)
    finite = [math.isfinite(float(_upper(count))) for count in (draws - 1, draws)]
    if finite == [False, True]:
        return accepted(
            f"{draws} draws: with one fewer, all of them lie below the quantile too often for 99 % confidence."
        )
    if not finite[1]:
        return hint(
            f"Of {draws} draws the interval has no upper end yet. Half of the 1 % belongs to each end."
        )
    return hint(f"{draws} draws are enough, and fewer are too. How many fewer?")


def _upper(count: int) -> float:
    return float(quantile_interval(np.arange(float(count)), 0.9, 0.99).high) if count else math.inf


@exercise
def exercise_4(answer: Mapping[str, Any]) -> Check:
    """A truth and a teacher for whom the gain falls short of the disagreement."""
    if not isinstance(answer, Mapping) or set(answer) != {"truth", "weak"}:
        raise UnreadableError("The answer should be a dictionary with the keys 'truth' and 'weak'")
    truth, weak = (rows([answer[name]], 1, 2) for name in ("truth", "weak"))
    if (weak <= 0).any():
        return hint("Give the teacher positive probabilities, so that the disagreement is finite.")
    student = np.asarray(hull_projection(np.ones(1), _HULL, weak).student)
    instance = {"weights": [1.0], "truth": truth, "weak": weak, "strong": student, "models": _HULL}
    found = evaluate("gain-reverse-mixture-risk", instance)
    assert found.slack is not None
    if found.slack <= -_LEAST:
        robust = evaluate("gain-misspecified", instance)
        return accepted(
            f"The student is ({student[0, 0]:.3g}, {student[0, 1]:.3g}), and the gain falls short by "
            f"{-found.slack:.3g} nats. The robust claim: {robust.verdict.value}."
        )
    low, high = _HULL[:, 0, 0].min(), _HULL[:, 0, 0].max()
    if low <= truth[0, 0] <= high:
        return hint(
            "This truth belongs to the class, so the theorem holds. Take one that does not."
        )
    if low <= weak[0, 0] <= high:
        return hint(
            "This teacher belongs to the class, so the student copies it and nothing moves."
        )
    if found.slack > 0:
        return hint(
            "The gain is larger than the disagreement here. Is the truth on the same side as the teacher?"
        )
    return hint(
        f"It falls short by {-found.slack:.3g} nats only. Move the teacher or the truth further out."
    )


@exercise
def exercise_5(answer: float) -> Check:
    """How many times more samples does Hoeffding's interval need?"""
    given = number(answer)
    scores = GaussianScores(0.2, 1.5, (1.3, 0.1), (0.8, -0.2), (1.0, 0.3), 0.01)
    (found,) = sampled_outcomes(
        [find_claim("sharp-pinsker")], scores, _SAMPLES, region="hoeffding", level=0.95
    )
    assert found.needed is not None
    right = found.needed / _SAMPLES
    if near(given, right, 0.1):
        return accepted(
            f"About {right:.3g} times as many: the interval has to shrink to {1 / math.sqrt(right):.0%}."
        )
    if near(given, math.sqrt(right), 0.1):
        return hint(
            "By that factor the *interval* must shrink. Its width falls like the root of the samples."
        )
    if near(given, found.needed, 0.1):
        return hint("That is the number of samples. By which factor is it more than 20,000?")
    return hint("Compare the half-width of the interval with its middle, and square.")
