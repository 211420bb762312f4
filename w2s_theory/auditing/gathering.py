"""One pass over the predictions: every sum that the answers are computed from."""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from w2s_theory.auditing.binned_sums import CELLS, BinnedSums
from w2s_theory.auditing.point_statistics import WITHOUT_TARGET, Values, moments, point_values
from w2s_theory.auditing.predictions import Block, Predictions, few_sizes, rows_a_block
from w2s_theory.auditing.sampling import RowSample
from w2s_theory.auditing.slices import SliceSums
from w2s_theory.verification.confidence import Means, Range

MOST_CLASSES = 1_000
"""Beyond so many classes, calibration class by class is not estimated: there are more bins than points to fill them."""

_ROWS_SHOWN = 10


@dataclass
class Infinite:
    """Points at which a model gives probability zero to what happened."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass
class Gathered:
    """Sums over all points, and over the points that have a label; `sample` and `everyone` are rows of each kind."""

    classes: int = 0
    points: int = 0
    labelled: int = 0
    lowest: dict[str, float] = field(default_factory=dict)
    between: Means | None = None
    judged: Means | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    infinite: dict[str, Infinite] = field(default_factory=dict)
    top_label: dict[str, BinnedSums] = field(default_factory=dict)
    class_wise: dict[str, BinnedSums] = field(default_factory=dict)
    fine: dict[str, BinnedSums] = field(default_factory=dict)
    sample: RowSample = field(default_factory=RowSample)
    everyone: RowSample = field(default_factory=lambda: RowSample(1))
    slices: SliceSums = field(default_factory=SliceSums)
    soft: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        """The models there are."""
        return tuple(self.lowest)

    @property
    def floor(self) -> float:
        """Smallest entry of the weak and of the strong model."""
        return min(self.lowest["weak"], self.lowest["strong"])


def gather(predictions: Predictions) -> Gathered:
    """Stream all blocks once."""
    made = Gathered()
    size = None
    for block in predictions.stream():
        if size is None:
            size = min(rows_a_block(block.classes), few_sizes(len(block)))
        _add(made, block, size)
    return made


def _add(made: Gathered, block: Block, size: int) -> None:
    made.classes = block.classes
    made.points += len(block)
    for role, table in block.models.items():
        made.lowest[role] = min(made.lowest.get(role, math.inf), float(table.min()))
    made.everyone.add(Block(block.first, block.models))
    judged = block.labelled() if block.known else None
    values = None if judged is None or not len(judged) else point_values(judged, max(size, len(judged)))
    if values is None or judged is None or len(judged) < len(block):
        between = point_values(Block(block.first, block.models), max(size, len(block)))
    else:
        between = {name: values[name] for name in WITHOUT_TARGET}
    made.between = _merged(made.between, between, len(block))
    if judged is None or values is None:
        return
    made.soft = block.truth is not None
    made.labelled += len(judged)
    made.judged = _merged(made.judged, values, len(judged))
    made.sample.add(judged)
    _add_outcomes(made, judged, values["gap"])


def _merged(means: Means | None, values: Values, points: int) -> Means:
    if means is None:
        means = Means(dict.fromkeys(values, Range()))
    found = moments(values)
    means.merge(points, *({name: pair[part] for name, pair in found.items()} for part in (0, 1)))
    return means


def _add_outcomes(made: Gathered, block: Block, gap: np.ndarray) -> None:
    """Accuracy, agreement, infinite losses and calibration sums of labelled points."""
    right: dict[str, np.ndarray] = {}
    tops: dict[str, np.ndarray] = {}
    rows = np.arange(len(block))
    for role, table in block.models.items():
        top = tops[role] = np.argmax(table, axis=1)
        confidence = table[rows, top]
        if block.truth is not None:
            right[role] = block.truth[rows, top].astype(float)
            impossible = ((table == 0) & (block.truth > 0)).any(axis=1)
        else:
            assert block.labels is not None
            right[role] = (top == block.labels).astype(float)
            impossible = table[rows, block.labels] == 0
        _note_infinite(made, role, impossible, block)
        made.top_label.setdefault(role, BinnedSums()).add(confidence, right[role])
        if made.classes <= MOST_CLASSES:
            sums = made.class_wise.setdefault(role, BinnedSums(made.classes))
            sums.add_table(table, block.labels if block.truth is None else None, block.truth)
        if made.classes == 2:
            outcome = block.truth[:, 1] if block.truth is not None else np.equal(block.labels, 1).astype(float)
            made.fine.setdefault(role, BinnedSums(1, CELLS)).add(table[:, 1], outcome)
    _count_agreement(made, right, tops)
    if block.slices is not None:
        made.slices.add(block.slices, gap, right["weak"], right["strong"])


def _note_infinite(made: Gathered, role: str, impossible: np.ndarray, block: Block) -> None:
    noted = made.infinite.setdefault(role, Infinite())
    if not impossible.any():
        return
    noted.count += int(impossible.sum())
    room = _ROWS_SHOWN - len(noted.rows)
    noted.rows += [block.first + int(row) for row in np.flatnonzero(impossible)[:room]]


def _count_agreement(made: Gathered, right: dict[str, np.ndarray], tops: dict[str, np.ndarray]) -> None:
    """Counts (sums of probabilities where the truth is soft) of who is right, and who copies whom."""
    weak, strong = right["weak"], right["strong"]
    same = tops["weak"] == tops["strong"]
    counts = {
        "weak right": weak,
        "strong right": strong,
        "both right": np.where(same, weak, 0.0),
        "same": same,
        "same, weak wrong": np.where(same, 1.0 - weak, 0.0),
        "strong changed squared": (strong - weak) ** 2,
    }
    if "ceiling" in right:
        ceiling = right["ceiling"]
        counts |= {
            "ceiling right": ceiling,
            "ceiling changed squared": (ceiling - weak) ** 2,
            "changed product": (ceiling - weak) * (strong - weak),
        }
    for name, values in counts.items():
        made.outcomes[name] += float(values.sum())  # pyright: ignore[reportArgumentType]
