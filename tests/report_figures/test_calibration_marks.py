"""The counterexamples marked in the calibration figure."""

import dataclasses

import numpy as np
import pytest

from w2s_theory.report.figures import FIGURES
from w2s_theory.report.figures.render import drawn

FIGURE = next(figure for figure in FIGURES if figure.name == "calibration-difference")


def test_the_two_input_example_is_what_the_theory_says(prepared):
    mark = prepared[FIGURE.name]["two-input example"]
    assert mark["verdict"] == "violated"
    assert mark["difference"] == pytest.approx(0.798, abs=1e-9)
    assert mark["bound"] == pytest.approx(0.0028, abs=5e-5)


def test_the_counterexample_of_the_sweep_is_marked_with_its_instance(prepared):
    mark = prepared[FIGURE.name]["found by the program"]
    assert mark["verdict"] == "violated"
    assert mark["difference"] == pytest.approx(1.0, abs=1e-6)
    assert mark["disagreement"] == pytest.approx(2e-18, rel=1e-4)
    assert np.shape(mark["instance"]["truth"]) == (2, 2)
    assert any("found by the sweep" in fact for fact in prepared[FIGURE.name]["facts"])


def test_without_a_sweep_nothing_is_said_to_be_found(context):
    data = FIGURE.prepare(dataclasses.replace(context, rows=()))
    assert data["found by the program"] is None
    assert not any("found" in fact for fact in data["facts"])
    drawn(FIGURE, data)


def test_trained_pairs_are_split_by_notion(prepared, context):
    data = prepared[FIGURE.name]
    assert [len(data[key]) for key in ("common-mixture", "common-digits", "smooth-mixture")] == [3, 2, 3]
    assert data["score-conditional known"] == 2
    for key in ("common-mixture", "common-digits", "smooth-mixture"):
        assert all(point["difference"] <= point["bound"] for point in data[key])
    for point in data["refuting-trained"]:
        assert point["difference"] > point["bound"]
