"""The frame of the notebooks: outcomes, readers of answers, the sentence about missing extras, sliders."""

import subprocess
import sys

import numpy as np
import pytest

import w2s_theory as w2s
from checks import frame
from checks.ready import MODULES, MissingExtraError, ready
from checks.sliders import Slider, sliders
from tests.notebooks.folder import FOLDER


@frame.exercise
def three(answer):
    value = frame.number(answer)
    return frame.accepted("Three it is.") if frame.near(value, 3.0) else frame.hint("Think of triangles.")


def test_an_outcome_speaks_in_words_and_in_markdown():
    assert three(3.02).accepted and str(three(3)) == "Accepted: Three it is."
    assert str(three(3.1)) == repr(three(3.1)) == "Not yet: Think of triangles."
    assert three(3)._repr_markdown_() == "✅ **Accepted.** Three it is."
    assert bool(three(3)) and not bool(three(4))


@pytest.mark.parametrize("blank", [..., [1, ...], {"a": (..., 2)}])
def test_an_unanswered_exercise_says_so(blank):
    found = three(blank)
    assert (found.accepted, found.answered, found.heading) == (False, False, "Not answered")


@pytest.mark.parametrize("answer", ["three", True, None, [1, 2], float("nan"), float("inf")])
def test_what_is_not_a_number_is_named(answer):
    assert "one finite number" in three(answer).message


def test_numbers_come_from_any_array_library():
    assert frame.number(np.float32(2)) == frame.number(np.array(2)) == frame.number(w2s.log_ratio_constant(1 / 3)) == 2


READERS = [
    (frame.array, ([1.0, 2.0], 3), "3 finite numbers"),
    (frame.array, ([[1.0], [2.0, 3.0]], 2, 2), "2 × 2 finite numbers"),
    (frame.rows, ([0.5, 0.6], 2), "sums to 1.1"),
    (frame.rows, ([1.5, -0.5], 2), "cannot be negative"),
    (frame.choice, ("maybe", ("yes", "no")), "'yes', 'no'"),
    (frame.choice, (1, (True, False)), "True, False"),
    (frame.selection, ("yes", ("yes", "no")), "a set such as {'yes'}"),
    (frame.selection, ({"maybe"}, ("yes", "no")), "not 'maybe'"),
]


@pytest.mark.parametrize(("read", "given", "said"), READERS)
def test_readers_say_what_they_expect(read, given, said):
    with pytest.raises(frame.UnreadableError, match=said):
        read(*given)


def test_readers_read():
    assert frame.rows([[0.25, 0.75]], 1, 2).tolist() == [[0.25, 0.75]]
    assert frame.choice(True, (True, False)) is True
    assert frame.selection(["a", "b", "a"], ("a", "b", "c")) == {"a", "b"}


def test_problems_of_input_become_hints():
    @frame.exercise
    def evaluated(answer):
        return frame.hint(w2s.evaluate("pinsker", answer).advice)

    assert "the key is missing" in evaluated({"weights": [1.0]}).message


def test_a_missing_extra_is_named_with_the_command():
    ready("notebooks", "data", "audit")
    code = "import sys; sys.path[0] = '.'; from checks.ready import ready; ready('notebooks', 'data')"
    bare = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(bare, cwd=FOLDER, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    for words in ("the package", "'notebooks'", "'data'", "pip install 'w2s-theory[notebooks,data]'", "kernel"):
        assert words in last


def test_a_missing_extra_is_shown_without_a_traceback(monkeypatch):
    monkeypatch.setitem(MODULES, "notebooks", "no_such_module")
    with pytest.raises(MissingExtraError) as caught:
        ready("notebooks")
    assert caught.value._render_traceback_() == [str(caught.value)]
    assert str(caught.value).startswith(
        "This notebook needs the extra 'notebooks': pip install 'w2s-theory[notebooks]'"
    )


def test_sliders_carry_the_picture_of_their_starting_values():
    drawn = []

    def draw(**values):
        drawn.append(values)
        with w2s.Sheet(f"At {values['width']:g}") as sheet:
            sheet.axes.plot([0, values["width"]])
        return sheet

    made = sliders(draw, width=Slider(0.0, 2.0, 1.0), classes=Slider(2, 9, 3), floor=Slider(1e-4, 0.1, 0.01, True))
    assert drawn[0] == {"width": 1.0, "classes": 3, "floor": 0.01}
    bundle = made._repr_mimebundle_()
    assert bundle["text/plain"] == "At 1"
    assert bundle["image/png"] == draw(**drawn[0])._repr_mimebundle_()["image/png"]
    assert any("widget-view" in kind for kind in bundle)
    made.live.children[0].value = 1.5
    assert drawn[-1]["width"] == 1.5
