"""Checks of 05_balance."""

import numpy as np

from checks.frame import Check, UnreadableError, accepted, array, exercise, hint, near, number
from w2s_theory.experiments.balance import band
from w2s_theory.worlds.gaussian_regression import GaussianRegression

_FIRST = np.diag([2.0, 0.3, 0.05]), np.array([1.0, 0.7, 0.2]), np.array([1.0, 1.4, 1.8])
_COUNTED = np.diag([2.0, 0.2, 0.01]), np.ones(3)
_COUNTED_TEACHERS = ([0.5, 0.5, 0.5], [1.5, 1.5, 1.5], [2.0, 1.0, 1.0])
_TWO = np.diag([1.0, 0.1]), np.ones(2)
_TIMES = np.geomspace(1e-3, 1e3, 2_000)
_TEACHER_RISK, _LEAST_ERROR, _SHARE = 0.275, 0.05, 0.1


def _world(
    covariance: np.ndarray, truth: np.ndarray, weak: np.ndarray | list[float]
) -> GaussianRegression:
    weak = np.asarray(weak, float)
    return GaussianRegression(covariance, truth, weak, weak)


def _risks(world: GaussianRegression, times: np.ndarray) -> np.ndarray:
    return world.divergence(world.gradient_flow(times), world.truth)


@exercise
def exercise_1(answer: float) -> Check:
    """When is the risk lowest?"""
    (right,) = _world(*_FIRST).stationary_times()
    given = number(answer)
    if near(given, right, 0.02):
        return accepted(
            "There the risk is lowest, and every later step is a step towards the teacher's errors."
        )
    if near(10.0**given, right, 0.05):
        return hint("That looks like the logarithm of the time. What is the time itself?")
    if given <= 0:
        return hint("Training time is positive: at time 0 the student has learnt nothing.")
    low, there = _risks(_world(*_FIRST), np.array([right, given]))
    side = "Earlier or later" if given < right else "Later or earlier"
    return hint(
        f"At that time the risk is {there / low:.3g} times the lowest. {side}? Ask `stationary_times`."
    )


@exercise
def exercise_2(answer: tuple[int, int, int]) -> Check:
    """How many stationary times has each of three teachers?"""
    given = array(answer, 3)
    right = [len(_world(*_COUNTED, weak).stationary_times()) for weak in _COUNTED_TEACHERS]
    wrong = [number for number, (a, b) in enumerate(zip(given, right, strict=True)) if a != b]
    if not wrong:
        return accepted(
            "The first teacher is never passed. The second is passed in every direction, one after the other since "
            "they are learnt at such different speeds: three valleys with two hills between them. The third is passed "
            "early, in the only direction in which it errs."
        )
    told = ["first", "second", "third"][wrong[0]]
    return hint(
        f"Not so for the {told} teacher. Build its world, as in the first cell, and count what `stationary_times` "
        "finds."
    )


@exercise
def exercise_3(answer: list[float]) -> Check:
    """A teacher for whom early stopping leaves a tenth of the risk."""
    world = _world(*_TWO, array(answer, 2))
    at_teacher = float(world.divergence(world.weak, world.truth))
    if at_teacher < _LEAST_ERROR:
        return hint(
            f"This teacher's risk is {at_teacher:.3g}, less than {_LEAST_ERROR:g}: it hardly errs at all."
        )
    share = float(np.min(_risks(world, _TIMES))) / at_teacher
    if share <= _SHARE:
        return accepted(f"At its best time the student has {share:.1%} of its teacher's risk.")
    if not len(world.stationary_times()):
        return hint(
            "The risk along this path only falls or only rises. Does the student ever pass the truth?"
        )
    return hint(
        f"At its best time the student still has {share:.0%} of its teacher's risk. Both directions should be near the "
        "truth at the same time: which of them is learnt more slowly?"
    )


@exercise
def exercise_4(answer: float) -> Check:
    """The largest disagreement at which the band promises at most twice the teacher's risk."""
    given = number(answer)
    if given < 0:
        return hint("A disagreement is never negative.")
    most = float(band(_TEACHER_RISK, given)[1])
    if near(most, 2.0 * _TEACHER_RISK, 0.005):
        return accepted(
            f"At d = {given:.4g} the band ends at {most:.4g}: twice the teacher's risk, and no more."
        )
    if most > 2.0 * _TEACHER_RISK:
        return hint(
            f"At that disagreement the band reaches up to {most:.3g}. It is the *roots* that add up, not the risks."
        )
    return hint(
        f"That is safe, since the band ends at {most:.3g}, but there is room for more disagreement."
    )


@exercise
def exercise_5(answer: list[float]) -> Check:
    """A teacher for whom any training hurts."""
    weak = array(answer, 2)
    if not weak.any():
        raise UnreadableError(
            "With this teacher nothing is ever learnt, so no later time is worse: it must say something"
        )
    world = _world(*_TWO, weak)
    start, *later = _risks(world, np.concatenate([[0.0], _TIMES]))
    if min(later) > start:
        return accepted(
            "Every step towards this teacher leads away from the truth. The saying needs an assumption about the "
            "teacher, and none was made."
        )
    best = float(_TIMES[int(np.argmin(later))])
    return hint(
        f"At time {best:.3g} the risk is {min(later):.3g}, below the {start:.3g} of a student that has learnt nothing. "
        "In which direction should the first step not go?"
    )
