"""Studies of cost against size: times at growing sizes, and the exponent that fits the larger ones."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.apart import Work
from benchmarks.contest import one_run


@dataclass(frozen=True)
class Study:
    """Work whose cost is asked for against `variable`: `prepare(size)` returns it, ready and warmed by its first run.

    `right(size, value)` says whether its value is; `done(size)` how many `unit` it gets done.  `fitted` False is for
    variables, such as the number of workers, that cost is not a power of.
    """

    name: str
    variable: str
    sizes: Sequence[int]
    prepare: Callable[[int], Work]
    right: Callable[[int, Any], bool]
    done: Callable[[int], float]
    unit: str
    runs: int = 3
    warm: bool = True
    fitted: bool = True


@dataclass
class Law:
    """Times of a study and the exponent of the best power law over the larger half of its sizes."""

    name: str
    variable: str
    unit: str
    sizes: list[int]
    seconds: list[float]
    rates: list[float]
    exponent: float | None


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of the least-squares line through log seconds against log size, over the larger half (at least two)."""
    kept = max(2, (len(sizes) + 1) // 2)
    x, y = ([math.log(value) for value in values[-kept:]] for values in (sizes, seconds))
    return statistics.linear_regression(x, y).slope


def law(study: Study, only_check: bool = False) -> Law:
    """Run a study; `AssertionError` for a wrong value.  `only_check` runs everything once and warms nothing up."""
    seconds = []
    for size in study.sizes:
        work = study.prepare(size)
        first = one_run(work)
        assert study.right(size, first.value), f"{study.name}: wrong at {study.variable} {size}"
        cold = only_check or not study.warm
        seconds.append(first.seconds if cold else statistics.median(one_run(work).seconds for _ in range(study.runs)))
    rates = [study.done(size) / taken for size, taken in zip(study.sizes, seconds, strict=True)]
    slope = exponent(study.sizes, seconds) if study.fitted else None
    return Law(study.name, study.variable, study.unit, list(study.sizes), seconds, rates, slope)
