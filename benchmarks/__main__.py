"""Run the benchmarks: all, or the tasks named; tables are printed, and RESULTS.md is written.

python -m benchmarks [--only divergences,calibration] [--quick]
"""

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.contest import Outcome
from benchmarks.limits import machine, measured_limits, versions
from benchmarks.results import Results, law_table, law_title, load, outcome_table, render, target_table
from benchmarks.scaling_laws import Law
from benchmarks.targets import verdicts
from benchmarks.task import Task, measure

TASKS = (
    "divergences",
    "calibration",
    "projections",
    "inequalities",
    "linear_heads",
    "audit",
    "startup",
    "scaling",
)
HERE = Path(__file__).parent
STORED, WRITTEN = HERE / "results.json", HERE / "RESULTS.md"


def task(name: str) -> Task:
    """The task of a module."""
    return import_module(f"benchmarks.{name}").TASK


def show(console: Console, title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table."""
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def earlier(console: Console, here: Results) -> Results:
    """Results that are kept beside new ones: those of this machine and these versions."""
    if not STORED.exists():
        return here
    kept = load(STORED)
    if (kept.machine, kept.versions) == (here.machine, here.versions):
        for name in kept.sections.keys() & set(TASKS):
            kept.sections[name].verdicts = verdicts(task(name).targets, kept.sections[name].outcomes)
        return kept
    console.print(f"{STORED.name} is of another machine or of other versions: its sections are dropped.")
    return here


def main() -> None:
    """Run, print and write; the exit status is 1 if a contestant's values were wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Run the benchmarks: all, or the tasks named."
    )
    parser.add_argument("--only", help="tasks, with commas: " + ",".join(TASKS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes; nothing is written")
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else list(TASKS)
    for name in names:
        if name not in TASKS:
            parser.error(f"unknown task {name!r}; known: {', '.join(TASKS)}")
    console = Console(highlight=False, width=max(160, Console().width))
    results = Results(machine(), versions())
    if asked.only:
        results = earlier(console, results)

    def tell(made: Outcome | Law) -> None:
        if isinstance(made, Outcome):
            show(console, made.name, *outcome_table(made))
        else:
            show(console, law_title(made), *law_table(made))

    wrong = []
    for name in names:
        start = time.perf_counter()
        console.rule(task(name).title)
        section = measure(task(name), measured_limits(), asked.quick, tell)
        for sentence in section.conclusions:
            console.print(sentence)
        console.print(f"{time.perf_counter() - start:.0f} s")
        wrong += section.wrong
        results.sections[name] = section
        results.sections = {known: results.sections[known] for known in TASKS if known in results.sections}
        if not asked.quick:
            results.save(STORED)
            WRITTEN.write_text(render(results), encoding="utf-8")
    show(console, "Targets", *target_table([results.sections[name] for name in names]))
    if wrong:
        console.print("\n".join(wrong))
        sys.exit(1)


if __name__ == "__main__":
    main()
