"""The truth table of gain: training direction × class × judged risk × by the disagreement or at all."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from w2s_theory.catalogue.gain import CELLS, TABLE, Cell
from w2s_theory.claim import Status
from w2s_theory.experiments.records import rounded
from w2s_theory.instance_file import instance_to_json
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words
from w2s_theory.verification.sweep import SweepRow

CLAIMS = tuple(claim.id for claim in TABLE)

GENERATOR = (
    "Gaussian coordinates, each block at a log-uniform random scale, become softmax rows above a random floor, or for "
    "exponential classes heads on Gaussian features in a ball of radius 6; claims that hold are tried in the readings "
    "of regression too; the student is the exact projection of its teacher, for heads trained by reverse KL (two "
    "classes, one feature) the best of four starts; the worlds differ between rows, so their shares do not compare"
)
"""How instances of the table are drawn, in words; `by_world` of each entry names the worlds."""


def prepare_truth_table(context: FigureContext) -> dict[str, Any]:
    """Each cell twice: what the theory notes say, what the sweep found, and the instance that strained it most.

    Instances are stored with all their digits, so that they can be evaluated again.
    """
    rows = {row.id: row for row in context.rows}
    named = [(cell, {key: rows[f"{claim}-{_name(cell)}"] for key, claim in _ANSWERS}) for cell in CELLS]
    cells: list[dict[str, Any]] = [
        {"trained": cell.trained, "class": cell.family, "judged": cell.judged}
        | {key: _entry(row) for key, row in found.items()}
        for cell, found in named
    ]
    entries = [cell[key] for cell in cells for key in ("gain", "never_worse")]
    yes = [entry for entry in entries if entry["holds"]]
    no = [entry for entry in entries if not entry["holds"]]
    rarest = min(no, key=lambda entry: entry["share"])
    facts = [
        f"Generator: {GENERATOR}.",
        f"Said to hold: {len(yes)} of {len(entries)} entries, without a violation beyond the error budget in "
        f"{sum(entry['passed'] for entry in yes)}; the least slack is {_signed(min(e['worst'] for e in yes))} nats.",
        f"Said to fail: {len(no)} entries, with a counterexample found by random draws and evaluated again in "
        f"{sum(entry['passed'] for entry in no)}.",
        f"The rarest failure is {rarest['id']}: {rarest['share']:.2%} of {rarest['instances']:,} instances of this "
        "generator.",
    ]
    data = rounded(
        {"figure": "truth-table", "seed": context.seed, "facts": facts, "generator": GENERATOR, "cells": cells}
    )
    for cell, (_, found) in zip(data["cells"], named, strict=True):
        for key, row in found.items():
            cell[key]["instance"] = None if row.worst is None else instance_to_json(row.worst)
    return data


_ANSWERS = (("gain", "gain"), ("never_worse", "never-worse"))


def _name(cell: Cell) -> str:
    return f"{cell.trained}-{cell.family}-{cell.judged}"


def _entry(row: SweepRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "holds": row.status is Status.proved,
        "passed": row.passed,
        "verdict": row.verdict,
        "instances": row.instances,
        "violations": row.violations,
        "share": row.violations / row.instances if row.instances else None,
        "worst": row.worst_slack,
        "by_world": [{"world": w, "instances": asked, "violations": violated} for w, asked, violated in row.by_world],
    }


def _signed(value: float) -> str:
    return in_words(value).replace("-", "−")


def entry_words(entry: Mapping[str, Any]) -> tuple[str, str]:
    """An entry as the theory's answer, and what the sweep found."""
    if not entry["passed"]:
        return ("yes" if entry["holds"] else "no"), f"NOT CONFIRMED: {entry['verdict']}"
    worst = _signed(entry["worst"])
    if entry["holds"]:
        return "yes", f"slack ≥ {worst}"
    return "no", f"{100 * entry['share']:.2g} %, worst {worst}"


_TRAINED = {"reverse": "reverse:  min $d(f,F_w)$", "forward": "forward:  min $d(F_w,f)$"}
_JUDGED = {"risk": "risk  $d(F^*,f)$", "reverse-risk": "reverse risk  $d(f,F^*)$"}
_EDGES = (0.0, 0.235, 0.375, 0.585, 0.795, 1.0)
_HEADINGS = ("student trained by", "class", "judged by", "gain ≥\ndisagreement", "never worse\nthan teacher")


def draw_truth_table(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Eight rows, five columns: green where the claim holds, orange where a counterexample was found."""
    axes = canvas.add_subplot()
    cells = data["cells"]
    axes.set(xlim=(0, 1), ylim=(len(cells), -1.1), xticks=[], yticks=[])
    axes.set_axis_off()
    for left, heading in zip(_EDGES, _HEADINGS, strict=False):
        axes.text(left + 0.01, -0.55, heading, weight="bold", va="center", fontsize=8.5)
    for row, cell in enumerate(cells):
        words = (_TRAINED[cell["trained"]], cell["class"], _JUDGED[cell["judged"]])
        for left, text in zip(_EDGES, words, strict=False):
            axes.text(left + 0.01, row + 0.5, text, va="center", fontsize=8.5)
        for column, key in ((3, "gain"), (4, "never_worse")):
            _answer(axes, row, column, cell[key])
        axes.axhline(row, color=style.PALE, linewidth=0.8 if row % 2 else 1.4)
    axes.axhline(len(cells), color=style.PALE, linewidth=1.4)


def _answer(axes: Axes, row: int, column: int, entry: Mapping[str, Any]) -> None:
    left, right = _EDGES[column], _EDGES[column + 1]
    colour = style.GREEN if entry["holds"] else style.VERMILLION
    fill = Rectangle((left, row + 0.04), right - left - 0.008, 0.92, color=colour, alpha=0.14, linewidth=0)
    axes.add_patch(fill)
    answer, found = entry_words(entry)
    axes.text(left + 0.012, row + 0.32, answer, color=colour, weight="bold", va="center", fontsize=9.5)
    axes.text(left + 0.012, row + 0.73, found, va="center", fontsize=7.4)
