"""Sliders beside a picture; where nothing can move them, the picture alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.display import display
from ipywidgets import FloatLogSlider, FloatSlider, IntSlider, interactive

from w2s_theory.report.figures.sheet import Sheet


@dataclass(frozen=True)
class Slider:
    """A range with the value it starts at: whole numbers if all three are, `logarithmic` for powers of ten."""

    low: float
    high: float
    start: float
    logarithmic: bool = False

    def control(self, name: str) -> FloatSlider | FloatLogSlider | IntSlider:
        """The slider of a live notebook, with its parameter's name beside it."""
        looks: dict[str, Any] = {
            "value": self.start,
            "description": name.replace("_", " "),
            "continuous_update": False,
            "style": {"description_width": "initial"},
        }
        if self.logarithmic:
            ends = math.log10(self.low), math.log10(self.high)
            return FloatLogSlider(
                min=ends[0],
                max=ends[1],
                step=(ends[1] - ends[0]) / 50,
                readout_format=".3g",
                **looks,
            )
        if all(isinstance(value, int) for value in (self.low, self.high, self.start)):
            return IntSlider(min=self.low, max=self.high, **looks)
        return FloatSlider(
            min=self.low,
            max=self.high,
            step=(self.high - self.low) / 50,
            readout_format=".3g",
            **looks,
        )


class Sliders:
    """What a notebook shows: live sliders, or the picture at their starting values where there is no front end."""

    def __init__(self, draw: Callable[..., Sheet], ranges: dict[str, Slider]) -> None:
        start = {name: chosen.start for name, chosen in ranges.items()}
        self.picture = draw(**start)
        controls = {name: chosen.control(name) for name, chosen in ranges.items()}
        self.live = interactive(
            lambda **values: display(self.picture if values == start else draw(**values)),
            **controls,
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        live = self.live._repr_mimebundle_() or {}
        return {
            kind: content for kind, content in live.items() if "widget" in kind
        } | self.picture._repr_mimebundle_()


def sliders(draw: Callable[..., Sheet], **ranges: Slider) -> Sliders:
    """`draw` with a slider for each of its parameters; it returns the `Sheet` for their values."""
    return Sliders(draw, ranges)
