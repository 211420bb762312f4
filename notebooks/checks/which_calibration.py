"""Checks of 03_which_calibration, and the two inputs that the notebook looks at."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import w2s_theory as w2s
from checks.frame import Check, UnreadableError, accepted, exercise, hint, near, number, selection
from w2s_theory.api import find_claim

TEACHER = {
    "weights": [0.5, 0.5],
    "truth": [[0.9, 0.1], [0.1, 0.9]],
    "weak": [[0.5, 0.5], [0.5, 0.5]],
}
READINGS = (
    "calibration-score-conditional",
    "calibration-common-conditioning",
    "calibration-smooth",
    "calibration-binned",
)
CALIBRATED = 0.8
"""The distance at which the student's scores are the truth."""
CLOSE = 1e-6
CLEAR = 0.5

_ESTIMATES = Path(__file__).parents[2] / "figures" / "estimation-bias.json"


def pair(distance: float) -> dict[str, Any]:
    """The two inputs, and a student whose two scores are `distance` apart, on the right sides of one half."""
    step = 0.5 * distance
    return TEACHER | {"strong": [[0.5 + step, 0.5 - step], [0.5 - step, 0.5 + step]]}


@exercise
def exercise_1(answer: float) -> Check:
    """The score-conditional error of the student whose scores are 0.002 apart."""
    value, given = number(answer), pair(0.002)
    right = float(w2s.marginal_calibration_error(given["weights"], given["truth"], given["strong"]))
    if near(value, right):
        return accepted(f"{right:.3f}, after a change of a thousandth.")
    if near(value, 0.5 * right):
        return hint("That is one class. The error sums over both.")
    if abs(value) < 0.01:
        return hint("Which inputs have the score 0.501? How often is the label class 1 *there*?")
    return hint(
        "For each score: its distance to the frequency of the class among the inputs that have this score."
    )


def _instance(answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise UnreadableError(
            "The answer should be a dictionary with weights, truth, weak and strong"
        )
    return answer


@exercise
def exercise_2(answer: Mapping[str, Any]) -> Check:
    """A clear counterexample to the score-conditional reading whose teacher has more than one score."""
    given = w2s.instance_from(_instance(answer))
    if np.ptp(np.asarray(given.weak)[np.asarray(given.weights) > 0], axis=0).max() == 0:
        return hint(
            "Your teacher says the same everywhere. Let it have at least two different scores."
        )
    far = float(w2s.disagreement(given.weights, given.weak, given.strong))
    if far > CLOSE:
        return hint(
            f"The disagreement is {far:.3g}; it should be at most {CLOSE:g}, next to nothing."
        )
    result = w2s.evaluate("calibration-score-conditional", given)
    lhs, rhs = result.lhs or 0.0, result.rhs or 0.0
    said = f"The errors differ by {lhs:.3g}, and {rhs:.3g} is allowed"
    if lhs - rhs < CLEAR:
        return hint(f"{said}. Let the teacher give one score to inputs with opposite truths.")
    return accepted(
        f"{said}. The student is the same model to six digits, and its calibration is another."
    )


@exercise
def exercise_3(answer: set[str]) -> Check:
    """Which readings hold for all pairs of two-class models."""
    chosen = selection(answer, READINGS)
    right = {name for name in READINGS if find_claim(name).status is w2s.Status.proved}
    if chosen == right:
        return accepted(
            "One partition of the inputs for both models, or a smooth test: both kinds of condition hold."
        )
    if wrong := sorted(chosen - right):
        return hint(
            f"`{wrong[0]}` can fail: an edge between two scores can be crossed by an infinitesimal step."
        )
    return hint("There are more. Which condition, or test, moves little when scores move little?")


@exercise
def exercise_4(answer: Mapping[str, Any]) -> Check:
    """A counterexample to the binned reading."""
    result = w2s.evaluate("calibration-binned", _instance(answer))
    lhs, rhs = result.lhs or 0.0, result.rhs or 0.0
    said = f"The binned errors differ by {lhs:.3g}, and {rhs:.3g} is allowed"
    if result.verdict is w2s.Verdict.violated:
        return accepted(f"{said}. Bins only move the trouble to their edges.")
    return hint(
        f"{said}. With 15 bins the edges are 1/15, 2/15, …: where must the teacher's score be?"
    )


@exercise
def exercise_5(answer: float) -> Check:
    """The distance of the two scores at which the smooth calibration error is largest."""

    def error(distance: float) -> float:
        given = pair(distance)
        return float(
            w2s.smooth_calibration_error(given["weights"], given["truth"], given["strong"])
        )

    value = number(answer)
    right = max(np.linspace(0.0, CALIBRATED, 81), key=error)
    if abs(value - right) <= 0.02:
        return accepted(
            f"At {right:.2f}, where it is {error(right):.3f}; at 0 and at {CALIBRATED} it is zero."
        )
    if not 0 <= value <= CALIBRATED:
        return hint(
            f"Look between 0 and {CALIBRATED}: beyond it the student is too sure, another error."
        )
    return hint(
        f"At {value:.3g} the smooth error is {error(value):.4f}. Move the slider on, or try a grid."
    )


@exercise
def exercise_6(answer: float) -> Check:
    """How many labels make a perfectly calibrated model look as if its error were 0.05."""
    value = number(answer)
    case = json.loads(_ESTIMATES.read_text(encoding="utf-8"))["cases"][0]
    if value < 1:
        return hint("The answer is a number of labels.")
    order = np.argsort(case["plug_in"])
    at = np.log(np.asarray(case["n"], float))[order]
    right = float(np.exp(np.interp(0.05, np.asarray(case["plug_in"])[order], at)))
    shown = float(np.interp(np.log(value), at[::-1], np.asarray(case["plug_in"])[order][::-1]))
    if 2 / 3 <= value / right <= 1.5:
        return accepted(
            f"About {right:,.0f}. A report of “calibration error 0.05” without n says nothing."
        )
    return hint(
        f"With {value:,.0f} labels such a model shows {shown:.3f} on average. Read the left panel again."
    )
