r"""`teacher-quality`: what a student inherits from its teacher's temperature and from its teacher's errors.

Two Gaussian classes with truth $P(Y=1\mid x)=\sigma(s)$, s the log-odds of the posterior.  The teacher's log-odds are
$s/T+\varepsilon\sin(\omega s+\varphi)$: a temperature, which a logistic student can copy, and a ripple, which it
cannot.  The student $\sigma(as+b)$ minimises the forward KL divergence to the teacher.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import expit

from w2s_theory._numerics import float64
from w2s_theory._types import Array
from w2s_theory.catalogue import find_claim
from w2s_theory.experiments.claims_on_pairs import claims_on_pairs
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.experiments.replicates import Tell, of_seeds, told
from w2s_theory.functionals.risks import disagreement, performance_gap_recovered, risk
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.instance import Instance
from w2s_theory.measures import DiscreteMeasure, Trapezoid
from w2s_theory.processes import Spread
from w2s_theory.verdict import Verdict
from w2s_theory.worlds.gaussian_scores import logistic_rows

TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0)
RIPPLES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
EXAMPLES = 1_000
CLAIMS = ("generalization-instance-envelope", "calibration-smooth", "calibration-sharp-smooth")
_CENTRE = 1.0
_FREQUENCY, _PHASE = 3.0, 0.5
_NODES = 401
_NEWTON_STEPS = 12


def teacher_quality(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""Teachers of 5 temperatures T and 7 sizes ε of their ripple (quick: 3 and 4), and the students they train.

    For each: risks, disagreement, gap recovered (of the log-loss; the ceiling is the student trained on the truth,
    which is the truth), smooth calibration errors, and the temperature 1/a and shift b of the student.  `population`
    is the student of the whole distribution, by a trapezoid rule of 401 nodes; `simulated` are ten students a seed
    (quick: three) that see 1,000 inputs with the teacher's soft labels, judged on the population.

    Returns a dictionary that JSON can hold: `settings`, `cells`, `overview`.  `InputError` for a negative seed or
    `seeds` below one.
    """
    check_seeds("teacher-quality", seed, seeds)
    students = 3 if quick else 10
    grid = _inputs()
    points, weights = np.asarray(grid.points)[:, 0], np.asarray(grid.weights)
    corners = [(temperature, ripple) for temperature in TEMPERATURES for ripple in RIPPLES]
    corners = [(t, e) for t, e in corners if not quick or (t in TEMPERATURES[::2] and e in RIPPLES[::2])]
    one = partial(_replicate, seed=seed, corners=corners, students=students)
    of_corners = zip(*of_seeds(one, seeds, spread, told(progress, "students")), strict=True)
    cells, steepest = [], 0.0
    for number, ((temperature, ripple), drawn) in enumerate(zip(corners, of_corners, strict=True)):
        teacher = expit(teacher_log_odds(points, temperature, ripple))
        fitted = np.concatenate(
            [line for line, _ in (fitted_logistic(points[None], weights[None], teacher[None]), *drawn)]
        )
        steepest = max(steepest, *(float(gradient.max()) for _, gradient in drawn))
        cells.append(_cell(grid, temperature, ripple, fitted))
        if progress:
            progress("teachers and their students", (number + 1) / len(corners))
    settings = {
        "seed": seed,
        "seeds": seeds,
        "quick": quick,
        "students": students,
        "examples": EXAMPLES,
        "class_means": [-_CENTRE, _CENTRE],
        "frequency": _FREQUENCY,
        "phase": _PHASE,
        "nodes": _NODES,
        "largest_gradient": steepest,
    }
    return rounded(
        {"experiment": "teacher-quality", "settings": settings, "cells": cells, "overview": _overview(cells)}
    )


def teacher_log_odds(log_odds: np.ndarray, temperature: float, ripple: float) -> np.ndarray:
    r"""$s/T+\varepsilon\sin(\omega s+\varphi)$ of the true log-odds s."""
    return log_odds / temperature + ripple * np.sin(_FREQUENCY * log_odds + _PHASE)


def fitted_logistic(log_odds: np.ndarray, weights: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Slope and offset (…, 2) of $\sigma(as+b)$ that minimise $\sum w\,\mathrm{kl}_2(\text{target},\cdot)$.

    With them the largest entry (…,) of the gradient in which the iteration ended.

    `log_odds`, `weights` and soft labels `target` are (…, n).  Newton's method from zero: the objective is convex, and
    its steps are halved while it does not fall.
    """
    basis = np.stack([log_odds, np.ones_like(log_odds)], axis=-1)
    line = np.zeros((*log_odds.shape[:-1], 2))

    def objective(line: np.ndarray) -> np.ndarray:
        z = np.einsum("...nj,...j->...n", basis, line)
        return np.sum(weights * (np.logaddexp(0.0, z) - target * z), axis=-1)

    def guess_and_slope(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        guess = expit(np.einsum("...nj,...j->...n", basis, line))
        return guess, np.einsum("...n,...nj->...j", weights * (guess - target), basis)

    for _ in range(_NEWTON_STEPS):
        guess, slope = guess_and_slope(line)
        bend = np.einsum("...n,...ni,...nj->...ij", weights * guess * (1.0 - guess), basis, basis)
        step = np.linalg.solve(bend, slope[..., None])[..., 0]
        for _ in range(30):
            rises = objective(line - step) > objective(line) * (1.0 + 1e-12)
            if not rises.any():
                break
            step = np.where(rises[..., None], 0.5 * step, step)
        line = line - step
    return line, np.abs(guess_and_slope(line)[1]).max(axis=-1)


def _inputs() -> DiscreteMeasure:
    r"""The true log-odds $s=2\mu x$ of the mixture of N(±μ, 1), nine deviations beyond either mean."""
    reach = 2.0 * _CENTRE * (_CENTRE + 9.0)

    def density(points: Array) -> Array:
        x = points[:, 0] / (2.0 * _CENTRE)
        return jnp.exp(-0.5 * (x - _CENTRE) ** 2) + jnp.exp(-0.5 * (x + _CENTRE) ** 2)

    with jax.enable_x64(True):
        return Trapezoid(_NODES).measure(density, np.array([-reach]), np.array([reach]))


def _replicate(
    replicate: int, *, tell: Tell, seed: int, corners: Sequence[tuple[float, float]], students: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The students of one seed, for every teacher."""
    return [
        _trained(np.random.default_rng([seed, replicate, number]), temperature, ripple, students)
        for number, (temperature, ripple) in enumerate(corners)
    ]


def _trained(
    rng: np.random.Generator, temperature: float, ripple: float, students: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lines (students, 2) fitted to the teacher's soft labels of `EXAMPLES` inputs each, and their gradients."""
    shape = students, EXAMPLES
    inputs = rng.normal(size=shape) + _CENTRE * rng.choice([-1.0, 1.0], size=shape)
    log_odds = 2.0 * _CENTRE * inputs
    labels = expit(teacher_log_odds(log_odds, temperature, ripple))
    return fitted_logistic(log_odds, np.full(shape, 1.0 / EXAMPLES), labels)


def _cell(grid: DiscreteMeasure, temperature: float, ripple: float, fitted: np.ndarray) -> dict[str, Any]:
    """What is known of one teacher and its students, the first of which is that of the population."""
    points = np.asarray(grid.points)[:, 0]
    teacher_odds = teacher_log_odds(points, temperature, ripple)
    odds = fitted[:, :1] * points + fitted[:, 1:]
    with jax.enable_x64(True):
        truth, weak = (np.asarray(logistic_rows(z)) for z in (points, teacher_odds))
        strong = np.asarray(jax.vmap(logistic_rows)(odds))
    weights = np.asarray(grid.weights)
    teacher_risk, teacher_smooth = (float(v) for v in _judged(weights, truth, weak, weak)[:2])
    risks, smooth, apart = (np.asarray(v) for v in _all_judged(weights, truth, weak, strong))
    outcomes = claims_on_pairs([find_claim(name) for name in CLAIMS], _batch(grid, truth, weak, strong))
    quality = {"risk": risks, "smooth_calibration": smooth, "temperature": 1.0 / fitted[:, 0], "shift": fitted[:, 1]}
    return {
        "temperature": temperature,
        "ripple": ripple,
        "teacher": {"risk": teacher_risk, "smooth_calibration": teacher_smooth},
        "population": {name: values[0] for name, values in quality.items()}
        | {
            "disagreement": apart[0],
            "gain": teacher_risk - risks[0],
            "gap_recovered": performance_gap_recovered(-teacher_risk, -risks[0], 0.0),
        },
        "simulated": {
            name + end: reduce(values[1:])
            for name, values in quality.items()
            for end, reduce in (("", np.mean), ("_low", np.min), ("_high", np.max))
        },
        "claims": {
            name: {
                "lhs": outcomes[0][name]["lhs"],
                "rhs": outcomes[0][name]["rhs"],
                "tells": outcomes[0][name]["verdict"] == Verdict.holds.value,
                "verdicts": Counter(one[name]["verdict"] for one in outcomes),
            }
            for name in CLAIMS
        },
    }


@float64
def _judged(weights: Array, truth: Array, weak: Array, model: Array) -> tuple[Array, Array, Array]:
    """Risk, smooth calibration error, and disagreement with the teacher, of a model (n, 2)."""
    return (
        risk(weights, truth, model),
        smooth_calibration_error(weights, truth, model),
        disagreement(weights, weak, model),
    )


@float64
def _all_judged(weights: Array, truth: Array, weak: Array, models: Array) -> tuple[Array, Array, Array]:
    """`_judged` of models (M, n, 2)."""
    return jax.vmap(lambda model: _judged(weights, truth, weak, model))(models)


def _batch(grid: DiscreteMeasure, truth: np.ndarray, weak: np.ndarray, strong: np.ndarray) -> Instance:
    """One instance for each student (M, n, 2)."""

    def repeated(value: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(value), (len(strong), *np.shape(value)))

    return Instance(
        weights=repeated(grid.weights),
        truth=repeated(truth),
        weak=repeated(weak),
        strong=strong,
        floor=np.zeros(len(strong)),
        coarse_weights=repeated(grid.coarse_weights),
        provenance=grid.provenance,
    )


def _overview(cells: list[dict[str, Any]]) -> dict[str, Any]:
    columns = ["temperature", "ripple", "teacher's risk", "student's risk", "gap recovered", "student's temperature"]
    rows = []
    for cell in cells:
        student = cell["population"]
        recovered = float(student["gap_recovered"])
        recovered = f"{round(recovered, 6) + 0.0:.0%}" if np.isfinite(recovered) else "–"
        rows.append(
            [
                cell["temperature"],
                cell["ripple"],
                cell["teacher"]["risk"],
                student["risk"],
                recovered,
                student["temperature"],
            ]
        )
    return {"title": "teacher-quality: what students inherit", "columns": columns, "rows": rows}
