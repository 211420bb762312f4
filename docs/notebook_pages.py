"""Pages of the notebooks, as they are stored: nothing is executed."""

import json
from pathlib import Path

from generated import write_pages
from sphinx.application import Sphinx

_INTRODUCTION = (
    "# Notebooks\n\nThin notebooks: they import the package, evaluate, draw and explain. The outputs are those stored "
    "in the files."
)


def _title(notebook: Path) -> str:
    """The first line of the first Markdown cell that is a heading, else the file's name."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line.removeprefix("# ")
    return notebook.stem


def _index(notebooks: list[Path]) -> str:
    if not notebooks:
        return f"{_INTRODUCTION}\n\nThis version has none yet; start from the [five-minute tour](../tour.md).\n"
    files = "\n".join(f"* {{download}}`{n.name}`: {_title(n)}" for n in notebooks)
    return f"{_INTRODUCTION}\n\n:::{{toctree}}\n:glob:\n:maxdepth: 1\n\n[0-9]*\n:::\n\n## Files\n\n{files}\n"


def _write(app: Sphinx) -> None:
    found = sorted((Path(app.srcdir).parent / "notebooks").glob("*.ipynb"))
    pages = {notebook.name: notebook.read_bytes() for notebook in found}
    write_pages(Path(app.srcdir) / "notebooks", pages | {"index.md": _index(found).encode()})


def setup(app: Sphinx) -> dict[str, bool]:
    """Copy the notebooks before sources are read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
