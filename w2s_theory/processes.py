"""Many tasks on the processes of a Dask cluster: one started on this machine, or one that is running on many."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, TypeVar

from w2s_theory.errors import InputError

_SECONDS_TO_CONNECT = 10
_SECONDS_TO_WAIT = 30
_WAITING_A_WORKER = 3

A = TypeVar("A")
B = TypeVar("B")


Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""A function of every value, the results in the order of the values, as the built-in `map` makes them."""


class SchedulerGoneError(InputError):
    """The connection to the scheduler was lost while it had work to do."""


class Cluster:
    """Processes that take tasks; those of a process that dies are given to another, or to its successor."""

    def __init__(self, client: Any):
        self._client = client

    def as_completed(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[tuple[int, B]]:
        """The number of a task and `function` of it, as they come; tasks are taken a few ahead of the workers.

        `InputError` if the scheduler vanishes, or if a task kills workers again and again; whatever else `function`
        raises is raised here.
        """
        from distributed import as_completed  # noqa: PLC0415
        from distributed.scheduler import KilledWorker  # noqa: PLC0415

        waiting = enumerate(tasks)
        numbers: dict[Any, int] = {}
        running = as_completed()

        def fill() -> None:
            workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
            for number, task in islice(waiting, max(0, _WAITING_A_WORKER * max(1, workers) - running.count())):
                future = self._client.submit(function, task, pure=False)
                numbers[future] = number
                running.add(future)

        fill()
        for future in running:
            try:
                made = future.result()  # waits, where a worker died with the result, for another to make it again
            except CancelledError:
                raise SchedulerGoneError("the scheduler is gone") from None
            except KilledWorker as problem:
                raise InputError(
                    f"workers die again and again of the same task; is there memory enough? {problem}"
                ) from None
            fill()
            yield numbers.pop(future), made

    def in_order(self, function: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        """`function` of every task, in the order of the tasks; errors as of `as_completed`."""
        early: dict[int, B] = {}
        following = 0
        for number, made in self.as_completed(function, tasks):
            early[number] = made
            while following in early:
                yield early.pop(following)
                following += 1


def check_workers(workers: int, scheduler: str | None) -> None:
    """`InputError` unless there is at least one worker, and if several, no scheduler that has its own."""
    if workers < 1:
        raise InputError(f"--workers {workers} is not a positive number")
    if workers > 1 and scheduler is not None:
        raise InputError("--workers starts a cluster on this machine, --scheduler uses another: give one of them")


@contextmanager
def opened(workers: int = 1, scheduler: str | None = None) -> Iterator[Cluster | None]:
    """A cluster of `workers` processes on this machine, or the one whose scheduler has that address.

    None for one worker and no scheduler: work is then done in this process.  `InputError` for an unusable number or
    address, without Dask (the optional extra `cluster`), or if the scheduler gets no worker.
    """
    check_workers(workers, scheduler)
    if workers == 1 and scheduler is None:
        yield None
        return
    with _client(workers, scheduler) as client:
        try:
            client.wait_for_workers(1, timeout=_SECONDS_TO_WAIT)
        except TimeoutError:
            raise InputError(f"the scheduler has no worker, after {_SECONDS_TO_WAIT} seconds of waiting") from None
        yield Cluster(client)


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    try:
        import dask.config as settings_of_dask  # noqa: PLC0415
        from distributed import Client, LocalCluster  # noqa: PLC0415
    except ImportError:
        raise InputError("several workers need Dask, an optional extra: pip install 'w2s-theory[cluster]'") from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_SECONDS_TO_CONNECT)
        except (OSError, TypeError, ValueError, ImportError) as problem:
            raise InputError(f"--scheduler {scheduler}: no scheduler answers there: {problem}") from None
        with client:
            yield client
        return
    settings: Any = {"threads_per_worker": 1, "silence_logs": 50}
    settings |= {"dashboard_address": ":0", "scheduler_kwargs": {"dashboard": False}}  # any free port, and no pages
    same_arithmetic = {"distributed.nanny.pre-spawn-environ": {}}  # linear algebra on as many threads as here
    with ExitStack() as stack:
        with _deaf_to_interrupts(), settings_of_dask.set(same_arithmetic):
            cluster = stack.enter_context(LocalCluster(n_workers=workers, **settings))
        yield stack.enter_context(Client(cluster))


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started meanwhile leave Ctrl-C to this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
