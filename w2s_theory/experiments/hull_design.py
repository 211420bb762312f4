"""Random hulls of models with a truth inside and a teacher outside: what `sample-size` and `mixture-of-r` run on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from w2s_theory._types import Array
from w2s_theory.functionals.risks import disagreement, risk_difference
from w2s_theory.predictors.floored_softmax import floored_softmax
from w2s_theory.training.projection import shortfall

INPUTS, CLASSES, MODELS, FLOOR = 64, 3, 4, 0.05
SPREAD = 2.0
"""Standard deviation of the logits of models and teacher."""


class Hulls(NamedTuple):
    """`count` problems: `weights (count, m)`, `models (count, M, m, k)`, `truth` and `weak (count, m, k)`."""

    weights: np.ndarray
    models: np.ndarray
    truth: np.ndarray
    weak: np.ndarray


def draw_hulls(rng: np.random.Generator, count: int) -> Hulls:
    """Equally likely inputs, floored softmax models, a truth drawn uniformly from their hull."""
    with jax.enable_x64(True):
        logits = SPREAD * rng.standard_normal((count, MODELS + 1, INPUTS, CLASSES))
        tables = np.asarray(floored_softmax(logits, np.asarray(FLOOR)))
    models, weak = tables[:, :-1], tables[:, -1]
    truth = np.einsum("cj,cjmk->cmk", rng.dirichlet(np.ones(MODELS), count), models)
    return Hulls(np.full((count, INPUTS), 1.0 / INPUTS), models, truth, weak)


def excess_and_shortfall(
    weights: Array, truth: Array, weak: Array, best: Array, student: Array
) -> tuple[jax.Array, jax.Array]:
    r"""$L(F_{sw})-L(F_w)+d_P(F_{sw},F_w)$, and how far the student's objective is above that of the best one."""
    excess = risk_difference(weights, truth, weak, student) + disagreement(weights, student, weak)
    return excess, shortfall(weights, student, best, weak)


def hull_settings() -> dict[str, int | float]:
    """The numbers above, for a record."""
    return {"inputs": INPUTS, "classes": CLASSES, "models": MODELS, "floor": FLOOR, "logit_spread": SPREAD}


def fitted_slopes(curves: Mapping[str, Any], against: str, names: Sequence[str]) -> dict[str, float | None]:
    """`fitted_slope` of each curve named."""
    return {name: fitted_slope(np.asarray(curves[against], float), np.asarray(curves[name])) for name in names}


def curve_rows(
    curves: Mapping[str, Any], slopes: Mapping[str, float | None], columns: Sequence[str]
) -> list[list[Any]]:
    """The curves as rows, one a size, and below them the fitted slopes."""
    rows: list[list[Any]] = [list(row) for row in zip(*(np.asarray(curves[c]).tolist() for c in columns), strict=True)]
    return [*rows, ["slope", *(slopes.get(name) for name in columns[1:])]]


def fitted_slope(x: np.ndarray, y: np.ndarray) -> float | None:
    """Slope of log y against log x by least squares over positive y; None if there are fewer than two."""
    kept = (np.asarray(y) > 0) & np.isfinite(y)
    return float(np.polyfit(np.log(np.asarray(x)[kept]), np.log(np.asarray(y)[kept]), 1)[0]) if kept.sum() > 1 else None
