"""What a check of an exercise is made of: an outcome that a notebook shows, and readers of what a student wrote.

A checker is a function of the answer, decorated with `exercise`; it compares with values that the package computes
and returns `Check`s made by `accepted` and `hint`.
"""

import functools
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s_theory.errors import InputError

_SUM = 1e-9


@dataclass(frozen=True)
class Check:
    """Whether an answer is accepted, with a sentence about it: what it shows, or a hint."""

    accepted: bool
    message: str
    answered: bool = True

    @property
    def heading(self) -> str:
        """The outcome in one or two words."""
        if not self.answered:
            return "Not answered"
        return "Accepted" if self.accepted else "Not yet"

    def __bool__(self) -> bool:
        return self.accepted

    def __str__(self) -> str:
        return f"{self.heading}: {self.message}"

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        mark = "✅" if self.accepted else "❔" if self.answered else "✏️"
        return f"{mark} **{self.heading}.** {self.message}"


class UnreadableError(Exception):
    """An answer that is not of the kind asked for; its text says what is."""


def accepted(message: str) -> Check:
    """An accepted answer, and what it shows."""
    return Check(True, message)


def hint(message: str) -> Check:
    """An answer that is not accepted, and what to think about."""
    return Check(False, message)


def exercise(check: Callable[..., Check]) -> Callable[..., Check]:
    """A checker that says so if an answer is still `...`, or is not of the kind asked for."""

    @functools.wraps(check)
    def checked(*answers: Any) -> Check:
        if any(map(_is_blank, answers)):
            return Check(
                False, "Replace the dots by your answer, then run the cell again.", answered=False
            )
        try:
            return check(*answers)
        except (UnreadableError, InputError) as problem:
            return hint(f"{problem}.")

    return checked


def _is_blank(answer: Any) -> bool:
    if isinstance(answer, Mapping):
        return any(map(_is_blank, answer.values()))
    if isinstance(answer, list | tuple):
        return any(map(_is_blank, answer))
    return answer is ...


def number(answer: Any) -> float:
    """The answer as a finite number."""
    try:
        value = float("nan") if isinstance(answer, bool | str) else float(answer)
    except (TypeError, ValueError):
        value = float("nan")
    if not math.isfinite(value):
        raise UnreadableError(f"The answer should be one finite number, not {answer!r}")
    return value


def near(value: float, right: float, relative: float = 0.01) -> bool:
    """Whether a number agrees with the right one up to a share of it (1 % by default)."""
    return abs(value - right) <= relative * abs(right)


def array(answer: Any, *shape: int) -> np.ndarray:
    """The answer as an array of finite numbers of this shape."""
    try:
        made = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        made = np.full(1, np.nan)
    if made.shape != shape or not np.isfinite(made).all():
        words = " × ".join(map(str, shape))
        raise UnreadableError(
            f"The answer should be {words} finite numbers in a list or an array, not {answer!r}"
        )
    return made


def rows(answer: Any, *shape: int) -> np.ndarray:
    """The answer as probabilities that sum to one along the last axis."""
    made = array(answer, *shape)
    if (made < 0).any():
        raise UnreadableError(
            f"A probability cannot be negative, but the smallest entry is {made.min():g}"
        )
    off = np.abs(made.sum(axis=-1) - 1.0)
    if (off > _SUM).any():
        raise UnreadableError(
            f"Each row should sum to one; here one sums to {made.sum(axis=-1).flat[off.argmax()]:.6g}"
        )
    return made


def choice(answer: Any, options: Collection[Any]) -> Any:
    """The answer as one of several options."""
    if not any(
        answer is option or (type(answer) is type(option) and answer == option)
        for option in options
    ):
        words = ", ".join(map(repr, options))
        raise UnreadableError(f"The answer should be one of {words}, not {answer!r}")
    return answer


def selection(answer: Any, options: Collection[Any]) -> set[Any]:
    """The answer as a set of options, from a set, list or tuple of them."""
    if not isinstance(answer, set | frozenset | list | tuple):
        raise UnreadableError(
            f"The answer should be a set such as {{{next(iter(options))!r}}}, not {answer!r}"
        )
    return {choice(part, options) for part in answer}
