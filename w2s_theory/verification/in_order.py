"""A function of many values on a few threads, the results in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def in_order(function: Callable[[A], B], values: Iterable[A], threads: int | None = None) -> Iterator[B]:
    """`function` of every value, in order, on so many threads (one a processor, at most 8); as many results wait."""
    threads = threads or min(os.cpu_count() or 1, 8)
    waiting = iter(values)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        running = deque(pool.submit(function, value) for value in islice(waiting, threads))
        while running:
            yield running.popleft().result()
            running.extend(pool.submit(function, value) for value in islice(waiting, 1))
