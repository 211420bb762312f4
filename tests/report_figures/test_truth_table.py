"""The truth table: sixteen answers as the theory lists them, each with its instance and its generator."""

import dataclasses
import json
from pathlib import Path

import pytest

from w2s_theory.api import evaluate
from w2s_theory.report.figures import FIGURES
from w2s_theory.report.figures.render import drawn
from w2s_theory.report.readme import truth_markdown
from w2s_theory.verdict import Verdict

FIGURE = next(figure for figure in FIGURES if figure.name == "truth-table")
YES = {
    ("reverse", "mixture", "risk", "gain"),
    ("reverse", "mixture", "risk", "never_worse"),
    ("forward", "mixture", "risk", "never_worse"),
    ("forward", "exponential", "reverse-risk", "gain"),
    ("forward", "exponential", "reverse-risk", "never_worse"),
}


@pytest.fixture
def cells(prepared):
    return prepared[FIGURE.name]["cells"]


def test_yes_and_no_are_those_of_the_theory(cells):
    assert len(cells) == 8
    for cell in cells:
        for key in ("gain", "never_worse"):
            named = cell["trained"], cell["class"], cell["judged"], key
            assert cell[key]["holds"] == (named in YES)


def test_every_entry_has_its_instance_share_and_worlds(cells):
    for cell in cells:
        for key in ("gain", "never_worse"):
            entry = cell[key]
            assert entry["instance"]["weights"] == [1.0]
            assert entry["share"] == entry["violations"] / entry["instances"]
            assert sum(world["violations"] for world in entry["by_world"]) == entry["violations"]
            assert entry["worst"] < 0


def test_figure_and_markdown_say_the_same(prepared, cells):
    texts = [text.get_text() for text in drawn(FIGURE, prepared[FIGURE.name]).axes[0].texts]
    assert texts.count("yes") == len(YES)
    assert texts.count("no") == 16 - len(YES)
    assert texts.count("31 %, worst −1.2") == 11
    markdown = truth_markdown(cells)
    assert markdown.count("**yes**") == len(YES)
    assert markdown.count("**no**: 31 %, worst −1.2") == 11


@pytest.mark.parametrize("number", range(8))
def test_stored_instances_can_be_evaluated_again(number):
    """Those of the figure in the repository: one entry of every cell, the gain and never worse in turn."""
    cells = json.loads((Path(__file__).parents[2] / "figures" / "truth-table.json").read_text())["cells"]
    entry = cells[number]["gain" if number % 2 else "never_worse"]
    found = evaluate(entry["id"], entry["instance"])
    assert found.verdict in ((Verdict.holds, Verdict.tight) if entry["holds"] else (Verdict.violated,))
    assert found.slack == pytest.approx(entry["worst"], rel=1e-4, abs=1e-8)


def test_an_entry_the_sweep_did_not_confirm_looks_so(context):
    rows = [
        dataclasses.replace(row, verdict="not refuted", counterexample=None, violations=0)
        if row.id == "gain-reverse-exponential-risk"
        else row
        for row in context.rows
    ]
    data = FIGURE.prepare(dataclasses.replace(context, rows=rows))
    assert "NOT CONFIRMED: not refuted" in truth_markdown(data["cells"])
    assert any("evaluated again in 10" in fact for fact in data["facts"])
