"""Parts of the documentation's own code, and the examples of its pages, which run and print what they say."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = [page for page in sorted([DOCS / "tour.md", *DOCS.glob("guides/*.md")]) if "```python" in page.read_text()]


@pytest.fixture
def documentation(monkeypatch):
    """Imports a module of the documentation's own code."""
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    return import_module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda page: page.stem)
def test_examples_print_what_the_page_says(path):
    """In a process of its own, as a reader runs them."""
    blocks = re.findall(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", path.read_text(encoding="utf-8"), flags=re.S)
    mark = "print('--- next block')\n"
    done = subprocess.run([sys.executable, "-c", mark.join(code for code, _ in blocks)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("--- next block\n") == [said for _, said in blocks]
    assert any(said for _, said in blocks)


def test_examples_are_found():
    assert [page.stem for page in EXAMPLES] == ["audit", "strategies", "tour"]


def test_unknown_latex_is_an_error_and_double_struck_letters_are_characters(documentation):
    renderer = documentation("mathml_renderer")
    mathml = renderer.mathml
    for wrong in (r"\nosuchcommand x", r"\left(x", r"x_{"):
        with pytest.raises(renderer.UnknownMathError):
            mathml(wrong)
    assert "𝔼" in mathml(r"\mathbb E\,X") and "<msqrt>" in mathml(r"\sqrt{1-e^{-d}}")
    assert 'display="block"' in mathml("x", "block")


def test_docstrings_become_restructured_text(documentation):
    restructured = documentation("docstrings").restructured
    assert restructured(r"the *true* risk $L(F)$, F*_i of `x`") == r"the *true* risk :math:`L(F)`\ , F\*\_i of ``x``"
    assert restructured("see `risk` and `pinsker`") == (
        "see :py:obj:`risk <w2s_theory.functionals.risks.risk>` and :doc:`pinsker </claims/pinsker>`"
    )
    assert restructured("kinds:\n* one;\n* two") == "kinds:\n\n* one;\n\n* two"


def test_signatures_name_arrays_once(documentation):
    shaped = "~jaxtyping.Float[jaxlib._jax.Array, 'm k'] | ~jaxtyping.Float[ndarray, 'm k']"
    long = f"(x: {shaped}, y: jax.Array | numpy.ndarray)"
    assert documentation("docstrings")._short(long) == "(x: Float[Array, 'm k'], y: Array)"


def test_notebooks_are_listed_where_there_are_any(documentation, tmp_path):
    index = documentation("notebook_pages")._index
    assert "toctree" not in index([])
    book = tmp_path / "01_first.ipynb"
    book.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": ["# The first\n", "x"]}]}))
    made = index([book])
    assert ":glob:" in made and "* {download}`01_first.ipynb`: The first" in made


def test_pages_that_are_gone_are_removed_and_unchanged_ones_kept(documentation, tmp_path):
    write_pages = documentation("generated").write_pages
    write_pages(tmp_path / "a", {"x.md": b"1", "y.md": b"1"})
    before = (tmp_path / "a" / "x.md").stat().st_mtime_ns
    write_pages(tmp_path / "a", {"x.md": b"1"})
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.md"]
    assert (tmp_path / "a" / "x.md").stat().st_mtime_ns == before
