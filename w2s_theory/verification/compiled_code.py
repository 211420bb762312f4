"""Compiled code that is kept, and how to let it go."""

import gc
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import jax

from w2s_theory.verification import evaluation, frontier, search, sweep
from w2s_theory.worlds import world

A = TypeVar("A")
B = TypeVar("B")

_AT_ONCE = 8


def forget_compiled_code() -> None:
    """Drop all compiled code that verification keeps.

    A process may hold 65,530 memory mappings on Linux, by default, and a thousand compiled programs need that many:
    whoever compiles hundreds in one process has to forget in time.
    """
    kept = (
        world.batch_decoder,
        evaluation.compiled_measure,
        sweep.batch_measure,
        search.compiled_climb,
        search.compiled_slope,
        frontier.compiled_climb,
    )
    for cached in kept:
        cached.cache_clear()
    jax.clear_caches()
    gc.collect()


def two_at_a_time(function: Callable[[A], B], values: Sequence[A]) -> list[B]:
    """`function` of every value on two threads, compiled code being forgotten after every eight."""
    made: list[B] = []
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=2) as pool:
        # SciPy silences this one around every search, and two threads that do so undo it for each other
        warnings.filterwarnings("ignore", message="The line search algorithm did not converge")
        for first in range(0, len(values), _AT_ONCE):
            made += pool.map(function, values[first : first + _AT_ONCE])
            forget_compiled_code()
    return made
