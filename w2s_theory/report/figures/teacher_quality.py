"""What students inherit from teachers of different temperatures and with different errors."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from w2s_theory.experiments.records import rounded
from w2s_theory.experiments.teacher_quality import CLAIMS
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words

_COLOURS = (style.VERMILLION, style.ORANGE, style.BLACK, style.SKY, style.BLUE)
_SHOWN_RIPPLES = (0.0, 2.0)


def prepare_teacher_quality(context: FigureContext) -> dict[str, Any]:
    """The cells of the experiment, and what they say."""
    run = context.runs["teacher-quality"]
    cells = run["cells"]
    copied = [c for c in cells if c["ripple"] == 0.0]
    rippled = [c for c in cells if c["ripple"] > 0.0]
    better = [c for c in rippled if c["population"]["gain"] > 0]
    hotter = [c for c in rippled if c["population"]["temperature"] > c["temperature"]]
    gaps = [c["population"]["gap_recovered"] for c in better]
    apart = max(abs(c["population"]["temperature"] / c["temperature"] - 1.0) for c in copied)
    facts = [
        f"Students of teachers without ripple copy the temperature: they are off by at most {in_words(apart)}.",
        f"Of {len(rippled)} teachers with a ripple {len(better)} have a better student, which recovers between "
        f"{min(gaps):.0%} and {max(gaps):.0%} of the gap to the truth in log-loss; {len(hotter)} of the students are "
        "less confident than the teacher's temperature alone would make them.",
        *_claim_facts(cells),
    ]
    return rounded(
        {
            "figure": "teacher-quality",
            "seed": context.seed,
            "facts": facts,
            "settings": run["settings"],
            "cells": cells,
        }
    )


def _claim_facts(cells: list[Mapping[str, Any]]) -> list[str]:
    facts = []
    for name in CLAIMS:
        outcomes = [cell["claims"][name] for cell in cells]
        verdicts = Counter()
        for one in outcomes:
            verdicts.update(one["verdicts"])
        counted = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
        tightest = max(one["lhs"] / one["rhs"] for one in outcomes if one["tells"])
        facts.append(
            f"`{name}`: students by verdict: {counted}; those of the population use at most {tightest:.0%} of its "
            "right side."
        )
    return facts


def draw_teacher_quality(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Risk against risk, temperature against temperature, and smooth calibration error against temperature."""
    risks, temperatures, smooth = canvas.subplots(1, 3)
    cells = data["cells"]
    every = sorted({cell["temperature"] for cell in cells})
    colours = [_COLOURS[place * (len(_COLOURS) - 1) // (len(every) - 1)] for place in range(len(every))]
    for colour, temperature in zip(colours, every, strict=True):
        row = sorted((c for c in cells if c["temperature"] == temperature), key=lambda c: c["ripple"])
        label = f"$T={temperature:g}$"
        _against(risks, [c["teacher"]["risk"] for c in row], row, "risk", colour, label)
        _against(temperatures, [c["ripple"] for c in row], row, "temperature", colour, label)
    limit = 1.04 * max(c["teacher"]["risk"] for c in cells)
    risks.plot([0, limit], [0, limit], color=style.GREY, linewidth=0.8)
    top = 1.25 * max(c["population"]["risk"] for c in cells)
    risks.set(xlim=(0, limit), ylim=(0, top), xlabel="teacher's risk [nats]", ylabel="student's risk [nats]")
    risks.text(1.08 * top, 0.985 * top, "as its teacher", color=style.GREY, ha="left", va="top", fontsize=8)
    temperatures.set(yscale="log", xlabel="teacher's ripple $\\varepsilon$", ylabel="student's temperature $1/a$")
    temperatures.set_yticks([0.5, 1, 2, 4], ["½", "1", "2", "4"])
    temperatures.minorticks_off()
    shown = [c for c in cells if c["ripple"] in _SHOWN_RIPPLES]
    tallest = max(max(c["teacher"]["smooth_calibration"], c["population"]["smooth_calibration"]) for c in shown)
    for ripple, line in zip(_SHOWN_RIPPLES, ("-", (0, (4, 2))), strict=True):
        row = sorted((c for c in cells if c["ripple"] == ripple), key=lambda c: c["temperature"])
        at = [c["temperature"] for c in row]
        smooth.plot(at, [c["teacher"]["smooth_calibration"] for c in row], color=style.GREY, linestyle=line)
        _band(smooth, at, row, "smooth_calibration", style.GREEN)
        values = [c["population"]["smooth_calibration"] for c in row]
        smooth.plot(at, values, color=style.GREEN, linestyle=line, label=f"$\\varepsilon={ripple:g}$")
    smooth.set(xscale="log", ylim=(0, 1.45 * tallest), xlabel="temperature $T$", ylabel="smooth calibration error")
    smooth.set_xticks([0.5, 1, 2], ["½", "1", "2"])
    smooth.minorticks_off()
    smooth.legend(title="student green,\nteacher grey", title_fontsize=8, loc="upper center", handlelength=2.4)
    for axes, title in zip((risks, temperatures, smooth), ("risk", "confidence", "calibration"), strict=True):
        axes.set_title(title, loc="left")
    handles, labels = risks.get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper center", ncols=5, title="teacher's temperature")


def _against(axes: Axes, at: list[float], row: list[Mapping[str, Any]], name: str, colour: str, label: str) -> None:
    """Students of the population as a line, those of samples as a shade."""
    _band(axes, at, row, name, colour)
    axes.plot(at, [c["population"][name] for c in row], "o-", markersize=3, linewidth=1.4, color=colour, label=label)


def _band(axes: Axes, at: list[float], row: list[Mapping[str, Any]], name: str, colour: str) -> None:
    low, high = (np.asarray([c["simulated"][f"{name}_{end}"] for c in row], float) for end in ("low", "high"))
    axes.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0)
