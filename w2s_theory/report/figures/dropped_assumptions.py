"""How much a claim fails as one of its assumptions fails more and more."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from w2s_theory.experiments.dropped_assumptions import CASES
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words

CLAIMS = tuple(dict.fromkeys(case.claim for case in CASES))

_TITLES = {
    "score_sufficient": "calibration:\nscores merge inputs",
    "realizable": "gain:\ntruth leaves the class",
    "mixture_convex": "gain:\nclass loses convexity",
}


def prepare_dropped_assumptions(context: FigureContext) -> dict[str, Any]:
    """The largest violation found at each strength of three failing assumptions."""
    run = context.runs["dropped-assumptions"]
    facts = [
        f"{case['claim']} without {case['dropped']}: {in_words(case['violations'][-1])} where it fails by "
        f"{case['strengths'][-1]:g}, {in_words(case['violations'][0])} where it fails by {case['strengths'][0]:g}."
        for case in run["cases"]
    ]
    return {
        "figure": "dropped-assumptions",
        "seed": context.seed,
        "facts": facts,
        "settings": run["settings"],
        "cases": run["cases"],
    }


def draw_dropped_assumptions(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """A panel a case, both axes logarithmic; a strength at which nothing was found has no mark."""
    panels = canvas.subplots(1, len(data["cases"]))
    for axes, case in zip(np.atleast_1d(panels), data["cases"], strict=True):
        found = [(s, v) for s, v in zip(case["strengths"], case["violations"], strict=True) if v > 0]
        axes.set(xscale="log", yscale="log")
        if found:
            axes.plot(*zip(*found, strict=True), "o-", color=style.VERMILLION, markersize=4)
        axes.set_xlim(0.7 * case["strengths"][0], 1.4 * case["strengths"][-1])
        axes.set_title(_TITLES[case["dropped"]])
        axes.set_xlabel("\n".join(_lines(case["strength"])), fontsize=8.5)
    np.atleast_1d(panels)[0].set_ylabel("largest violation found")


def _lines(words: str) -> list[str]:
    parts = words.split(" ")
    half = (len(parts) + 1) // 2
    return [" ".join(parts[:half]), " ".join(parts[half:])]
