"""Boxes of scores (p, q) with rational corners, and the arithmetic of certified lower bounds.

A box stands for one input and two classes: the weak row (p, 1 - p), the strong row (q, 1 - q).  Its corners, its
distance from the diagonal and its bisections are exact; everything else about it is a ball (`flint.arb`).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from flint import arb, fmpq

Axis = Literal["p", "q"]

NARROW = 1 / 8
"""Width in log-odds down to which a box is to be bisected before another form than direct evaluation may decide it."""

UNKNOWN = arb.nan()
"""A bound that could not be computed: every comparison with it is false."""


def _log_odds_width(low: fmpq, high: fmpq) -> float:
    return math.log(float(high * (1 - low) / (low * (1 - high))))


@dataclass(frozen=True)
class Box:
    """All (p, q) with p_low ≤ p ≤ p_high and q_low ≤ q ≤ q_high, within the open unit square."""

    p_low: fmpq
    p_high: fmpq
    q_low: fmpq
    q_high: fmpq

    @cached_property
    def p(self) -> arb:
        """Every p of the box."""
        return arb(self.p_low).union(arb(self.p_high))

    @cached_property
    def q(self) -> arb:
        """Every q of the box."""
        return arb(self.q_low).union(arb(self.q_high))

    @cached_property
    def widths(self) -> tuple[float, float]:
        """The widths in p and in q as differences of log-odds."""
        return _log_odds_width(self.p_low, self.p_high), _log_odds_width(self.q_low, self.q_high)

    @cached_property
    def sign(self) -> int:
        """The sign of p - q, 0 if the box touches the diagonal."""
        return int(self.p_low > self.q_high) - int(self.p_high < self.q_low)

    @cached_property
    def nearest(self) -> fmpq:
        """The smallest |p - q| in the box."""
        return max(fmpq(0), self.p_low - self.q_high, self.q_low - self.p_high)

    @cached_property
    def farthest(self) -> fmpq:
        """The largest |p - q| in the box."""
        return max(self.p_high - self.q_low, self.q_high - self.p_low)

    @cached_property
    def mirrored(self) -> "Box":
        """The same box with the two classes exchanged: (p, q) becomes (1 - p, 1 - q)."""
        return Box(1 - self.p_high, 1 - self.p_low, 1 - self.q_high, 1 - self.q_low)

    @cached_property
    def middle_p(self) -> "Box":
        """The segment of the box at the middle p."""
        p = (self.p_low + self.p_high) / 2
        return Box(p, p, self.q_low, self.q_high)

    @cached_property
    def middle(self) -> "Box":
        """The middle point of the box."""
        q = (self.q_low + self.q_high) / 2
        return Box(self.middle_p.p_low, self.middle_p.p_high, q, q)

    def halves(self, axis: Axis) -> tuple["Box", "Box"]:
        """The two halves of the box, the lower one first."""
        if axis == "p":
            middle = (self.p_low + self.p_high) / 2
            return Box(self.p_low, middle, self.q_low, self.q_high), Box(middle, self.p_high, self.q_low, self.q_high)
        middle = (self.q_low + self.q_high) / 2
        return Box(self.p_low, self.p_high, self.q_low, middle), Box(self.p_low, self.p_high, middle, self.q_high)

    def corners(self) -> list[list[str]]:
        """[[p_low, p_high], [q_low, q_high]] as rationals in strings."""
        return [[str(self.p_low), str(self.p_high)], [str(self.q_low), str(self.q_high)]]


def floored_square(floor: fmpq) -> Box:
    """The square [γ, 1 - γ]² of all scores that keep the floor γ; `ValueError` unless 0 < γ < 1/2."""
    if not 0 < floor < fmpq(1, 2):
        raise ValueError(f"field floor: {floor} is not strictly between 0 and 1/2")
    return Box(floor, 1 - floor, floor, 1 - floor)


def larger(*bounds: arb) -> arb:
    """The largest of several lower bounds of one quantity; those that could not be computed do not count."""
    known = [bound.lower() for bound in bounds if bound.is_finite()]
    return max(known) if known else UNKNOWN


def smaller(*bounds: arb) -> arb:
    """A lower bound of the smallest of several quantities, of their lower bounds; unknown if one of them is."""
    return min(bound.lower() for bound in bounds) if all(bound.is_finite() for bound in bounds) else UNKNOWN


def rounded_down(bound: arb) -> float:
    """The largest float64 that is at most every number of the ball."""
    exact = bound.lower()
    value = float(exact)
    while not arb(value) <= exact:
        value = math.nextafter(value, -math.inf)
    return value
