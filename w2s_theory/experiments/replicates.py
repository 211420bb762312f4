"""The seeds of an experiment, one after another or spread over many processes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from w2s_theory.processes import Spread

T = TypeVar("T")

Tell = Callable[[float], Any]


def of_seeds(one: Callable[..., T], seeds: int, spread: Spread | None, tell: Tell) -> Iterator[T]:
    """`one(number, tell=...)` for each of so many seeds, in order: here, or where `spread` runs them, one task a seed.

    `tell` hears which share of all is done, as `one` says it of its seed.
    """
    if spread is None:
        made = (one(n, tell=lambda share, done=n: tell((done + share) / seeds)) for n in range(seeds))
    else:
        made = spread(partial(one, tell=unheard), range(seeds))
    for number, found in enumerate(made):
        tell((number + 1) / seeds)
        yield found


def told(progress: Callable[[str, float], Any] | None, stage: str) -> Tell:
    """A `Tell` for one stage of an experiment; nobody listens without `progress`."""
    return unheard if progress is None else partial(progress, stage)


def unheard(share: float) -> None:
    """A `Tell` where nobody listens."""
