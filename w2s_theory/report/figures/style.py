"""One style for all figures, applied by a context manager; global settings of Matplotlib stay as they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, cast

import matplotlib

BLACK = "#000000"
BLUE = "#0072B2"
ORANGE = "#E69F00"
BROWN = "#9C6500"  # orange, dark enough for text
GREEN = "#009E73"
VERMILLION = "#D55E00"
PURPLE = "#B5569A"
SKY = "#56B4E9"
GREY = "#8A8A8A"
PALE = "#C9CDD2"
BAND = "#E4EEF6"

WIDTH = 5.4
"""Inches; text of 9.5 points is then about 6 points at a column width of 3.4 inches."""

_SETTINGS = MappingProxyType(
    {
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "axes.titlesize": 9.5,
        "axes.labelsize": 10.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "xtick.labelsize": 9.0,
        "ytick.labelsize": 9.0,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "legend.fontsize": 9.0,
        "legend.frameon": False,
        "legend.handletextpad": 0.4,
        "mathtext.fontset": "dejavusans",
        "svg.fonttype": "path",
        "svg.hashsalt": "w2s-theory",
        "figure.dpi": 100.0,
        "savefig.dpi": 150.0,
        "path.simplify": False,
    }
)


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib's own defaults with this package's settings on top, for the duration of the block."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        cast(dict[str, Any], matplotlib.rcParams).update(_SETTINGS)
        yield
