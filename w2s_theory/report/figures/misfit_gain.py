"""Gain against misfit of every task, variant by variant, beside the line on which they are equal."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from w2s_theory.experiments.records import rounded
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext

CLAIMS = (
    "gain-squared",
    "gain-reverse-mixture-risk",
    "gain-forward-mixture-risk",
    "gain-forward-exponential-reverse-risk",
    "gain-forward-exponential-risk",
)
SIZE = (7.4, 11.4)


def prepare_misfit_gain(context: FigureContext) -> dict[str, Any]:
    """The record of the experiment, and the drawn range of each panel."""
    run = context.runs["misfit-gain"]
    panels = [
        {"variant": variant, "panel": name, **panel, "range": _range(panel)}
        for variant, of_variant in run["variants"].items()
        for name, panel in of_variant.items()
    ]
    promised = [p for p in panels if p["variant"] == "realizable" and p["proved"]]
    exact = [p for p in promised if "loss_curves" not in p]
    by_steps = next(p for p in promised if "loss_curves" in p)["training"]
    total = sum(len(p["training"]["gain"]) for p in exact)
    tasks = len(panels[0]["training"]["gain"])
    hidden = sum(_hidden(panel) for panel in panels)
    drawn = sum(2 * len(panel["training"]["gain"]) for panel in panels)
    worse = {p["panel"]: p["training"]["worse_than_teacher"] for p in panels if p["variant"] == "pretrained"}
    facts = [
        f"Realizable and solved exactly, in the cases with a theorem: "
        f"{sum(p['training']['on_or_above'] for p in exact)} of {total} points on the training inputs lie on or above "
        "y = x within their error budget.",
        f"With heads by mini-batch Adam, not optimal to the last digit: {by_steps['on_or_above']} of {tasks} on or "
        f"above, {by_steps['within_residual']} when the residual of training is allowed for.",
        f"Pretrained representations, where nothing is realizable: of {tasks} students, worse than their teacher on "
        f"the training inputs are {worse['squared-least-squares']} with least squares, {worse['reverse-mixture']} "
        f"with reverse KL on mixtures and {worse['softmax-risk']} with cross-entropy on softmax heads.",
        f"Points outside the axes, in the data only: {hidden} of {drawn}.",
    ]
    return rounded(
        {
            "figure": "misfit-gain",
            "seed": context.seed,
            "facts": facts,
            "settings": run["settings"],
            "pretraining": run["pretraining"],
            "panels": panels,
        }
    )


def _range(panel: Mapping[str, Any]) -> dict[str, list[float]]:
    """Limits that show zero, all points on the training inputs and all but the outermost of the fresh ones.

    Above the gains there is room for a note.
    """

    def limits(name: str, above: float) -> list[float]:
        fresh = np.asarray(panel["fresh"][name], float)
        values = [0.0, *panel["training"][name], *np.quantile(fresh[np.isfinite(fresh)], [0.03, 0.97])]
        low, high = min(values), max(values)
        return [low - 0.05 * (high - low), high + above * (high - low)]

    return {"misfit": limits("misfit", 0.05), "gain": limits("gain", 0.3)}


def _hidden(panel: Mapping[str, Any]) -> int:
    outside = 0
    for place in ("training", "fresh"):
        inside = np.ones(len(panel[place]["gain"]), bool)
        for name, (low, high) in panel["range"].items():
            values = np.asarray(panel[place][name], float)
            inside &= (values >= low) & (values <= high)
        outside += int(np.sum(~inside))
    return outside


_ROWS = {
    "squared-least-squares": "squared loss,\nleast squares",
    "squared-adam": "squared loss,\nmini-batch Adam",
    "reverse-mixture": "reverse KL,\nmixtures",
    "forward-mixture": "forward KL,\nmixtures",
    "softmax-reverse-risk": "softmax heads,\nreverse risk",
    "softmax-risk": "softmax heads,\ncross-entropy risk",
}
_COLUMNS = ("realizable", "perturbed", "pretrained")


def draw_misfit_gain(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """One row a way of training, one column a variant; a dot a task, bars are intervals on fresh inputs."""
    grid = canvas.subplots(len(_ROWS), len(_COLUMNS))
    for panel in data["panels"]:
        row, column = list(_ROWS).index(panel["panel"]), _COLUMNS.index(panel["variant"])
        axes = grid[row, column]
        _scatter(axes, panel)
        if column == 0:
            axes.set_ylabel(f"{_ROWS[panel['panel']]}\n\ngain", fontsize=8.5)
        if row == 0:
            axes.set_title(panel["variant"], weight="bold")
        if row == len(_ROWS) - 1:
            axes.set_xlabel("misfit")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper center", ncols=3)


def draw_misfit_row(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """One panel in its variants side by side: `data` is what `misfit_panel` returns."""
    row = canvas.subplots(1, len(data["variants"]), squeeze=False)[0]
    for axes, (variant, panel) in zip(row, data["variants"].items(), strict=True):
        _scatter(axes, {"variant": variant, **panel, "range": _range(panel)})
        axes.set_title(variant, weight="bold")
        axes.set_xlabel("misfit")
    row[0].set_ylabel("gain")
    canvas.legend(*row[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)


def _scatter(axes: Axes, panel: Mapping[str, Any]) -> None:
    training, fresh = panel["training"], panel["fresh"]
    ends = np.array([min(panel["range"]["misfit"][0], panel["range"]["gain"][0]), max(panel["range"]["misfit"][1], 0)])
    axes.plot(ends, ends, color=style.BLACK, linewidth=1.0, label="gain = misfit")
    misfit = np.array(fresh["misfit"], float)
    axes.vlines(
        misfit,
        misfit + np.array(fresh["low"], float),
        misfit + np.array(fresh["high"], float),
        color=style.ORANGE,
        linewidth=0.9,
        alpha=0.55,
        label="fresh inputs, 95 % interval",
    )
    axes.scatter(
        training["misfit"], training["gain"], s=9, color=style.BLUE, linewidth=0, zorder=3, label="training inputs"
    )
    axes.set(xlim=panel["range"]["misfit"], ylim=panel["range"]["gain"])
    if panel["range"]["gain"][0] < 0:
        axes.axhline(0.0, color=style.GREY, linewidth=0.7)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=7.5)
    total = len(training["gain"])
    mark = "theorem" if panel["proved"] and panel["variant"] == "realizable" else "no theorem"
    if mark == "theorem" and "loss_curves" in panel:
        mark = f"{training['within_residual']}/{total} within residual"
    note = f"{training['on_or_above']}/{total} on or above\n{mark}"
    at = {"transform": axes.transAxes, "va": "top", "zorder": 4}
    axes.text(0.03, 0.97, note, fontsize=7.5, color=style.BLUE, **at)
