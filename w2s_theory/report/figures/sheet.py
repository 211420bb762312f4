"""A drawing of one's own in this package's style, which notebooks show as a picture."""

import base64
import io
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from w2s_theory.report.figures.style import WIDTH, figure_style

_HEIGHT = 3.6
_DOTS = 110


class Sheet:
    """Axes to draw on in a `with` block; after it, a picture in PNG with a description for those who cannot see it::

        with Sheet("Two lines that cross") as sheet:
            sheet.axes.plot([0, 1], [0, 1])
        sheet

    `panels` are the axes in reading order, `rows` × `columns` of them, and `axes` is the first.  `size` is in inches.
    Matplotlib's own settings are back in place after the block.  The same drawing gives the same bytes.
    """

    def __init__(
        self, description: str, *, rows: int = 1, columns: int = 1, size: tuple[float, float] = (WIDTH, _HEIGHT)
    ) -> None:
        self.description = description
        self.png = b""
        self.canvas = Canvas(figsize=size, layout="constrained")
        self.panels: tuple[Axes, ...] = ()
        self._grid = rows, columns
        self._style = ExitStack()

    @property
    def axes(self) -> Axes:
        """The first panel."""
        return self.panels[0]

    def __enter__(self) -> "Sheet":
        self._style.enter_context(figure_style())
        self.panels = tuple(self.canvas.subplots(*self._grid, squeeze=False).flat)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._style:
            if kind is None:
                self._print()

    def _print(self) -> None:
        FigureCanvasAgg(self.canvas)
        paper = io.BytesIO()
        self.canvas.savefig(paper, format="png", dpi=_DOTS, metadata={"Software": None})
        self.png = paper.getvalue()

    @classmethod
    def of(
        cls, description: str, draw: Callable[[Canvas, Mapping[str, Any]], None], data: Mapping[str, Any], size: Any
    ) -> "Sheet":
        """The picture that `draw(canvas, data)` makes on an empty Matplotlib figure of `size` inches."""
        made = cls(description, size=size)
        with figure_style():
            draw(made.canvas, data)
            made._print()
        return made

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.description}
