"""A figure as files: its data, a vector drawing and a bitmap."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from w2s_theory.report.figures.figure import Figure
from w2s_theory.report.figures.style import figure_style


def render(figure: Figure, data: Mapping[str, Any], out: Path) -> list[Path]:
    """Write NAME.json, NAME.svg and NAME.png (150 dots an inch) into the folder `out`; their paths in that order.

    Deterministic: the same data give the same bytes, whatever the time and the user's Matplotlib settings.
    """
    paths = [out / f"{figure.name}.{kind}" for kind in ("json", "svg", "png")]
    paths[0].write_text(as_json(data), encoding="utf-8")
    canvas = drawn(figure, data)
    with figure_style():
        canvas.savefig(paths[1], format="svg", metadata={"Date": None, "Creator": None})
        canvas.savefig(paths[2], format="png", metadata={"Software": None})
    return paths


def drawn(figure: Figure, data: Mapping[str, Any]) -> Canvas:
    """The figure drawn from its data, in this package's style, on a canvas of its own."""
    with figure_style():
        canvas = Canvas(figsize=figure.size, layout="constrained")
        FigureCanvasAgg(canvas)
        figure.draw(canvas, data)
        canvas.draw_without_rendering()
    return canvas


def as_json(data: Mapping[str, Any]) -> str:
    """`data` as JSON text: one line an entry of the dictionary and of each list of dictionaries in it."""

    def entry(value: Any) -> str:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(compact(item) for item in value) + "\n]"
        return compact(value)

    def compact(value: Any) -> str:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))

    return "{\n" + ",\n".join(f"{compact(key)}: {entry(value)}" for key, value in data.items()) + "\n}\n"
