"""What a figure is: a name, words, a pure preparation of its data and a drawing of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure as Canvas

from w2s_theory.verification.sweep import SweepRow


@dataclass(frozen=True)
class FigureContext:
    """What preparations may use: the seed, records of experiments by name, and the rows of a sweep."""

    seed: int
    quick: bool
    runs: Mapping[str, Mapping[str, Any]]
    rows: Sequence[SweepRow] = ()


@dataclass(frozen=True)
class Figure:
    """One figure of the reproduction; `caption` may contain formulas between dollar signs.

    `prepare(context)` returns what is drawn as a dictionary that JSON can hold; under the key `facts` it has
    sentences with the numbers computed from the data.  `draw(canvas, data)` draws that dictionary and nothing else
    on an empty Matplotlib figure of `size` inches.  `uses` names the experiments whose records the preparation needs,
    and `sweep` the claims whose rows; both take most of the time.
    """

    name: str
    title: str
    caption: str
    claims: tuple[str, ...]
    prepare: Callable[[FigureContext], dict[str, Any]]
    draw: Callable[[Canvas, Mapping[str, Any]], None]
    size: tuple[float, float]
    uses: tuple[str, ...] = ()
    sweep: tuple[str, ...] = ()
