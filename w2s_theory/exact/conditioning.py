"""Calibration errors of rational tables, exactly: ties are equalities of rationals, and nothing is rounded.

Tables are rows of rationals, `weights` positive rationals that sum to one.
"""

from collections.abc import Callable, Hashable, Sequence

from flint import fmpq

Exact = Sequence[Sequence[fmpq]]
NOTHING = fmpq(0)


def cells(keys: Sequence[Hashable]) -> list[list[int]]:
    """The partition of the inputs by equal keys."""
    found: dict[Hashable, list[int]] = {}
    for x, key in enumerate(keys):
        found.setdefault(key, []).append(x)
    return list(found.values())


def rational_key(value: fmpq) -> tuple[int, int]:
    """Equal exactly for equal rationals."""
    return int(value.p), int(value.q)


def row_keys(rows: Exact) -> list[tuple[tuple[int, int], ...]]:
    """Keys of the inputs by their whole row."""
    return [tuple(rational_key(value) for value in row) for row in rows]


def score_keys(rows: Exact, label: int) -> list[tuple[int, int]]:
    """Keys of the inputs by the score of one class."""
    return [rational_key(row[label]) for row in rows]


def _error(weights: Sequence[fmpq], truth: Exact, model: Exact, key: Callable[[int], Sequence[Hashable]]) -> fmpq:
    r"""$\sum_i\sum_{\text{cells}}|\mathbb E[(F_i-F^*_i)1_{\text{cell}}]|$ with cells by the keys of class i."""
    classes = range(len(truth[0]))
    return sum(
        (
            abs(sum((weights[x] * (model[x][i] - truth[x][i]) for x in cell), NOTHING))
            for i in classes
            for cell in cells(key(i))
        ),
        NOTHING,
    )


def score_conditional_error(weights: Sequence[fmpq], truth: Exact, model: Exact) -> fmpq:
    r"""$\mathrm{MCE}(F)=\sum_i\mathbb E|F_i-P(Y=i\mid F_i)|$."""
    return _error(weights, truth, model, lambda i: score_keys(model, i))


def grouped_error(weights: Sequence[fmpq], truth: Exact, model: Exact, groups: Sequence[Hashable]) -> fmpq:
    r"""$\mathrm{MCE}_G(F)=\sum_i\mathbb E|\mathbb E[F_i-F^*_i\mid G]|$."""
    return _error(weights, truth, model, lambda i: groups)


def binned_error(weights: Sequence[fmpq], truth: Exact, model: Exact, bins: int = 15) -> fmpq:
    """The class-wise error over `bins` intervals (lo, hi] of equal width, the first one closed."""
    return _error(weights, truth, model, lambda i: [max(0, int((row[i] * bins).ceil()) - 1) for row in model])


def truth_given_row(weights: Sequence[fmpq], truth: Exact, model: Exact) -> list[list[fmpq]]:
    """E[F* | the whole row F(x)] at every input."""
    made: list[list[fmpq]] = [[] for _ in truth]
    for cell in cells(row_keys(model)):
        mass = sum((weights[x] for x in cell), NOTHING)
        mean = [sum((weights[x] * truth[x][i] for x in cell), NOTHING) / mass for i in range(len(truth[0]))]
        for x in cell:
            made[x] = mean
    return made


def smooth_error(weights: Sequence[fmpq], truth: Exact, model: Exact) -> fmpq:
    r"""$\mathrm{smCE}(f)=\sup\{\mathbb E[w(f)(Y-f)]: w\text{ 1-Lipschitz into }[-1,1]\}$ of class 0, exactly.

    Class 1 has the same value.  Dynamic programming over increasing scores: V(w), the best total so far with the
    value w at the last score, is concave and piecewise linear on [-1, 1]; it is kept as V(-1) and pieces
    (length, slope) of decreasing slope.  A gap g to the next score inserts a flat piece of length 2g at the maximum,
    and cuts g from both ends.
    """
    start, pieces = NOTHING, [(fmpq(2), NOTHING)]
    previous = None
    for cell in sorted(cells(score_keys(model, 0)), key=lambda cell: model[cell[0]][0]):
        score = model[cell[0]][0]
        surplus = sum((weights[x] * (truth[x][0] - score) for x in cell), NOTHING)
        if previous is not None:
            gap = score - previous
            pieces = [p for p in pieces if p[1] > 0] + [(2 * gap, NOTHING)] + [p for p in pieces if p[1] <= 0]
            pieces, gained = _without_start(pieces, gap)
            pieces = _without_start(pieces[::-1], gap)[0][::-1]
            start += gained
        start, pieces = start - surplus, [(length, slope + surplus) for length, slope in pieces]
        previous = score
    return start + sum((length * slope for length, slope in pieces if slope > 0), NOTHING)


def _without_start(pieces: list[tuple[fmpq, fmpq]], cut: fmpq) -> tuple[list[tuple[fmpq, fmpq]], fmpq]:
    """The pieces without the first `cut` of their length, and by how much the function rises there."""
    gained = NOTHING
    for taken, (length, slope) in enumerate(pieces):
        if length > cut:
            return [(length - cut, slope), *pieces[taken + 1 :]], gained + cut * slope
        gained, cut = gained + length * slope, cut - length
    return [], gained
