"""The cells of a sweep, one after another or on many processes and machines; results do not depend on which."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Status
from w2s_theory.errors import InputError
from w2s_theory.processes import SchedulerGoneError, check_workers, opened
from w2s_theory.sweeping.cells import Cell, rows, run_cells
from w2s_theory.sweeping.specification import read_cells
from w2s_theory.sweeping.store import Store

_CELLS_A_TASK, _INSTANCES_A_TASK = 64, 200_000
_ROWS_A_FILE, _SECONDS_A_FILE = 5_000, 10.0

Tell = Callable[[int, int], Any]


@dataclass(frozen=True)
class Swept:
    """What a sweep has done: `cells` in all, `before` of them earlier, and by claim what was asked and violated."""

    folder: Path
    cells: int
    before: int
    asked: dict[str, int]
    violations: dict[str, int]
    damaged: tuple[str, ...]

    @property
    def violated(self) -> tuple[str, ...]:
        """Claims proved in the theory notes that a cell violates."""
        return tuple(name for name, count in self.violations.items() if count and _proved(name))

    def to_json(self) -> dict[str, Any]:
        """The keys of `w2s-theory sweep --json`."""
        return {
            "folder": str(self.folder),
            "cells": self.cells,
            "before": self.before,
            "computed": self.cells - self.before,
            "asked": self.asked,
            "violations": self.violations,
            "set_aside": list(self.damaged),
        }


def _proved(name: str) -> bool:
    return name in CATALOGUE and CATALOGUE[name].status is Status.proved


def sweep(
    specification: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    tell: Tell = lambda done, cells: None,
) -> Swept:
    """Run every cell of a sweep file; rows go to Parquet files in the folder `out` as they come.

    With `resume`, cells whose rows are there are not run again.  `workers` above one are processes of a Dask cluster
    on this machine; `scheduler` is the address of one that is running.  An interruption loses the rows of the last
    few seconds at most.  `InputError` for an unusable file, folder or scheduler.
    """
    check_workers(workers, scheduler)
    cells = read_cells(specification)
    store = Store(Path(out), cells)
    with store.opened(resume):
        left = [cell for cell in cells if cell.key not in store.done]
        before = len(cells) - len(left)
        tell(before, len(cells))
        made = rows(left) if workers == 1 and scheduler is None else _spread(left, workers, scheduler)
        _write(made, store, lambda count: tell(before + count, len(cells)))
        lost = sum(cell.key not in store.done for cell in cells)
        if lost:
            raise InputError(f"{store.folder}: {lost:,} cells have no row; compute them with --resume")
        return Swept(store.folder, len(cells), before, store.asked, store.violations, tuple(store.damaged))


def _write(made: Iterable[dict[str, Any]], store: Store, tell: Callable[[int], Any]) -> None:
    """Store rows every few seconds, and what there is when anything stops the sweep."""
    waiting: list[dict[str, Any]] = []
    count, last = 0, time.monotonic()
    try:
        for row in made:
            waiting.append(row)
            count += 1
            if len(waiting) >= _ROWS_A_FILE or time.monotonic() - last > _SECONDS_A_FILE:
                store.append(waiting)
                waiting, last = [], time.monotonic()
            tell(count)
    finally:
        store.append(waiting)


def tasks(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Cells that share compiled code, as many at a time as take seconds; an experiment by itself."""
    for program, group in groupby(cells, key=lambda cell: cell.program):
        size = 1 if program.kind == "experiment" else max(1, min(_CELLS_A_TASK, _INSTANCES_A_TASK // program.instances))
        while task := list(islice(group, size)):
            yield task


def _spread(cells: Sequence[Cell], workers: int, scheduler: str | None) -> Iterator[dict[str, Any]]:
    """Rows from a cluster, as they come; none is opened for no cells."""
    if not cells:
        return
    with opened(workers, scheduler) as cluster:
        assert cluster is not None
        try:
            for _, made in cluster.as_completed(run_cells, tasks(cells)):
                yield from made
        except SchedulerGoneError as problem:
            raise InputError(f"{problem}; the rows before that are kept: --resume") from None
