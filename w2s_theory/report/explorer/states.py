"""States of the explorer: two small kinds of instances, and the counterexamples among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from w2s_theory.instance import Instance

Kind = Literal["simplex", "pair"]

LEAST_ENTRY = 1e-6
"""Models keep every entry at least this large, so that no risk is infinite; the truth may have zeros."""

LEAST_WEIGHT = 0.01
"""Both inputs of a pair keep at least this weight."""


@dataclass(frozen=True)
class State:
    """A truth, a weak model and a strong one on one input with three classes, or on two inputs with two.

    `simplex`: each is a row of three probabilities.  `pair`: each is P(class 1) at inputs 1 and 2, and `weight` is the
    weight of input 1.
    """

    kind: Kind
    truth: Sequence[float]
    weak: Sequence[float]
    strong: Sequence[float]
    weight: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The state as the page reads it."""
        made: dict[str, Any] = {"kind": self.kind}
        if self.kind == "pair":
            made["weight"] = self.weight
        return made | {role: list(getattr(self, role)) for role in ("truth", "weak", "strong")}

    def instance(self) -> Instance:
        """The instance that the page evaluates.

        The floor is the smallest entry of both models.  The class of students is the smallest one that contains the
        truth and this student: `models` are these two, so the class is the segment between them, of probabilities or
        of logarithms.
        """
        truth, weak, strong = (self._rows(getattr(self, role)) for role in ("truth", "weak", "strong"))
        weights = np.ones(1) if self.weight is None else np.array([self.weight, 1.0 - self.weight])
        floor = np.asarray(min(weak.min(), strong.min()))
        return Instance(weights, truth, weak, strong, floor, models=np.stack([truth, strong]))

    def _rows(self, point: Sequence[float]) -> np.ndarray:
        if self.kind == "simplex":
            return np.array([point])
        return np.array([[1.0 - p, p] for p in point])


START = {
    "simplex": State("simplex", (0.6, 0.3, 0.1), (0.35, 0.35, 0.3), (0.45, 0.35, 0.2)),
    "pair": State("pair", (0.8, 0.3), (0.6, 0.45), (0.7, 0.4), weight=0.5),
}
"""The state that each kind begins with."""


@dataclass(frozen=True)
class Preset:
    """A state in which the named claim, refuted in the theory notes, fails, and a sentence on why."""

    claim: str
    state: State
    lesson: str

    @property
    def fails(self) -> frozenset[str]:
        """The claims that fail in this state: never worse is weaker than a gain by the disagreement, so both fail."""
        stronger = {self.claim.replace("never-worse-", "gain-", 1)}
        return frozenset({self.claim} | stronger)


PRESETS = (
    Preset(
        "calibration-score-conditional",
        State("pair", (0.1, 0.9), (0.5, 0.5), (0.499, 0.501), weight=0.5),
        "The teacher gives both inputs one score and is calibrated. The student differs by a thousandth, tells the "
        "inputs apart, and is now judged on each: next to no disagreement reveals a large calibration error.",
    ),
    Preset(
        "calibration-binned",
        State("pair", (0.85, 0.05), (0.35, 0.4), (0.3, 0.35), weight=0.5),
        "The teacher's two scores share one of 15 bins, where their errors cancel. The student's scores fall into two "
        "bins, and nothing cancels.",
    ),
    Preset(
        "gain-forward-mixture-risk",
        State("simplex", (0.95, 0.05, 0.0), (0.05, 0.05, 0.9), (0.05, 0.9, 0.05)),
        "Trained by forward KL on probabilities the student is never worse than its teacher, but its gain need not "
        "reach the disagreement.",
    ),
    Preset(
        "gain-forward-mixture-reverse-risk",
        State("simplex", (0.05, 0.8, 0.15), (0.05, 0.05, 0.9), (0.55, 0.2, 0.25)),
        "Trained by forward KL on probabilities and judged by reverse risk, the student's gain falls short of the "
        "disagreement.",
    ),
    Preset(
        "never-worse-forward-mixture-reverse-risk",
        State("simplex", (0.6, 0.05, 0.35), (0.05, 0.1, 0.85), (0.1, 0.4, 0.5)),
        "Judged by reverse risk, the student of forward KL on probabilities can even end worse than its teacher.",
    ),
    Preset(
        "gain-reverse-mixture-reverse-risk",
        State("simplex", (0.4, 0.55, 0.05), (0.85, 0.05, 0.1), (0.35, 0.3, 0.35)),
        "Reverse KL on probabilities promises a gain in risk, not in reverse risk.",
    ),
    Preset(
        "never-worse-reverse-mixture-reverse-risk",
        State("simplex", (0.6, 0.35, 0.05), (0.05, 0.35, 0.6), (0.1, 0.15, 0.75)),
        "Judged by reverse risk, the student of reverse KL on probabilities can end worse than its teacher.",
    ),
    Preset(
        "gain-forward-exponential-risk",
        State("simplex", (0.6, 0.35, 0.05), (0.15, 0.1, 0.75), (0.85, 0.05, 0.1)),
        "Cross-entropy training of a class convex in logarithms, judged by cross-entropy: the gain falls short of the "
        "disagreement.",
    ),
    Preset(
        "never-worse-forward-exponential-risk",
        State("simplex", (0.05, 0.5, 0.45), (0.55, 0.15, 0.3), (0.4, 0.05, 0.55)),
        "Cross-entropy training of a class convex in logarithms, judged by cross-entropy: the student ends worse than "
        "its teacher.",
    ),
)
"""A counterexample for every refuted claim that such small states can be asked about, in decimals."""
