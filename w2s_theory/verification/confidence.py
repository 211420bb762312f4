r"""Confidence intervals of means, and what they say of a function of several means.

Four regions for the mean of values v₁, …, vₙ, independent and for all but `clt` in a known range [a, b], at error α:

* `clt`: $\bar v\pm z_{1-\alpha/2}\,\hat\sigma/\sqrt n$ (asymptotic; Student's t for few values);
* `hoeffding`: $\bar v\pm(b-a)\sqrt{\log(2/\alpha)/2n}$;
* `empirical-bernstein`: $\bar v\pm[\hat\sigma\sqrt{2\log(4/\alpha)/n}+7(b-a)\log(4/\alpha)/3(n-1)]$ (Maurer and
  Pontil 2009, Theorem 4);
* `betting`: all m whose hedged capital $\tfrac12\prod(1+\lambda(v_t-m))+\tfrac12\prod(1-\lambda(v_t-m))$, λ chosen from
  the past, has never reached 1/α (Waudby-Smith and Ramdas 2023): valid at every time, so sampling may stop at will.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from scipy import stats

from w2s_theory.errors import InputError

Region = Literal["clt", "hoeffding", "empirical-bernstein", "betting"]

_GRID = 512
_BOLDEST = 0.5
_FACTORS = 512
"""Of a product of factors between a half and three halves that no float64 over- or underflows."""


class Interval(NamedTuple):
    """All numbers from `low` to `high`; arithmetic gives the range over independent members."""

    low: float
    high: float

    def __sub__(self, other: "Interval") -> "Interval":
        """Differences of members."""
        return Interval(self.low - other.high, self.high - other.low)

    def plus(self, other: "Interval") -> "Interval":
        """Sums of members."""
        return Interval(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> "Interval":
        """Members times a number ≥ 0."""
        return Interval(factor * self.low, factor * self.high)

    def __neg__(self) -> "Interval":
        """Members with the other sign."""
        return Interval(-self.high, -self.low)

    def __abs__(self) -> "Interval":
        """Absolute values of members."""
        least = 0.0 if self.low <= 0 <= self.high else min(abs(self.low), abs(self.high))
        return Interval(least, max(abs(self.low), abs(self.high)))

    def image(self, increasing: Callable[[float], float]) -> "Interval":
        """Values of an increasing function that is defined from zero on; members below zero count as zero."""
        return Interval(increasing(max(self.low, 0.0)), increasing(max(self.high, 0.0)))

    def least(self, other: "Interval") -> "Interval":
        """The smaller of a member of each."""
        return Interval(min(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True)
class Range:
    """Bounds that the values have for certain; infinite where nothing is known."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def width(self) -> float:
        """How far apart the bounds are."""
        return self.high - self.low


class Means:
    """Count, means and variances of named values, added block by block, and for betting the capital.

    `ranges` has for each name what its values are certain to lie in.  `level` 1 - α is not fixed: intervals are asked
    for at any α.  `InputError` where the region needs bounded values and a range is infinite.
    """

    def __init__(self, ranges: Mapping[str, Range], region: Region | str = "clt"):
        if region not in get_args(Region):
            raise InputError(f"region {region!r} is not one of {', '.join(get_args(Region))}")
        self.ranges, self.region, self.count = dict(ranges), region, 0
        unbounded = [name for name, bounds in ranges.items() if not math.isfinite(bounds.width)]
        if region != "clt" and unbounded:
            raise InputError(f"region {region} needs bounded values, and {unbounded[0]} is unbounded: use clt")
        self._mean = dict.fromkeys(ranges, 0.0)
        self._squares = dict.fromkeys(ranges, 0.0)
        self._capital = {name: _Capital() for name in ranges} if region == "betting" else {}

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """Add one block: for each name an array (n,)."""
        number = len(next(iter(values.values())))
        for name, block in values.items():
            bounds = self.ranges[name]
            if self._capital:
                self._capital[name].add((block - bounds.low) / bounds.width if bounds.width > 0 else 0.0 * block)
            self.merge_one(name, number, float(np.mean(block)), float(np.sum((block - np.mean(block)) ** 2)))
        self.count += number

    def merge(self, number: int, means: Mapping[str, float], squares: Mapping[str, float]) -> None:
        """Add a block of `number` values by its means and sums of squared deviations from them."""
        if self._capital:
            raise InputError("betting needs the values themselves")
        for name in means:
            self.merge_one(name, number, float(means[name]), float(squares[name]))
        self.count += number

    def merge_all(self, other: "Means") -> None:
        """Add all the values of `other`, which has the same names."""
        self.merge(other.count, other._mean, other._squares)

    def merge_one(self, name: str, number: int, mean: float, squares: float) -> None:
        """Pool a block into one name's moments (Chan's formula); `count` is advanced by the caller."""
        if math.isinf(self._mean[name]) and self._mean[name] == mean:
            return
        total, step = self.count + number, mean - self._mean[name]
        self._mean[name] += step * number / total
        self._squares[name] += squares + step**2 * self.count * number / total

    def mean(self, name: str) -> float:
        """Mean of all values so far."""
        return self._mean[name]

    def deviation(self, name: str) -> float:
        """Standard deviation of the values so far, with n - 1; infinite for fewer than two."""
        return math.sqrt(max(self._squares[name], 0.0) / (self.count - 1)) if self.count > 1 else math.inf

    def interval(self, name: str, alpha: float) -> Interval:
        """Where the expectation lies with probability at least 1 - α (asymptotically, for `clt`)."""
        if not 0.0 < alpha < 1.0:
            raise InputError(f"level {1 - alpha:g} is not strictly between 0 and 1")
        if self.count < 1:
            raise InputError("no samples, so no interval: n = 0")
        bounds, mean, n = self.ranges[name], self._mean[name], self.count
        if bounds.width == 0:
            return Interval(bounds.low, bounds.high)
        if self.region == "betting":
            inside = self._capital[name].interval(alpha)
            return Interval(bounds.low + bounds.width * inside.low, bounds.low + bounds.width * inside.high)
        half = self._half(name, alpha, n)
        return Interval(max(mean - half, bounds.low), min(mean + half, bounds.high))

    def _half(self, name: str, alpha: float, n: int) -> float:
        if self.region == "hoeffding":
            return self.ranges[name].width * math.sqrt(math.log(2.0 / alpha) / (2.0 * n))
        spread = self.deviation(name)
        if n < 2:
            return math.inf
        if self.region == "clt":
            return float(stats.t.isf(0.5 * alpha, n - 1)) * spread / math.sqrt(n)
        log = math.log(4.0 / alpha)
        return spread * math.sqrt(2.0 * log / n) + 7.0 * self.ranges[name].width * log / (3.0 * (n - 1))

    def joint(self, alpha: float, names: tuple[str, ...] | None = None) -> dict[str, Interval]:
        """Intervals that hold all at once with probability 1 - α, by Bonferroni's inequality."""
        names = tuple(self.ranges) if names is None else names
        return {name: self.interval(name, alpha / len(names)) for name in names}


class _Capital:
    """Capital of bets for and against every mean m of a grid, on values in [0, 1]; λ changes between blocks only."""

    def __init__(self) -> None:
        self.grid = np.linspace(0.0, 1.0, _GRID + 1)
        self.up, self.down = np.zeros_like(self.grid), np.zeros_like(self.grid)
        self.highest = np.full_like(self.grid, -np.inf)
        self.count, self.total, self.squares = 0, 0.0, 0.0

    def _bet(self, number: int) -> float:
        """λ for the next `number` values: about √(2 log 20/(nσ²)), the past standing for the future."""
        mean = (0.5 + self.total) / (1.0 + self.count)
        variance = (0.25 + max(self.squares - 2 * mean * self.total + self.count * mean**2, 0.0)) / (1.0 + self.count)
        return min(math.sqrt(2.0 * math.log(20.0) / (variance * (self.count + number))), _BOLDEST)

    def add(self, values: np.ndarray) -> None:
        start = 0
        size = max(self.count, 16)
        while start < len(values):
            part = values[start : start + size]
            bet = self._bet(len(part))
            for first in range(0, len(part), _FACTORS):
                won = bet * (part[first : first + _FACTORS, None] - self.grid)
                self.up += np.log(np.prod(1.0 + won, axis=0))
                self.down += np.log(np.prod(1.0 - won, axis=0))
            self.count += len(part)
            self.total += float(part.sum())
            self.squares += float((part**2).sum())
            self.highest = np.maximum(self.highest, np.logaddexp(self.up, self.down) - math.log(2.0))
            start, size = start + size, max(self.count, 16)

    def interval(self, alpha: float) -> Interval:
        """The grid points not yet bet away, and one step beyond them on either side."""
        kept = np.flatnonzero(self.highest < math.log(1.0 / alpha))
        if not len(kept):
            near = int(np.argmin(self.highest))
            kept = np.array([near, near])
        step = 1.0 / _GRID
        return Interval(max(float(self.grid[kept[0]]) - step, 0.0), min(float(self.grid[kept[-1]]) + step, 1.0))


def smallest_alpha(excludes_zero: Callable[[float], bool]) -> float:
    """The p-value of a family of nested intervals: the smallest α, to within 1 %, at which zero is excluded."""
    low, high = math.log(1e-300), math.log(0.999)
    if not excludes_zero(math.exp(high)):
        return 1.0
    if excludes_zero(math.exp(low)):
        return math.exp(low)
    while high - low > 0.01:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if excludes_zero(math.exp(middle)) else (middle, high)
    return math.exp(high)


def holm(p_values: Mapping[str, float], alpha: float) -> dict[str, float]:
    r"""For each name the level of its two-sided interval by which its sign may be decided.

    Holm's step-down over the 2m one-sided hypotheses, of which at most one a name is rejected: the i-th smallest of
    m two-sided p-values, counted from 0, is compared with $2\alpha/(2m-i)$, and the steps stop at the first above.
    The probability of any sign being decided wrongly is at most α, whatever the dependence.  These are not
    simultaneous intervals.
    """
    if not 0.0 < alpha < 1.0:
        raise InputError(f"level {1 - alpha:g} is not strictly between 0 and 1")
    order = sorted(p_values, key=lambda name: p_values[name])
    levels, stopped = {}, None
    for step, name in enumerate(order):
        level = 2.0 * alpha / (2 * len(order) - step)
        if stopped is None and p_values[name] > level:
            stopped = level
        levels[name] = level if stopped is None else stopped
    return levels
