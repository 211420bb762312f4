"""The gain slice by slice: its interval in each, and which signs are decided at one level for all slices together."""

import math
from typing import Any

import numpy as np

from w2s_theory.auditing.intervals import estimate, paired_difference
from w2s_theory.errors import InputError
from w2s_theory.verification.confidence import Interval, Means, Range, holm, smallest_alpha

MOST_SLICES = 1_000


class SliceSums:
    """Sums over the points of every slice, by its name."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self._sums = np.zeros((0, 6))

    def add(self, names: np.ndarray, gap: np.ndarray, weak_right: np.ndarray, strong_right: np.ndarray) -> None:
        """Add points by the name of their slice (b,), log-loss differences and who is right (b,)."""
        values, inverse = np.unique(names, return_inverse=True)
        for value in values.tolist():
            self.index.setdefault(value, len(self.index))
        if len(self.index) > MOST_SLICES:
            raise InputError(f"--by: the column has more than {MOST_SLICES:,} different values; slices must be few")
        grown = np.zeros((len(self.index), 6))
        grown[: len(self._sums)] = self._sums
        codes = np.array([self.index[value] for value in values.tolist()])[inverse]
        change = strong_right - weak_right
        with np.errstate(invalid="ignore"):
            for place, amount in enumerate((None, gap, gap**2, weak_right, strong_right, change**2)):
                grown[:, place] += np.bincount(codes, amount, len(grown))
        self._sums = grown

    def rows(self, alpha: float) -> list[dict[str, Any]]:
        """One entry a slice, by name: gain and accuracies with intervals; `decided` holds for all slices at once."""
        made = []
        p_values: dict[str, float] = {}
        for name, place in sorted(self.index.items()):
            count, gap, squares, weak, strong, changed = self._sums[place]
            n = int(count)
            means = Means({"gap": Range()})
            means.merge(
                n, {"gap": gap / n}, {"gap": max(squares - gap**2 / n, 0.0)} if math.isfinite(gap) else {"gap": 0}
            )
            finite = math.isfinite(gap)
            interval = -means.interval("gap", alpha) if finite else None
            if finite and n > 1:
                p_values[name] = smallest_alpha(lambda a, m=means: _excludes_zero(m.interval("gap", a)))
            change = (strong - weak) / n
            gained = round(0.5 * (changed + n * change))
            pair = paired_difference(gained, round(changed) - gained, n, alpha)
            entry: dict[str, Any] = {"slice": name, "n": n, "gain": estimate(-gap / n, interval, n).to_json()}
            entry |= {"accuracy": {"weak": weak / n, "strong": strong / n}}
            entry["accuracy_change"] = estimate(change, pair, n).to_json()
            made.append(entry)
        levels = holm(p_values, alpha) if p_values else {}
        for entry in made:
            name = entry["slice"]
            entry["decided"] = name in levels and p_values[name] <= levels[name]
        return made


def _excludes_zero(interval: Interval) -> bool:
    return interval.low > 0 or interval.high < 0
