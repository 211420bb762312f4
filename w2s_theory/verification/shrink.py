"""The plainest instance that still breaks a claim: fewest inputs, models, classes; then the roundest numbers."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from w2s_theory.verification.draft import Draft

PARTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 40, 50, 100, 200, 500, 1_000, 10_000, 10**6)
"""Denominators tried, plainest first."""

_ORDER = ("m", "j", "p", "k")
_LEAST = {"m": 1, "j": 1, "p": 1, "k": 2}
_COUNTS = (1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 65_536)

Excess = Callable[[Draft], float | None]
"""The certified violation of a draft, or None where none is certified."""


def shrunk(draft: Draft, excess: Excess, least: float) -> Draft | None:
    """The plainest draft met whose certified violation is at least `least`; None if not even the given one has it.

    Greedy: smaller n and r; removals in the order inputs, models, features, classes, as long as one succeeds; then
    one common denominator for all numbers, then a smaller one for each field; and removals again.
    """

    def fine(candidate: Draft) -> bool:
        found = excess(candidate)
        return found is not None and found >= least

    draft = _smaller_counts(_fewer(_smaller_counts(draft, fine), fine), fine)
    if not fine(draft):
        return None
    rounder = next((made for parts in PARTS for made in _rounded(draft, parts, None) if fine(made)), draft)
    for field in ("weights", "models", "features", "truth", "strong", "weak"):
        rounder = next((made for parts in PARTS for made in _rounded(rounder, parts, [field]) if fine(made)), rounder)
    return _fewer(rounder, fine)


def _fewer(draft: Draft, fine: Callable[[Draft], bool]) -> Draft:
    for axis in _ORDER:
        index = 0
        while index < draft.sizes()[axis] > _LEAST[axis]:
            smaller = draft.without(axis, index)
            draft, index = (smaller, 0) if fine(smaller) else (draft, index + 1)
    return draft


def _smaller_counts(draft: Draft, fine: Callable[[Draft], bool]) -> Draft:
    for field in ("n", "r"):
        if field in draft.free:
            smaller = [count for count in _COUNTS if count < draft.free[field]]
            tried = (replace(draft, free={**draft.free, field: count}) for count in smaller)
            draft = next((made for made in tried if fine(made)), draft)
    return draft


def _rounded(draft: Draft, parts: int, fields: list[str] | None) -> Iterator[Draft]:
    """Rounded to `parts`, zeros allowed and not; nothing if the fields named are rounder than that already."""
    if fields is not None and _roundness(draft, fields[0]) <= parts:
        return
    for keep_positive in (False, True):
        with suppress(ValueError):
            yield draft.rounded(parts, keep_positive=keep_positive, fields=fields)


def _roundness(draft: Draft, field: str) -> int:
    """Largest denominator of a free field, zero if it is not there."""

    def largest(value: object) -> int:
        if isinstance(value, dict):
            return max(map(largest, value.values()), default=0)
        if isinstance(value, list):
            return max(map(largest, value), default=0)
        return value.denominator if isinstance(value, Fraction) else 0

    return largest(draft.free.get(field, []))
