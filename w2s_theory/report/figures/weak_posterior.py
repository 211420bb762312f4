"""What a weak model sees: the posterior given some coordinates, calibrated and imperfect."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure as Canvas
from scipy.special import expit, ndtr

from w2s_theory.catalogue import find_claim
from w2s_theory.experiments.records import rounded
from w2s_theory.functionals.risks import disagreement
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.worlds.gaussian_classes import GaussianClasses

CLAIMS = ("calibration-refinement",)
_MEANS = np.array([[-0.8, -1.0], [0.8, 1.0]])
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_MODELS = (
    ("what it sees", 0, 1.0),
    ("… at $T=½$", 0, 0.5),
    ("… at $T=2$", 0, 2.0),
    ("a student on both", 1, 1.5),
)


def prepare_weak_posterior(context: FigureContext) -> dict[str, Any]:
    """Quantiles of the true posterior given the coordinate seen, and the two parts of four models' risks."""
    seen = np.linspace(-3.2, 3.2, 65 if context.quick else 161)
    posterior = expit(2.0 * _MEANS[1, 0] * seen)
    quantiles = {f"{level:g}": _quantile(seen, posterior, level) for level in _LEVELS}
    models = [_parts(*model) for model in _MODELS]
    best, hot = models[0], models[1]
    apart = max(model["error"] for model in models)
    facts = [
        f"What the weak model sees is calibrated (calibration part {in_words(best['calibration'])} nats) and still has "
        f"a risk of {best['risk']:.3f} nats, all of it refinement: what its score does not tell.",
        f"At half the temperature the refinement stays {hot['refinement']:.3f} and the calibration part is "
        f"{hot['calibration']:.3f}: a temperature changes the second only.",
        f"Both parts add up to the risk within {in_words(apart)} nats (`calibration-refinement`, by quadrature).",
    ]
    return rounded(
        {
            "figure": "weak-posterior",
            "seed": context.seed,
            "facts": facts,
            "means": _MEANS,
            "seen": seen,
            "posterior": posterior,
            "quantiles": quantiles,
            "models": models,
        }
    )


def _quantile(seen: np.ndarray, posterior: np.ndarray, level: float) -> np.ndarray:
    r"""Quantile of $\sigma(2\mu_1x_1+2\mu_2x_2)$ given $x_1$: increasing in $x_2$, a mixture of two normal laws."""
    low, high = np.full_like(seen, -12.0), np.full_like(seen, 12.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = (1.0 - posterior) * ndtr(middle - _MEANS[0, 1]) + posterior * ndtr(middle - _MEANS[1, 1]) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return expit(2.0 * _MEANS[1, 0] * seen + 2.0 * _MEANS[1, 1] * low)


def _parts(name: str, last_coordinate: int, temperature: float) -> dict[str, Any]:
    """Risk of the posterior of the first coordinates at a temperature, and its calibration and refinement."""
    slope = np.zeros((2, 2))
    for coordinate in range(last_coordinate + 1):
        slope[coordinate] = _MEANS[:, coordinate] / temperature
    world = GaussianClasses(_MEANS, np.full(2, 0.5), (0,), slope, np.zeros(2))
    with jax.enable_x64(True):
        instance = world.instance(world.quadrature())
        outcome = evaluate_claim(find_claim(CLAIMS[0]), instance)
        assert instance.conditioning is not None and outcome.slack is not None
        given_row = instance.conditioning.strong_row
        calibration = float(disagreement(instance.weights, given_row, instance.strong))
        refinement = float(disagreement(instance.weights, instance.truth, given_row))
    return {
        "name": name,
        "temperature": temperature,
        "risk": outcome.lhs,
        "calibration": calibration,
        "refinement": refinement,
        "error": abs(outcome.slack),
        "verdict": outcome.verdict.value,
    }


def draw_weak_posterior(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Left: the posterior seen inside the spread of the true one.  Right: risks as stacked bars."""
    left, right = canvas.subplots(1, 2, width_ratios=(1.15, 1.0))
    seen, quantiles = np.asarray(data["seen"]), data["quantiles"]
    left.fill_between(
        seen, quantiles["0.05"], quantiles["0.95"], color=style.BAND, linewidth=0, label="truth, 5 % to 95 %"
    )
    left.fill_between(
        seen, quantiles["0.25"], quantiles["0.75"], color=style.SKY, alpha=0.5, linewidth=0, label="25 % to 75 %"
    )
    left.plot(seen, quantiles["0.5"], color=style.BLUE, linewidth=1.0, linestyle=(0, (4, 2)), label="its median")
    left.plot(seen, data["posterior"], color=style.VERMILLION, label="what the weak model sees")
    left.set(xlim=(seen[0], seen[-1]), ylim=(0, 1), xlabel="coordinate seen, $x_1$", ylabel="$P(Y=1\\mid\\cdot)$")
    left.set_title("its posterior is the truth's mean", loc="left")

    models = data["models"]
    place = np.arange(len(models))[::-1]
    refinement = np.array([model["refinement"] for model in models])
    calibration = np.array([model["calibration"] for model in models])
    right.barh(place, refinement, color=style.PALE, height=0.62, label="refinement: what the row does not tell")
    right.barh(place, calibration, left=refinement, color=style.ORANGE, height=0.62, label="calibration")
    for at, model in zip(place, models, strict=True):
        right.text(model["risk"], at, f" {model['risk']:.3f}", va="center", fontsize=8.5)
    right.set_yticks(place, [model["name"] for model in models])
    right.set(xlim=(0, 1.25 * max(model["risk"] for model in models)), xlabel="risk [nats]")
    right.set_title("two parts of the risk", loc="left")
    handles, labels = left.get_legend_handles_labels()
    more = right.get_legend_handles_labels()
    canvas.legend(handles + more[0], labels + more[1], loc="outside upper center", ncols=2)
