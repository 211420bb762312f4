"""The notebooks as files: sources, stored notebooks, their modules of checks."""

import ast
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
NAMES = [source.stem for source in SOURCES]
SOLVED = [name for name in NAMES if name.endswith("_solutions")]
ASKED = [name for name in NAMES if not name.endswith("_solutions")]


def module_name(name: str) -> str:
    """The module of checks of a notebook or of its solutions."""
    return name[3:].removesuffix("_solutions")


def stored(name: str) -> nbformat.NotebookNode:
    """The notebook as it stands in the folder."""
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def tree(name: str) -> ast.Module:
    """The Python of a notebook's source."""
    return ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))


def outputs(notebook: nbformat.NotebookNode):
    """All outputs of its cells, with the code above them."""
    return [(cell.source, output) for cell in notebook.cells for output in cell.get("outputs", [])]


def spoken(notebook: nbformat.NotebookNode) -> list[str]:
    """What its outputs say in words, pictures aside."""
    return [o["text"] if o.output_type == "stream" else o.data["text/plain"] for _, o in outputs(notebook)]
