"""The cells of a sweep, one after another or on many processes and machines; results do not depend on which."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Status
from w2s_theory.errors import InputError
from w2s_theory.sweeping.cells import Cell, rows, run_cells
from w2s_theory.sweeping.specification import read_cells
from w2s_theory.sweeping.store import Store

_CELLS_A_TASK = 64
_ROWS_A_FILE, _SECONDS_A_FILE = 5_000, 10.0
_WAITING_A_WORKER = 3

Tell = Callable[[int, int], Any]


@dataclass(frozen=True)
class Swept:
    """What a sweep has done: `cells` in all, `before` of them done earlier, and violations by claim over all rows."""

    folder: Path
    cells: int
    before: int
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
    if workers < 1:
        raise InputError(f"--workers {workers} is not a positive number")
    cells = read_cells(specification)
    store = Store(Path(out), cells)
    with store.opened(resume):
        left = [cell for cell in cells if cell.key not in store.done]
        before = len(cells) - len(left)
        tell(before, len(cells))
        made = rows(left) if workers == 1 and scheduler is None else _spread(left, workers, scheduler)
        _write(made, store, lambda count: tell(before + count, len(cells)))
        return Swept(store.folder, len(cells), before, store.violations, tuple(store.damaged))


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
    """Up to 64 cells at a time that share compiled code."""
    for _, group in groupby(cells, key=lambda cell: cell.program):
        while task := list(islice(group, _CELLS_A_TASK)):
            yield task


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    try:
        from dask import config  # noqa: PLC0415
        from distributed import Client, LocalCluster  # noqa: PLC0415
    except ImportError:
        raise InputError("several workers need Dask, an optional extra: pip install 'w2s-theory[cluster]'") from None
    with config.set({"distributed.comm.retry.count": 2, "distributed.worker.daemon": True}):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout="10s")
            except (OSError, ValueError, TimeoutError) as problem:
                raise InputError(f"--scheduler {scheduler}: no scheduler answers there: {problem}") from None
            with client:
                yield client
            return
        settings: Any = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
        with (
            LocalCluster(n_workers=workers, **settings) as cluster,
            Client(cluster) as client,
        ):
            yield client


def _spread(cells: Sequence[Cell], workers: int, scheduler: str | None) -> Iterator[dict[str, Any]]:
    """Rows from a Dask cluster; tasks of a worker that dies are run again by another, or by its successor."""
    from distributed import as_completed  # noqa: PLC0415

    with _client(workers, scheduler) as client:
        waiting = tasks(cells)
        room = _WAITING_A_WORKER * max(workers, len(client.scheduler_info(n_workers=-1)["workers"]))

        def submitted(count: int) -> list[Any]:
            return [
                client.submit(run_cells, task, key=f"cells-{task[0].key}", pure=False)
                for task in islice(waiting, count)
            ]

        running = as_completed(submitted(room))
        for future in running:
            if future.status in ("cancelled", "lost"):
                raise InputError("the scheduler is gone; the rows before that are kept: --resume")
            yield from future.result()
            running.update(submitted(1))
