"""Drawings of an audit's page: the point among its bounds, reliability diagrams, and intervals of the gain."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from w2s_theory.functionals.uniform_envelope import log_ratio_constant, uniform_envelope_lower, uniform_envelope_upper
from w2s_theory.report.svg import Drawing, Scale

_WIDTH, _HEIGHT = 360, 270
_CURVE_POINTS = 48
_MOST_BARS = 24
_TONES = {"weak": "orange", "strong": "blue", "ceiling": "green"}


def bound_drawing(record: Mapping[str, Any]) -> tuple[Drawing, list[tuple[str, str]]] | None:
    """Disagreement and risk difference of these models beside the bounds at their floor, with a legend.

    None where there is no gain or no disagreement to draw.
    """
    gain, d, floor = record["gain"]["value"], record["disagreement"]["forward"], record["floor"]
    if gain is None or not d or d <= 0:
        return None
    size = max(abs(gain), 1e-12)
    sides = {bound["id"]: bound["rhs"] for bound in record["bounds"] if bound["applies"] and bound["rhs"]}
    own = [sides[name] for name in ("generalization-instance-envelope", "generalization-label-free") if name in sides]
    low_d, high_d = 10.0 ** math.floor(math.log10(d) - 1), 10.0 ** math.ceil(math.log10(d) + 1)
    at = np.geomspace(low_d, high_d, _CURVE_POINTS)
    curves = _curves(at, floor, record["classes"], worse=gain < 0)
    tops = [float(curve.max()) for _, curve, _, _ in curves]
    low = 10.0 ** math.floor(math.log10(min(size, *own) if own else size) - 0.5)
    high = 10.0 ** math.ceil(math.log10(max(size, *own, *tops)))
    high = max(min(high, low * 1e9), low * 10)
    title = f"Student {'worse' if gain < 0 else 'better'} than its teacher, beside what the bounds allow"
    drawing = Drawing(title, _WIDTH, _HEIGHT, Scale(low_d, high_d, 46, 350, True), Scale(low, high, 226, 24, True))
    drawing.axes("disagreement d(weak, strong), nats", f"{'loss' if gain < 0 else 'gain'} in risk, nats")
    legend = []
    for name, curve, tone, dashed in curves:
        points = [(x, y) for x, y in zip(at, curve, strict=True) if low <= y <= high]
        if points:
            drawing.line(points, tone, dashed=dashed)
            legend.append((tone, name))
    for name, tone in (("generalization-label-free", "green"), ("generalization-instance-envelope", "orange")):
        if name in sides:
            drawing.dot(d, sides[name], tone, f"{name}: {sides[name]:.4g}")
            legend.append((tone, f"{name}, at this point"))
    drawing.dot(d, size, "blue", f"these models: disagreement {d:.4g}, risk difference {-gain:.4g}", 5.5)
    return drawing, [("blue", "these models"), *legend]


def _curves(at: np.ndarray, floor: float, classes: int, *, worse: bool) -> list[tuple[str, np.ndarray, str, bool]]:
    """Right sides along the disagreement: name, values, tone, dashed."""
    if not floor > 0:
        return []
    envelope: Callable[..., Any] = uniform_envelope_upper if worse else uniform_envelope_lower
    with jax.enable_x64(True):
        sharp = np.array([float(envelope(x, floor, classes=classes)) for x in at])
        forward = float(log_ratio_constant(floor)) * np.sqrt(at)
    return [
        ("generalization-forward, C√d (dashed)", forward, "purple", True),
        ("generalization-uniform-envelope", sharp, "purple", False),
    ]


def reliability_drawing(role: str, entry: Mapping[str, Any]) -> Drawing:
    """Mean outcome against mean score in every bin; dots grow with the number of points."""
    drawing = Drawing(
        f"Reliability diagram of the {role} model, largest probability",
        _WIDTH,
        _HEIGHT,
        Scale(0.0, 1.0, 46, 350),
        Scale(0.0, 1.0, 226, 24),
    )
    drawing.axes("largest probability", f"{role}: share right")
    drawing.line([(0.0, 0.0), (1.0, 1.0)], "soft", dashed=True)
    most = max(bin["points"] for bin in entry["diagram"])
    points = [(bin["score"], bin["outcome"]) for bin in entry["diagram"]]
    drawing.line(points, _TONES[role])
    for bin in entry["diagram"]:
        words = f"score {bin['score']:.3f}, right {bin['outcome']:.3f}, {bin['points']:,} points"
        drawing.dot(bin["score"], bin["outcome"], _TONES[role], words, 2.0 + 5.0 * math.sqrt(bin["points"] / most))
    return drawing


def interval_drawing(title: str, rows: Sequence[tuple[str, Mapping[str, Any]]], label: str) -> Drawing | None:
    """Estimates with their intervals, one below the other, and a line at zero."""
    usable = [(name, e) for name, e in rows if e["value"] is not None and None not in (e["low"], e["high"])][
        :_MOST_BARS
    ]
    if not usable:
        return None
    ends = [end for _, e in usable for end in (e["low"], e["high"])]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.05 * (high - low) or 1.0
    step = 40
    height = step * len(usable) + 52
    drawing = Drawing(title, _WIDTH, height, Scale(low - room, high + room, 14, 346), Scale(0.0, 1.0, height - 40, 4))
    for value in drawing.x.ticks():
        place = drawing.x.at(value)
        drawing.parts.append(f'<line class="grid" x1="{place:.1f}" y1="{height - 40}" x2="{place:.1f}" y2="4"/>')
        drawing.label(place, height - 24, f"{value:.3g}".replace("-", "−"), anchor="middle", tone="soft")
    zero = drawing.x.at(0.0)
    drawing.parts.append(f'<line class="stroke soft" x1="{zero:.1f}" y1="{height - 40}" x2="{zero:.1f}" y2="4"/>')
    drawing.label(180, height - 6, label, anchor="middle")
    for number, (name, e) in enumerate(usable):
        y = 24 + step * number
        tone = "blue" if e["low"] > 0 else "red" if e["high"] < 0 else "soft"
        drawing.label(14, y - 8, f"{name[:44]}: {e['value']:.3g} [{e['low']:.3g}, {e['high']:.3g}]".replace("-", "−"))
        left, right, middle = (drawing.x.at(e[end]) for end in ("low", "high", "value"))
        drawing.parts.append(f'<line class="bar {tone}" x1="{left:.1f}" y1="{y}" x2="{right:.1f}" y2="{y}"/>')
        drawing.parts.append(f'<circle class="fill {tone}" cx="{middle:.1f}" cy="{y}" r="4"/>')
    return drawing
