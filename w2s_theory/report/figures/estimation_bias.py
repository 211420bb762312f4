"""Calibration error estimated from labels: plug-in, debiased, and as an interval, against the number of labels."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure as Canvas

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.binned_calibration import binned_calibration_error, binned_calibration_interval
from w2s_theory.functionals.calibration import equal_width_calibration_error
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.worlds.gaussian_scores import logistic_rows

SIZES = (100, 200, 500, 1_000, 3_000, 10_000, 30_000, 100_000)
LEVEL = 0.95
_BINS = 15
_TEMPERATURES = {"calibrated": 1.0, "overconfident": 1.5}
_FINE = 20_000 * _BINS
_DRAWS = 2_000_000


def prepare_estimation_bias(context: FigureContext) -> dict[str, Any]:
    """Uniform binary scores, a truth of the same or a higher temperature, and estimates from n labels."""
    sizes = SIZES[:-2] if context.quick else SIZES
    cases = []
    for number, (name, temperature) in enumerate(_TEMPERATURES.items()):
        true = _true_error(temperature)
        rows = [_estimates(size, temperature, true, [context.seed, number, size], context.quick) for size in sizes]
        series = {key: [row[key] for row in rows] for key in rows[0]}
        cases.append({"name": name, "truth_temperature": temperature, "true": true} | series)
    calibrated, off = cases
    at = dict(zip(calibrated["n"], calibrated["plug_in"], strict=True))
    facts = [
        "A perfectly calibrated model shows a plug-in error of "
        + ", ".join(f"{at[size]:.3f} at n = {size:,}" for size in (200, 1_000, 10_000, 100_000) if size in at)
        + ".",
        f"The cross-fit estimate averages between {_signed(min(calibrated['cross_fit']))} and "
        f"{_signed(max(calibrated['cross_fit']))} there; of the overconfident model, whose error is {off['true']:.3f}, "
        f"it shows {off['cross_fit'][1]:.3f} at n = {off['n'][1]:,}.",
        f"Of {sum(calibrated['samples']):,} intervals of level {LEVEL:.0%} for each model {_covered(calibrated):.1%} "
        f"(calibrated) and {_covered(off):.1%} (overconfident) contain the true binned error.",
    ]
    settings = {"bins": _BINS, "level": LEVEL, "notion": "class-wise, equal width", "score": "uniform on [0, 1]"}
    return rounded(
        {"figure": "estimation-bias", "seed": context.seed, "facts": facts, "settings": settings, "cases": cases}
    )


def _signed(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def _covered(case: Mapping[str, Any]) -> float:
    """Share of all intervals that contain the truth."""
    pairs = zip(case["samples"], case["covered"], strict=True)
    return sum(samples * share for samples, share in pairs) / sum(case["samples"])


def _true_error(temperature: float) -> float:
    """The binned error of the distribution: 20,000 scores a bin, which the midpoint rule integrates to 1e-9."""
    score = (np.arange(_FINE) + 0.5) / _FINE
    model = np.stack([1.0 - score, score], axis=1)
    with jax.enable_x64(True):
        truth = np.asarray(logistic_rows(np.log(score / (1.0 - score)) / temperature))
    return float(equal_width_calibration_error(np.full(_FINE, 1.0 / _FINE), truth, model, bins=_BINS))


def _estimates(size: int, temperature: float, true: float, seed: list[int], quick: bool) -> dict[str, Any]:
    """Means over independent samples of n labels, and how often the interval contains the true error."""
    samples = max(100, min(1_000, _DRAWS // size)) // (10 if quick else 1)
    rng = np.random.default_rng(seed)

    def one(draws: Array) -> dict[str, Array]:
        score, outcome = draws
        model = jnp.stack([1.0 - score, score], axis=1)
        label = outcome < logistic_rows(jnp.log(score / (1.0 - score)) / temperature)[:, 1]
        low, high = binned_calibration_interval(model, label, level=LEVEL, bins=_BINS)
        return {
            "plug_in": binned_calibration_error(model, label, bins=_BINS),
            "cross_fit": binned_calibration_error(model, label, bins=_BINS, estimator="cross-fit"),
            "low": low,
            "high": high,
            "covered": (low <= true + 1e-9) & (true - 1e-9 <= high),
        }

    with jax.enable_x64(True):
        run = compiled(one)
        made = [jax.tree.map(float, run(rng.uniform(size=(2, size)))) for _ in range(samples)]
    means = {key: float(np.mean([row[key] for row in made])) for key in made[0]}
    return {"n": size, "samples": samples} | means


def draw_estimation_bias(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """One panel a model: mean estimates against n, both axes' ends shared."""
    panels = canvas.subplots(1, len(data["cases"]))
    top = 1.05 * max(max(case["high"]) for case in data["cases"])
    for axes, case in zip(panels, data["cases"], strict=True):
        sizes = np.asarray(case["n"], float)
        axes.fill_between(sizes, case["low"], case["high"], color=style.BAND, linewidth=0, label="interval, mean ends")
        axes.axhline(case["true"], color=style.BLACK, linewidth=1.0, linestyle=(0, (4, 2)), label="true binned error")
        axes.plot(sizes, case["plug_in"], "o-", color=style.VERMILLION, markersize=3.5, label="plug-in, mean")
        axes.plot(sizes, case["cross_fit"], "s-", color=style.BLUE, markersize=3.5, label="cross-fit, mean")
        axes.set(xscale="log", xlim=(sizes[0], sizes[-1]), ylim=(-0.02 * top, top), xlabel="labels, $n$")
        axes.set_title(f"{case['name']}", loc="left")
    panels[0].set_ylabel(f"calibration error, {data['settings']['bins']} bins")
    handles, labels = panels[0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper center", ncols=2)
