"""Calibration errors by grouping inputs in dictionaries, in exact rational arithmetic."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction

Row = Sequence[float]
Rows = Sequence[Row]


def _grouped(weights: Row, keys: Sequence[Hashable], surplus: Sequence[Fraction]) -> Fraction:
    """Sum over groups of equal keys of the absolute weighted surplus."""
    cells: dict[Hashable, Fraction] = defaultdict(Fraction)
    for weight, key, amount in zip(weights, keys, surplus, strict=True):
        cells[key] += Fraction(weight) * amount
    return sum(map(abs, cells.values()), Fraction(0))


def _class_wise(weights: Row, truth: Rows, model: Rows, key: Callable[[int, int], Hashable]) -> Fraction:
    inputs, classes = range(len(model)), range(len(model[0]))
    return sum(
        (
            _grouped(
                weights, [key(x, i) for x in inputs], [Fraction(model[x][i]) - Fraction(truth[x][i]) for x in inputs]
            )
            for i in classes
        ),
        Fraction(0),
    )


def marginal_calibration_error(weights: Row, truth: Rows, model: Rows) -> Fraction:
    return _class_wise(weights, truth, model, lambda x, i: model[x][i])


def group_calibration_error(weights: Row, truth: Rows, model: Rows, groups: Sequence[int]) -> Fraction:
    return _class_wise(weights, truth, model, lambda x, i: groups[x])


def full_row_calibration_error(weights: Row, truth: Rows, model: Rows) -> Fraction:
    return _class_wise(weights, truth, model, lambda x, i: tuple(model[x]))


def binned_calibration_error(weights: Row, truth: Rows, model: Rows, bins: int) -> Fraction:
    return _class_wise(weights, truth, model, lambda x, i: equal_width_bin(model[x][i], bins))


def expected_calibration_error(weights: Row, truth: Rows, model: Rows) -> Fraction:
    tops = [max(range(len(row)), key=lambda i: (row[i], -i)) for row in model]
    confidence = [row[top] for row, top in zip(model, tops, strict=True)]
    surplus = [Fraction(c) - Fraction(t[top]) for c, t, top in zip(confidence, truth, tops, strict=True)]
    return _grouped(weights, confidence, surplus)


def truth_given_row(weights: Row, truth: Rows, model: Rows) -> list[list[Fraction]]:
    """The weighted mean of truth over the inputs with the same row; zero where they have no weight."""
    means = []
    for row in model:
        same = [x for x, other in enumerate(model) if tuple(other) == tuple(row)]
        mass = sum(Fraction(weights[x]) for x in same)
        means.append(
            [sum(Fraction(weights[x]) * Fraction(truth[x][i]) for x in same) / (mass or 1) for i in range(len(row))]
        )
    return means


def equal_width_bin(score: float, bins: int) -> int:
    """The bin (lo, hi], the first one closed, with edges j/bins as floats."""
    for cell in range(bins):
        if score <= (cell + 1) / bins:
            return cell
    return bins - 1


def equal_mass_bin(weights: Row, scores: Row, bins: int) -> list[int]:
    """The bin that the middle of each score's tied block falls in, blocks laid side by side along [0, 1]."""
    total = sum(map(Fraction, weights))
    cells = []
    for score in scores:
        below = sum((Fraction(w) for w, s in zip(weights, scores, strict=True) if s < score), Fraction(0))
        tied = sum((Fraction(w) for w, s in zip(weights, scores, strict=True) if s == score), Fraction(0))
        cells.append(min(bins - 1, int((below + tied / 2) / total * bins)))
    return cells
