"""KL projection on the convex hull of M models: `hull_projection` beside SciPy's SLSQP and cvxpy's conic solvers.

Every answer, ours and theirs, is judged by one formula in NumPy: its mixture weights are clipped at zero, divided by
their sum, and their Frank–Wolfe gap is computed.  A peer runs in a process of its own, so that it can be stopped.
"""

import importlib.metadata
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import cvxpy as cp
import jax
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import softmax

from w2s_theory._numerics import compiled
from w2s_theory.training.projection import Direction, hull_projection

Size = tuple[int, int, int]
SIZES = ((200, 5, 10), (2000, 10, 20), (20000, 10, 50))
"""Inputs n, classes k and models M."""

DIRECTIONS: tuple[Direction, ...] = ("reverse", "forward")
BATCH, SMALL = 256, (40, 5, 10)
TOLERANCE, FINE_TOLERANCE = 1e-6, 1e-12
RUNS = 7
LIMIT, QUICK = 20.0, 2.0
"""Seconds given to each solve of a peer; and those below which the first is a warm-up for three more."""


class Problem(NamedTuple):
    """Weights (n,), models (M, n, k) and the target (n, k)."""

    weights: np.ndarray
    models: np.ndarray
    target: np.ndarray

    @property
    def flat(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights and target (nk,) and models (M, nk), one entry a class of an input."""
        number, _, classes = self.models.shape
        return np.repeat(self.weights, classes), self.models.reshape(number, -1), self.target.reshape(-1)


def draw(size: Size, seed: int = 0) -> Problem:
    """Random models; the target is a disturbed geometric mean of three of them, so that many mixture weights vanish."""
    inputs, classes, number = size
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((number, inputs, classes))
    target = logits[:3].mean(axis=0) + 0.5 * rng.standard_normal((inputs, classes))
    return Problem(np.full(inputs, 1.0 / inputs), softmax(logits, axis=-1), softmax(target, axis=-1))


def frank_wolfe_gap(problem: Problem, mixture: np.ndarray, direction: Direction) -> float:
    """How far the objective of a mixture can be above its minimum, by its slope at the mixture."""
    mass, models, target = problem.flat
    mixture = np.maximum(mixture, 0.0)
    mixture = mixture / mixture.sum()
    student = mixture @ models
    slope = models @ (mass * (np.log(student / target) if direction == "reverse" else -target / student))
    return float(slope @ mixture - slope.min())


def slsqp(problem: Problem, direction: Direction, tolerance: float) -> np.ndarray:
    """Mixture weights by sequential quadratic programming with the exact slope."""
    mass, models, target = problem.flat
    number = len(models)

    def value_and_slope(mixture: np.ndarray) -> tuple[float, np.ndarray]:
        student = np.maximum(mixture @ models, 1e-300)
        ratio = np.log(student / target)
        if direction == "reverse":
            return float(mass @ (student * ratio)), models @ (mass * (ratio + 1.0))
        return float(-mass @ (target * ratio)), -models @ (mass * target / student)

    total = {"type": "eq", "fun": lambda a: a.sum() - 1.0, "jac": lambda a: np.ones(number)}
    given = {"jac": True, "bounds": [(0.0, 1.0)] * number, "constraints": [total], "method": "SLSQP"}
    start = np.full(number, 1.0 / number)
    return minimize(value_and_slope, start, options={"ftol": tolerance, "maxiter": 1000}, **given).x


def conic(problem: Problem, direction: Direction, solver: str, **options: Any) -> np.ndarray:
    """Mixture weights by cvxpy, the time to state the problem included, as for everyone who calls it."""
    mass, models, target = problem.flat
    mixture = cp.Variable(len(models), nonneg=True)
    student = models.T @ mixture
    if direction == "reverse":
        loss = cp.sum(cp.multiply(mass, cp.rel_entr(student, target)))
    else:
        loss = -(mass * target) @ cp.log(student)
    cp.Problem(cp.Minimize(loss), [cp.sum(mixture) == 1.0]).solve(solver=solver, **options)
    if mixture.value is None:
        raise cp.SolverError(solver)
    return mixture.value


CLARABEL = {name: TOLERANCE for name in ("tol_gap_abs", "tol_gap_rel", "tol_feas")}
SCS = {"eps_abs": TOLERANCE, "eps_rel": TOLERANCE, "max_iters": 1_000_000}
PEERS: dict[str, Callable[[Problem, Direction], np.ndarray]] = {
    f"SLSQP, {TOLERANCE:g}": lambda *given: slsqp(*given, TOLERANCE),
    f"SLSQP, {FINE_TOLERANCE:g}": lambda *given: slsqp(*given, FINE_TOLERANCE),
    f"cvxpy + Clarabel, {TOLERANCE:g}": lambda *given: conic(*given, "CLARABEL", **CLARABEL),
    f"cvxpy + SCS, {TOLERANCE:g}": lambda *given: conic(*given, "SCS", **SCS),
}


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Median of the seconds that `work` takes once it is warm, and its last result."""
    result, seconds = work(), []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def serve(pipe: Connection, peer: str, size: Size, direction: Direction) -> None:
    """Solve once, and three times more if that is quick; send the seconds and the answer of each, or an error."""
    problem = draw(size)
    pipe.send(None)
    for _ in range(4):
        start = time.perf_counter()
        try:
            answer: Any = PEERS[peer](problem, direction)
        except cp.SolverError:
            answer = "solver error"
        seconds = time.perf_counter() - start
        pipe.send((seconds, answer))
        if seconds > QUICK:
            return


def ask(peer: str, size: Size, direction: Direction) -> tuple[float | None, Any]:
    """Seconds and mixture weights of a peer; or why there are none."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    child = spawn.Process(target=serve, args=(there, peer, size, direction))
    child.start()
    there.close()
    seconds, answer = [], f"no answer in {LIMIT:g} s"
    try:
        here.recv()
        while here.poll(LIMIT):
            taken, answer = here.recv()
            seconds.append(taken)
    except EOFError:
        answer = answer if seconds else "died"
    child.kill()
    child.join()
    return (statistics.median(seconds[1:] or seconds) if seconds else None), answer


def beside_peers(table: Table, size: Size, direction: Direction) -> None:
    """Rows of one size and direction."""
    problem = draw(size)
    ours, made = timed(lambda: jax.block_until_ready(hull_projection(*problem, direction=direction)), RUNS)
    case = f"{direction} {size}"
    gap = frank_wolfe_gap(problem, np.asarray(made.parameters), direction)
    table.add_row(case, "hull_projection", f"{1e3 * ours:.2f} ms", f"{gap:.0e}", "1")
    for peer in PEERS:
        seconds, answer = ask(peer, size, direction)
        if seconds is None:
            table.add_row(case, peer, answer, "", f"> {LIMIT / ours:.0f}" if "no answer" in answer else "")
            continue
        gap = answer if isinstance(answer, str) else f"{frank_wolfe_gap(problem, answer, direction):.0e}"
        table.add_row(case, peer, f"{1e3 * seconds:.2f} ms", gap, f"{seconds / ours:.2g}")


def many_small(table: Table, direction: Direction) -> None:
    """Rows of a batch of independent small projections; the gap is the worst one."""
    problems = [draw(SMALL, seed) for seed in range(BATCH)]
    stacked = Problem(*map(np.stack, zip(*problems, strict=True)))
    abreast = compiled(jax.vmap(lambda *problem: hull_projection(*problem, direction=direction).parameters))

    def worst(mixtures: Any) -> str:
        gaps = [frank_wolfe_gap(p, np.asarray(a), direction) for p, a in zip(problems, mixtures, strict=True)]
        return f"{max(gaps):.0e}"

    case = f"{direction} {BATCH} × {SMALL}"
    with jax.enable_x64(True):
        ours, made = timed(lambda: jax.block_until_ready(abreast(*stacked)), RUNS)
    table.add_row(case, "hull_projection, vmap", f"{1e3 * ours:.2f} ms", worst(made), "1")
    for tolerance in (TOLERANCE, FINE_TOLERANCE):
        seconds, answers = timed(lambda t=tolerance: [slsqp(p, direction, t) for p in problems], 3)
        table.add_row(
            case, f"SLSQP, {tolerance:g}, loop", f"{1e3 * seconds:.2f} ms", worst(answers), f"{seconds / ours:.2g}"
        )


def main() -> None:
    """Print the table."""
    console = Console(width=120)
    names = ("w2s-theory", "jax", "numpy", "scipy", "cvxpy", "clarabel", "scs")
    console.print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names))
    table = Table("(n, k, M)", "solver, tolerance", "time", "Frank–Wolfe gap", "time / ours")
    for size in SIZES:
        for direction in DIRECTIONS:
            beside_peers(table, size, direction)
        table.add_section()
    for direction in DIRECTIONS:
        many_small(table, direction)
    console.print(table)


if __name__ == "__main__":
    main()
