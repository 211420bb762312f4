"""Checks of 02_how_far_can_risk_move, and the models that the notebook looks at."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import root_scalar

import w2s_theory as w2s
from checks.frame import Check, UnreadableError, accepted, exercise, hint, near, number, rows

TINY_FLOOR = 1e-3
FLOOR = 0.01
NEAR = 0.02
SHARE = 0.02

UNLABELLED = {
    "weights": [0.4, 0.3, 0.2, 0.1],
    "weak": [[0.70, 0.30], [0.35, 0.65], [0.80, 0.20], [0.45, 0.55]],
    "strong": [[0.80, 0.20], [0.30, 0.70], [0.85, 0.15], [0.50, 0.50]],
}
"""A teacher and its student on four kinds of inputs, without a truth."""

_BAND = Path(__file__).parents[2] / "figures" / "envelope-band.json"


def teacher_and_truth() -> dict[str, Any]:
    """The three inputs of the figure of the envelope: weights, truth and weak, without a student."""
    data = json.loads(_BAND.read_text(encoding="utf-8"))
    return {key: data[key] for key in ("weights", "truth", "weak")}


@exercise
def exercise_1(answer: float) -> Check:
    """How many times larger the naive bound is than the best one, at a floor of one in a thousand."""
    value = number(answer)
    right = float(w2s.naive_risk_bound(1.0, TINY_FLOOR)) / float(
        w2s.log_ratio_bound(1.0, TINY_FLOOR)
    )
    if near(value, right):
        return accepted(
            f"{right:.1f} times, at every disagreement: both bounds grow like its root."
        )
    if near(value, 1 / right):
        return hint("That is how many times smaller the better bound is. Turn it around.")
    return hint("Divide one bound by the other, at any disagreement, with this floor in both.")


@exercise
def exercise_2(answer: float) -> Check:
    """The disagreement from which the uniform envelope is flat, for two classes."""
    value = number(answer)
    top = 1 - FLOOR
    right = float(w2s.kl_divergence([top, FLOOR], [FLOOR, top]))
    if near(value, right, 0.02):
        return accepted(
            f"From {right:.2f} nats on: there the student is at the floor, and the teacher at the top."
        )
    ceiling = float(w2s.uniform_envelope_upper(2 * right, FLOOR, classes=2))
    if near(value, ceiling, 0.02):
        return hint(
            "That is the height of the flat part. Asked is the disagreement at which it begins."
        )
    there = float(w2s.uniform_envelope_upper(max(value, 0.0), FLOOR, classes=2))
    if value < right:
        return hint(
            f"At {value:.3g} nats the envelope is {there:.4f}, and it still rises, to {ceiling:.4f}."
        )
    return hint(
        f"At {value:.3g} nats it is flat, and has been for a while: which two rows are the farthest apart?"
    )


def _student(answer: Any) -> tuple[float, float]:
    """Disagreement and risk of the student, and a complaint if it is not one of the three inputs' tables."""
    student, given = rows(answer, 3, 3), teacher_and_truth()
    far = float(w2s.disagreement(given["weights"], given["weak"], student))
    return far, float(w2s.risk(given["weights"], given["truth"], student))


def _ends() -> tuple[float, float, float]:
    """Lowest risk, the teacher's, and the highest, at most `NEAR` away."""
    given = teacher_and_truth()
    (band,) = w2s.envelope(given, [NEAR])
    return (
        band["lower"],
        float(w2s.risk(given["weights"], given["truth"], given["weak"])),
        band["upper"],
    )


@exercise
def exercise_3(answer: Any) -> Check:
    """The best student at most `NEAR` nats from its teacher."""
    far, risk = _student(answer)
    lowest, teacher, _ = _ends()
    said = f"Its disagreement is {far:.4f} and its risk {risk:.4f}; the lowest possible is {lowest:.4f}"
    if far > NEAR * (1 + 1e-6):
        return hint(f"{said}. That is too far from the teacher: at most {NEAR} nats are allowed.")
    if risk <= lowest + SHARE * (teacher - lowest):
        return accepted(f"{said}. No student this close does better, however it was trained.")
    return hint(f"{said}. Which rows lie between the teacher's and the truth's?")


@exercise
def exercise_4(answer: Any) -> Check:
    """The worst student at most `NEAR` nats from its teacher."""
    far, risk = _student(answer)
    _, teacher, highest = _ends()
    said = f"Its disagreement is {far:.4f} and its risk {risk:.4f}; the highest possible is {highest:.4f}"
    if far > NEAR * (1 + 1e-6):
        return hint(f"{said}. That is too far from the teacher: at most {NEAR} nats are allowed.")
    if risk >= highest - SHARE * (highest - teacher):
        return accepted(
            f"{said}. The worst student walks away from the truth on the same straight line."
        )
    return hint(
        f"{said}. The best student goes from the teacher towards the truth. And the worst one …?"
    )


@exercise
def exercise_5(answer: float) -> Check:
    """The largest log-loss of the teacher at which its student is certainly no worse."""
    weights, weak, strong = (UNLABELLED[key] for key in ("weights", "weak", "strong"))

    def lead(weak_log_loss: float) -> float:
        return (
            float(w2s.label_free_range(weights, weak, strong, weak_log_loss).upper) - weak_log_loss
        )

    value, right = number(answer), root_scalar(lead, bracket=(0.4, 0.9)).root
    if abs(value - right) <= 0.003:
        return accepted(
            f"Below {right:.3f} nats the student is better, whatever the labels are. Nobody had to look."
        )
    above = lead(value)
    if np.isnan(above):
        return hint(
            f"No labels at all give this teacher a log-loss of {value:.3g}. Look at the picture's axis."
        )
    where = "could be worse" if above > 0 else "is certainly better"
    return hint(f"At {value:.3g} nats the student {where}. Look for the point where that changes.")


@exercise
def exercise_6(answer: Mapping[str, Any]) -> Check:
    """An instance that breaks the bound of the floor, because its models do not keep the floor that it declares."""
    if not isinstance(answer, Mapping):
        raise UnreadableError(
            "The answer should be a dictionary with weights, truth, weak, strong and floor"
        )
    if "floor" not in answer:
        return hint(
            "Declare a floor: without the key, it is the smallest entry of both models, which they keep."
        )
    result = w2s.evaluate("generalization-forward", answer)
    if result.lhs is None or result.rhs is None:
        return hint(
            "A side is infinite here. Keep the entries of both models positive, if only just."
        )
    said = f"{result.lhs:.3g} on the left, {result.rhs:.3g} on the right"
    if result.lhs <= result.rhs:
        return hint(
            f"{said}: the inequality holds here. Which class has the truth, and how little may a model give it?"
        )
    margin = result.hypotheses["floor"]
    return accepted(
        f"{said}: broken, because an entry is {-(margin or 0):.3g} below the declared floor."
    )
