"""Rows of three classes as points of a triangle: the simplex drawn flat, with level sets of functions of a row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from w2s_theory.report.figures import style

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
"""Where the classes 1, 2 and 3 are certain: an equilateral triangle of side one (3, 2)."""


def on_triangle(rows: Any) -> np.ndarray:
    """Points (…, 2) of rows (…, 3): the mean of the corners, each with the weight of its class.

    Mixtures of rows lie on straight lines.  `ValueError` for another number of classes.
    """
    made = np.asarray(rows, dtype=float)
    if made.ndim == 0 or made.shape[-1] != 3:
        raise ValueError(f"a triangle shows rows of 3 classes, not arrays of shape {made.shape}")
    return made @ CORNERS


def lattice(count: int = 90) -> np.ndarray:
    """Rows (…, 3) on a triangular lattice with `count` + 1 points a side, a third of a step inside the triangle."""
    i, j = np.meshgrid(np.arange(count + 1), np.arange(count + 1), indexing="ij")
    inside = i + j <= count
    cells = np.stack([i[inside], j[inside], count - i[inside] - j[inside]], axis=1)
    return (cells + 1.0 / 3.0) / (count + 1.0)


def draw_triangle(axes: Axes, names: Sequence[str] = ("class 1", "class 2", "class 3")) -> None:
    """The triangle's sides, its corners named; no axes."""
    outline = np.concatenate([CORNERS, CORNERS[:1]])
    axes.plot(*outline.T, color=style.GREY, linewidth=1.0, zorder=1)
    for (x, y), name, (across, up) in zip(CORNERS, names, ((-0.02, -0.03), (0.02, -0.03), (0.0, 0.02)), strict=True):
        axes.text(x + across, y + up, name, ha="center", va="bottom" if up > 0 else "top", color=style.GREY)
    axes.set(xlim=(-0.14, 1.14), ylim=(-0.12, 0.96), aspect="equal")
    axes.set_axis_off()


def draw_contours(axes: Axes, rows: np.ndarray, values: Any, levels: Sequence[float], **look: Any) -> None:
    """Level sets of a function with `values` (n,) at `rows` (n, 3), at increasing `levels`; `look` is Matplotlib's."""
    x, y = on_triangle(rows).T
    axes.tricontour(x, y, np.asarray(values), levels=list(levels), **look)
