"""Every figure: pure data that JSON can hold, drawn deterministically and without overlapping text."""

import itertools
import json
from dataclasses import replace

import matplotlib
import pytest
from matplotlib.text import Text

from tests.experiments.small_misfit import small_panel
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.experiments.balance import teachers, training_path
from w2s_theory.report.figures import FIGURES, render
from w2s_theory.report.figures.balance import draw_balance
from w2s_theory.report.figures.misfit_gain import draw_misfit_row
from w2s_theory.report.figures.render import as_json, drawn

EACH = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)


@EACH
def test_data_are_json_and_small(figure, prepared):
    data = prepared[figure.name]
    text = as_json(data)
    assert json.loads(text) == data
    assert len(text.encode()) < 1_000_000
    assert data["figure"] == figure.name
    assert data["facts"]
    assert set(figure.claims) <= set(CATALOGUE)


@EACH
def test_preparation_depends_on_the_seed_alone(figure, prepared, context):
    assert figure.prepare(context) == prepared[figure.name]


@EACH
def test_rendering_is_deterministic_and_survives_a_round_trip_of_the_data(figure, prepared, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, data in ((first, prepared[figure.name]), (second, json.loads(as_json(prepared[figure.name])))):
        folder.mkdir()
        with matplotlib.rc_context({"font.size": 20 if folder == second else 5, "svg.hashsalt": folder.name}):
            paths = render(figure, data, folder)
        assert [path.name for path in paths] == [f"{figure.name}.{kind}" for kind in ("json", "svg", "png")]
        assert all(path.stat().st_size < 1_000_000 for path in paths)
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def _texts(canvas):
    """Every text that is drawn: labels, annotations, legends, and those tick labels whose tick is in view."""
    legends = [canvas, *canvas.axes]
    found = [text for owner in legends for text in owner.texts]
    found += [text for owner in canvas.legends for text in (*owner.get_texts(), owner.get_title())]
    for axes in canvas.axes:
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            found.append(axis.label)
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            if axes.get_subplotspec().is_last_row() or axis is axes.yaxis:
                found += [label for at, label in ticks if low * (1 - 1e-9) <= at <= high * (1 + 1e-9)]
    return [text for text in found if text.get_text().strip() and text.get_visible()]


@EACH
def test_no_two_texts_overlap_none_leaves_the_canvas_and_settings_are_left_alone(figure, prepared):
    with matplotlib.rc_context({"font.size": 17.5, "svg.hashsalt": "my own"}):
        before = dict(matplotlib.rcParams)
        canvas = drawn(figure, prepared[figure.name])
        assert dict(matplotlib.rcParams) == before
    assert len(_texts(canvas)) > 12
    _require_apart_and_inside(canvas)


def _require_apart_and_inside(canvas):
    renderer = canvas.canvas.get_renderer()
    texts = _texts(canvas)
    boxes = [(text.get_text(), Text.get_window_extent(text, renderer)) for text in texts]
    upright = [box for text, box in zip(texts, boxes, strict=True) if text.get_rotation() % 90 == 0]
    for (one, a), (other, b) in itertools.combinations(upright, 2):
        assert not a.overlaps(b), (one, other)
    for text, box in boxes:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= canvas.bbox.width + 1, text
        assert box.y1 <= canvas.bbox.height + 1, text


PARTS = {
    "balance": (
        draw_balance,
        lambda: {"cases": [training_path(teachers()["teacher overshoots"], "teacher overshoots")]},
    ),
    "misfit-gain": (draw_misfit_row, lambda: small_panel("squared-least-squares")),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_figure_can_be_drawn_alone(name):
    draw, data = PARTS[name]
    figure = next(figure for figure in FIGURES if figure.name == name)
    canvas = drawn(replace(figure, draw=draw, size=(5.4, 3.6)), data())
    assert len(canvas.legends) == 1 and len(canvas.legends[0].get_texts()) >= 3
    _require_apart_and_inside(canvas)


def test_other_seeds_give_other_random_points(context, prepared):
    figure = FIGURES[0]
    other = figure.prepare(type(context)(seed=1, quick=True, runs=context.runs))
    assert other["random"] != prepared[figure.name]["random"]
    assert other["curves"] == prepared[figure.name]["curves"]
