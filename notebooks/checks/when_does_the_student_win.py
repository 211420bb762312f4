"""Checks of 04_when_does_the_student_win, and the classes that the notebook looks at."""

from typing import Any

import numpy as np

import w2s_theory as w2s
from checks.frame import Check, accepted, exercise, hint, near, number, rows, selection
from w2s_theory.api import find_claim
from w2s_theory.training.projection import Direction, head_table

MODELS = [[[0.75, 0.15, 0.10]], [[0.15, 0.25, 0.60]]]
"""Two models on one input with three classes; students are their mixtures."""

TRUTH = [[0.57, 0.18, 0.25]]
"""Seven parts of the first model and three of the second."""

WEAK = [[0.25, 0.5625, 0.1875]]

CLEAR = 0.1
HEAD_CLAIMS = tuple(
    f"gain-{trained}-exponential-{judged}"
    for trained in ("forward", "reverse")
    for judged in ("risk", "reverse-risk")
)
RADIUS = 6.0

_HEADS = {
    "weights": [0.5, 0.5],
    "features": [[-0.5], [4.0]],
    "weak": [[0.025, 0.975], [0.975, 0.025]],
    "radius": RADIUS,
}


def trained(weak: Any, direction: Direction, truth: Any = TRUTH) -> dict[str, Any]:
    """The instance of a teacher and the student that is its projection on the mixtures of `MODELS`."""
    found = w2s.hull_projection(
        np.ones(1), np.asarray(MODELS), np.asarray(weak, float), direction=direction
    )
    tables = {"truth": truth, "weak": weak, "strong": np.asarray(found.student)}
    return {"weights": [1.0], "models": MODELS} | {
        name: np.asarray(table).tolist() for name, table in tables.items()
    }


def head(parameter: float) -> dict[str, Any]:
    """Softmax heads on two inputs: the truth has this parameter, the student is trained by cross-entropy."""
    weights, features, weak = (np.asarray(_HEADS[key]) for key in ("weights", "features", "weak"))
    truth = head_table(weights, features * np.array([parameter, -parameter]), "simplex")
    found = w2s.softmax_head_projection(weights, features, weak, np.asarray(RADIUS))
    return _HEADS | {"truth": np.asarray(truth), "strong": np.asarray(found.student)}


@exercise
def exercise_1(answer: float) -> Check:
    """The share of its teacher's risk that the student trained by reverse KL is rid of."""
    value, found = number(answer), trained(WEAK, "reverse")
    gain = -float(
        w2s.risk_difference(*(found[key] for key in ("weights", "truth", "weak", "strong")))
    )
    teacher = float(w2s.risk(found["weights"], found["truth"], found["weak"]))
    right = gain / teacher
    if near(value, right):
        return accepted(
            f"It is rid of {right:.0%} of {teacher:.3f} nats, and never saw a true label."
        )
    if near(value, gain):
        return hint("That is the gain in nats. Divide it by the teacher's risk.")
    if near(value, 1 - right):
        return hint("That is the share that remains.")
    return hint(
        "The gain is the teacher's risk less the student's, both against the truth. Which share is it?"
    )


@exercise
def exercise_2(answer: Any) -> Check:
    """A teacher whose student gains more than the disagreement, by at least a tenth of a nat."""
    weak = rows(answer, 1, 3) if np.ndim(answer) == 2 else rows(answer, 3)[None]
    if weak.min() == 0:
        return hint("Keep the teacher's entries positive, so that its risk is finite.")
    result = w2s.evaluate("gain-reverse-mixture-risk", trained(weak.tolist(), "reverse"))
    slack = result.slack or 0.0
    if slack >= CLEAR:
        return accepted(
            f"It gains {slack:.3f} nats more than the disagreement: the student stands at the end of the class."
        )
    return hint(
        f"The gain exceeds the disagreement by {slack:.2g}. Where must the foot of the perpendicular fall?"
    )


@exercise
def exercise_3(answer: Any) -> Check:
    """A truth outside the class for which the student trained by reverse KL is worse than its teacher."""
    truth = rows(answer, 1, 3) if np.ndim(answer) == 2 else rows(answer, 3)[None]
    result = w2s.evaluate(
        "never-worse-reverse-mixture-risk", trained(WEAK, "reverse", truth.tolist())
    )
    lhs, rhs = result.lhs or 0.0, result.rhs or 0.0
    said = f"The student's risk is {lhs:.3f}, the teacher's {rhs:.3f}"
    if lhs > rhs:
        margin = result.hypotheses["realizable"] or 0.0
        return accepted(
            f"{said}. The class does not contain the truth (margin {margin:.2g}), so nothing was promised."
        )
    return hint(f"{said}: still no worse. Where would a truth favour the teacher?")


@exercise
def exercise_4(answer: Any) -> Check:
    """A teacher whose student, trained by forward KL, gains less than the disagreement."""
    weak = rows(answer, 1, 3) if np.ndim(answer) == 2 else rows(answer, 3)[None]
    if weak.min() == 0:
        return hint("Keep the teacher's entries positive, so that its risk is finite.")
    result = w2s.evaluate("gain-forward-mixture-risk", trained(weak.tolist(), "forward"))
    slack = result.slack or 0.0
    if result.verdict is w2s.Verdict.violated and slack <= -CLEAR:
        return accepted(
            f"It falls short of the disagreement by {-slack:.3f} nats: a counterexample."
        )
    return hint(
        f"The slack is {slack:.3g}; it should be below −{CLEAR}. Which teachers are far from all mixtures?"
    )


@exercise
def exercise_5(answer: set[str]) -> Check:
    """The claims about gains of softmax heads that hold."""
    chosen = selection(answer, HEAD_CLAIMS)
    right = {name for name in HEAD_CLAIMS if find_claim(name).status is w2s.Status.proved}
    if chosen == right:
        return accepted(
            "Only the mirror image of the I-projection: forward training, judged the other way round."
        )
    if chosen - right:
        return hint(f"`{min(chosen - right)}` has a counterexample in the figure's data.")
    return hint("There is a green cell among the exponential rows.")


@exercise
def exercise_6(answer: float) -> Check:
    """A true parameter for which the trained head is a nat worse than its teacher."""
    value = number(answer)
    if 2 * value**2 > RADIUS**2:
        return hint(
            f"The truth must be in the class: its parameters, t and −t, within a ball of radius {RADIUS:g}."
        )
    result = w2s.evaluate("never-worse-forward-exponential-risk", head(value))
    lhs, rhs = result.lhs or 0.0, result.rhs or 0.0
    said = f"The student's risk is {lhs:.3f}, the teacher's {rhs:.3f}"
    if lhs >= rhs + 1:
        return accepted(
            f"{said}. Trained to the optimum, on soft labels, with the truth in its class: and worse."
        )
    return hint(
        f"{said}. The student's own parameter is about 1.24; what if the truth points the other way?"
    )
