"""A task of the benchmarks, and the section of the results that it becomes."""

import datetime
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.contest import Case, Outcome, contest
from benchmarks.limits import Limits
from benchmarks.scaling_laws import Law, Study, law
from benchmarks.targets import Target, Verdict, verdicts


def _none(*given: Any) -> Any:
    return ()


@dataclass(frozen=True)
class Task:
    """Cases of one kind of work with their targets, and studies of its cost; a `quick` one is tiny.

    `conclusions` are sentences that the studies' laws lead to.
    """

    name: str
    title: str
    about: str
    cases: Callable[[bool], Iterable[Case]] = _none
    targets: Sequence[Target] = ()
    studies: Callable[[bool], Iterable[Study]] = _none
    conclusions: Callable[[Sequence[Law]], Sequence[str]] = _none


@dataclass
class Section:
    """All that was measured of a task, when, and what the machine could do then."""

    name: str
    title: str
    about: str
    date: str
    load: str
    limits: str
    outcomes: list[Outcome] = field(default_factory=list)
    laws: list[Law] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    conclusions: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data, which `section_from` reads."""
        return asdict(self)

    @property
    def wrong(self) -> list[str]:
        """Contestants whose values were wrong."""
        return [f"{o.name}: {row.name}: {row.note}" for o in self.outcomes for row in o.rows if row.wrong]


def measure(task: Task, limits: Limits, quick: bool, tell: Callable[[Outcome | Law], None]) -> Section:
    """Run all of a task; `tell` hears of every outcome as it comes."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = f"{os.getloadavg()[0]:.1f}"
    section = Section(task.name, task.title, task.about, now, load, limits.sentence())

    def told(made: Iterator[Any], kept: list[Any]) -> None:
        for outcome in made:
            kept.append(outcome)
            tell(outcome)

    rounds = 3 if quick else 15
    told((contest(case, limits, rounds) for case in task.cases(quick)), section.outcomes)
    told((law(study, quick) for study in task.studies(quick)), section.laws)
    section.verdicts = verdicts(task.targets, section.outcomes)
    section.conclusions = list(task.conclusions(section.laws))
    return section
