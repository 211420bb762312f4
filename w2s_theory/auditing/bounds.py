"""Every claim of theory sections 3 to 5 beside these predictions: two sides, tightness, whether it applies and why."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s_theory.auditing.binned_sums import bin_of
from w2s_theory.auditing.gathering import MOST_CLASSES, Gathered
from w2s_theory.auditing.label_free import padded_weights
from w2s_theory.auditing.smooth_error import smooth_error, smooth_interval
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, sharp_pinsker_tv
from w2s_theory.instance import SQUARED_LOSS_SIGMA, Instance
from w2s_theory.verification.confidence import Interval
from w2s_theory.verification.evaluation import evaluate_claim, finite_or_none
from w2s_theory.verification.in_order import in_order
from w2s_theory.verification.sampled_sides import SAMPLED, Setting

_FAMILIES = ("generalization-", "risk-", "calibration-", "gain-", "never-worse-")
AUDITED: tuple[Claim, ...] = tuple(claim for claim in CLAIMS if claim.id.startswith(_FAMILIES))
"""The claims an audit reports on: all of theory sections 3 to 5."""

_BY_MEANS = (
    "generalization-forward",
    "generalization-reverse",
    "generalization-naive",
    "generalization-uniform-envelope",
    "generalization-squared",
)
_ANY_PAIR = "it holds for any two predictors, however the student was trained"
_NEEDS_CLASS = "predictions alone do not show the class of students"
_COMMON = f"both are conditioned on one partition, 15 bins of the weak model's largest probability; {_ANY_PAIR}"
_ON_ROWS = {
    "generalization-instance-envelope": _ANY_PAIR,
    "generalization-label-free": f"the weak model's log-loss is measured here; {_ANY_PAIR}",
    "risk-decomposition": "an identity of any two predictors: the gain is what the teacher's errors give, less the "
    "disagreement",
    "calibration-common-conditioning": _COMMON,
    "calibration-sharp-common": _COMMON,
}
_JUDGED_ROWS = 2**12
"""Most rows that the claims of `_ON_ROWS` are evaluated on."""


@dataclass(frozen=True)
class Bound:
    """One claim: sides estimated from `points` points, `slack` an interval of rhs − lhs; None where not determined."""

    id: str
    applies: bool
    why: str
    lhs: float | None = None
    rhs: float | None = None
    points: int = 0
    lhs_interval: Interval | None = None
    slack: Interval | None = None

    @property
    def tightness(self) -> float | None:
        """lhs/rhs, None where there is no positive rhs."""
        return None if self.lhs is None or self.rhs is None or not self.rhs > 0 else self.lhs / self.rhs

    def to_json(self) -> dict[str, Any]:
        """The keys of an entry of `bounds`."""
        made: dict[str, Any] = {"id": self.id, "lhs": self.lhs, "rhs": self.rhs, "tightness": self.tightness}
        made |= {"applies": self.applies, "why": self.why, "n": self.points}
        for name, interval in (("lhs_interval", self.lhs_interval), ("slack", self.slack)):
            ends = (
                None if interval is None else {end: finite_or_none(getattr(interval, end)) for end in ("low", "high")}
            )
            made[name] = ends
        return made


def bounds(found: Gathered, alpha: float, labels_were: str) -> list[Bound]:
    """One `Bound` a claim of `AUDITED`, in the catalogue's order."""
    if found.judged is None:
        return [Bound(claim.id, False, "there are no labels to compare the models by") for claim in AUDITED]
    made = {bound.id: bound for part in _PARTS for bound in part(found, alpha, labels_were)}
    return [made.get(claim.id) or _undetermined(claim, labels_were) for claim in AUDITED]


def _by_means(found: Gathered, alpha: float, labels_were: str) -> Iterator[Bound]:
    """Claims that compare functions of means: both sides on all labelled points, the slack over a joint region."""
    assert found.judged is not None
    means = found.judged
    setting = Setting(found.floor, found.classes, float(SQUARED_LOSS_SIGMA), None)
    for name in _BY_MEANS:
        sampled = SAMPLED[name]
        if sampled.floored and not found.floor > 0:
            yield Bound(name, False, f"it needs a floor, and {_zero(found)}", points=means.count)
            continue
        if not all(math.isfinite(means.mean(need)) for need in sampled.needs):
            yield Bound(name, False, "one of its sides is infinite on these points", points=means.count)
            continue
        centre = {need: Interval(means.mean(need), means.mean(need)) for need in sampled.needs}
        joint = means.joint(alpha, sampled.needs)
        lhs, slack = sampled.lhs(centre, setting).low, sampled.slack(centre, setting)
        floor = f" with the floor γ = {found.floor:.3g} of these predictions" if sampled.floored else ""
        yield Bound(
            name,
            True,
            f"{_ANY_PAIR}{floor}",
            finite_or_none(lhs),
            finite_or_none(lhs + 0.5 * (slack.low + slack.high)),
            means.count,
            sampled.lhs(joint, setting),
            sampled.slack(joint, setting),
        )


def _zero(found: Gathered) -> str:
    zero = [role for role in ("weak", "strong") if not found.lowest[role] > 0]
    return f"the {' and the '.join(zero)} model gives some class probability 0"


def labelled_instance(found: Gathered, most: int = _JUDGED_ROWS) -> tuple[Instance, int]:
    """Up to `most` of the sampled rows as an instance, the labels being its truth; padded by inputs of weight zero.

    `groups` are bins of the weak model's largest probability: a partition of the inputs that both models share.
    """
    block = found.sample.block()
    assert block is not None
    block = block.taken(np.arange(min(len(block), most)))
    rows, weights = padded_weights(len(block), block.classes)
    if block.truth is not None:
        truth = np.asarray(block.truth, float)[rows]
    else:
        assert block.labels is not None
        truth = np.zeros((len(rows), block.classes))
        truth[np.arange(len(rows)), block.labels[rows]] = 1.0
    weak, strong = (np.asarray(block.models[role], float)[rows] for role in ("weak", "strong"))
    groups = bin_of(weak.max(axis=1)).astype(np.int64)
    return Instance(weights, truth, weak, strong, floor=np.asarray(found.floor), groups=groups), len(block)


def _on_rows(found: Gathered, alpha: float, labels_were: str) -> Iterator[Bound]:
    """Claims whose sides need all rows at once: the catalogue's own declarations on the sampled rows."""
    if found.classes > MOST_CLASSES:
        for name in _ON_ROWS:
            yield Bound(name, False, f"it is evaluated for at most {MOST_CLASSES:,} classes")
        return
    instance, points = labelled_instance(found)
    claims = [claim for claim in AUDITED if claim.id in _ON_ROWS]
    usable = [claim for claim in claims if not claim.outside_domain(instance)]
    for claim in claims:
        if claim not in usable:
            yield Bound(claim.id, False, "the weak model's risk is infinite on these points", points=points)
    for claim, result in zip(usable, in_order(lambda claim: evaluate_claim(claim, instance), usable), strict=True):
        finite = result.lhs is not None and result.rhs is not None
        why = _ON_ROWS[claim.id] if finite else "one of its sides is infinite on these points"
        if finite and claim.id == "generalization-instance-envelope" and not found.soft:
            why += (
                "; with labels in place of class probabilities its range is that of students who could see the "
                "label, so wider than sharp"
            )
        yield Bound(claim.id, finite, why, result.lhs, result.rhs, points)


def _smooth(found: Gathered, alpha: float, labels_were: str) -> Iterator[Bound]:
    """Binary smooth calibration, the errors from histograms of all scores."""
    if found.classes != 2:
        for name in ("calibration-smooth", "calibration-sharp-smooth"):
            yield Bound(name, False, f"it is about 2 classes, and there are {found.classes}")
        return
    assert found.judged is not None
    errors = {role: smooth_error(found.fine[role]) for role in ("weak", "strong")}
    ranges = {role: smooth_interval(found.fine[role], errors[role], alpha / 3.0) for role in errors}
    lhs = abs(errors["strong"] - errors["weak"])
    spread = abs(ranges["strong"] - ranges["weak"])
    for name, curve in (
        ("calibration-smooth", bretagnolle_huber_bound),
        ("calibration-sharp-smooth", sharp_pinsker_tv),
    ):
        yield _calibration(found, name, curve, lhs, spread, alpha / 3.0, True, _ANY_PAIR)


def _calibration(
    found: Gathered,
    name: str,
    curve: Callable[..., Any],
    lhs: float | None,
    spread: Interval | None,
    alpha: float,
    applies: bool,
    why: str,
) -> Bound:
    """A calibration difference against twice a bound on the total variation at the forward disagreement."""
    assert found.judged is not None
    means = found.judged
    forward = means.mean("forward")
    rhs = 2.0 * float(curve(forward)) if not math.isnan(forward) else math.nan
    slack = None
    if spread is not None and math.isfinite(forward):
        right = means.interval("forward", alpha).image(lambda d: 2.0 * float(curve(d)))
        slack = right - spread
    return Bound(name, applies, why, lhs, finite_or_none(rhs), means.count, spread, slack)


def _by_score(found: Gathered, alpha: float, labels_were: str) -> Iterator[Bound]:
    """Calibration given the score: estimated by debiased bins, which samples cannot turn into the error itself."""
    assert found.judged is not None
    errors = {role: max(sums.split_average, 0.0) for role, sums in found.class_wise.items()}
    lhs = abs(errors["strong"] - errors["weak"]) if errors else None
    unknown = "it assumes that every score determines the class probabilities, which predictions and labels cannot show"
    refuted = "refuted in general: merged scores hide miscalibration"
    for name, curve, why in (
        ("calibration-score-sufficient", bretagnolle_huber_bound, unknown),
        ("calibration-sharp", sharp_pinsker_tv, unknown),
        ("calibration-score-conditional", bretagnolle_huber_bound, refuted),
        ("calibration-binned", bretagnolle_huber_bound, "refuted in general: bin edges"),
    ):
        yield _calibration(found, name, curve, lhs, None, alpha, False, why)
    means = found.judged
    name = "risk" if found.soft else "strong loss"
    risk = means.mean(name)
    why = "the left side is the debiased binned error, at most the error itself" + (
        "" if found.soft else "; the right side uses the log-loss, which is at least the risk"
    )
    if errors and math.isfinite(risk):
        rhs = 2.0 * float(sharp_pinsker_tv(max(risk, 0.0)))
        yield Bound("risk-controls-calibration", True, why, errors["strong"], rhs, means.count)


def _gains(found: Gathered, alpha: float, labels_were: str) -> Iterator[Bound]:
    """The truth table of gains, and Charikar's: the entropy of the labels is in both sides, so log-losses serve."""
    assert found.judged is not None
    means = found.judged
    for claim in AUDITED:
        parts = claim.id.split("-")
        by_disagreement, never_worse = claim.id.startswith("gain-"), claim.id.startswith("never-worse-")
        if claim.id == "gain-squared":
            lhs, weak, taken = (means.mean(f"{name} squared") for name in ("strong", "weak", "apart"))
            yield _gain(claim, found, labels_were, lhs, weak - taken, None)
        if not claim.id.endswith("-risk") or not (by_disagreement or never_worse) or claim.id.endswith("-reverse-risk"):
            continue
        trained = parts[1] if by_disagreement else parts[2]
        lhs, rhs = means.mean("strong loss"), means.mean("weak loss")
        name = f"beyond {trained}" if by_disagreement else "gap"
        if by_disagreement:
            rhs -= means.mean(trained)
        slack = means.interval(name, alpha) if math.isfinite(means.mean(name)) else None
        if never_worse and slack is not None:
            slack = -slack
        yield _gain(claim, found, labels_were, lhs, rhs, slack)


def _gain(claim: Claim, found: Gathered, labels_were: str, lhs: float, rhs: float, slack: Interval | None) -> Bound:
    points = found.labelled
    return Bound(
        claim.id, False, _gain_reason(claim, labels_were), finite_or_none(lhs), finite_or_none(rhs), points, None, slack
    )


def _gain_reason(claim: Claim, labels_were: str) -> str:
    if claim.status is Status.refuted:
        return "refuted in general: such training carries no guarantee of this kind"
    assumed = ", ".join(dict.fromkeys(hypothesis.name for hypothesis in claim.assumes))
    if labels_were == "hard":
        return f"it is about students trained on soft labels, and this one was trained on hard ones (assumes {assumed})"
    return f"it assumes {assumed}: {_NEEDS_CLASS}, so whether it applies is not decided"


def _undetermined(claim: Claim, labels_were: str) -> Bound:
    """A claim with a side that predictions and labels do not determine."""
    if claim.id == "calibration-refinement":
        return Bound(claim.id, False, "it needs the class probabilities given the whole row of the strong model")
    if claim.id == "risk-controls-calibration":
        return Bound(claim.id, False, "the calibration error or the log-loss is not determined here")
    if claim.id.endswith("reverse-risk"):
        reason = "the reverse risk needs positive class probabilities (--truth), not labels; "
        return Bound(claim.id, False, reason + _gain_reason(claim, labels_were))
    return Bound(claim.id, False, _gain_reason(claim, labels_were))


_PARTS = (_by_means, _on_rows, _smooth, _by_score, _gains)
