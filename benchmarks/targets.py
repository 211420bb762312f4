"""Targets: what is to be reached, as data, and whether it was, computed from what was measured."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.contest import OURS, Outcome


@dataclass(frozen=True)
class Reading:
    """A measured number; `at_least` says that it is a lower bound, because an answer was not waited for."""

    value: float
    at_least: bool = False


Measure = Callable[[Outcome], Reading | None]


def lead(*kinds: str) -> Measure:
    """How many times our time the fastest of these kinds takes."""

    def measure(outcome: Outcome) -> Reading | None:
        mine = outcome.ours.seconds
        rows = [row for row in outcome.rows if row.kind in kinds and not row.wrong]
        found = [Reading(row.ratio) for row in rows if row.ratio is not None]
        if mine is not None:
            found += [Reading(row.at_least / mine, True) for row in rows if row.at_least is not None]
        return min(found, key=lambda reading: reading.value, default=None)

    return measure


def behind(*kinds: str) -> Measure:
    """How many times the time of the fastest of these kinds ours is."""

    def measure(outcome: Outcome) -> Reading | None:
        found = lead(*kinds)(outcome)
        return None if found is None or found.at_least else Reading(1.0 / found.value)

    return measure


def above_limit(outcome: Outcome) -> Reading | None:
    """How many times the machine's least time ours is."""
    mine = outcome.ours.seconds
    return None if mine is None or outcome.least is None else Reading(mine / outcome.least)


def seconds(outcome: Outcome) -> Reading | None:
    """Our time."""
    return None if outcome.ours.seconds is None else Reading(outcome.ours.seconds)


def error(outcome: Outcome) -> Reading | None:
    """The largest error of ours."""
    found = [row.error for row in outcome.rows if row.kind == OURS and row.error is not None]
    return Reading(max(found)) if found else None


@dataclass(frozen=True)
class Target:
    """In every case of `group` the measured number is at least `least` and at most `most`.

    `why` is what keeps from it, as far as that is known; it is told where the target is not met.
    """

    sentence: str
    group: str
    measure: Measure
    least: float | None = None
    most: float | None = None
    why: str = ""


@dataclass
class Verdict:
    """A target and the case that is furthest from it; `met` is None where it was not measured far enough to tell."""

    sentence: str
    wanted: str
    measured: str
    where: str
    cases: int
    cases_met: int
    met: bool | None
    why: str = ""


def _is_met(target: Target, reading: Reading) -> bool | None:
    if target.least is not None and reading.value < target.least:
        return None if reading.at_least else False
    return target.most is None or reading.value <= target.most


def verdict(target: Target, outcomes: Iterable[Outcome]) -> Verdict:
    """Whether the target is met in all its cases."""
    outcomes = [outcome for outcome in outcomes if outcome.group == target.group]
    found = [(outcome, reading) for outcome in outcomes if (reading := target.measure(outcome)) is not None]
    wanted = f"at least {target.least:g}" if target.least is not None else f"at most {target.most:g}"
    if not found or len(found) < len(outcomes):
        return Verdict(target.sentence, wanted, "not measured", "", len(outcomes), 0, None)
    sign = 1.0 if target.least is not None else -1.0
    worst = min(found, key=lambda pair: (_rank(_is_met(target, pair[1])), sign * pair[1].value))
    answers = [_is_met(target, reading) for _, reading in found]
    met = False if False in answers else None if None in answers else True
    measured = f"{'more than ' if worst[1].at_least else ''}{worst[1].value:.3g}"
    why = target.why if met is False else ""
    return Verdict(target.sentence, wanted, measured, worst[0].name, len(found), answers.count(True), met, why)


def _rank(met: bool | None) -> int:
    return {False: 0, None: 1, True: 2}[met]


def verdicts(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> list[Verdict]:
    """All of a task's."""
    return [verdict(target, outcomes) for target in targets]
