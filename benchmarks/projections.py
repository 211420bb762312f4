"""KL projection on the convex hull of M models: `hull_projection` beside SLSQP, an interior point and conic solvers.

Every answer, ours and theirs, is judged by one formula in NumPy: its mixture weights are clipped at zero, divided by
their sum, and their Frank–Wolfe gap is computed.  Conic solvers run in processes of their own, so that they can be
stopped.  A solver's tolerance is not its gap: SLSQP is asked for two of them.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from benchmarks.apart import Work
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.limits import Least
from benchmarks.projection_peers import (
    Direction,
    Problem,
    Size,
    draw,
    frank_wolfe_gap,
    interior_point,
    prepared_conic,
    slsqp,
)
from benchmarks.targets import Target, error, lead
from benchmarks.task import Task
from w2s_theory import hull_projection
from w2s_theory._numerics import compiled

SIZES = ((200, 5, 10), (2000, 10, 20), (20000, 10, 50))
DIRECTIONS: tuple[Direction, ...] = ("reverse", "forward")
BATCH, SMALL = 256, (40, 5, 10)
TOLERANCE, FINE_TOLERANCE, GAP = 1e-6, 1e-12, 1e-10
PATIENCE = 60.0
"""Seconds that a conic solver is given for a problem."""

ONE, LARGE, MANY = "one projection", "one projection, from the middle size on", "many projections"
NEWTON, CONIC, GENERAL = "interior point", "conic", "general"
SOLVERS: dict[str, dict[str, Any]] = {
    "Clarabel": {name: TOLERANCE for name in ("tol_gap_abs", "tol_gap_rel", "tol_feas")},
    "SCS": {"eps_abs": TOLERANCE, "eps_rel": TOLERANCE, "max_iters": 1_000_000},
}


def projected(problem: Problem, direction: Direction, gap: float) -> Work:
    """Mixture weights of `hull_projection`, to a Frank–Wolfe gap."""
    return lambda: hull_projection(*problem, direction=direction, gap=gap).parameters


def one_case(size: Size, direction: Direction, group: str) -> Case:
    """One projection; the time to state the problem is counted."""
    problem = draw(size)

    def slsqp_to(tolerance: float) -> Contestant:
        work = partial(slsqp, problem, direction, tolerance)
        return Contestant(f"SLSQP, {tolerance:g}", lambda: work, GENERAL, known_inaccurate=True)

    contestants = (
        Contestant(f"hull_projection, {GAP:g}", lambda: projected(problem, direction, GAP), OURS),
        Contestant("hull_projection, as far as it goes", lambda: projected(problem, direction, 0.0), OURS),
        Contestant(f"NumPy interior point, {GAP:g}", lambda: partial(interior_point, problem, direction, GAP), NEWTON),
        slsqp_to(TOLERANCE),
        slsqp_to(FINE_TOLERANCE),
        *(
            Contestant(
                f"cvxpy + {name}, {TOLERANCE:g}",
                partial(prepared_conic, size, direction, name.upper(), options),
                CONIC,
                known_inaccurate=True,
                limit=PATIENCE,
            )
            for name, options in SOLVERS.items()
        ),
    )
    least = Least(read=float(problem.models.nbytes), operations=2.0 * problem.models.size * size[2])
    return Case(
        f"{direction}, n = {size[0]:,}, k = {size[1]}, M = {size[2]}",
        contestants,
        group,
        GAP,
        error=lambda value: frank_wolfe_gap(problem, np.asarray(value), direction),
        error_name="Frank–Wolfe gap",
        least=least,
    )


def many_case(number: int, size: Size, direction: Direction) -> Case:
    """A batch of independent small projections, judged by the worst."""
    problems = [draw(size, seed) for seed in range(number)]

    def abreast() -> Work:
        stacked = Problem(*map(np.stack, zip(*problems, strict=True)))
        made = compiled(jax.vmap(lambda *problem: hull_projection(*problem, direction=direction, gap=GAP).parameters))

        def work() -> Any:
            with jax.enable_x64(True):
                return made(*stacked)

        return work

    def worst(mixtures: Any) -> float:
        pairs = zip(problems, mixtures, strict=True)
        return max(frank_wolfe_gap(problem, np.asarray(mixture), direction) for problem, mixture in pairs)

    def looped(tolerance: float) -> Work:
        return lambda: [slsqp(problem, direction, tolerance) for problem in problems]

    contestants = (
        Contestant(f"hull_projection, {GAP:g}, vmap", abreast, OURS),
        Contestant(
            f"NumPy interior point, {GAP:g}, loop",
            lambda: lambda: [interior_point(problem, direction, GAP) for problem in problems],
            NEWTON,
        ),
        *(
            Contestant(f"SLSQP, {t:g}, loop", partial(looped, t), GENERAL, known_inaccurate=True)
            for t in (TOLERANCE, FINE_TOLERANCE)
        ),
    )
    name = f"{direction}, {number} problems, n = {size[0]:,}, k = {size[1]}, M = {size[2]}"
    return Case(name, contestants, MANY, GAP, error=worst, error_name="worst gap", count=number, unit="problems")


def cases(quick: bool) -> Iterator[Case]:
    """All cases."""
    for number, size in enumerate(((20, 3, 4),) if quick else SIZES):
        for direction in DIRECTIONS:
            yield one_case(size, direction, LARGE if number else ONE)
    for direction in DIRECTIONS:
        yield many_case(*((3, (8, 3, 4)) if quick else (BATCH, SMALL)), direction)


TASK = Task(
    "projections",
    "KL projection on a hull",
    "`reverse` minimises KL(f, target), `forward` KL(target, f).  Times include stating the problem; compilation and "
    "imports are left out.  Rows of solvers that stop at their own tolerance do not reach the same gap.  The machine's "
    "limit is that of one reading of the models and one second derivative.",
    cases,
    (
        *(Target(f"{group}: Frank–Wolfe gap", group, error, most=GAP) for group in (ONE, LARGE, MANY)),
        *(
            Target(f"{group}: beside an interior point in NumPy", group, lead(NEWTON), least=1.0)
            for group in (ONE, LARGE)
        ),
        Target(
            f"{LARGE}: ahead of conic solvers",
            LARGE,
            lead(CONIC),
            least=50.0,
            why="at the middle size Clarabel is nearest, and it ends at its own tolerance, a gap above ours; of the "
            f"largest no answer was waited for longer than {PATIENCE:g} s.",
        ),
        Target(f"{MANY}: ahead of a loop of interior points", MANY, lead(NEWTON), least=1.0),
    ),
)
