r"""The smooth calibration error of binary scores from a histogram, with an interval.

Let $M(t)=\mathbb E[(y-f)1\{f\le t\}]$.  By parts $\mathbb E[w(f)(y-f)]=w(1)M(1)-\int w'M$, so the error of the
plug-in is at most twice $\sup_t|M_n-M|$, whose limit is at most the supremum of a Brownian motion of variance
$\mathbb E(y-f)^2$: by reflection the interval is $\pm2z_{1-\alpha/4}\sqrt{\mathbb E(y-f)^2/n}$.
"""

import math

import numpy as np
from scipy import stats

from w2s_theory.auditing.binned_sums import BinnedSums
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.verification.confidence import Interval


def smooth_error(cells: BinnedSums) -> float:
    """The error of the mean scores and outcomes of all cells that have points; moved by at most one cell's width."""
    count, score, outcome = (part[0] for part in (cells.count, cells.scores, cells.outcomes))
    kept = count > 0
    size = 1 << max(int(kept.sum()) - 1, 0).bit_length()
    padding = size - int(kept.sum())

    def rows(values: np.ndarray) -> np.ndarray:
        means = np.clip(values[kept] / count[kept], 0.0, 1.0)
        means = np.concatenate([means, np.full(padding, means[-1])])
        return np.stack([1.0 - means, means], axis=1)

    weights = np.concatenate([count[kept] / cells.points, np.zeros(padding)])
    return float(smooth_calibration_error(weights, rows(outcome), rows(score)))


def smooth_interval(cells: BinnedSums, error: float, alpha: float) -> Interval:
    """Interval of the population's smooth error: the histogram's width, and outcomes too rare to be seen, included."""
    half = 2.0 * float(stats.norm.isf(0.25 * alpha)) * math.sqrt(cells.spread) / cells.points + 1.0 / cells.bins
    half += math.log(2.0 / alpha) / cells.points
    return Interval(max(error - half, 0.0), min(error + half, 1.0))
