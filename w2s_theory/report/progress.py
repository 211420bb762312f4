"""Progress on standard error, silent unless that is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar with the time gone and the time left."""
    console = Console(stderr=True)
    times = TimeElapsedColumn(), TimeRemainingColumn()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *times
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


@contextmanager
def stages() -> Iterator[Any]:
    """A function (stage, fraction) that shows one progress bar a stage, in per cent."""
    with progress() as bar:
        tasks: dict[str, Any] = {}

        def tell(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=100)
            bar.update(tasks[stage], completed=round(100 * fraction))

        yield tell
