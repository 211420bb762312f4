r"""What the weak model's log-loss alone says of the strong model's: the sharp range, with an interval for sampling.

Every multiplier λ gives a valid bound, whose value is a mean over points: at the λ that is best on the points, the
ordinary interval of that mean is one for the bound.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s_theory.auditing.predictions import Block, few_sizes
from w2s_theory.functionals.label_free import label_free_range
from w2s_theory.verification.confidence import Means, Range

_FEW_CLASSES = 1_000


@dataclass(frozen=True)
class LabelFree:
    """The range on these points, and the same widened for sampling: `least` and `most`; None where there is none."""

    low: float | None = None
    high: float | None = None
    least: float | None = None
    most: float | None = None
    points: int = 0
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`low`, `high`, the limits with their interval, `n`, and `why` where there is no range."""
        made: dict[str, Any] = {"low": self.low, "high": self.high, "low_limit": self.least, "high_limit": self.most}
        made["n"] = self.points
        return made if self.why is None else made | {"why": self.why}


def padded_weights(points: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to take and their weights: `points` equal ones, then zeros, so that few shapes are compiled."""
    size = few_sizes(points) if classes <= _FEW_CLASSES else points
    rows = np.minimum(np.arange(size), points - 1)
    return rows, np.where(np.arange(size) < points, 1.0 / points, 0.0)


def label_free(block: Block, weak_loss: float, half: float, alpha: float) -> LabelFree:
    """The range over all truths with that weak log-loss, known to within ± `half`, for these rows of both models."""
    rows, weights = padded_weights(len(block), block.classes)
    weak, strong = (np.asarray(block.models[role], float)[rows] for role in ("weak", "strong"))
    found = label_free_range(weights, weak, strong, weak_loss)
    low, high = float(found.lower), float(found.upper)
    largest = -np.log(np.min(strong, where=strong > 0, initial=1.0))
    low = (
        low if not low > largest * (1.0 + 1e-9) else float("inf")
    )  # beyond every finite log-loss: no truth avoids zeros
    if np.isnan(low) or np.isnan(high):
        why = f"no labels give the weak model a log-loss of {weak_loss:.4g} on these points"
        return LabelFree(points=len(block), why=why)
    limits = []
    for sign, multiplier, end in ((-1.0, found.lower_multiplier, low), (1.0, found.upper_multiplier, high)):
        if not np.isfinite(end):
            limits.append(None)
            continue
        spread = _dual_values(weak[: len(block)], strong[: len(block)], sign, float(multiplier))
        means = Means({"dual": Range()})
        means.add({"dual": spread})
        interval = means.interval("dual", 0.5 * alpha)
        limits.append(end + sign * (0.5 * (interval.high - interval.low) + abs(float(multiplier)) * half))
    least = None if limits[0] is None or not np.isfinite(limits[0]) else max(limits[0], 0.0)
    return LabelFree(_finite(low), _finite(high), _finite(least), _finite(limits[1]), len(block))


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _dual_values(weak: np.ndarray, strong: np.ndarray, sign: float, multiplier: float) -> np.ndarray:
    """At every point the largest (with sign -1 smallest) −log F_sw,i + λ log F_w,i over classes with F_w,i > 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(weak > 0, sign * (multiplier * np.log(weak) - np.log(strong)), -np.inf)
    return sign * values.max(axis=1)
