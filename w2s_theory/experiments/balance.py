r"""`balance`: a student's training path between teacher and truth, in closed form and simulated.

Inputs x ~ N(0, Σ), predictors linear, squared loss E(g - h)².  Gradient flow from zero on the teacher's labels moves
along the eigenvectors of Σ: $\beta_j(t)=(1-e^{-\lambda_jt})\beta_{w,j}$.  Its disagreement with the teacher falls to
zero, so the band of `generalization-squared` around the teacher's risk closes; its risk may fall below the teacher's
on the way, and rise again.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.experiments.replicates import Tell, of_seeds, told
from w2s_theory.processes import Spread
from w2s_theory.worlds.gaussian_regression import GaussianRegression

EXAMPLES = 400
_TIMES = 240


def _covariance(eigenvalues: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A covariance matrix with these eigenvalues, and its eigenvectors as columns."""
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(eigenvalues),) * 2))[0]
    covariance = basis @ np.diag(eigenvalues) @ basis.T
    return 0.5 * (covariance + covariance.T), basis


def teachers() -> dict[str, GaussianRegression]:
    """The three pairs of truth and teacher of the experiment by name, each a world whose student is its teacher."""
    cases = {
        "teacher falls short": ([2.0, 0.5, 0.1], [1.0, 0.8, 1.5], [0.8, 0.5, 0.9]),
        "teacher overshoots": ([2.0, 0.3, 0.05], [1.0, 0.7, 0.2], [1.0, 1.4, 1.8]),
        "teacher overshoots, then falls short": ([2.0, 0.2, 0.01], [0.9, 0.8, 3.0], [1.9, 0.8, 2.8]),
    }
    made = {}
    for number, (name, (eigenvalues, truth, teacher)) in enumerate(cases.items()):
        covariance, basis = _covariance(np.array(eigenvalues), number)
        made[name] = GaussianRegression(covariance, basis @ truth, basis @ teacher, basis @ teacher)
    return made


def balance(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""Risk and disagreement against training time for three pairs of truth and teacher.

    `closed` is gradient flow on the population; `simulated` is gradient descent on the teacher's labels of
    400 inputs, judged on the population, ten students a seed (quick: three), with mean and range over students.
    `band` is $[(\sqrt{L_w}-\sqrt d)_+^2,(\sqrt{L_w}+\sqrt d)^2]$; `stationary` are the roots of the closed-form
    derivative of the risk.  What is monotone and what is not is counted, not assumed.

    Returns a dictionary that JSON can hold: `settings`, `cases`, `overview`.  `InputError` for a negative seed or
    `seeds` below one.
    """
    check_seeds("balance", seed, seeds)
    students = 3 if quick else 10
    made = of_seeds(partial(_replicate, seed=seed, students=students), seeds, spread, told(progress, "training paths"))
    found = zip(*made, strict=True)
    cases = [_case(world, name, paths) for (name, world), paths in zip(teachers().items(), found, strict=True)]
    settings = {"seed": seed, "seeds": seeds, "quick": quick, "students": students, "examples": EXAMPLES}
    return rounded({"experiment": "balance", "settings": settings, "cases": cases, "overview": _overview(cases)})


def _replicate(replicate: int, *, tell: Tell, seed: int, students: int) -> list[np.ndarray]:
    """The simulated paths of one seed, for every teacher."""
    return [_descent(world, np.random.default_rng([seed, replicate]), students) for world in teachers().values()]


def band(teacher_risk: np.ndarray | float, disagreement: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    r"""$(\sqrt{L_w}-\sqrt d)_+^2$ and $(\sqrt{L_w}+\sqrt d)^2$: where the risk of any student is, squared loss.

    Claim `generalization-squared`, solved for the student's risk.
    """
    root, apart = np.sqrt(teacher_risk), np.sqrt(disagreement)
    return np.asarray(np.maximum(root - apart, 0.0) ** 2), np.asarray((root + apart) ** 2)


def training_path(
    world: GaussianRegression, name: str = "", *, seed: int = 0, seeds: int = 1, students: int = 3
) -> dict[str, Any]:
    """One case of `balance`: risk, disagreement and band on the way from zero to the weak model of `world`.

    240 times, geometric, cover the whole range in which the flow moves.
    """
    return _case(
        world, name, [_descent(world, np.random.default_rng([seed, number]), students) for number in range(seeds)]
    )


def _times_of(world: GaussianRegression) -> np.ndarray:
    eigenvalues = np.linalg.eigvalsh(world.covariance)
    return np.geomspace(0.02 / eigenvalues.max(), 12.0 / eigenvalues.min(), _TIMES)


def _case(world: GaussianRegression, name: str, simulated_paths: Sequence[np.ndarray]) -> dict[str, Any]:
    times = _times_of(world)
    path = world.gradient_flow(times)
    at_teacher = world.divergence(world.weak, world.truth)
    risk, apart = world.divergence(path, world.truth), world.divergence(path, world.weak)
    paths = np.concatenate(simulated_paths)
    simulated, off = world.divergence(paths, world.truth), world.divergence(paths, world.weak)
    bands = [band(at_teacher, d) for d in (apart, off)]
    outside = (simulated < bands[1][0] * (1 - 1e-12)) | (simulated > bands[1][1] * (1 + 1e-12))
    stationary = np.asarray(world.stationary_times())
    at_stationary = world.divergence(world.gradient_flow(stationary), world.truth) if len(stationary) else []
    return {
        "name": name,
        "covariance": world.covariance,
        "truth": world.truth,
        "weak": world.weak,
        "teacher_risk": at_teacher,
        "times": times,
        "closed": {"risk": risk, "disagreement": apart, "low": bands[0][0], "high": bands[0][1]},
        "stationary": {"times": stationary, "risk": at_stationary},
        "simulated": {
            key: reduce(values, axis=0)
            for values, what in ((simulated, "risk"), (off, "disagreement"))
            for key, reduce in ((what, np.mean), (f"{what}_low", np.min), (f"{what}_high", np.max))
        },
        "students": len(paths),
        "lowest_risk": risk.min(),
        "best_time": times[int(np.argmin(risk))],
        "disagreement_rises": int(np.sum(np.diff(apart) > 0)),
        "outside_band": int(outside.sum()),
        "risks_compared": int(outside.size),
    }


def _descent(world: GaussianRegression, rng: np.random.Generator, students: int) -> np.ndarray:
    r"""Paths (students, T, p) of gradient descent on the teacher's labels of `EXAMPLES` inputs a student.

    The step is a hundredth of the inverse of the largest eigenvalue of the sample covariance; s steps of size η are
    $\beta=(I-(I-\eta S)^s)\beta_w$ from zero, evaluated in the eigenbasis of S.
    """
    times, paths = _times_of(world), []
    for _ in range(students):
        inputs = rng.normal(size=(EXAMPLES, len(world.truth))) @ np.linalg.cholesky(world.covariance).T
        values, vectors = np.linalg.eigh(inputs.T @ inputs / EXAMPLES)
        step = 0.01 / values.max()
        shrunk = 1.0 - (1.0 - step * values) ** np.floor(times / step)[:, None]
        paths.append((shrunk * (vectors.T @ np.asarray(world.weak))) @ vectors.T)
    return np.array(paths)


def _overview(cases: list[dict[str, Any]]) -> dict[str, Any]:
    columns = ["case", "teacher's risk", "lowest risk", "at time", "stationary times", "students outside the band"]
    rows = [
        [
            case["name"],
            case["teacher_risk"],
            case["lowest_risk"],
            case["best_time"],
            ", ".join(f"{time:.3g}" for time in case["stationary"]["times"]) or "none",
            f"{case['outside_band']} of {case['risks_compared']:,}",
        ]
        for case in cases
    ]
    return {"title": "balance: a student between teacher and truth", "columns": columns, "rows": rows}
