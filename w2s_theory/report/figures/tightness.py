"""How tight every proved inequality is, as far as gradient search can push it."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter

from w2s_theory.experiments.tightness import INEQUALITIES
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext

CLAIMS = tuple(claim.id for claim in INEQUALITIES)

_CLOSEST = 1e-6
"""Gaps to equality below this are drawn there."""


def prepare_tightness(context: FigureContext) -> dict[str, Any]:
    """The largest strain found of every proved inequality, with the instance at full precision."""
    run = context.runs["tightness"]
    entries = run["entries"]
    sharp = [entry for entry in entries if entry["sharp"]]
    loose = [entry for entry in entries if not entry["sharp"]]
    least = min(sharp, key=lambda entry: entry["strain"])
    spent = sum(entry["evaluations"] for entry in entries)
    facts = [
        f"Sharp: {len(sharp)} claims searched, the least tight is {least['id']} at {least['strain']:.4f}.",
        f"Evaluations: {spent:,}; none is a violation beyond the error budget.",
    ]
    if loose:
        ranked = ", ".join(f"{entry['id']} {entry['strain']:.2g}" for entry in loose)
        facts.insert(1, f"Not known to be sharp: {ranked}.")
    return {
        "figure": "tightness",
        "seed": context.seed,
        "facts": facts,
        "settings": run["settings"],
        "entries": entries,
    }


def draw_tightness(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """One line a claim: how far below equality the largest strain stays, on a logarithmic axis."""
    axes = canvas.add_subplot(xscale="log")
    entries = data["entries"]
    for row, entry in enumerate(entries):
        gap = min(max(1.0 - entry["strain"], _CLOSEST), 1.0)
        colour = style.BLUE if entry["sharp"] else style.ORANGE
        axes.plot([gap, 2.0], [row, row], color=style.PALE, linewidth=0.9, zorder=1)
        hollow = entry["start"] != "random"
        axes.plot(gap, row, "o", color=colour, markersize=5.5, markerfacecolor="white" if hollow else colour)
    axes.set_yticks(range(len(entries)), [entry["id"] for entry in entries], fontsize=7.5)
    axes.set(xlim=(1.5, 0.5 * _CLOSEST), ylim=(len(entries) - 0.3, -0.7))
    axes.xaxis.set_major_formatter(FuncFormatter(_percent))
    axes.minorticks_off()
    axes.set_xlabel("gap to equality")
    marks = [
        ("sharp: equality is reached or approached", style.BLUE, style.BLUE),
        ("not known to be sharp", style.ORANGE, style.ORANGE),
        ("closest at a corner or witness, not by random starts", style.GREY, "white"),
    ]
    for label, edge, fill in marks:
        axes.plot([], [], "o", color=edge, markerfacecolor=fill, label=label)
    canvas.legend(loc="outside upper center", ncols=1)


def _percent(gap: float, _: int) -> str:
    return "≤ 0.0001 %" if gap <= _CLOSEST else f"{100 * gap:g} %"
