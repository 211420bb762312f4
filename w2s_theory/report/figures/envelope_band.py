"""All the risks a student can have at a given disagreement, for one teacher and one truth."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure as Canvas

from w2s_theory._numerics import compiled
from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.instance_envelope import instance_envelope, line_students
from w2s_theory.functionals.risks import disagreement, risk
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.thinning import thin

CLAIMS = ("generalization-instance-envelope",)

_WEIGHTS = np.array([0.4, 0.35, 0.25])
_TRUTH = np.array([[0.68, 0.20, 0.12], [0.20, 0.60, 0.20], [0.20, 0.26, 0.54]])
_WEAK = np.array([[0.50, 0.30, 0.20], [0.32, 0.45, 0.23], [0.25, 0.38, 0.37]])
_WIDEST = 0.3


def prepare_envelope_band(context: FigureContext) -> dict[str, Any]:
    """Both envelopes, the lower edge at *exact* disagreement, and random students thinned to an even cloud."""
    rng = np.random.default_rng([context.seed, 103])
    students = np.concatenate(_random_students(rng, 8_000 if context.quick else 60_000))
    grid = np.concatenate([np.geomspace(1e-6, 1e-2, 40), np.linspace(1.2e-2, _WIDEST, 120)])
    steps = np.concatenate([[0.0], np.geomspace(1e-3, 40.0, 400)])
    with jax.enable_x64(True):
        band = compiled(jax.vmap(instance_envelope, in_axes=(None, None, None, 0)))(_WEIGHTS, _TRUTH, _WEAK, grid)
        beyond = 1.0 + (_last_position() - 1.0) * -np.expm1(-steps)
        past_truth = jax.vmap(line_students, in_axes=(None, None, 0))(_TRUTH, _WEAK, beyond)
        measured = compiled(jax.vmap(lambda s: (disagreement(_WEIGHTS, _WEAK, s), risk(_WEIGHTS, _TRUTH, s))))
        exact, cloud = (np.stack([np.asarray(v) for v in measured(s)], axis=1) for s in (past_truth, students))
        teacher, to_truth = float(risk(_WEIGHTS, _TRUTH, _WEAK)), float(disagreement(_WEIGHTS, _WEAK, _TRUTH))
    lower, upper = np.asarray(band.lower), np.asarray(band.upper)
    highest = 1.04 * float(upper[-1])
    order = rng.permutation(len(cloud))
    kept = cloud[order][thin(cloud[order], (0.0, 0.0), (_WIDEST, highest), (56, 48))]
    exact = exact[exact[:, 0] <= 1.02 * _WIDEST]
    facts = [
        f"The teacher's risk is {teacher:.3f} nats and its disagreement with the truth {to_truth:.3f} nats: at that "
        "disagreement the best student is perfect.",
        f"A student {_WIDEST:g} nats away has a risk between {np.interp(_WIDEST, exact[:, 0], exact[:, 1]):.3f} and "
        f"{float(upper[-1]):.3f} nats.",
        f"{len(kept):,} of {len(cloud):,} random students are drawn, at most one in each cell of a grid.",
    ]
    return rounded(
        {
            "figure": "envelope-band",
            "seed": context.seed,
            "facts": facts,
            "weights": _WEIGHTS,
            "truth": _TRUTH,
            "weak": _WEAK,
            "teacher_risk": teacher,
            "truth_disagreement": to_truth,
            "widest": _WIDEST,
            "highest": highest,
            "band": {"disagreement": grid, "lower": lower, "upper": upper},
            "exact": {"disagreement": exact[:, 0], "lower": exact[:, 1]},
            "students": {"disagreement": kept[:, 0], "risk": kept[:, 1]},
        }
    )


def _last_position() -> float:
    """The position on the line from the teacher (0) through the truth (1) where the first entry reaches zero."""
    step = _WEAK - _TRUTH
    return float(np.min(_WEAK[step > 0] / step[step > 0]))


def _random_students(rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Students (count, m, k): along the line through teacher and truth, perturbed; and random rows, mixed in."""

    def normalised(logits: np.ndarray) -> np.ndarray:
        rows = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return rows / rows.sum(axis=-1, keepdims=True)

    def noise(smallest: float, largest: float) -> np.ndarray:
        scale = np.exp(rng.uniform(np.log(smallest), np.log(largest), (count, 1, 1)))
        return scale * rng.normal(size=(count, *_WEAK.shape))

    rise = _TRUTH - _WEAK
    first = -float(np.min(_WEAK[rise > 0] / rise[rise > 0]))
    ends = np.where(rng.random(count) < 0.5, first, _last_position())
    position = (ends * -np.expm1(-rng.exponential(2.0, count)))[:, None, None]
    line = np.log(np.maximum(_WEAK + position * rise, 1e-300))
    mixed = rng.random((count, 1, 1)) * rng.dirichlet(np.full(_WEAK.shape[1], 0.5), (count, _WEAK.shape[0]))
    return [
        normalised(np.log(_WEAK) + noise(1e-2, 3.0)),
        normalised(line + noise(1e-3, 1.0)),
        mixed + (1.0 - mixed.sum(axis=-1, keepdims=True)) * _WEAK,
    ]


def draw_envelope_band(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Disagreement against the student's risk: the band, its edges, the students, the teacher and the truth."""
    axes = canvas.add_subplot()
    grid, lower, upper = (np.asarray(data["band"][key]) for key in ("disagreement", "lower", "upper"))
    exact, exact_risk = (np.asarray(data["exact"][key]) for key in ("disagreement", "lower"))
    teacher, to_truth = data["teacher_risk"], data["truth_disagreement"]
    grid, lower, upper = (np.concatenate([[v], a]) for v, a in ((0.0, grid), (teacher, lower), (teacher, upper)))
    edge = np.where(grid <= to_truth, lower, np.interp(grid, exact, exact_risk))
    axes.fill_between(grid, edge, upper, color=style.BAND, linewidth=0)
    axes.scatter(data["students"]["disagreement"], data["students"]["risk"], s=4, color=style.SKY, linewidth=0)
    axes.axhline(teacher, color=style.GREY, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.plot(grid, upper, color=style.VERMILLION, linewidth=2.2)
    axes.plot(grid, lower, color=style.BLUE, linewidth=2.2, clip_on=False)
    axes.plot(exact, exact_risk, color=style.BLUE, linestyle=(0, (4, 2)))
    points: dict[str, Any] = {
        "s": 44,
        "edgecolor": "white",
        "linewidth": 0.6,
        "zorder": 5,
        "clip_on": False,
        "color": style.BLACK,
    }
    axes.scatter([0.0], [teacher], **points)
    axes.scatter([to_truth], [0.0], **{**points, "marker": "D"})
    axes.set(xlim=(0, data["widest"]), ylim=(0, data["highest"]))
    axes.set_xlabel("disagreement with the teacher  $D = d_P(F_w,F)$   [nats]")
    axes.set_ylabel("risk of the student  $L(F) = d_P(F^*,F)$   [nats]")

    wide, high = data["widest"], data["highest"]

    def name(text: str, on: tuple[float, float], at: tuple[float, float], color: str, **words: Any) -> None:
        line = {"arrowstyle": "-", "color": color, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 2}
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none"}
        axes.annotate(text, on, at, color=color, va="center", arrowprops=line, bbox=box, **words)

    middle = 0.5 * wide
    worst = (middle, float(np.interp(middle, grid, upper)))
    name("worst student at most $D$ away", worst, (0.03 * wide, 0.86 * high), style.VERMILLION)
    best = (0.1 * wide, float(np.interp(0.1 * wide, grid, lower)))
    name("best student\nat most $D$ away", best, (0.13 * wide, 0.2 * high), style.BLUE)
    again = (0.6 * wide, float(np.interp(0.6 * wide, exact, exact_risk)))
    name("best at exactly $D$:\nrises again", again, (0.58 * wide, 0.23 * high), style.BLUE)
    name("teacher $F_w$", (0.0, teacher), (0.03 * wide, 0.47 * high), style.BLACK)
    name("truth $F^*$", (to_truth, 0.0), (0.28 * wide, 0.05 * high), style.BLACK)
    inside = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none"}
    count = f"{len(data['students']['risk']):,} random students"
    axes.text(0.63 * wide, 0.47 * high, count, color=style.BLUE, bbox=inside)
    small = {"color": "#555555", "fontsize": 9}
    blank = {"boxstyle": "round,pad=0.1", "facecolor": style.BAND, "edgecolor": "none"}
    axes.text(0.5 * wide, teacher, "teacher's risk", ha="center", va="center", bbox=blank, **small)
    axes.text(0.995 * wide, 0.012 * high, "only for closer students", ha="right", va="bottom", **small)
