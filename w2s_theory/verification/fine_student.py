"""Exact students to thirty digits and more: a small interior point in long arithmetic, for certificates.

Floats find a counterexample; a certificate encloses its student by the Frank–Wolfe gap, whose square root is the
width of the enclosure.  Problems are tiny here (a few models, a few inputs), so clarity comes before speed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

BITS = 256
DIGITS = 30
"""Decimals kept of a student's parameters."""

Rational = Fraction
Rows = Sequence[Sequence[Rational]]

_MOST_STEPS = 120
_FINEST = arb(2) ** -170
_GRID = 4001


def ball(value: Rational) -> arb:
    """The rational as a ball."""
    return arb(fmpq(value.numerator, value.denominator))


def decimal(value: arb) -> Rational:
    """The midpoint, towards zero to `DIGITS` decimals; what is below the last decimal is zero."""
    middle = value.mid().fmpq()
    scaled = abs(int(middle.p)) * 10**DIGITS // int(middle.q)
    return Fraction(scaled if middle.p >= 0 else -scaled, 10**DIGITS)


@dataclass(frozen=True)
class Problem:
    """A smooth function of x (d,): its slope, a list, and its curvature, a matrix."""

    slope: Callable[[list[arb]], list[arb]]
    curvature: Callable[[list[arb]], list[list[arb]]]


def _dot(a: Sequence[arb], b: Sequence[arb]) -> arb:
    return sum((x * y for x, y in zip(a, b, strict=True)), arb(0))


def _mids(values: Sequence[arb]) -> list[arb]:
    return [value.mid() for value in values]


def _solved(matrix: list[list[arb]], *rights: list[arb]) -> list[list[arb]]:
    columns = arb_mat(matrix).solve(arb_mat([list(row) for row in zip(*rights, strict=True)]))
    return [[columns[row, number].mid() for row in range(len(matrix))] for number in range(len(rights))]


def _length(values: Sequence[arb], steps: Sequence[arb]) -> arb:
    """The longest step, at most one, that stays 1 % short of where a value reaches zero."""
    ends = [-v / s * arb("0.99") for v, s in zip(values, steps, strict=True) if s < 0]
    return min([arb(1), *ends], key=lambda end: float(end)).mid()


def on_simplex(problem: Problem, size: int) -> list[arb]:
    """The minimiser over x ≥ 0, Σx = 1, by a primal-dual interior point."""
    x, s = [arb(1) / size] * size, [arb(1)] * size
    for _ in range(_MOST_STEPS):
        slope = _mids(problem.slope(x))
        lowest = min(slope, key=float)
        gap = _dot(x, [g - lowest for g in slope]).mid()
        if gap < _FINEST:
            break
        mu = (gap / (20 * size)).mid()
        bend = problem.curvature(x)
        matrix = [[bend[a][b] + (s[a] / x[a] if a == b else 0) for b in range(size)] for a in range(size)]
        plain, ones = _solved(matrix, [mu / v - g for v, g in zip(x, slope, strict=True)], [arb(1)] * size)
        cost = sum(plain, arb(0)) / sum(ones, arb(0))
        step = _mids([p - cost * o for p, o in zip(plain, ones, strict=True)])
        dual = _mids([mu / v - w - w / v * d for v, w, d in zip(x, s, step, strict=True)])
        along, along_dual = _length(x, step), _length(s, dual)
        x = _mids([v + along * d for v, d in zip(x, step, strict=True)])
        s = _mids([v + along_dual * d for v, d in zip(s, dual, strict=True)])
    return x


def in_ball(problem: Problem, size: int, radius: arb) -> list[arb]:
    """The minimiser over ‖x‖ ≤ radius, by a primal-dual interior point."""
    x, s = [arb(0)] * size, arb(1)
    for _ in range(_MOST_STEPS):
        slope = _mids(problem.slope(x))
        norm = _dot(slope, slope).sqrt()
        gap = (_dot(x, slope) + radius * norm).mid()
        if gap < _FINEST:
            break
        room = ((radius**2 - _dot(x, x)) / 2).mid()
        mu = (gap / 20).mid()
        bend = problem.curvature(x)
        matrix = [
            [bend[a][b] + s / room * x[a] * x[b] + (s if a == b else 0) for b in range(size)] for a in range(size)
        ]
        (step,) = _solved(matrix, [-g - mu / room * v for g, v in zip(slope, x, strict=True)])
        dual = (mu / room - s + s / room * _dot(x, step)).mid()
        along = arb(1)
        while not radius**2 - sum(((v + along * d) ** 2 for v, d in zip(x, step, strict=True)), arb(0)) > room / 50:
            along = along / 2
        x = _mids([v + along * d for v, d in zip(x, step, strict=True)])
        s = (s + _length([s], [dual]) * dual).mid()
    return x


def _flat(rows: Rows) -> list[arb]:
    return [ball(entry) for row in rows for entry in row]


def _masses(weights: Sequence[Rational], classes: int) -> list[arb]:
    return [ball(weight) for weight in weights for _ in range(classes)]


def hull_weights(weights: Sequence[Rational], models: Sequence[Rows], target: Rows, loss: str) -> list[Rational]:
    """Weights of the projection of `target` on the hull: `loss` is reverse, forward, squared or itakura-saito."""
    flat, goal, mass = [_flat(model) for model in models], _flat(target), _masses(weights, len(target[0]))

    def table(x: list[arb]) -> list[arb]:
        return [_dot(x, column) for column in zip(*flat, strict=True)]

    def per_mass(f: arb, t: arb) -> tuple[arb, arb]:
        match loss:
            case "reverse":
                return (f / t).log(), 1 / f
            case "forward":
                return 1 - t / f, t / f**2
            case "squared":
                return 2 * (f - t), arb(2)
            case _:
                return 1 / t - 1 / f, 1 / f**2

    def slope(x: list[arb]) -> list[arb]:
        pull = [w * per_mass(f, t)[0] for w, f, t in zip(mass, table(x), goal, strict=True)]
        return [_dot(pull, model) for model in flat]

    def curvature(x: list[arb]) -> list[list[arb]]:
        bend = [w * per_mass(f, t)[1] for w, f, t in zip(mass, table(x), goal, strict=True)]
        return [[sum((c * u * v for c, u, v in zip(bend, a, b, strict=True)), arb(0)) for b in flat] for a in flat]

    return _summing_to_one(_at(lambda: on_simplex(Problem(slope, curvature), len(flat))))


def _at(solve: Callable[[], list[arb]]) -> list[arb]:
    """`solve` at `BITS` bits."""
    before, ctx.prec = ctx.prec, BITS
    try:
        return solve()
    finally:
        ctx.prec = before


def _summing_to_one(values: Sequence[arb]) -> list[Rational]:
    """Non-negative decimals that sum to one; what rounding leaves over goes to the largest."""
    made = [max(decimal(value), Fraction(0)) for value in values]
    largest = max(range(len(made)), key=made.__getitem__)
    made[largest] += 1 - sum(made)
    return made


def _softmax(logits: Sequence[arb]) -> list[arb]:
    raised = [value.exp() for value in logits]
    total = sum(raised, arb(0))
    return [value / total for value in raised]


def _log_linear(
    directions: list[list[list[arb]]], weights: Sequence[Rational], target: Rows
) -> tuple[Problem, Callable[[list[arb]], list[list[arb]]]]:
    """d(target, softmax(Σ xⱼ directionsⱼ)) as a function of x; directions (d, m, k)."""
    mass, goal = [ball(weight) for weight in weights], [[ball(entry) for entry in row] for row in target]

    def table(x: list[arb]) -> list[list[arb]]:
        inputs, classes = range(len(goal)), range(len(goal[0]))
        return [_softmax([_dot(x, [d[n][c] for d in directions]) for c in classes]) for n in inputs]

    def slope(x: list[arb]) -> list[arb]:
        made = table(x)
        error = [[w * (f - t) for f, t in zip(a, b, strict=True)] for w, a, b in zip(mass, made, goal, strict=True)]
        return [sum((_dot(e, row) for e, row in zip(error, d, strict=True)), arb(0)) for d in directions]

    def curvature(x: list[arb]) -> list[list[arb]]:
        made = table(x)
        centred = [[[v - _dot(f, row) for v in row] for f, row in zip(made, d, strict=True)] for d in directions]
        spread = [[w * f for f in row] for w, row in zip(mass, made, strict=True)]

        def product(a: list[list[arb]], b: list[list[arb]]) -> arb:
            cells = zip(spread, a, b, strict=True)
            return sum((s * u * v for r, p, q in cells for s, u, v in zip(r, p, q, strict=True)), arb(0))

        ridge = arb(2) ** -40
        return [[product(a, b) + (ridge if a is b else 0) for b in centred] for a in centred]

    return Problem(slope, curvature), table


def dual_hull_weights(weights: Sequence[Rational], models: Sequence[Rows], target: Rows) -> list[Rational]:
    """Weights of the normalised geometric mean of models nearest to `target`, in d(target, ·)."""

    def solve() -> list[arb]:
        directions = [[[ball(entry).log() for entry in row] for row in model] for model in models]
        return on_simplex(_log_linear(directions, weights, target)[0], len(models))

    return _summing_to_one(_at(solve))


def head_parameters(
    weights: Sequence[Rational], features: Rows, target: Rows, radius: Rational
) -> list[list[Rational]]:
    """θ (p, k) of the softmax head in the ball that minimises d(target, ·)."""
    parts, classes = len(features[0]), len(target[0])

    def solve() -> list[arb]:
        directions = [
            [[ball(row[part]) if column == c else arb(0) for c in range(classes)] for row in features]
            for part in range(parts)
            for column in range(classes)
        ]
        return in_ball(_log_linear(directions, weights, target)[0], parts * classes, ball(radius))

    theta = [decimal(value) for value in _at(solve)]
    return [theta[part * classes : (part + 1) * classes] for part in range(parts)]


def reverse_head_hint(weights: Any, feature: Any, target: Any, radius: float) -> list[list[Rational]]:
    """A float guess of the head (t, -t) on one feature, two classes, that minimises d(·, target): the best of a grid,
    refined by ternary search.  The verifier finds the minimiser itself.
    """
    w, h, goal = (np.asarray(a, float) for a in (weights, feature, target))

    def objective(t: np.ndarray) -> np.ndarray:
        f = 1.0 / (1.0 + np.exp(-2.0 * np.multiply.outer(t, h)))
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = f * np.log(f / goal[:, 0]) + (1 - f) * np.log((1 - f) / goal[:, 1])
        return np.nan_to_num(terms, nan=0.0) @ w

    end = radius / 2**0.5
    grid = np.linspace(-end, end, _GRID)
    best = grid[np.argmin(objective(grid))]
    low, high = max(best - grid[1] + grid[0], -end), min(best + grid[1] - grid[0], end)
    for _ in range(100):
        thirds = np.array([low + (high - low) / 3, high - (high - low) / 3])
        left, right = objective(thirds)
        low, high = (low, thirds[1]) if left < right else (thirds[0], high)
    t = Fraction(round(0.5 * (low + high) * 10**12), 10**12)
    return [[t, -t]]
