"""A student's training path: risk, disagreement and the closing band, in closed form and simulated."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from w2s_theory.experiments.records import rounded
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words

CLAIMS = ("generalization-squared",)
_NUMBERS = ("no time", "one time", "two times", "three times")


def prepare_balance(context: FigureContext) -> dict[str, Any]:
    """The three cases of the experiment, and what their curves do."""
    run = context.runs["balance"]
    facts = [_fact(case) for case in run["cases"]]
    outside, compared = (sum(case[key] for case in run["cases"]) for key in ("outside_band", "risks_compared"))
    facts.append(f"Simulated risks outside their own band: {outside} of {compared:,}.")
    rises = sum(case["disagreement_rises"] for case in run["cases"])
    facts.append(f"Times at which the closed-form disagreement rises: {rises}.")
    return rounded(
        {
            "figure": "balance",
            "seed": context.seed,
            "facts": facts,
            "settings": run["settings"],
            "cases": run["cases"],
        }
    )


def _fact(case: Mapping[str, Any]) -> str:
    number = len(case["stationary"]["times"])
    often = _NUMBERS[number] if number < len(_NUMBERS) else f"{number} times"
    return (
        f"Where the {case['name']}, the risk is stationary at {often}; its lowest value is "
        f"{in_words(case['lowest_risk'])}, the teacher's {in_words(case['teacher_risk'])}."
    )


def draw_balance(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """One panel a case: time logarithmic, losses on a scale that keeps zero in sight."""
    panels = np.atleast_1d(canvas.subplots(len(data["cases"]), 1, squeeze=True))
    for axes, case in zip(panels, data["cases"], strict=True):
        _panel(axes, case)
        axes.set_title(f"{case['name']}", loc="left")
    panels[-1].set_xlabel("training time $t$")
    handles, labels = panels[-1].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper center", ncols=2)


def _panel(axes: Any, case: Mapping[str, Any]) -> None:
    times, closed, simulated = np.asarray(case["times"]), case["closed"], case["simulated"]
    top = 1.08 * max(*closed["risk"], *closed["disagreement"])
    high = np.minimum(np.asarray(closed["high"], float), 2.0 * top)
    axes.fill_between(times, closed["low"], high, color=style.BAND, linewidth=0, label="where the risk can be")
    axes.axhline(case["teacher_risk"], color=style.BLACK, linewidth=1.0, linestyle=(0, (4, 2)), label="teacher's risk")
    for name, colour in (("risk", style.BLUE), ("disagreement", style.GREEN)):
        axes.plot(times, closed[name], color=colour, label=f"{name}, closed form")
        low, upper = (np.asarray(simulated[f"{name}_{end}"], float) for end in ("low", "high"))
        axes.fill_between(times, low, upper, color=colour, alpha=0.18, linewidth=0)
        dots = slice(4, None, 12)
        label = f"{name}, {case['students']} students"
        axes.plot(times[dots], np.asarray(simulated[name])[dots], ".", color=colour, markersize=4.5, label=label)
    still = case["stationary"]
    axes.plot(
        still["times"], still["risk"], "o", color=style.VERMILLION, markersize=6, zorder=5, label="stationary times"
    )
    axes.set_xscale("log")
    axes.set_xlim(times[0], times[-1])
    axes.set_ylim(0, top)
    axes.set_ylabel("squared loss")
