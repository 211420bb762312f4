"""Checks of 07_real_predictions."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from checks.frame import Check, accepted, exercise, hint, near, number, rows, selection
from w2s_theory.auditing.auditor import audit
from w2s_theory.auditing.example import example_predictions
from w2s_theory.functionals.label_free import label_free_range


@functools.cache
def predictions() -> Mapping[str, np.ndarray]:
    """The package's worked example: `weak`, `strong`, `ceiling` (597, 10) and `labels` (597,) of held-out digits."""
    return example_predictions()


def _audited(strong: np.ndarray) -> dict[str, Any]:
    saved = predictions()
    return audit(
        saved["weak"], strong, labels=saved["labels"], ceiling=saved["ceiling"], labels_were="soft"
    ).to_json()


@functools.cache
def _report() -> dict[str, Any]:
    return _audited(predictions()["strong"])


@exercise
def exercise_1(answer: float) -> Check:
    """The gain, by hand."""
    given, found = number(answer), _report()
    right = found["gain"]["value"]
    if near(given, right, 1e-3):
        return accepted(f"The student's log-loss is lower by {right:.4f} nats, as the audit says.")
    if near(given, -right, 1e-3):
        return hint("The sign: a gain is what the teacher loses *more*.")
    if near(given, found["accuracy_change"]["value"], 1e-3):
        return hint(
            "That is the difference of the accuracies. The gain is a difference of log-losses."
        )
    if any(near(given, found["log_loss"][role]["value"], 1e-3) for role in ("weak", "strong")):
        return hint("That is the log-loss of one model. The gain compares two.")
    return hint(
        "Is the one-hot table of the labels the first argument after the weights, and are all weights 1/597?"
    )


_STATEMENTS = ("a", "b", "c", "d", "e", "f")


def _justified() -> set[str]:
    """Which statements of exercise 2 the report justifies at its level."""
    found = _report()
    holds = {
        "a": found["gain"]["low"] > 0,
        "b": found["accuracy_change"]["low"] > 0,
        "c": found["performance_gap_recovered_log_loss"]["low"] > 0.1,
        "d": found["agreement"]["weak_wrong"]["low"] > 0.5,
        "e": found["gain_minus_misfit"]["reverse"]["low"] >= 0,
        "f": found["gain_minus_misfit"]["reverse"]["high"] < 0,
    }
    return {name for name, value in holds.items() if value}


@exercise
def exercise_2(answer: set[str]) -> Check:
    """Which statements does the report justify?"""
    given, right = selection(answer, _STATEMENTS), _justified()
    if given == right:
        return accepted(
            "These and no others: their intervals lie on the right side of the number they are about."
        )
    if extra := sorted(given - right):
        return hint(f"Not ({extra[0]}): look at the whole interval, not at the estimate.")
    return hint("Those are justified, but there is more that the report lets you say.")


@exercise
def exercise_3(answer: np.ndarray) -> Check:
    """A student without a floor and with a finite log-loss."""
    strong = rows(answer, *predictions()["strong"].shape)
    found = _audited(strong)
    if "strong" in found["infinite"]:
        noted = found["infinite"]["strong"]["rows"][0]
        return hint(
            f"In row {noted} the student gives probability zero to what happened: its log-loss is infinite. Put the "
            "zeros where they cost nothing."
        )
    if found["floor"] > 0:
        return hint(
            f"Every probability is still at least {found['floor']:.2g}. A floor fails only at zero."
        )
    lost = sum(not bound["applies"] and "floor" in bound["why"] for bound in found["bounds"])
    return accepted(
        f"{lost} bounds no longer apply, since they need a floor. The gain is {found['gain']['value']:.3g} nats: what "
        "was measured is still measured, but what was promised is gone."
    )


@exercise
def exercise_4(answer: np.ndarray) -> Check:
    """A student as accurate as before, and surely worse than its teacher."""
    strong = rows(answer, *predictions()["strong"].shape)
    found, before = _audited(strong), _report()
    accuracy, wanted = (report["accuracy"]["strong"]["value"] for report in (found, before))
    if found["verdict"]["outcome"] == "worse" and accuracy >= wanted:
        return accepted(
            f"Accuracy {accuracy:.3f}, as before, and a log-loss {-found['gain']['value']:.3g} nats worse than the "
            "teacher's. Accuracy does not see confidence; log-loss does."
        )
    if accuracy < wanted:
        return hint(
            f"The accuracy fell from {wanted:.3f} to {accuracy:.3f}. Keep the order within each row."
        )
    if "strong" in found["infinite"]:
        return hint(
            "The log-loss is infinite now, which no interval can speak about. Be overconfident, but not certain."
        )
    return hint(
        f"The audit says '{found['verdict']['outcome']}'. Make the student more confident than it can afford."
    )


@exercise
def exercise_5(answer: np.ndarray) -> Check:
    """A student that is better for sure, by the weak log-loss alone."""
    saved = predictions()
    strong = rows(answer, *saved["strong"].shape)
    weak_loss = _report()["log_loss"]["weak"]["value"]
    weights = np.full(len(strong), 1.0 / len(strong))
    found = label_free_range(weights, saved["weak"], strong, weak_loss)
    low, high = float(found.lower), float(found.upper)
    if high < weak_loss - 0.01:
        return accepted(
            f"Whatever the labels are, if the teacher's log-loss on them is {weak_loss:.3f} then this student's is "
            f"between {low:.3f} and {high:.3f}."
        )
    if high - low < 1e-6:
        return hint(
            f"The range is a single point, {high:.3f}, so you are on the right track; but it is not below the "
            f"teacher's {weak_loss:.3f} by 0.01 or more."
        )
    return hint(
        f"The range is {low:.3f} to {high:.3f}, and the teacher has {weak_loss:.3f}. Which change of the *teacher's "
        "own* rows would make every range a single point?"
    )
