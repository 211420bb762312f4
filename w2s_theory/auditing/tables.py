"""A file of saved predictions as named columns that can be streamed; values become arrays, never code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s_theory.auditing.predictions import refuse
from w2s_theory.verification.in_order import unawaited_threads

Chunk = dict[str, np.ndarray]

_SHOWN = 30


@dataclass(frozen=True)
class Table:
    """Columns of one file; `chunks(names, rows)` yields them in order, about so many rows at a time."""

    name: str
    columns: tuple[str, ...]
    chunks: Callable[[Sequence[str], int], Iterator[Chunk]]

    def listing(self) -> str:
        """The columns there are, for messages."""
        shown = ", ".join(self.columns[:_SHOWN]) or "none"
        left = len(self.columns) - _SHOWN
        return f"{shown} and {left:,} more" if left > 0 else shown


def column_array(source: str, column: str, values: Sequence[Any], first: int) -> np.ndarray:
    """Python values of a column as an array: numbers (None is NaN), rows of numbers, or strings.

    `InputError`, naming the row, for values of mixed kinds, rows of different lengths and numbers beyond float64.
    """
    kinds = {_kind(value) for value in values} - {"null"}
    if len(kinds) > 1:
        usual = _kind(next(value for value in values if value is not None))
        row = next(n for n, value in enumerate(values) if _kind(value) not in ("null", usual))
        refuse(
            source, column, f"{_shown(values[row])} is a {_kind(values[row])} where others are {usual}s", first + row
        )
    kind = kinds.pop() if kinds else "null"
    if kind == "list":
        return _rows(source, column, values, first)
    if kind == "string":
        return np.array(["" if value is None else value for value in values], dtype=object)
    if kind in ("number", "null"):
        return np.array([_number(source, column, value, first + row) for row, value in enumerate(values)], dtype=float)
    row = next(n for n, value in enumerate(values) if _kind(value) == kind)
    refuse(
        source, column, f"{_shown(values[row])} is a {kind}, not a number, a string or a list of numbers", first + row
    )


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, int | float | np.number):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else type(value).__name__


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        text = "a value too large to show"
    return text if len(text) <= 40 else text[:37] + "..."


def _number(source: str, column: str, value: Any, row: int) -> float:
    if value is None:
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        refuse(source, column, "an integer of hundreds of digits is beyond float64", row)


def _rows(source: str, column: str, values: Sequence[Any], first: int) -> np.ndarray:
    width = len(next(value for value in values if value is not None))
    made = np.empty((len(values), width))
    for row, value in enumerate(values):
        if value is None:
            refuse(source, column, "the list is missing", first + row)
        if len(value) != width:
            refuse(source, column, f"has {len(value)} classes where row 0 of its block has {width}", first + row)
        bad = next((entry for entry in value if _kind(entry) not in ("number", "null")), None)
        if bad is not None:
            refuse(source, column, f"the list holds {_shown(bad)}, a {_kind(bad)} and not a number", first + row)
        made[row] = [_number(source, column, entry, first + row) for entry in value]
    return made


def ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, the next one being read in a thread of its own while the last one is worked on."""
    with unawaited_threads(1) as reader:
        coming = reader.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = reader.submit(next, chunks, None)
            yield chunk


def reblocked(chunks: Iterator[Chunk], size: int) -> Iterator[Chunk]:
    """The same rows in chunks of about `size`: small chunks are joined."""
    held: list[Chunk] = []
    count = 0
    for chunk in chunks:
        number = len(next(iter(chunk.values())))
        if held and count + number > size:
            yield _joined(held)
            held, count = [], 0
        held.append(chunk)
        count += number
    if held:
        yield _joined(held)


def _joined(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
