"""Which pairs of KL divergence and total variation exist, and the three curves above them."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure as Canvas

from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.divergences import kl_divergence, total_variation
from w2s_theory.functionals.joint_range import extremal_pair
from w2s_theory.report.figures import style
from w2s_theory.report.figures.claim_curve import one_input_pairs, right_sides
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.thinning import thin

CLAIMS = ("pinsker", "bretagnolle-huber", "sharp-pinsker")
LARGEST_KL = 4.0


def prepare_joint_range(context: FigureContext) -> dict[str, Any]:
    """Random pairs of distributions, the curves of the three claims, and where Pinsker's bound becomes the worse."""
    rng = np.random.default_rng([context.seed, 101])
    batches = _random_pairs(rng, 4_000 if context.quick else 30_000)
    with jax.enable_x64(True):
        kl = np.concatenate([np.asarray(kl_divergence(p, q)) for p, q in batches])
        tv = np.concatenate([np.asarray(total_variation(p, q)) for p, q in batches])
        p, q = (np.asarray(row) for row in extremal_pair(np.geomspace(1e-3, 60.0, 400)))
    order = rng.permutation(len(kl))
    points = np.stack([kl, tv], axis=1)[order]
    kept = points[thin(points, (0.0, 0.0), (LARGEST_KL, 1.0), (56, 40))]

    curves = right_sides(CLAIMS, one_input_pairs(p, p, q))
    with jax.enable_x64(True):
        along = np.asarray(kl_divergence(p, q))
    drawn = along <= 1.02 * LARGEST_KL
    crossing = float(np.interp(0.0, curves["pinsker"] - curves["bretagnolle-huber"], along))
    at = {name: float(np.interp(1.0, along, curve)) for name, curve in curves.items()}
    facts = [
        f"At a divergence of 1 nat the total variation is at most {at['sharp-pinsker']:.3f}; Pinsker allows "
        f"{at['pinsker']:.3f} and Bretagnolle–Huber {at['bretagnolle-huber']:.3f}.",
        f"Pinsker is the better of the two classical bounds up to {crossing:.2f} nats.",
        f"{len(kept):,} of {len(points):,} random pairs are drawn, at most one in each cell of a grid, so that the "
        "cloud shows the region.",
    ]
    return rounded(
        {
            "figure": "joint-range",
            "seed": context.seed,
            "facts": facts,
            "random": {"kl": kept[:, 0], "tv": kept[:, 1]},
            "curves": {"kl": along[drawn], **{name: curve[drawn] for name, curve in curves.items()}},
            "crossing": crossing,
        }
    )


def _random_pairs(rng: np.random.Generator, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows: uniform and peaked ones with 2 to 8 classes, near the extremal pairs, and with rare classes."""
    pairs = []
    for classes in (2, 3, 8):
        p, q = (rng.dirichlet(np.full(classes, shape), count) for shape in (0.5, 0.8))
        pairs.append((p, q))
        pairs.append((p, 0.5 * (p + np.roll(p, 1, axis=1))))
    with jax.enable_x64(True):
        p, q = (np.asarray(row) for row in extremal_pair(np.exp(rng.uniform(-3.0, 2.5, count))))
    push = np.exp(rng.normal(scale=0.5, size=(count, 1)) * [1.0, 0.0])
    pairs.append((p, q * push / (q * push).sum(axis=1, keepdims=True)))

    tv, kl = rng.uniform(1e-3, 1.0, count), rng.uniform(0.0, LARGEST_KL, count)
    rare = tv * np.exp(-np.minimum((kl - (1 - tv) * np.log1p(-tv)) / tv, 600.0))
    p, q = (np.stack([first, 1.0 - first], axis=1) for first in (np.minimum(rare + tv, 1.0), rare))
    pairs.append((p, q))
    return pairs


def draw_joint_range(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """KL divergence against total variation: the impossible region white, the possible one filled with pairs."""
    axes = canvas.add_subplot()
    curves = {name: np.asarray(values) for name, values in data["curves"].items()}
    kl, sharp = curves["kl"], curves["sharp-pinsker"]
    axes.fill_between(kl, 0.0, sharp, color=style.BAND, linewidth=0)
    axes.scatter(data["random"]["kl"], data["random"]["tv"], s=4, color=style.SKY, linewidth=0)
    axes.axhline(1.0, color=style.GREY, linewidth=0.8)
    axes.plot(kl, curves["pinsker"], color=style.ORANGE, linestyle=(0, (5, 2)))
    axes.plot(kl, curves["bretagnolle-huber"], color=style.VERMILLION, linestyle=(0, (1, 1.2)))
    axes.plot(kl, sharp, color=style.BLUE, linewidth=2.4)
    axes.set(xlim=(0, LARGEST_KL), ylim=(0, 1.14), yticks=np.linspace(0, 1, 6))
    axes.set_xlabel("KL divergence  $d = \\mathrm{KL}(p\\,\\|\\,q)$   [nats]")
    axes.set_ylabel("total variation  $½\\,\\Sigma_i\\,|p_i-q_i|$")

    def name(text: str, on_curve: tuple[float, float], at: tuple[float, float], color: str) -> None:
        line = {"arrowstyle": "-", "color": color, "linewidth": 0.9, "shrinkA": 1, "shrinkB": 1}
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none"}
        axes.annotate(text, on_curve, at, color=color, va="center", arrowprops=line, bbox=box)

    def height(curve: str, at: float) -> float:
        return float(np.interp(at, kl, curves[curve]))

    name(
        "Bretagnolle–Huber\n$\\sqrt{1-e^{-d}}$",
        (0.55, height("bretagnolle-huber", 0.55)),
        (0.06, 0.9),
        style.VERMILLION,
    )
    name("Pinsker  $\\sqrt{d/2}$", (2.2, height("pinsker", 2.2)), (2.4, 1.075), style.BROWN)
    name("sharp: $V^*(d)$, attained", (1.5, height("sharp-pinsker", 1.5)), (1.75, 0.68), style.BLUE)
    name(f"{len(data['random']['kl']):,} random pairs", (2.6, 0.3), (2.6, 0.3), style.BLUE)
    axes.text(0.06, 1.075, "above the sharp curve: impossible", color=style.GREY, va="center")
