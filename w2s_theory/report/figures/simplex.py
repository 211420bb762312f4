"""Rows of three classes as points of a triangle: the simplex drawn flat, with level sets of functions of a row."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.instance import Instance
from w2s_theory.report.figures import style
from w2s_theory.training.projection import Direction

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


def draw_projection(axes: Axes, instance: Instance, direction: Direction) -> None:
    """A teacher and its student on the mixtures of `models`, with the truth: one input, three classes.

    Thin level sets are those of the divergence that training in this `direction` minimises, around the teacher; the
    thick one goes through the student.  `ValueError` for another number of inputs or classes, or without models.
    """
    if instance.models is None or np.shape(instance.weak) != (1, 3):
        raise ValueError(f"a projection is drawn for models on 1 input and 3 classes, not {np.shape(instance.weak)}")
    weak, strong, rows = np.asarray(instance.weak), np.asarray(instance.strong), lattice()

    def divergence(student: np.ndarray) -> np.ndarray:
        return np.asarray(kl_divergence(weak, student) if direction == "forward" else kl_divergence(student, weak))

    draw_triangle(axes)
    if (least := float(divergence(strong)[0])) > 0:
        levels, widths = [0.3 * least, least, 2.0 * least, 4.0 * least], [0.8, 2.0, 0.8, 0.8]
        draw_contours(axes, rows, divergence(rows), levels, colors=style.PALE, linewidths=widths)
    models = on_triangle(np.asarray(instance.models)[:, 0])
    for a, b in itertools.combinations(models, 2):
        axes.plot(*np.stack([a, b]).T, color=style.BLACK, linewidth=2.5, marker="o", markersize=3.5)
    drawn: tuple[tuple[Any, str, str, str], ...] = (
        (instance.truth, "truth", "D", style.GREEN),
        (weak, "teacher", "o", style.ORANGE),
        (strong, "student", "o", style.BLUE if direction == "reverse" else style.PURPLE),
    )
    for table, name, marker, colour in drawn:
        x, y = on_triangle(table)[0]
        axes.plot(x, y, marker, color=colour, label=name, markersize=8, zorder=3)
    axes.legend(loc="upper left", handlelength=1)
