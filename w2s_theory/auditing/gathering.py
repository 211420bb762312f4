"""One pass over the predictions: every sum that the answers are computed from."""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from w2s_theory.auditing.binned_sums import CELLS, BinnedSums
from w2s_theory.auditing.point_statistics import WITHOUT_TARGET, Values, likeliest, moments, point_values
from w2s_theory.auditing.predictions import Block, Predictions
from w2s_theory.auditing.sampling import RowSample
from w2s_theory.auditing.slices import SliceSums
from w2s_theory.verification.confidence import Means, Range
from w2s_theory.verification.in_order import in_order

MOST_CLASSES = 1_000
"""Beyond so many classes, calibration class by class is not estimated: there are more bins than points to fill them."""

_ROWS_SHOWN = 10


@dataclass
class Infinite:
    """Points at which a model gives probability zero to what happened."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def merge(self, other: "Infinite") -> None:
        """Add those of later points."""
        self.count += other.count
        self.rows += other.rows[: _ROWS_SHOWN - len(self.rows)]


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

    def merge(self, other: "Gathered") -> None:
        """Add the sums of other points; the sampled rows and the slices stay what they are."""
        self.classes = other.classes
        self.points += other.points
        self.labelled += other.labelled
        self.soft = self.soft or other.soft
        self.outcomes.update(other.outcomes)
        for role, lowest in other.lowest.items():
            self.lowest[role] = min(self.lowest.get(role, math.inf), lowest)
        for name in ("between", "judged"):
            own, added = getattr(self, name), getattr(other, name)
            if own is None:
                setattr(self, name, added)
            elif added is not None:
                own.merge_all(added)
        for name in ("infinite", "top_label", "class_wise", "fine"):
            own = getattr(self, name)
            for role, added in getattr(other, name).items():
                if role in own:
                    own[role].merge(added)
                else:
                    own[role] = added

    @property
    def roles(self) -> tuple[str, ...]:
        """The models there are."""
        return tuple(self.lowest)

    @property
    def floor(self) -> float:
        """Smallest entry of the weak and of the strong model."""
        return min(self.lowest["weak"], self.lowest["strong"])


def gather(predictions: Predictions) -> Gathered:
    """Stream all blocks once; blocks are summed up in threads, and their sums added in order."""
    made = Gathered()
    for measured in in_order(_summed, predictions.stream()):
        made.merge(measured.sums)
        made.everyone.add(measured.everyone)
        if measured.judged is not None:
            made.sample.add(measured.judged)
            if measured.judged.slices is not None:
                made.slices.add(measured.judged.slices, measured.gap, measured.right["weak"], measured.right["strong"])
    return made


@dataclass(frozen=True)
class _Measured:
    """The sums of one block, all its points without their labels, and its labelled points with what is true of them."""

    sums: Gathered
    everyone: Block
    judged: Block | None
    gap: np.ndarray
    right: dict[str, np.ndarray]


def _summed(block: Block) -> _Measured:
    sums = Gathered(block.classes, len(block), lowest={role: float(t.min()) for role, t in block.models.items()})
    everyone = Block(block.first, block.models)
    mask = block.judged()
    judged = block if mask.all() else block.taken(mask) if mask.any() else None
    values = {} if judged is None else point_values(judged)
    everywhere = values if judged is block else point_values(everyone)
    sums.between = _means({name: everywhere[name] for name in WITHOUT_TARGET})
    if judged is None:
        return _Measured(sums, everyone, None, np.zeros(0), {})
    sums.soft = block.truth is not None
    sums.labelled = len(judged)
    sums.judged = _means(values)
    right = _add_outcomes(sums, judged, block.first + np.flatnonzero(mask))
    return _Measured(sums, everyone, judged, values["gap"], right)


def _means(values: Values) -> Means:
    means = Means(dict.fromkeys(values, Range()))
    found = moments(values)
    means.merge(len(next(iter(values.values()))), *({name: pair[i] for name, pair in found.items()} for i in (0, 1)))
    return means


def _add_outcomes(made: Gathered, block: Block, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy, agreement, infinite losses and calibration sums of labelled points, whose rows have these `numbers`.

    Returns for each model whether its likeliest class is the label (b,), or its probability where the truth is soft.
    """
    rows = np.arange(len(block))
    right: dict[str, np.ndarray] = {}
    tops: dict[str, np.ndarray] = {}
    for role, table in block.models.items():
        top, confidence = likeliest(table)
        tops[role] = top
        right[role] = (top == block.labels if block.truth is None else block.truth[rows, top]).astype(float)
        if made.lowest[role] > 0:
            made.infinite[role] = Infinite()
        else:
            made.infinite[role] = _infinite(table, block, numbers)
        made.top_label[role] = BinnedSums()
        made.top_label[role].add(confidence, right[role])
        if made.classes <= MOST_CLASSES:
            made.class_wise[role] = BinnedSums(made.classes)
            made.class_wise[role].add_table(table, block.labels if block.truth is None else None, block.truth)
        if made.classes == 2:
            outcome = block.truth[:, 1] if block.truth is not None else np.equal(block.labels, 1).astype(float)
            made.fine[role] = BinnedSums(1, CELLS)
            made.fine[role].add(table[:, 1], outcome)
    _count_agreement(made, right, tops)
    return right


def _infinite(table: np.ndarray, block: Block, numbers: np.ndarray) -> Infinite:
    """Where the model gives probability zero to what happened."""
    if block.truth is not None:
        impossible = ((table == 0) & (block.truth > 0)).any(axis=1)
    else:
        impossible = table[np.arange(len(block)), block.labels] == 0
    return Infinite(int(impossible.sum()), numbers[impossible][:_ROWS_SHOWN].tolist())


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
