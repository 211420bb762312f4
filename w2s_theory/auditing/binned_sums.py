r"""Sums over equal-width bins of scores, streamed, and what they say of calibration: estimates with intervals.

The estimand is the binned error $\sum_b|\mathbb E[s\,1_b]|$ with s = score − outcome, at most the error conditional on
the score.  With $T_b$ the sum of s over n points:

* `plug-in` is $\frac1n\sum_b|T_b|$, biased upwards;
* `split-average` is the mean, over all random halvings of the points, of the cross-fit estimate that takes the sign
  of a bin from one half and its size from the other.  A half's sum is about normal around $T_b/2$ with variance
  $V_b/4$, $V_b$ the centred sum of squares, so the mean is
  $|T_b|\operatorname{erf}(|T_b|/\sqrt{2V_b})-\sqrt{2V_b/\pi}\,e^{-T_b^2/2V_b}$: zero on average in a calibrated bin.

Interval: the true signs σ give $\sum_b|\tau_b|=\sum\sigma_b\tau_b$ and $\sum_b|T_b|/n\ge\sum\sigma_bT_b/n$, whose error
has variance at most $E\|s\|_1^2/n$: one normal quantile above the plug-in is an upper limit.  Every cross-fit estimate
has mean at most the estimand and variance at most $2E\|s\|_1^2/n$ given the signs; an average of such is sub-Gaussian
with that variance (Jensen), which gives the lower limit.  Both ends give way by what an outcome can weigh that is so
rare, at most log(2/α)/n, that none may have been seen: a confident model would otherwise be judged by its few errors.
"""

import functools
import math
from dataclasses import dataclass, field

import numpy as np
from scipy import special, stats

from w2s_theory.auditing.predictions import laid_out, tiles
from w2s_theory.verification.confidence import Interval

BINS = 15
CELLS = 2**12
"""Cells of the histogram of binary scores, for the smooth error: it is off by at most 1/CELLS."""


_LANES = 4


def bin_of(scores: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Bins (lo, hi] of [0, 1] as `functionals.partitions.bins_of`, edges j/bins rounded once; in NumPy.

    Scores so near an edge that rounding could carry them over it are looked up; those above one are in the last bin.
    """
    scores = np.minimum(scores, 1)
    roundoff = 8.0 * float(np.finfo(scores.dtype).eps)
    kind = np.int8 if bins < 128 else np.intp
    found, above = (
        (scores * scores.dtype.type(bins * factor)).astype(kind) for factor in (1.0 - roundoff, 1.0 + roundoff)
    )
    doubtful = found != above
    if doubtful.any():
        edges = (np.arange(1, bins) / bins).astype(scores.dtype)
        found[doubtful] = np.searchsorted(edges, scores[doubtful], side="left")
    return found


@functools.lru_cache(maxsize=8)
def _first_cells(rows: int, classes: int, bins: int) -> np.ndarray:
    """The first cell (rows, classes) of every entry, of as many sets of cells as there are lanes.

    Rows take turns: a processor waits for one sum to be stored before it adds to the same sum again.
    """
    lane = np.arange(rows) % _LANES * classes * bins
    made = laid_out(lane[:, None] + np.arange(0, classes * bins, bins))
    made.flags.writeable = False
    return made


@dataclass
class BinnedSums:
    """Count, sums of scores and outcomes, and of the square of their difference, by cell; arrays (classes, bins)."""

    classes: int = 1
    bins: int = BINS
    count: np.ndarray = field(init=False)
    scores: np.ndarray = field(init=False)
    outcomes: np.ndarray = field(init=False)
    squares: np.ndarray = field(init=False)
    spread: float = 0.0
    points: int = 0

    def __post_init__(self) -> None:
        for name in ("count", "scores", "outcomes", "squares"):
            setattr(self, name, np.zeros((self.classes, self.bins)))

    def add(self, scores: np.ndarray, outcomes: np.ndarray) -> None:
        """Add scores (b,) in [0, 1] and their outcomes (b,): zero, one, or a probability."""
        self.add_table(scores[:, None], None, outcomes[:, None])

    def add_table(self, table: np.ndarray, labels: np.ndarray | None, truth: np.ndarray | None) -> None:
        """Add every class of rows (b, k) at once, against labels (b,) or class probabilities (b, k)."""
        for rows in tiles(table):
            part = laid_out(table[rows])
            cell = bin_of(part, self.bins) + _first_cells(*part.shape, self.bins)
            wide = part.astype(float)
            self.count += self._by_cell(cell)
            self.scores += self._by_cell(cell, wide)
            if truth is not None:
                self._add_outcomes(cell, wide, laid_out(truth[rows]))
            else:
                assert labels is not None
                self._add_labels(cell, wide, labels[rows])
        self.points += len(table)

    def _add_outcomes(self, cell: np.ndarray, scores: np.ndarray, truth: np.ndarray) -> None:
        surplus = scores - truth
        self.outcomes += self._by_cell(cell, truth)
        self.squares += self._by_cell(cell, surplus * surplus)
        self.spread += float((np.abs(surplus).sum(axis=1) ** 2).sum())

    def _add_labels(self, cell: np.ndarray, scores: np.ndarray, labels: np.ndarray) -> None:
        rows = np.arange(len(scores))
        at, own = scores[rows, labels], cell[rows, labels]
        self.outcomes += self._by_cell(own)
        self.squares += self._by_cell(cell, scores * scores) + self._by_cell(own, 1.0 - 2.0 * at)
        self.spread += 4.0 * float(((1.0 - at) ** 2).sum())

    def _by_cell(self, cell: np.ndarray, amount: np.ndarray | None = None) -> np.ndarray:
        """How many entries there are in every cell, or the sum of their amounts; both in one memory order."""
        flat = None if amount is None else amount.ravel("K")
        found = np.bincount(cell.ravel("K"), flat, _LANES * self.count.size)
        return found.reshape(_LANES, self.classes, self.bins).sum(axis=0)

    def merge(self, other: "BinnedSums") -> None:
        """Add the sums of other points."""
        for name in ("count", "scores", "outcomes", "squares", "spread", "points"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def plug_in(self) -> float:
        """Sum over cells of |mean surplus|."""
        return float(np.abs(self.scores - self.outcomes).sum()) / self.points

    @property
    def split_average(self) -> float:
        """The debiased estimate; cells with one point say nothing."""
        total = np.abs(self.scores - self.outcomes)
        number = np.maximum(self.count, 2.0)
        spread = np.maximum(self.squares - total**2 / number, 0.0) * number / (number - 1.0)
        root = np.sqrt(2.0 * np.where(spread > 1e-12 * self.squares, spread, 0.0))
        z = np.where(root > 0, total / np.where(root > 0, root, 1.0), np.inf)
        kept = total * special.erf(z) - root / math.sqrt(math.pi) * np.exp(-(np.minimum(z, 1e3) ** 2))
        return float(np.where(self.count > 1, kept, 0.0).sum()) / self.points

    def interval(self, alpha: float) -> Interval:
        """Where the binned error of the population lies, with probability at least 1 - α for many points."""
        variance = self.spread / self.points**2
        most = 2.0 if self.classes > 1 else 1.0
        unseen = most * math.log(2.0 / alpha) / self.points
        high = self.plug_in + float(stats.norm.isf(0.5 * alpha)) * math.sqrt(variance) + unseen
        low = self.split_average - math.sqrt(2.0 * 2.0 * variance * math.log(2.0 / alpha)) - unseen
        return Interval(max(low, 0.0), min(max(high, self.split_average), most))

    def diagram(self) -> list[dict[str, float]]:
        """For every bin that has points: its mean score, its mean outcome and its number of points."""
        count, scores, outcomes = (total.sum(axis=0) for total in (self.count, self.scores, self.outcomes))
        return [
            {"score": float(s / n), "outcome": float(o / n), "points": int(n)}
            for n, s, o in zip(count, scores, outcomes, strict=True)
            if n
        ]
