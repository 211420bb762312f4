"""Drawings of one's own in the package's style, and stored figures drawn again."""

import base64
import json

import matplotlib
import pytest

import w2s_theory as w2s
from w2s_theory.report.figures import FIGURES
from w2s_theory.report.figures.style import figure_style

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def line(height: float = 1.0, **options) -> w2s.Sheet:
    with w2s.Sheet("A line", **options) as sheet:
        sheet.axes.plot([0, height], label="a line")
    return sheet


def test_a_sheet_shows_itself_as_a_picture_with_words():
    shown = line()._repr_mimebundle_()
    assert base64.b64decode(shown["image/png"]).startswith(SIGNATURE)
    assert shown["text/plain"] == "A line"


def test_the_same_drawing_gives_the_same_bytes_whatever_the_settings():
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9}):
        loud = line()
    assert loud.png == line().png != line(2.0).png


def test_panels_are_in_reading_order():
    sheet = line(rows=2, columns=2, size=(6.0, 6.0))
    tops = [(-round(p.get_position().y1, 3), round(p.get_position().x0, 3)) for p in sheet.panels]
    assert len(tops) == 4 and tops == sorted(tops)
    assert sheet.axes is sheet.panels[0]


def test_matplotlib_is_left_as_it_was_even_after_an_error():
    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), w2s.Sheet("Nothing") as sheet:
        sheet.axes.plot([0, 1 / 0])
    assert dict(matplotlib.rcParams) == before
    with figure_style():
        assert dict(matplotlib.rcParams) != before


@pytest.mark.parametrize("name", [figure.name for figure in FIGURES])
def test_a_stored_figure_is_drawn_from_its_data(name):
    sheet = w2s.stored_figure(name)
    assert sheet.png.startswith(SIGNATURE)
    assert sheet.description == next(figure.title for figure in FIGURES if figure.name == name)


def test_unusable_names_and_files_are_named(tmp_path):
    with pytest.raises(w2s.InputError, match=r"unknown figure 'nothing'; known: joint-range"):
        w2s.stored_figure("nothing")
    with pytest.raises(w2s.InputError, match=r"balance\.json: is not the data of a figure"):
        w2s.stored_figure("balance", tmp_path)
    (tmp_path / "balance.json").write_text(json.dumps({"a": 1})[:-1])
    with pytest.raises(w2s.InputError, match=r"balance\.json"):
        w2s.stored_figure("balance", tmp_path)
