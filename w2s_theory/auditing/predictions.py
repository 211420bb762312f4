"""Saved predictions as checked blocks of rows: what every reader yields and every statistic is streamed over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NoReturn

import numpy as np

from w2s_theory.errors import InputError

ROLES = ("weak", "strong", "ceiling")
MISSING = -1
"""Stands for a label that a row does not have."""

ModelRole = Literal["weak", "strong", "ceiling"]

_ENTRIES, _FEWEST, _MOST = 2**21, 16, 2**17
_TILE = 2**16
FEW_CLASSES = 64
"""Up to so many classes a table is gone through class by class."""
_TOLERANCES = {8: 1e-6, 4: 1e-4, 2: 1e-2}
"""How far a row may be from summing to one, by the bytes of its numbers: what saving probabilities so can do."""


@dataclass(frozen=True)
class Block:
    """Rows `first`, `first` + 1, …: probabilities (b, k) of each model, and what is known of the classes.

    Readers lay tables out by `laid_out`.

    `labels (b,)` are class indices, `MISSING` where there is none; `truth (b, k)` are class probabilities.
    """

    first: int
    models: Mapping[str, np.ndarray]
    labels: np.ndarray | None = None
    truth: np.ndarray | None = None
    slices: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.models["weak"])

    @property
    def classes(self) -> int:
        """Number of classes k."""
        return self.models["weak"].shape[1]

    @property
    def known(self) -> bool:
        """Whether there is anything to judge a model by."""
        return self.labels is not None or self.truth is not None

    def taken(self, rows: np.ndarray) -> "Block":
        """The block with those of its rows only, given as indices or as a mask."""
        return replace(
            self,
            models={role: table[rows] for role, table in self.models.items()},
            labels=None if self.labels is None else self.labels[rows],
            truth=None if self.truth is None else self.truth[rows],
            slices=None if self.slices is None else self.slices[rows],
        )

    def judged(self) -> np.ndarray:
        """Which rows (b,) have a label; all of them where the truth is given as probabilities."""
        if self.truth is not None or self.labels is None:
            return np.full(len(self), self.truth is not None)
        return self.labels != MISSING


@dataclass(frozen=True)
class Predictions:
    """Predictions that can be streamed any number of times: `stream()` yields blocks, checked, in order.

    `source` names them in messages, `notes` are sentences on how they were read, for the report.
    """

    source: str
    stream: Callable[[], Iterator[Block]]
    notes: tuple[str, ...] = field(default=())


def rows_a_block(classes: int) -> int:
    """How many rows of that many classes make a block of about two million numbers."""
    return int(np.clip(_ENTRIES // max(classes, 1), _FEWEST, _MOST))


def laid_out(table: np.ndarray) -> np.ndarray:
    """Rows (b, k) in the memory order that is quick to go through: of few classes, one class after another."""
    return np.asarray(table, order="F" if table.shape[1] <= FEW_CLASSES else "C")


def tiles(table: np.ndarray) -> Iterator[slice]:
    """Slices of rows with about 65,000 numbers each: what stays in a processor's cache."""
    rows = max(_TILE // table.shape[1], 1)
    return (slice(start, start + rows) for start in range(0, len(table), rows))


def few_sizes(points: int) -> int:
    """The least of 256, 1,024, 4,096, … that is at least `points`: code is compiled for these sizes only."""
    size = 256
    while size < points:
        size *= 4
    return size


def refuse(source: str, column: str, message: str, row: int | None = None) -> NoReturn:
    """Raise `InputError`, naming source, column and row."""
    place = f"column {column}" if row is None else f"column {column}, row {row:,}"
    raise InputError(f"{source}: {place}: {message}" if source else f"{place}: {message}")


def model_rows(source: str, column: str, values: np.ndarray, first: int, *, logits: bool) -> np.ndarray:
    """Probabilities (b, k) from probabilities or logits (b, k), or from P(class 1) or its log-odds (b,).

    float32 and float64 stay what they are.  `InputError` for anything but finite numbers (of logits, −∞ is a
    probability of zero), and for a negative entry.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "fiu":
        refuse(source, column, f"holds {_kind_of(values)}, not numbers")
    if values.dtype.kind != "f" or values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float64 if values.dtype.itemsize > 2 or values.dtype.kind != "f" else np.float32)
    if values.ndim == 1:
        outside = (values < 0) | (values > 1)
        if outside.any() and not logits:
            row = int(np.argmax(outside))
            message = f"P(class 1) is {float(values[row]):.6g}, not between 0 and 1; are these log-odds (--logits)?"
            refuse(source, column, message, first + row)
        values = np.stack([np.zeros_like(values) if logits else 1 - values, values], axis=1)
    if values.ndim != 2 or values.shape[1] < 2:
        shape = " × ".join(str(size) for size in values.shape)
        refuse(source, column, f"has shape {shape}; needed is a row of at least 2 classes, or one number, per point")
    values = laid_out(values)
    return _softmax(source, column, values, first) if logits else _probabilities(source, column, values, first)


def _kind_of(values: np.ndarray) -> str:
    return {"b": "true and false", "c": "complex numbers", "U": "text", "S": "text"}.get(values.dtype.kind, "objects")


def _probabilities(source: str, column: str, values: np.ndarray, first: int) -> np.ndarray:
    least = values.min(initial=np.inf)
    if not least >= 0:  # also NaN
        if np.isnan(least):
            row = int(np.argmax(np.isnan(values).any(axis=1)))
            refuse(source, column, "an entry is not a number (NaN or missing)", first + row)
        row, place = (int(index) for index in np.unravel_index(np.argmin(values), values.shape))
        hint = "; are these logits (--logits)?" if values.max() > 1 or least < 0 else ""
        refuse(
            source, column, f"entry {place} is {float(values[row, place]):.6g}, which is negative{hint}", first + row
        )
    return values


def _softmax(source: str, column: str, values: np.ndarray, first: int) -> np.ndarray:
    """Softmax of rows, shifted by their maxima; in float64 where float32 would lose small probabilities to zero."""
    top = values.max(axis=1, keepdims=True)
    if not np.isfinite(top).all():
        row = int(np.argmax(~np.isfinite(top[:, 0])))
        refuse(source, column, f"the largest logit is {float(top[row, 0])!r}, not a finite number", first + row)
    made = values - top
    if made.dtype == np.float32 and made.min() < -80.0:
        made = made.astype(np.float64)
    np.exp(made, out=made)
    made /= made.sum(axis=1, keepdims=True)
    return made


class SumCheck:
    """Counts rows that do not sum to one over all blocks, so that one message can say how many there are."""

    def __init__(self, source: str, column: str, stored: np.dtype):
        self.source, self.column = source, column
        self.tolerance = _TOLERANCES.get(stored.itemsize, 1e-6) if stored.kind == "f" else 1e-6
        self.count, self.rows, self.first, self.sum, self.farthest = 0, 0, 0, 1.0, 0.0

    def add(self, table: np.ndarray, first: int) -> None:
        """Check one block of probabilities."""
        sums = table.sum(axis=1)
        off = np.abs(sums - 1.0)
        self.rows += len(table)
        worst = float(off.max(initial=0.0))
        self.farthest = max(self.farthest, worst)
        if not worst <= self.tolerance:
            bad = np.flatnonzero(~(off <= self.tolerance))
            if not self.count:
                self.first, self.sum = first + int(bad[0]), float(sums[bad[0]])
            self.count += len(bad)

    def finish(self) -> None:
        """`InputError` if any row was off."""
        if self.count:
            number = "1 row does" if self.count == 1 else f"{self.count:,} rows do"
            refuse(
                self.source,
                self.column,
                f"{number} not sum to 1 (of {self.rows:,}; the first sums to {self.sum:.9g}; farthest off by "
                f"{self.farthest:.3g}, allowed {self.tolerance:g}); rows are used as given, never rescaled",
                self.first,
            )


def label_indices(source: str, column: str, values: np.ndarray, first: int, classes: int) -> np.ndarray:
    """Labels (b,) as class indices; NaN, None and -1 are `MISSING`.  `InputError` unless 0 ≤ label < classes."""
    values = np.asarray(values)
    if values.ndim != 1:
        refuse(source, column, f"has {values.ndim} dimensions; a label is one class index per point")
    if values.dtype == object:
        values = _numbers_or_nan(source, column, values, first)
    if values.dtype.kind not in "fiub":
        refuse(source, column, f"holds {_kind_of(values)}; a label is a class index from 0 to {classes - 1}")
    if values.dtype.kind == "f":
        absent = np.isnan(values)
        values = np.where(absent, MISSING, values)
    wrong = (values != np.floor(values)) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    wrong = wrong | (values < MISSING) | (values >= classes)
    if wrong.any():
        row = int(np.argmax(wrong))
        number = int(wrong.sum())
        more = "" if number == 1 else f" ({number:,} such labels in this block)"
        refuse(
            source, column, f"{values[row].item()!r} is not a class index from 0 to {classes - 1}{more}", first + row
        )
    return values.astype(np.int64)


def _numbers_or_nan(source: str, column: str, values: np.ndarray, first: int) -> np.ndarray:
    made = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            refuse(source, column, f"{repr(value)[:40]} is not a class index", first + row)
        try:
            made[row] = float(value)
        except OverflowError:
            refuse(source, column, "an integer of hundreds of digits is not a class index", first + row)
    return made
