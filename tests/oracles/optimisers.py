"""Extreme students by general-purpose optimisation: nothing here knows that they lie on a line."""

import cvxpy as cp
import numpy as np

SOLVER_TOLERANCE = 1e-8
"""Clarabel's default gap and feasibility."""


def convex_extremes(weights, truth, weak, disagreement, floor=0.0):
    """Lowest and highest risk as convex programs in log F_sw; with a floor the lowest only, the other not being one.

    Rows may sum to less than one: that costs as much disagreement as risk, so neither optimum makes use of it.
    """
    log_student = cp.Variable(truth.shape)
    near = [cp.log_sum_exp(log_student, axis=1) <= 0, _divergence(weights, weak, log_student) <= disagreement]
    if floor > 0:
        near.append(log_student >= np.log(floor))
    loss = _divergence(weights, truth, log_student)
    lowest = cp.Problem(cp.Minimize(loss), near).solve(solver=cp.CLARABEL)
    highest = cp.Problem(cp.Maximize(loss), near).solve(solver=cp.CLARABEL) if floor == 0 else None
    return lowest, highest


def _divergence(weights, target, log_student):
    """E Σ target·(log target - log student), the entropy as a number."""
    target_log = np.log(np.where(target > 0, target, 1.0))
    return cp.sum(cp.multiply(weights[:, None] * target, target_log - log_student))


def scanned_extremes(weights, truth, weak, disagreement, floor, points=101, rounds=9):
    """Lowest and highest risk over students with a floor; NaN where there are none.

    For one row (x, y, 1-x-y) or two rows (x, 1-x), (y, 1-y).  At every x of a grid the students close enough form an
    interval of y, disagreement being convex in y, and the risk, convex too, is highest at one of its ends.  The grid
    zooms in on the x that is best.
    """
    problem = _Plane(weights, truth, weak, disagreement, floor)
    return problem.search(np.min, points, rounds), problem.search(np.max, points, rounds)


class _Plane:
    def __init__(self, weights, truth, weak, disagreement, floor):
        self.weights, self.truth, self.weak = weights, truth, weak
        self.disagreement, self.floor = disagreement, floor
        self.triangle = truth.shape == (1, 3)
        if not self.triangle and truth.shape != (2, 2):
            raise ValueError(f"the students of {truth.shape} are not a plane")
        self.top = 1.0 - (truth.shape[1] - 1) * floor

    def risk(self, target, x, y):
        rows = [[x, y, 1 - x - y]] if self.triangle else [[x, 1 - x], [y, 1 - y]]
        return sum(
            self.weights[r] * p * (np.log(p) - np.log(rows[r][c])) for (r, c), p in np.ndenumerate(target) if p > 0
        )

    def nearest(self, target, x):
        """The y at which the risk is lowest, within the floor."""
        if self.triangle:
            y = (1 - x) * target[0, 1] / (target[0, 1] + target[0, 2])
            return np.clip(y, self.floor, 1 - x - self.floor)
        return np.clip(np.full_like(x, target[1, 0]), self.floor, self.top)

    def end(self, x, limit):
        """The y furthest towards `limit` that is close enough to the weak model."""
        inside, outside = self.nearest(self.weak, x), limit
        free = self.risk(self.weak, x, limit) <= self.disagreement
        for _ in range(60):
            y = 0.5 * (inside + outside)
            close = self.risk(self.weak, x, y) <= self.disagreement
            inside, outside = np.where(close, y, inside), np.where(close, outside, y)
        return np.where(free, limit, inside)

    def search(self, extreme, points, rounds):
        """Extreme risk, from a first grid of four times as many points."""
        low, high, best, step = self.floor, self.top, np.nan, (self.top - self.floor) / (4 * points)
        for _ in range(rounds):
            x = np.arange(low, high + step, step).clip(low, high)
            x = x[self.risk(self.weak, x, self.nearest(self.weak, x)) <= self.disagreement]
            if x.size == 0:
                break
            left = self.end(x, np.full_like(x, self.floor))
            right = self.end(x, 1 - x - self.floor if self.triangle else np.full_like(x, self.top))
            ys = [left, right, np.clip(self.nearest(self.truth, x), left, right)]
            risks = extreme([self.risk(self.truth, x, y) for y in ys], axis=0)
            best = extreme(risks)
            centre, reach, step = x[np.flatnonzero(risks == best)[0]], 4 * step, 8 * step / points
            low, high = max(self.floor, centre - reach), min(self.top, centre + reach)
        return best
