"""How good each model is, and whether the student is better than its teacher: estimates with intervals."""

import math
from typing import Any

from w2s_theory.auditing.binned_sums import BinnedSums
from w2s_theory.auditing.gathering import Gathered
from w2s_theory.auditing.intervals import (
    Estimate,
    estimate,
    paired_difference,
    points_to_resolve,
    proportion,
    ratio,
)
from w2s_theory.auditing.smooth_error import smooth_error, smooth_interval
from w2s_theory.functionals.risks import performance_gap_recovered
from w2s_theory.verification.confidence import Means, Range

NO_LABELS = "there are no labels to judge by"


def mean_estimate(
    means: Means | None, name: str, alpha: float, why: str = "it is infinite on these points"
) -> Estimate:
    """A mean with its interval; null, with the reason, where it is infinite or there is nothing to average."""
    if means is None or name not in means.ranges:
        return Estimate(None, None, None, 0, NO_LABELS)
    value = means.mean(name)
    if not math.isfinite(value):
        return Estimate(None, None, None, means.count, why)
    return estimate(value, means.interval(name, alpha), means.count)


def accuracy(found: Gathered, role: str, alpha: float) -> Estimate:
    """Share of points whose likeliest class (of equal ones the first) is right.

    The interval is exact for labels.  For class probabilities the same interval is taken at the nearest count: their
    variance is at most that of labels.
    """
    right, points = found.outcomes[f"{role} right"], found.labelled
    return estimate(right / points, proportion(round(right), points, alpha), points)


def accuracy_change(found: Gathered, alpha: float, better: str = "strong") -> Estimate:
    """Accuracy of the strong model (or the ceiling) less that of the weak one, by an interval for pairs."""
    points = found.labelled
    change = (found.outcomes[f"{better} right"] - found.outcomes["weak right"]) / points
    squares = found.outcomes[f"{better} changed squared"]
    if found.soft:
        means = Means({"change": Range(-1.0, 1.0)})
        means.merge(points, {"change": change}, {"change": max(squares - points * change**2, 0.0)})
        return estimate(change, means.interval("change", alpha), points)
    gained = round(0.5 * (squares + points * change))
    return estimate(change, paired_difference(gained, round(squares) - gained, points, alpha), points)


def gain(found: Gathered, alpha: float) -> Estimate:
    """Weak less strong log-loss on the same points."""
    loss = mean_estimate(found.judged, "gap", alpha, "a model gives probability 0 to what happened")
    if loss.value is None:
        return loss
    low, high = (None if end is None else 0.0 - end for end in (loss.high, loss.low))
    return Estimate(-loss.value + 0.0, low, high, loss.points)


def gap_recovered(found: Gathered, metric: str, alpha: float) -> dict[str, Any]:
    """Performance gap recovered by that metric: null, with the reason, where there is no gap to recover.

    The interval is Fieller's: the ratios that the joint region of both differences allows.
    """
    made: dict[str, Any] = {"metric": metric, "value": None, "low": None, "high": None, "estimate": None}
    made["n"] = found.labelled
    if found.judged is None:
        return made | {"why": NO_LABELS}
    if "ceiling" not in found.roles:
        return made | {"why": "no ceiling model was given"}
    recovered, available, variances = _gap_moments(found, metric)
    if not (math.isfinite(recovered) and math.isfinite(available)):
        return made | {"why": f"the {metric} of a model is infinite on these points"}
    if available <= 0:
        word = "equal to" if available == 0 else "worse than"
        return made | {"why": f"the ceiling is {word} the weak model in {metric}: there is no gap to recover"}
    value = float(performance_gap_recovered(0.0, recovered, available))
    ends = ratio(recovered, available, variances, found.labelled, alpha)
    if ends is None:
        why = (
            f"not decided by {found.labelled:,} points: the interval of ceiling less weak {metric} contains 0, so the "
            "ratio has no bounded interval"
        )
        return made | {"estimate": value, "why": why}
    return made | {"value": value, "low": ends.low, "high": ends.high, "estimate": value, "why": None}


def _gap_moments(found: Gathered, metric: str) -> tuple[float, float, tuple[float, float, float]]:
    """Means of strong − weak and ceiling − weak (of losses, the other way round), variances and covariance a point."""
    assert found.judged is not None
    n = found.labelled
    if metric == "accuracy":
        a, b = ((found.outcomes[f"{role} right"] - found.outcomes["weak right"]) / n for role in ("strong", "ceiling"))
        squares = [found.outcomes[f"{role} changed squared"] / n for role in ("strong", "ceiling")]
        both = found.outcomes["changed product"] / n
        scale = n / max(n - 1, 1)
        return a, b, (scale * (squares[0] - a * a), scale * (squares[1] - b * b), scale * (both - a * b))
    means = found.judged
    aa, bb, cc = (means.deviation(name) ** 2 for name in ("gap", "loss range", "loss range and gap"))
    return -means.mean("gap"), means.mean("loss range"), (aa, bb, -0.5 * (cc - aa - bb))


def calibration(sums: BinnedSums, alpha: float, cells: BinnedSums | None = None) -> dict[str, Any]:
    """One entry of `marginal_calibration` or `top_label_calibration`; `cells` add the smooth error of two classes."""
    interval = sums.interval(alpha)
    debiased = sums.split_average
    made: dict[str, Any] = {"value": max(debiased, 0.0), "low": interval.low, "high": interval.high}
    made |= {"n": sums.points, "plug_in": sums.plug_in, "debiased": debiased}
    made |= {"estimator": "split-average", "bins": sums.bins, "diagram": sums.diagram()}
    if cells is not None:
        error = smooth_error(cells)
        low, high = smooth_interval(cells, error, alpha)
        made["smooth"] = error
        made["smooth_interval"] = {"low": low, "high": high, "histogram_error": 1.0 / cells.bins}
    return made


def agreement(found: Gathered, alpha: float) -> dict[str, Any]:
    """How often the student's likeliest class is its teacher's: everywhere, where the teacher is right, and wrong."""
    points = found.labelled
    wrong = points - found.outcomes["weak right"]
    made = {}
    for name, count, total in (
        ("everywhere", found.outcomes["same"], points),
        ("weak_right", found.outcomes["both right"], found.outcomes["weak right"]),
        ("weak_wrong", found.outcomes["same, weak wrong"], wrong),
    ):
        number, of = round(count), round(total)
        made[name] = (
            estimate(count / total, proportion(number, of, alpha), of).to_json()
            if of
            else Estimate(None, None, None, 0, "there are no such points").to_json()
        )
    return made


def sample_size(found: Gathered, alpha: float) -> dict[str, Any]:
    """How many points would resolve the gain, and the difference of accuracies, if they are what they seem."""
    assert found.judged is not None
    means, n = found.judged, found.labelled
    change = (found.outcomes["strong right"] - found.outcomes["weak right"]) / n
    spread = math.sqrt(max(found.outcomes["strong changed squared"] / n - change**2, 0.0))
    return {
        "power": 0.8,
        "gain": points_to_resolve(means.mean("gap"), means.deviation("gap"), alpha),
        "accuracy": points_to_resolve(change, spread, alpha),
    }
