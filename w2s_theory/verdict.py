"""What a comparison of two sides can conclude, in one word and one sentence."""

from enum import Enum


class Verdict(Enum):
    """Outcome of checking lhs ≤ rhs (or lhs = rhs) on one instance; `advice` is one sentence about it."""

    holds = "holds"
    tight = "tight"
    violated = "violated"
    unresolved = "unresolved"
    hypotheses_not_met = "hypotheses_not_met"
    nonfinite = "nonfinite"

    @property
    def advice(self) -> str:
        """One sentence: what the verdict means and what to do about it."""
        return _ADVICE[self]

    @property
    def code(self) -> int:
        """A small integer for use inside compiled code."""
        return CODES.index(self)


CODES = tuple(Verdict)

_ADVICE = {
    Verdict.holds: "The right side exceeds the left by more than the error budget.",
    Verdict.tight: "Both sides agree within the error budget: equality, as far as float64 can tell.",
    Verdict.violated: (
        "The left side exceeds the right by more than the error budget: a candidate counterexample, to be "
        "confirmed in exact arithmetic."
    ),
    Verdict.unresolved: (
        "The instance does not determine both sides: calibration on samples needs a conditioning table, and a "
        "sampled estimate needs a confidence interval."
    ),
    Verdict.hypotheses_not_met: (
        "A negative margin marks an assumption that fails here; the claim says nothing about this instance."
    ),
    Verdict.nonfinite: "A side is infinite or undefined here, so there is nothing to compare.",
}
