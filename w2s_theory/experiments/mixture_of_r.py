"""`mixture-of-r`: how fast the best equal-weight mixture of r models approaches the best of their hull."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from w2s_theory._numerics import float64
from w2s_theory._types import Array
from w2s_theory.catalogue.robustness import few_shortfall, shortfall_penalty
from w2s_theory.experiments.hull_design import (
    CLASSES,
    FLOOR,
    MODELS,
    curve_rows,
    draw_hulls,
    excess_and_shortfall,
    fitted_slopes,
    hull_settings,
)
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.experiments.replicates import Tell, of_seeds, told
from w2s_theory.processes import Spread
from w2s_theory.training.few_models import best_of_few, mixtures_of_few
from w2s_theory.training.projection import hull_projection

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def mixture_of_r(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""Excess $L(F_{sw})-L(F_w)+d_P(F_{sw},F_w)$ of the best mixture of r, and its bound (claim `gain-mixture-of-r`).

    16 problems a seed (quick: 4) of 4 models; the best equal-weight mixture of r of them, repetition allowed, is found
    by enumerating all.  Per r: excess and shortfall $\tau_r=d_P(F_{sw},F_w)-\min_f d_P(f,F_w)$, medians and maxima
    over problems, and what is proved of both.  Slopes are fitted in the logarithms.

    Returns a dictionary that JSON can hold: `settings`, `curves`, `slopes`, `overview`.  `InputError` for a negative
    seed or `seeds` below one.
    """
    check_seeds("mixture-of-r", seed, seeds)
    problems = 4 if quick else 16
    one = partial(_replicate, seed=seed, problems=problems)
    found = list(of_seeds(one, seeds, spread, told(progress, "mixtures of few")))
    excess, shortfall = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    sizes = np.asarray(SIZES, float)
    proved = np.asarray(few_shortfall(sizes, CLASSES, FLOOR))
    curves = {
        "r": SIZES,
        "mixtures": [mixtures_of_few(MODELS, size) for size in SIZES],
        "excess": np.median(excess, axis=1),
        "excess_high": excess.max(axis=1),
        "bound": np.asarray(shortfall_penalty(FLOOR, proved)),
        "shortfall": np.median(shortfall, axis=1),
        "shortfall_high": shortfall.max(axis=1),
        "shortfall_bound": proved,
    }
    slopes = fitted_slopes(curves, "r", ("excess_high", "bound", "shortfall_high", "shortfall_bound"))
    columns = ("r", "excess", "excess_high", "bound", "shortfall_high", "shortfall_bound")
    return rounded(
        {
            "experiment": "mixture-of-r",
            "settings": hull_settings() | {"seed": seed, "seeds": seeds, "quick": quick, "problems": problems},
            "curves": curves,
            "slopes": slopes,
            "overview": {
                "title": "mixture-of-r: the best equal-weight mixture of r models",
                "columns": ["r", "median excess", "largest", "bound", "largest shortfall", "proved shortfall"],
                "rows": curve_rows(curves, slopes, columns),
            },
        }
    )


def _replicate(replicate: int, *, tell: Tell, seed: int, problems: int) -> tuple[np.ndarray, np.ndarray]:
    """Excess and shortfall (sizes, problems) of one seed."""
    excess, shortfall = (np.empty((len(SIZES), problems)) for _ in range(2))
    hulls = draw_hulls(np.random.default_rng([seed, replicate]), problems)
    for row, size in enumerate(SIZES):
        for problem, tables in enumerate(zip(*hulls, strict=True)):
            excess[row, problem], shortfall[row, problem] = map(float, _of_few(*tables, members=size))
        tell((row + 1) / len(SIZES))
    return excess, shortfall


@float64(static=("members",))
def _of_few(weights: Array, models: Array, truth: Array, weak: Array, *, members: int) -> tuple[Array, Array]:
    best = hull_projection(weights, models, weak).student
    student = best_of_few(weights, models, weak, members=members)
    return excess_and_shortfall(weights, truth, weak, best, student)
