"""Contests: several ways to do the same work.  Their values must agree; their times are taken in paired rounds.

Every contestant does the work once to warm up, which is when its value is judged.  Then all take turns, so that
whatever else the machine does strikes all of them alike; a ratio is the median of the ratios of the rounds.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np

from benchmarks.apart import Apart, NoAnswerError, Prepare, Took, Work
from benchmarks.limits import Least, Limits

OURS = "ours"
LONG = 3.0
"""Seconds of a first run above which it is the only one, unless the contestant compiles in it."""

FEW = 3
"""Runs that a contestant is given whose single run takes less than the seconds of the case."""


@dataclass(frozen=True)
class Contestant:
    """One way to do the work of a case.

    `prepare()` gets ready, untimed, and returns the work; where it misses a package the contestant is left out.  The
    work returns its value, computed, or `Took` if it knows its time better.  A `known_inaccurate` contestant has its
    error shown, not judged.  `share` is the part of the case's work that it does: its time is divided by it.  With a
    `limit` in seconds it works in a process of its own (`prepare` is then pickled) and is ended beyond that.
    """

    name: str
    prepare: Prepare
    kind: str = "peer"
    known_inaccurate: bool = False
    share: float = 1.0
    limit: float | None = None
    compiles: bool = False
    error: Callable[[Any], float] | None = None


@dataclass(frozen=True)
class Case:
    """The same work for all contestants, the first of which is ours, and how the value of it is judged.

    `error` of a value must be at most `tolerance`; left out, it is the largest relative difference from the first
    contestant's value.  `least` is what the work needs at the machine's limits; `count` how many `unit` it gets done;
    `facts` of a value are shown beside it.
    """

    name: str
    contestants: Sequence[Contestant]
    group: str
    tolerance: float
    error: Callable[[Any], float] | None = None
    error_name: str = "error"
    least: Least = field(default_factory=Least)
    count: float | None = None
    unit: str = ""
    facts: Callable[[Any], Mapping[str, str]] = lambda value: {}
    seconds: float = 2.0


@dataclass
class Row:
    """What a contestant did: median seconds of the whole work, the ratio to ours, the error, and what there is to say.

    Without an answer, `at_least` is how long it was waited for.  A `wrong` row takes no part in comparisons.
    """

    name: str
    kind: str
    seconds: float | None = None
    ratio: float | None = None
    runs: int = 0
    error: float | None = None
    wrong: bool = False
    at_least: float | None = None
    note: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """The rows of a case, and its least seconds at the limits of the machine."""

    name: str
    group: str
    rows: list[Row]
    least: float | None = None
    count: float | None = None
    unit: str = ""
    error_name: str = "error"

    @property
    def ours(self) -> Row:
        """The row that others are compared with."""
        return self.rows[0]

    def fastest(self, kinds: Iterable[str] | None = None) -> Row | None:
        """The fastest right answer of other kinds than ours, or of the kinds given."""
        rows = [row for row in self.rows if row.seconds is not None and not row.wrong]
        rows = [row for row in rows if (row.kind != OURS if kinds is None else row.kind in kinds)]
        return min(rows, key=lambda row: row.seconds or 0.0, default=None)


def difference(reference: Any) -> Callable[[Any], float]:
    """The error of a value: its largest difference from `reference`, relative to that one's largest entry."""
    wanted = np.asarray(reference, dtype=float)

    def error(value: Any) -> float:
        made = np.asarray(value, dtype=float)
        if made.shape != wanted.shape or not np.isfinite(made).all():
            return float("inf")
        return float(np.max(np.abs(made - wanted)) / (np.max(np.abs(wanted)) or 1.0))

    return error


def one_run(work: Work) -> Took:
    """Do the work once."""
    start = time.perf_counter()
    value = jax.block_until_ready(work())
    seconds = time.perf_counter() - start
    return value if isinstance(value, Took) else Took(seconds, value)


class _Entrant:
    """A contestant on the way through a case."""

    def __init__(self, contestant: Contestant):
        self.contestant = contestant
        self.row = Row(contestant.name, contestant.kind)
        self.seconds: list[float] = []
        self.first: Took | None = None
        self.work: Work | None = None
        self.ended = False

    def warm_up(self, alone: bool) -> None:
        """Prepare and run once; whatever goes wrong with a peer is noted."""
        given = self.contestant
        try:
            self.work = Apart(given.prepare, given.limit) if given.limit and alone else given.prepare()
            self.first = one_run(self.work)
        except ModuleNotFoundError as missing:
            self.row.note = f"{missing.name} is not installed"
        except NoAnswerError as problem:
            self.row.note, self.row.at_least = str(problem), given.limit
        except Exception as problem:
            if given.kind == OURS:
                raise
            self.row.note = f"{type(problem).__name__}: {problem}"[:100]

    def judge(self, case: Case, error: Callable[[Any], float]) -> None:
        """The error of the first value."""
        if self.first is None:
            return
        self.row.error = (self.contestant.error or error)(self.first.value)
        self.row.facts = dict(case.facts(self.first.value))
        if not self.contestant.known_inaccurate and not self.row.error <= case.tolerance:
            self.row.wrong = True
            self.row.note = f"WRONG: {case.error_name} above {case.tolerance:g}"

    def wants_more(self, budget: float, rounds: int) -> bool:
        """Whether there is time for another run."""
        if self.first is None or self.ended or len(self.seconds) >= rounds:
            return False
        if not self.seconds:
            patient = self.contestant.compiles or self.contestant.kind == OURS
            return patient or self.first.seconds <= LONG
        return (len(self.seconds) < FEW and self.seconds[0] < budget) or sum(self.seconds) < budget

    def run(self) -> float | None:
        """One more run; None if it takes too long this time, which is then the last."""
        assert self.work is not None
        try:
            taken = one_run(self.work).seconds
        except NoAnswerError:
            self.ended = True
            return None
        self.seconds.append(taken)
        return taken


def _judged(case: Case, alone: bool) -> list[_Entrant]:
    entrants = [_Entrant(contestant) for contestant in case.contestants]
    error = case.error
    for entrant in entrants:
        entrant.warm_up(alone)
        if error is None and entrant.first is not None:
            error = difference(entrant.first.value)
        if error is not None:
            entrant.judge(case, error)
    return entrants


def check(case: Case) -> Outcome:
    """Everyone's values and no times, everything in this process; `AssertionError` for a value that is wrong."""
    rows = [entrant.row for entrant in _judged(case, alone=False)]
    wrong = [f"{case.name}: {row.name}: {case.error_name} {row.error:g}, {row.note}" for row in rows if row.wrong]
    assert not wrong, "; ".join(wrong)
    return Outcome(case.name, case.group, rows, error_name=case.error_name)


def contest(case: Case, limits: Limits, rounds: int = 15) -> Outcome:
    """Judge all values, then take times, in rounds forwards and backwards, while every contestant has time left."""
    entrants = _judged(case, alone=True)
    pairs: dict[str, list[float]] = {entrant.row.name: [] for entrant in entrants}
    gc.collect()
    try:
        for number in range(rounds):
            taking = [entrant for entrant in entrants if entrant.wants_more(case.seconds, rounds)]
            if not any(entrant.row.kind != OURS for entrant in taking) and number >= min(5, rounds):
                break
            _round(entrants[0], taking[:: -1 if number % 2 else 1], pairs)
    finally:
        for entrant in entrants:
            if isinstance(entrant.work, Apart):
                entrant.work.close()
    return Outcome(
        case.name,
        case.group,
        [_timed(entrant, entrants[0], pairs[entrant.row.name]) for entrant in entrants],
        case.least.seconds(limits),
        case.count,
        case.unit,
        case.error_name,
    )


def _round(ours: _Entrant, taking: list[_Entrant], pairs: dict[str, list[float]]) -> None:
    if ours not in taking and any(entrant is not ours for entrant in taking):
        taking = [ours, *taking]
    times = {entrant.row.name: entrant.run() for entrant in taking}
    mine = times.get(ours.row.name)
    for name, seconds in times.items():
        if seconds is not None and mine is not None:
            pairs[name].append(seconds / mine)


def _timed(entrant: _Entrant, ours: _Entrant, pairs: list[float]) -> Row:
    row, share = entrant.row, entrant.contestant.share
    if entrant.first is None:
        return row
    seconds = entrant.seconds or [entrant.first.seconds]
    row.seconds, row.runs = statistics.median(seconds) / share, len(seconds)
    row.ratio = statistics.median(pairs) / share if pairs else row.seconds / statistics.median(ours.seconds)
    if not entrant.seconds:
        row.note = row.note or "its first run alone"
    return row


def ready(work: Work) -> Prepare:
    """`prepare` for work that needs no preparation."""
    return partial(_same, work)


def _same(work: Work) -> Work:
    return work
