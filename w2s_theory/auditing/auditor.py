"""From predictions to the record of an audit."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from w2s_theory.auditing.array_predictions import array_predictions
from w2s_theory.auditing.assumptions import assumptions, clipping
from w2s_theory.auditing.audit_record import Audit, verdict
from w2s_theory.auditing.bounds import bounds
from w2s_theory.auditing.file_predictions import file_predictions
from w2s_theory.auditing.gathering import Gathered, gather
from w2s_theory.auditing.intervals import Estimate
from w2s_theory.auditing.label_free import LabelFree, label_free
from w2s_theory.auditing.predictions import Predictions
from w2s_theory.auditing.quality import (
    NO_LABELS,
    accuracy,
    accuracy_change,
    agreement,
    calibration,
    gain,
    gap_recovered,
    mean_estimate,
    sample_size,
)
from w2s_theory.errors import InputError

LabelsWere = Literal["soft", "hard", "unknown"]


def audit(
    weak: Any,
    strong: Any,
    *,
    labels: Any = None,
    truth: Any = None,
    ceiling: Any = None,
    by: Any = None,
    logits: bool = False,
    delta: float = 0.05,
    labels_were: LabelsWere | str = "unknown",
    weak_log_loss: float | None = None,
) -> Audit:
    """What predictions say of the gain, the bounds and the calibration, every estimate with an interval.

    `weak`, `strong` and optionally `ceiling` are rows of class probabilities (n, k), or P(class 1) (n,); with `logits`,
    logits.  `labels (n,)` are class indices, −1 or NaN where there is none; `truth (n, k)`, where known, are class
    probabilities and stand in for labels.  Points are taken to be independent draws; every interval holds by itself
    with probability about 1 − `delta`.  Without labels, `weak_log_loss` gives the range of the strong model's
    log-loss.  `by (n,)` adds the gain in every slice.  `InputError` for unusable input.
    """
    source = array_predictions(weak, strong, labels=labels, truth=truth, ceiling=ceiling, by=by, logits=logits)
    return audit_predictions(source, delta=delta, labels_were=labels_were, weak_log_loss=weak_log_loss)


def audit_files(
    files: Sequence[str | Path],
    *,
    weak: str | None = None,
    strong: str | None = None,
    ceiling: str | None = None,
    labels: str | None = None,
    truth: str | None = None,
    by: str | None = None,
    key: str | None = None,
    logits: bool = False,
    delta: float = 0.05,
    labels_were: LabelsWere | str = "unknown",
    weak_log_loss: float | None = None,
) -> Audit:
    """`audit` of one file, or of one file a model (weak, strong, ceiling) joined on a key.

    Options name a column, an array of an archive, or the prefix of numbered columns COL_0, COL_1, …; columns saved
    by public weak-to-strong code are recognised without them.  Files are never changed, and nothing in them is run.
    """
    columns = {"weak": weak, "strong": strong, "ceiling": ceiling, "labels": labels, "truth": truth, "slices": by}
    source = file_predictions(files, columns=columns, logits=logits, key=key)
    return audit_predictions(source, delta=delta, labels_were=labels_were, weak_log_loss=weak_log_loss)


def audit_predictions(
    predictions: Predictions,
    *,
    delta: float = 0.05,
    labels_were: LabelsWere | str = "unknown",
    weak_log_loss: float | None = None,
) -> Audit:
    """`audit` of predictions from any reader."""
    if not 0.0 < delta < 1.0:
        raise InputError(f"--delta {delta:g} is not strictly between 0 and 1")
    if labels_were not in get_args(LabelsWere):
        raise InputError(f"--labels-were {labels_were!r} is not one of {', '.join(get_args(LabelsWere))}")
    if weak_log_loss is not None and not (math.isfinite(weak_log_loss) and weak_log_loss >= 0):
        raise InputError(f"--weak-log-loss {weak_log_loss!r} is not a finite number ≥ 0")
    found = gather(predictions)
    record = _record(found, delta, labels_were, weak_log_loss)
    record["notes"] = list(predictions.notes)
    return Audit(predictions.source, {"verdict": verdict(record)} | record)


def _record(found: Gathered, alpha: float, labels_were: str, weak_log_loss: float | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "n": found.points,
        "labelled": found.labelled,
        "classes": found.classes,
        "level": 1.0 - alpha,
        "labels_were": labels_were,
        "floor": found.floor,
    }
    record |= _by_model(found, alpha)
    record["infinite"] = {role: vars(noted) for role, noted in found.infinite.items() if noted.count}
    record["gain"] = gain(found, alpha).to_json()
    unknown = Estimate(None, None, None, 0, NO_LABELS).to_json()
    record["accuracy_change"] = accuracy_change(found, alpha).to_json() if found.labelled else unknown
    record["performance_gap_recovered"] = gap_recovered(found, "accuracy", alpha)
    record["performance_gap_recovered_log_loss"] = gap_recovered(found, "log-loss", alpha)
    record |= _disagreements(found, alpha)
    if found.labelled:
        record["agreement"] = agreement(found, alpha)
        record["sample_size"] = sample_size(found, alpha)
    record["label_free_risk"] = _label_free(found, alpha, weak_log_loss).to_json()
    if weak_log_loss is not None and not found.labelled:
        record["log_loss"]["weak"] = {"value": weak_log_loss, "low": None, "high": None, "n": 0, "why": "as given"}
    record["bounds"] = [bound.to_json() for bound in bounds(found, alpha, labels_were)]
    record["assumptions"] = assumptions(found, alpha, labels_were)
    record["clipping"] = clipping(found)
    if found.slices.index:
        record["slices"] = found.slices.rows(alpha)
    return record


def _by_model(found: Gathered, alpha: float) -> dict[str, Any]:
    """Accuracy, log-loss and both calibrations of every model."""
    made: dict[str, dict[str, Any]] = {name: {} for name in _QUALITIES}
    unknown = Estimate(None, None, None, 0, NO_LABELS).to_json()
    for role in found.roles:
        if not found.labelled:
            for name in _QUALITIES:
                made[name][role] = unknown
            continue
        made["accuracy"][role] = accuracy(found, role, alpha).to_json()
        why = "the model gives probability 0 to what happened at some points"
        made["log_loss"][role] = mean_estimate(found.judged, f"{role} loss", alpha, why).to_json()
        made["top_label_calibration"][role] = calibration(found.top_label[role], alpha)
        if role in found.class_wise:
            made["marginal_calibration"][role] = calibration(found.class_wise[role], alpha, found.fine.get(role))
        else:
            few = f"{found.classes:,} classes are too many for bins of each"
            made["marginal_calibration"][role] = Estimate(None, None, None, found.labelled, few).to_json()
    return made


_QUALITIES = ("accuracy", "log_loss", "marginal_calibration", "top_label_calibration")


def _disagreements(found: Gathered, alpha: float) -> dict[str, Any]:
    """Disagreements of all points, and of labelled ones the gain beyond them and the decomposition of the gain."""
    both = {name: mean_estimate(found.between, name, alpha) for name in ("forward", "reverse")}
    intervals = {f"{name}_interval": value.to_json() for name, value in both.items()}
    made: dict[str, Any] = {"disagreement": {name: value.value for name, value in both.items()} | intervals}
    made["gain_minus_misfit"] = {
        name: mean_estimate(found.judged, f"beyond {name}", alpha).to_json() for name in ("forward", "reverse")
    }
    parts = {"risk_difference": "gap", "disagreement": "forward", "through_teacher_errors": "through errors"}
    made["decomposition"] = {name: mean_estimate(found.judged, of, alpha).to_json() for name, of in parts.items()}
    return made


def _label_free(found: Gathered, alpha: float, given: float | None) -> LabelFree:
    """The range of the strong log-loss that the weak one implies: over all points, labelled or not."""
    block = found.everyone.block()
    assert block is not None
    half = 0.0
    if given is None:
        loss = mean_estimate(found.judged, "weak loss", 0.5 * alpha)
        if loss.value is None or loss.low is None or loss.high is None:
            why = "it needs the weak model's log-loss: labels, or --weak-log-loss"
            return LabelFree(points=len(block), why=why if not found.labelled else "the weak log-loss is infinite here")
        given, half = loss.value, 0.5 * (loss.high - loss.low)
    return label_free(block, given, half, alpha)
