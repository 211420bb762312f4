"""How far the student's risk is from the teacher's, against their disagreement, beside four bounds."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter

from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.functionals.risks import risk_difference_terms
from w2s_theory.report.figures import style
from w2s_theory.report.figures.claim_curve import one_input_pairs, right_sides
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.thinning import thin
from w2s_theory.report.figures.wording import in_words

CLAIMS = (
    "generalization-naive",
    "generalization-forward",
    "generalization-uniform-envelope",
    "generalization-instance-envelope",
)
_CURVES = CLAIMS[:3]
_LOW, _HIGH = (1e-6, 1e-5), (6.0, 200.0)
"""The drawn box: disagreement, and absolute risk difference, in nats."""


def prepare_risk_difference(context: FigureContext) -> dict[str, Any]:
    """Trained pairs with seeds and loss curves, random pairs with the same floor, and the curves of the bounds."""
    scatter = context.runs["bound-scatter"]
    floor = float(scatter["settings"]["floor"])
    pairs = [_record(pair) for pair in scatter["pairs"]]
    drawn = [pair for pair in pairs if _is_drawn(pair)]
    worse = {world: _share_worse(pairs, world) for world in scatter["worlds"]}
    closest = {world: _largest_ratio(pairs, world) for world in scatter["worlds"]}
    facts = [
        f"Students worse than their teacher: {worse['gaussian-mixture']} on the Gaussian mixture and "
        f"{worse['digits']} on the digits.",
        f"The trained pair closest to the bound of its own instance reaches {closest['gaussian-mixture']:.0%} of it on "
        f"the Gaussian mixture and {closest['digits']:.0%} on the digits.",
        f"Trained pairs outside the axes (disagreement below {in_words(_LOW[0])} or risk difference below "
        f"{in_words(_LOW[1])} nats), in the data only: {len(pairs) - len(drawn)} of {len(pairs)}.",
    ]
    return rounded(
        {
            "figure": "risk-difference",
            "seed": context.seed,
            "facts": facts,
            "settings": dict(scatter["settings"]),
            "worlds": dict(scatter["worlds"]),
            "curve_steps": dict(scatter["curve_steps"]),
            "curves": {"worse": _curve(floor, worse=True), "better": _curve(floor, worse=False)},
            "random": _random_pairs(np.random.default_rng([context.seed, 102]), floor, context.quick),
            "pairs": pairs,
        }
    )


def _record(pair: Mapping[str, Any]) -> dict[str, Any]:
    """What the figure and its reader need of one trained pair."""
    keys = ("world", "variant", "seed", "weak", "strong", "disagreement", "weak_risk", "risk_difference", "final_loss")
    claims = {name: outcome for name, outcome in pair["claims"].items() if not name.startswith("calibration")}
    return {key: pair[key] for key in (*keys, "loss_curve")} | {"claims": claims}


def _is_drawn(pair: Mapping[str, Any]) -> bool:
    return pair["disagreement"] >= _LOW[0] and abs(pair["risk_difference"]) >= _LOW[1]


def _share_worse(pairs: Sequence[Mapping[str, Any]], world: str) -> str:
    changes = [pair["risk_difference"] for pair in pairs if pair["world"] == world]
    return f"{sum(change > 0 for change in changes)} of {len(changes)}"


def _largest_ratio(pairs: Sequence[Mapping[str, Any]], world: str) -> float:
    sides = [pair["claims"]["generalization-instance-envelope"] for pair in pairs if pair["world"] == world]
    return max((side["lhs"] / side["rhs"] for side in sides if side["rhs"]), default=0.0)


def _curve(floor: float, *, worse: bool) -> dict[str, np.ndarray]:
    """Right sides of the three bounds along one-hot truths whose score falls to the floor, or rises from it."""
    rise = np.geomspace(1e-5, np.log((1 - floor) / floor) * (1 - 1e-9), 240)
    at_floor, above = np.full_like(rise, floor), floor * np.exp(rise)
    scores = (above, at_floor) if worse else (at_floor, above)
    weak, strong = (np.stack([score, 1.0 - score], axis=1) for score in scores)
    truth = np.broadcast_to([1.0, 0.0], weak.shape)
    with jax.enable_x64(True):
        disagreement = np.asarray(kl_divergence(weak, strong))
    return {"disagreement": disagreement} | right_sides(_CURVES, one_input_pairs(truth, weak, strong, floor))


def _random_pairs(rng: np.random.Generator, floor: float, quick: bool) -> dict[str, np.ndarray]:
    """Random binary pairs with the floor, on one input, with a truth that spreads the risk difference over decades."""
    count = 20_000 if quick else 400_000
    room = np.log((1 - floor) / floor)
    weak = 1.0 / (1.0 + np.exp(rng.uniform(-room, room, count)))
    beside = np.clip(weak * np.exp(rng.choice([-1, 1], count) * np.exp(rng.uniform(-11, 1.5, count))), floor, 1 - floor)
    strong = np.where(rng.random(count) < 0.75, beside, rng.choice([floor, 1 - floor], count))
    weak, strong = (np.stack([score, 1.0 - score], axis=1) for score in (weak, strong))

    def change(score: np.ndarray | float) -> np.ndarray:
        truth = np.stack(np.broadcast_arrays(score, 1.0 - np.asarray(score), weak[:, 0])[:2], axis=1)
        with jax.enable_x64(True):
            return np.asarray(risk_difference_terms(truth, weak, strong)).sum(axis=1)

    at_zero, at_one = change(0.0), change(1.0)
    wanted = rng.choice([-1, 1], count) * np.exp(rng.uniform(np.log(_LOW[1]), np.log(10.0), count))
    vertex = rng.random(count) < 0.1
    with np.errstate(divide="ignore", invalid="ignore"):
        truth = np.where(vertex, rng.integers(0, 2, count), (wanted - at_zero) / (at_one - at_zero))
    usable = (truth >= 0) & (truth <= 1)
    gap = np.where(usable, change(np.where(usable, truth, 0.0)), 0.0)
    with jax.enable_x64(True):
        disagreement = np.asarray(kl_divergence(weak, strong))
    kept = []
    with np.errstate(divide="ignore"):
        for sign in (1, -1):
            points = np.log(np.stack([disagreement, np.maximum(sign * gap, 0.0)], axis=1))
            chosen = thin(points, tuple(np.log(_LOW)), tuple(np.log(_HIGH)), (60, 36))
            kept.append(chosen[usable[chosen]])
    index = np.concatenate(kept)
    return {
        "disagreement": disagreement[index],
        "risk_difference": gap[index],
        "truth": truth[index],
        "weak": weak[index, 0],
        "strong": strong[index, 0],
    }


_LOOKS = {
    "gaussian-mixture": ("trained, Gaussian mixture", "o", style.BLUE),
    "digits": ("trained, digits", "s", style.VERMILLION),
}
_SLOPE = 16.0  # degrees at which a line ∝ √d rises in these axes


def draw_risk_difference(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Two panels that share the disagreement: above, students worse than their teacher; below, mirrored, better."""
    above, below = canvas.subplots(2, 1, sharex=True)
    _panel(above, data, "worse", 1)
    _panel(below, data, "better", -1)
    below.invert_yaxis()
    total = len(data["pairs"])
    worse = sum(pair["risk_difference"] > 0 for pair in data["pairs"])
    box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"}
    for axes, height, count, word in ((above, 0.95, worse, "WORSE"), (below, 0.06, total - worse, "BETTER")):
        text = f"student {word} than teacher: {count} of {total}"
        axes.text(0.02, height, text, transform=axes.transAxes, va="center", weight="bold")
    line = {"rotation": _SLOPE, "rotation_mode": "anchor", "ha": "left", "va": "bottom"}
    above.text(1.3e-5, 0.36, r"naive  $\sqrt{d}\,/\,(\gamma\sqrt{2})$", color=style.BLACK, **line)
    above.text(0.9, 19.0, r"$C_\gamma\sqrt{d}$", color=style.PURPLE, **line)
    above.text(1.5e-6, 0.0085, r"uniform, sharp", color=style.GREEN, bbox=box, **(line | {"va": "top"}))
    below.set_xlabel("disagreement  $d = d_P(F_w,F_{sw})$   [nats]")
    canvas.supylabel("risk difference  $L(F_{sw})-L(F_w)$   [nats]", fontsize=10)
    handles, labels = above.get_legend_handles_labels()
    order = [labels.index(label) for label in dict.fromkeys([*(look[0] for look in _LOOKS.values()), *labels])]
    names = {"loc": "outside upper center", "ncols": 2, "columnspacing": 1.2, "markerscale": 1.3}
    canvas.legend([handles[n] for n in order], [labels[n] for n in order], **names)


def _panel(axes: Axes, data: Mapping[str, Any], side: str, sign: int) -> None:
    axes.set(xscale="log", yscale="log", xlim=(_LOW[0], _HIGH[0]), ylim=(_LOW[1], _HIGH[1]))
    gap = sign * np.asarray(data["random"]["risk_difference"])
    x = data["random"]["disagreement"]
    axes.scatter(x, np.where(gap > 0, gap, np.nan), s=2.5, color=style.PALE, linewidth=0, label="random pairs")
    curve = data["curves"][side]
    looks = ((style.BLACK, (0, (1, 1.2))), (style.PURPLE, (0, (5, 2))), (style.GREEN, "-"))
    for name, (color, line) in zip(_CURVES, looks, strict=True):
        axes.plot(curve["disagreement"], curve[name], color=color, linestyle=line)
    pairs = [p for p in data["pairs"] if sign * p["risk_difference"] > 0 and _is_drawn(p)]
    for world, (label, marker, color) in _LOOKS.items():
        members = [p for p in pairs if p["world"] == world]
        x, y = ([p["disagreement"] for p in members], [abs(p["risk_difference"]) for p in members])
        axes.scatter(
            x, y, s=13, marker=marker, facecolor=color, edgecolor="white", linewidth=0.4, zorder=4, label=label
        )
        bound = [p["claims"]["generalization-instance-envelope"]["rhs"] for p in members]
        axes.scatter(x, bound, s=26, marker="_", color=color, linewidth=0.8, alpha=0.75, zorder=3)
    axes.scatter([], [], s=26, marker="_", color=style.GREY, linewidth=0.9, label="bound of that pair's own instance")
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_major_formatter(lambda value, _: f"${'' if sign > 0 else '-'}10^{{{round(np.log10(value))}}}$")
    axes.yaxis.set_minor_formatter(NullFormatter())
