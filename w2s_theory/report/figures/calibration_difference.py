"""How far the student's calibration error is from the teacher's, for the notions that obey the bound and one that does
not."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from w2s_theory.catalogue import find_claim
from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.functionals.joint_range import extremal_pair
from w2s_theory.functionals.risks import disagreement
from w2s_theory.instance import Instance
from w2s_theory.instance_file import instance_to_json
from w2s_theory.report.figures import style
from w2s_theory.report.figures.claim_curve import one_input_pairs, right_sides
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words
from w2s_theory.verification.evaluation import evaluate_claim

REFUTED = "calibration-score-conditional"
CLAIMS = (
    "calibration-common-conditioning",
    "calibration-sharp-common",
    "calibration-smooth",
    "calibration-sharp-smooth",
    REFUTED,
)
_LOW, _HIGH = (1e-7, 1e-5), (6.0, 9.0)
"""The drawn box: disagreement in nats, and absolute difference of calibration errors."""


def prepare_calibration_difference(context: FigureContext) -> dict[str, Any]:
    """Trained pairs by notion of calibration, both curves, and counterexamples to the score-conditional reading."""
    scatter = context.runs["bound-scatter"]
    series = {
        "common-mixture": _points(scatter["pairs"], "calibration-common-conditioning", "gaussian-mixture"),
        "common-digits": _points(scatter["pairs"], "calibration-common-conditioning", "digits"),
        "smooth-mixture": _points(scatter["pairs"], "calibration-smooth", "gaussian-mixture"),
    }
    refuting = _points(scatter["pairs"], REFUTED, "gaussian-mixture", verdict="violated")
    asked = [p["claims"][REFUTED]["lhs"] is not None for p in scatter["pairs"] if p["world"] == "gaussian-mixture"]
    found = next((row.counterexample for row in context.rows if row.id == REFUTED), None)
    example, searched = _marked(two_input_example()), None if found is None else _marked(found)
    everything = [point for points in series.values() for point in points]
    outside = sum(not _is_drawn(point) for point in everything)
    facts = [
        f"The two-input example moves the score-conditional error by {example['difference']:.3f} where the bound "
        f"allows {example['bound']:.4f}.",
        *(
            [
                f"The one found by the sweep moves it by {searched['difference']:.3f} at a disagreement of "
                f"{in_words(searched['disagreement'])} nats, where the bound allows {in_words(searched['bound'])}."
            ]
            if searched
            else []
        ),
        f"Trained pairs above the bound, of those whose score-conditional errors are known: {len(refuting)} of "
        f"{sum(asked)}.",
        f"Points outside the axes, in the data only: {outside} of {len(everything)}.",
    ]
    return rounded(
        {
            "figure": "calibration-difference",
            "seed": context.seed,
            "facts": facts,
            "settings": dict(scatter["settings"]),
            "worlds": dict(scatter["worlds"]),
            "curves": _curves(),
            **series,
            "refuting-trained": refuting,
            "score-conditional known": sum(asked),
            "two-input example": example,
            "found by the program": searched,
        }
    )


def two_input_example() -> Instance:
    """The smallest counterexample known: a constant teacher merges two inputs that the student barely tells apart."""
    truth, strong = np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.501, 0.499], [0.499, 0.501]])
    return Instance(np.full(2, 0.5), truth, np.full((2, 2), 0.5), strong, floor=np.asarray(0.499))


def _marked(instance: Instance) -> dict[str, Any]:
    """Where an instance lies in the figure, by evaluating the refuted claim on it; `violated` is its verdict."""
    outcome = evaluate_claim(find_claim(REFUTED), instance)
    return {
        "disagreement": float(disagreement(instance.weights, instance.weak, instance.strong)),
        "difference": outcome.lhs,
        "bound": outcome.rhs,
        "verdict": outcome.verdict.value,
        "instance": instance_to_json(instance),
    }


def _points(
    pairs: Sequence[Mapping[str, Any]], claim: str, world: str, verdict: str | None = None
) -> list[dict[str, Any]]:
    """Disagreement and |difference| of the trained pairs of a world on which the claim is resolved."""
    points = []
    for pair in pairs:
        outcome = pair["claims"].get(claim)
        if pair["world"] != world or outcome is None or outcome["lhs"] is None:
            continue
        if verdict in (None, outcome["verdict"]):
            points.append(
                {"seed": pair["seed"], "disagreement": pair["disagreement"], "difference": outcome["lhs"]}
                | {"bound": outcome["rhs"], "verdict": outcome["verdict"]}
            )
    return points


def _curves() -> dict[str, np.ndarray]:
    """Right sides of the two bounds along the extremal pairs, where the sharp one is attained."""
    with jax.enable_x64(True):
        weak, strong = (np.asarray(row) for row in extremal_pair(np.geomspace(1e-4, 400.0, 300)))
        along = np.asarray(kl_divergence(weak, strong))
    names = ("calibration-common-conditioning", "calibration-sharp-common")
    return {"disagreement": along} | right_sides(names, one_input_pairs(weak, weak, strong))


def _is_drawn(point: Mapping[str, Any]) -> bool:
    return point["disagreement"] >= _LOW[0] and point["difference"] >= _LOW[1]


_SLOPE = 27.0  # degrees at which a line ∝ √d rises in these axes
_LEFT: Mapping[str, Any] = MappingProxyType({"ha": "right", "va": "center", "color": style.VERMILLION})
_SERIES = (
    ("common-mixture", "common conditioning, Gaussian mixture", "o", style.BLUE),
    ("common-digits", "common conditioning, digits", "s", style.ORANGE),
    ("smooth-mixture", "smooth calibration, Gaussian mixture", "^", style.GREEN),
)


def draw_calibration_difference(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Disagreement against the absolute difference of calibration errors, both logarithmic."""
    axes = canvas.add_subplot()
    axes.set(xscale="log", yscale="log", xlim=(_LOW[0], _HIGH[0]), ylim=(_LOW[1], _HIGH[1]))
    curves = {name: np.asarray(values) for name, values in data["curves"].items()}
    x, paper, sharp = (
        curves[key] for key in ("disagreement", "calibration-common-conditioning", "calibration-sharp-common")
    )
    axes.plot(x, paper, color=style.BLACK, linewidth=1.6, linestyle=(0, (5, 2)))
    axes.plot(x, sharp, color=style.BLACK, linewidth=2.0)
    for key, label, marker, color in _SERIES:
        points = data[key]
        y = [point["difference"] for point in points]
        x = [point["disagreement"] for point in points]
        axes.scatter(x, y, s=15, marker=marker, color=color, edgecolor="white", linewidth=0.4, label=label, zorder=3)
    cross = {"marker": "X", "s": 42, "color": style.VERMILLION, "edgecolor": "white", "linewidth": 0.5, "zorder": 4}
    refuting = data["refuting-trained"]
    axes.scatter([p["disagreement"] for p in refuting], [p["difference"] for p in refuting], **cross)
    star = cross | {"marker": "*", "s": 150}
    example, found = data["two-input example"], data["found by the program"]
    found_left = bool(found) and found["disagreement"] < example["disagreement"]
    _mark(axes, example, "two-input example", (-7.0, -17.0) if found_left else (-7.0, 9.0), star)
    if found:
        _mark(axes, found, "found by the program", (9.0, -4.0), star)
    along = {"rotation": _SLOPE, "rotation_mode": "anchor", "fontsize": 10}
    axes.text(2.5e-6, 4.3e-3, r"$2\sqrt{1-e^{-d}}$", va="bottom", **along)
    axes.text(1.1e-5, 4.4e-3, r"$2V^*(d)$, sharp", va="top", **along)
    title = {"color": style.VERMILLION, "weight": "bold", "transform": axes.transAxes, "va": "top"}
    axes.text(0.02, 0.98, "conditioning on the score: the bound fails", **title)
    drawn = [p for p in refuting if _is_drawn(p)]
    if drawn:
        first = min(drawn, key=lambda p: p["disagreement"])
        hidden = "" if len(drawn) == len(refuting) else f", {len(drawn)} in view"
        note = f"trained students ({len(refuting)} of {data['score-conditional known']}{hidden})"
        axes.annotate(note, (first["disagreement"], first["difference"]), (-7, 0), textcoords="offset points", **_LEFT)
    axes.set_xlabel("disagreement  $d = d_P(F_w,F_{sw})$   [nats]")
    axes.set_ylabel("calibration error:  |student − teacher|")
    names = {"loc": "outside upper center", "ncols": 1, "markerscale": 1.4}
    canvas.legend(
        title="bound holds for these notions (trained pairs)", title_fontproperties={"weight": "bold"}, **names
    )


def _mark(
    axes: Axes, point: Mapping[str, Any], label: str, offset: tuple[float, float], marker: dict[str, Any]
) -> None:
    """A star with its label at `offset` points; one left of the axes goes to their edge, with an arrow."""
    x, y = point["disagreement"], point["difference"]
    if x < _LOW[0]:
        arrow = {"arrowstyle": "->", "color": style.VERMILLION, "linewidth": 1.2}
        label += f", at $d \\approx 10^{{{round(np.log10(x))}}}$"
        x = 2.2 * _LOW[0]
        axes.annotate("", (1.02 * _LOW[0], y), (x, y), arrowprops=arrow)
    axes.scatter(x, y, **marker)
    axes.annotate(label, (x, y), offset, textcoords="offset points", color=style.VERMILLION)
