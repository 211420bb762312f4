"""A function of many values on a few threads, the results in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


@contextmanager
def unawaited_threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that end when they have done what they are at, and nobody waits for them: for use inside generators.

    One that is left early may be closed by the garbage collector, anywhere: also where Python (3.11) starts a thread
    and holds a lock that waiting for another one takes.
    """
    pool = ThreadPoolExecutor(number)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def in_order(function: Callable[[A], B], values: Iterable[A], threads: int | None = None) -> Iterator[B]:
    """`function` of every value, in order, on so many threads (one a processor, at most 8); as many results wait."""
    threads = threads or min(os.cpu_count() or 1, 8)
    waiting = iter(values)
    with unawaited_threads(threads) as pool:
        running = deque(pool.submit(function, value) for value in islice(waiting, threads))
        while running:
            yield running.popleft().result()
            running.extend(pool.submit(function, value) for value in islice(waiting, 1))
