"""A figure of the reproduction, drawn again from the data stored with it."""

import json
from pathlib import Path

from w2s_theory.errors import InputError
from w2s_theory.report.figures import FIGURES
from w2s_theory.report.figures.sheet import Sheet


def stored_figure(name: str, folder: str | Path = "figures") -> Sheet:
    """The figure called `name`, drawn from `folder`/NAME.json; its description is its title.

    `InputError` for a name that no figure has, or a file that cannot be read.
    """
    figures = {figure.name: figure for figure in FIGURES}
    if name not in figures:
        raise InputError(f"unknown figure {name!r}; known: {', '.join(figures)}")
    path = Path(folder) / f"{name}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise InputError(f"{path}: is not the data of a figure: {problem}") from None
    figure = figures[name]
    return Sheet.of(figure.title, figure.draw, data, figure.size)
