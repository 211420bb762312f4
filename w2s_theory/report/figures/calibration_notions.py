"""Notions of calibration side by side: against a temperature, and as scores merge."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from w2s_theory.catalogue import find_claim
from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.calibration import (
    equal_width_calibration_error,
    expected_calibration_error,
    full_row_calibration_error,
    marginal_calibration_error,
)
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.instance import Instance
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words
from w2s_theory.verification.evaluation import evaluate_claim

CLAIMS = ("calibration-score-conditional",)
_LATTICE = 24
_ZERO = 1e-5
"""Where zero is drawn on the logarithmic axis."""
_MERGED = np.array([[0.9, 0.1], [0.1, 0.9]])


def prepare_calibration_notions(context: FigureContext) -> dict[str, Any]:
    """Three classes on a lattice of rows under temperatures, and two inputs whose scores come together."""
    by_temperature = _temperature_panel(9 if context.quick else 33)
    merging = _merging_panel(9 if context.quick else 33)
    hottest = by_temperature["temperature"].index(max(by_temperature["temperature"]))
    notions = ("full_row", "marginal", "top_label")
    worst = ", ".join(f"{by_temperature[name][hottest]:.3f} ({name.replace('_', ' ')})" for name in notions)
    nearest = merging["distance"].index(min(merging["distance"]))
    facts = [
        f"At a temperature of {by_temperature['temperature'][hottest]:g} the same model has an error of {worst}: three "
        "numbers, none of them wrong.",
        f"Two scores {in_words(merging['distance'][nearest])} apart: conditioned on the score the error is "
        f"{merging['marginal'][nearest]:.3f}, smooth it is {in_words(merging['smooth'][nearest])}; merged, both are "
        f"{merging['merged']['marginal']:.1g}.",
        f"The bound of `{CLAIMS[0]}` on the change is {in_words(merging['bound'][nearest])} there: exceeded at "
        f"{sum(b < m for b, m in zip(merging['bound'], merging['marginal'], strict=True))} of "
        f"{len(merging['bound'])} distances.",
    ]
    return rounded(
        {
            "figure": "calibration-notions",
            "seed": context.seed,
            "facts": facts,
            "temperature": by_temperature,
            "merging": merging,
        }
    )


def _temperature_panel(count: int) -> dict[str, Any]:
    """Rows (i+½)/(N+3/2) of three classes on a lattice, with ties of scores, and truths p^T/Σp^T for every T."""
    i, j = np.meshgrid(np.arange(_LATTICE + 1), np.arange(_LATTICE + 1), indexing="ij")
    inside = i + j <= _LATTICE
    cells = np.stack([i[inside], j[inside], _LATTICE - i[inside] - j[inside]], axis=1)
    model = (cells + 0.5) / (_LATTICE + 1.5)
    weights = np.full(len(model), 1.0 / len(model))
    temperatures = np.geomspace(0.5, 2.0, count)
    notions = {
        "full_row": full_row_calibration_error,
        "marginal": marginal_calibration_error,
        "top_label": expected_calibration_error,
    }
    made: dict[str, list[float]] = {name: [] for name in notions}
    for temperature in temperatures:
        truth = model**temperature
        truth = truth / truth.sum(axis=1, keepdims=True)
        for name, notion in notions.items():
            made[name].append(float(notion(weights, truth, model)))
    return {"inputs": len(model), "temperature": temperatures.tolist()} | made


def _merging_panel(count: int) -> dict[str, Any]:
    """The pair of theory section 4: truths (.9,.1) and (.1,.9), scores ½±η of the student and ½ of the teacher."""
    weights, weak = np.full(2, 0.5), np.full((2, 2), 0.5)
    claim = find_claim(CLAIMS[0])
    distances = np.geomspace(1e-4, 0.6, count)
    made: dict[str, list[float]] = {name: [] for name in ("marginal", "binned", "top_label", "smooth", "bound")}
    for distance in distances:
        strong = _pair(distance)
        for name, value in _notions(weights, strong).items():
            made[name].append(value)
        with jax.enable_x64(True):
            instance = Instance(weights, _MERGED, weak, strong, floor=np.asarray(strong.min()))
        bound = evaluate_claim(claim, instance).rhs
        assert bound is not None
        made["bound"].append(bound)
    return {"distance": distances.tolist(), "merged": _notions(weights, weak)} | made


def _pair(distance: float) -> np.ndarray:
    return 0.5 + 0.5 * distance * np.array([[1.0, -1.0], [-1.0, 1.0]])


def _notions(weights: np.ndarray, model: np.ndarray) -> dict[str, float]:
    return {
        "marginal": float(marginal_calibration_error(weights, _MERGED, model)),
        "binned": float(equal_width_calibration_error(weights, _MERGED, model)),
        "top_label": float(expected_calibration_error(weights, _MERGED, model)),
        "smooth": float(smooth_calibration_error(weights, _MERGED, model)),
    }


_LOOKS = {
    "full_row": ("given the whole row", style.BLACK, "-"),
    "marginal": ("given the score, by class", style.VERMILLION, "-"),
    "binned": ("by class, 15 bins", style.ORANGE, (0, (1, 1.2))),
    "top_label": ("top label", style.BLUE, (0, (5, 2))),
    "smooth": ("smooth", style.GREEN, "-"),
    "bound": ("bound on its change", style.GREY, (0, (4, 2))),
}


def draw_calibration_notions(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Left: errors against temperature.  Right: errors as two scores come together, both axes logarithmic."""
    left, right = canvas.subplots(1, 2)
    _lines(left, data["temperature"], "temperature", ("full_row", "marginal", "top_label"))
    left.set(xscale="log", ylim=(0, None), xlabel="truth's exponent $T$", ylabel="calibration error")
    left.set_xticks([0.5, 1, 2], ["½", "1", "2"])
    left.minorticks_off()
    left.set_title("three classes, one model", loc="left")
    merging = data["merging"]
    _lines(right, merging, "distance", ("marginal", "binned", "top_label", "smooth", "bound"))
    right.set(xscale="log", yscale="log", ylim=(0.7 * _ZERO, 3.0), xlabel="distance of the two scores")
    ticks = 10.0 ** np.arange(-5, 1)
    right.set_yticks(ticks, ["0", *(f"$10^{{{power}}}$" for power in range(-4, 0)), "1"])
    right.set_title("two scores come together", loc="left")
    handles = dict(zip(*reversed(left.get_legend_handles_labels()), strict=True))
    handles |= dict(zip(*reversed(right.get_legend_handles_labels()), strict=True))
    canvas.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3)


def _lines(axes: Axes, panel: Mapping[str, Any], at: str, names: tuple[str, ...]) -> None:
    for name in names:
        label, colour, line = _LOOKS[name]
        values = np.asarray(panel[name], float)
        values = np.maximum(values, _ZERO) if at == "distance" else values
        axes.plot(panel[at], values, color=colour, linestyle=line, label=label)
