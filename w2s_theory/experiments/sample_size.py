"""`sample-size`: how fast a student trained on n inputs approaches the gain of one trained on all, and the bound."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from w2s_theory._numerics import float64
from w2s_theory._types import Array
from w2s_theory.catalogue.robustness import CONFIDENCE, finite_sample_shortfall, log_span, shortfall_penalty
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
from w2s_theory.functionals.quantile_interval import quantile_interval
from w2s_theory.processes import Spread
from w2s_theory.training.projection import hull_projection

SIZES = tuple(2**power for power in range(5, 15))
DELTA = 0.05


def sample_size(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""Excess $L(\hat F)-L(F_w)+d_P(\hat F,F_w)$ and its bound for n = 2⁵, …, 2¹⁴ (claim `gain-finite-sample`).

    16 problems a seed (quick: 4) of a hull of 4 models; for each n, 128 samples of n inputs, a student for each.
    Per n: the 95 % quantile of the excess over samples, its median over problems, how many samples exceed the bound
    of all, the expected shortfall $\tau=d_P(\hat F,F_w)-d_P(F_{sw},F_w)$, and what is proved of both.  Slopes are
    fitted in the logarithms.

    Returns a dictionary that JSON can hold: `settings`, `curves`, `slopes`, `overview`.  `InputError` for a negative
    seed or `seeds` below one.
    """
    check_seeds("sample-size", seed, seeds)
    problems, replications = (4 if quick else 16), 128
    one = partial(_replicate, seed=seed, problems=problems, replications=replications)
    found = list(of_seeds(one, seeds, spread, told(progress, "students on samples")))
    excess, shortfall = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    proved = np.asarray(finite_sample_shortfall(np.asarray(SIZES, float), MODELS, DELTA, log_span(FLOOR, CLASSES)))
    bound = np.asarray(shortfall_penalty(FLOOR, proved))
    quantiles = [[quantile_interval(values, 1.0 - DELTA, CONFIDENCE) for values in at_size] for at_size in excess]
    estimates = np.array([[float(q.estimate) for q in row] for row in quantiles])
    curves = {
        "n": SIZES,
        "excess": np.median(estimates, axis=1),
        "excess_low": estimates.min(axis=1),
        "excess_high": np.array([[float(q.high) for q in row] for row in quantiles]).max(axis=1),
        "bound": bound,
        "above_bound": [int(np.sum(at_size > limit)) for at_size, limit in zip(excess, bound, strict=True)],
        "shortfall": np.median(shortfall.mean(axis=2), axis=1),
        "shortfall_bound": proved,
    }
    slopes = fitted_slopes(curves, "n", ("excess", "bound", "shortfall", "shortfall_bound"))
    settings = hull_settings() | {
        "seed": seed,
        "seeds": seeds,
        "quick": quick,
        "problems": problems,
        "replications": replications,
        "delta": DELTA,
        "excess": "95 % quantile over samples; median over problems, lowest, and highest upper 99 % limit",
    }
    return rounded(
        {
            "experiment": "sample-size",
            "settings": settings,
            "curves": curves,
            "slopes": slopes,
            "overview": _overview(curves, slopes),
        }
    )


def _replicate(
    replicate: int, *, tell: Tell, seed: int, problems: int, replications: int
) -> tuple[np.ndarray, np.ndarray]:
    """Excess and shortfall (sizes, problems, replications) of one seed."""
    excess, shortfall = (np.empty((len(SIZES), problems, replications)) for _ in range(2))
    rng = np.random.default_rng([seed, replicate])
    hulls = draw_hulls(rng, problems)
    for row, size in enumerate(SIZES):
        for problem, (weights, models, truth, weak) in enumerate(zip(*hulls, strict=True)):
            shares = rng.multinomial(size, weights, replications) / size
            found = _students(shares, weights, models, truth, weak)
            excess[row, problem], shortfall[row, problem] = (np.asarray(part) for part in found)
        tell((row + 1) / len(SIZES))
    return excess, shortfall


@float64
def _students(shares: Array, weights: Array, models: Array, truth: Array, weak: Array) -> tuple[Array, Array]:
    """Excess and shortfall (R,) of the students trained on `shares (R, m)` of the inputs."""
    best = hull_projection(weights, models, weak).student

    def one(share: Array) -> tuple[Array, Array]:
        student = hull_projection(share, models, weak).student
        return excess_and_shortfall(weights, truth, weak, best, student)

    return jax.lax.map(one, shares, batch_size=32)


def _overview(curves: dict[str, Any], slopes: dict[str, float | None]) -> dict[str, Any]:
    columns = ("n", "excess", "bound", "above_bound", "shortfall", "shortfall_bound")
    titles = ["n", "excess (95 %)", "bound", "samples above it", "mean shortfall", "proved shortfall"]
    return {
        "title": "sample-size: a student trained on n inputs",
        "columns": titles,
        "rows": curve_rows(curves, slopes, columns),
    }
