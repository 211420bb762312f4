"""Small drawings as SVG text for a page: colours are the page's own variables, so dark and light come for free."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Number = float | int


@dataclass(frozen=True)
class Scale:
    """Numbers from `low` to `high`, linear or logarithmic, along a line from `start` to `end`."""

    low: Number
    high: Number
    start: Number
    end: Number
    log: bool = False

    def at(self, value: Number) -> float:
        """Where a value lies; beyond the ends it is put at the end."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, self._inside(value)))
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def _inside(self, value: Number) -> Number:
        return min(max(value, self.low), self.high)

    def ticks(self) -> list[float]:
        """Decades, or about five round steps."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max(1, math.ceil((last - first + 1) / 5))
            return [10.0**n for n in range(first, last + 1, step)]
        raw = (self.high - self.low) / 4
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def tick_text(value: Number) -> str:
    """A tick's number, with a true minus sign."""
    if value and not 1e-3 <= abs(value) < 1e4:
        power = round(math.log10(abs(value)))
        return f"1e{power}".replace("-", "−")
    return f"{value:.6g}".replace("-", "−")


@dataclass
class Drawing:
    """A panel `width` × `height` with two scales; shapes are added, `text()` is the whole."""

    title: str
    width: int
    height: int
    x: Scale
    y: Scale
    parts: list[str] = field(default_factory=list)

    def axes(self, x_label: str, y_label: str) -> None:
        """Ticks, grid lines and the names of both axes."""
        left, bottom = self.x.start, self.y.start
        for value in self.x.ticks():
            place = self.x.at(value)
            self.parts.append(f'<line class="grid" x1="{place:.1f}" y1="{bottom}" x2="{place:.1f}" y2="{self.y.end}"/>')
            self.label(place, bottom + 16, tick_text(value), anchor="middle", tone="soft")
        for value in self.y.ticks():
            place = self.y.at(value)
            self.parts.append(f'<line class="grid" x1="{left}" y1="{place:.1f}" x2="{self.x.end}" y2="{place:.1f}"/>')
            self.label(left - 6, place + 4, tick_text(value), anchor="end", tone="soft")
        self.label(0.5 * (left + self.x.end), self.height - 6, x_label, anchor="middle")
        self.label(4, 13, y_label)

    def label(self, x: Number, y: Number, words: str, *, anchor: str = "start", tone: str = "ink") -> None:
        """Words at a place in pixels."""
        self.parts.append(
            f'<text class="{tone}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'
        )

    def line(self, points: Sequence[tuple[float, float]], tone: str, *, dashed: bool = False) -> None:
        """A line through values."""
        path = " ".join(f"{self.x.at(x):.1f},{self.y.at(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline class="stroke {tone}" points="{path}"{dash}/>')

    def dot(self, x: Number, y: Number, tone: str, words: str, radius: Number = 4.0) -> None:
        """A dot at values; `words` are shown when pointed at."""
        place = f'cx="{self.x.at(x):.1f}" cy="{self.y.at(y):.1f}" r="{radius:.1f}"'
        self.parts.append(f'<circle class="fill {tone}" {place}><title>{html.escape(words)}</title></circle>')

    def text(self) -> str:
        """The drawing as SVG, scaled to the width it is given."""
        body = "\n".join(self.parts)
        return (
            f'<svg class="drawing" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{html.escape(self.title, quote=True)}">\n{body}\n</svg>'
        )
