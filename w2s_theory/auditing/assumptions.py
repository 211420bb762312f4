"""Which assumption of the bounds fails here, as far as predictions can tell; nothing is clipped without being said."""

import math
from typing import Any

import jax
import numpy as np

from w2s_theory.auditing.bounds import labelled_instance
from w2s_theory.auditing.gathering import Gathered
from w2s_theory.auditing.quality import mean_estimate
from w2s_theory.auditing.sampling import sample_size
from w2s_theory.functionals.risks import disagreement, log_loss
from w2s_theory.functionals.uniform_envelope import log_ratio_constant

_CLIPS = (1e-4, 1e-3, 1e-2)


def assumptions(found: Gathered, alpha: float, labels_were: str) -> list[dict[str, Any]]:
    """One entry an assumption: `name`, `finding` (a word), `sentence`, and the numbers behind it."""
    made = [_floor(found)]
    if found.judged is not None:
        made += [_realizable(found, alpha, direction) for direction in ("reverse", "forward")]
        made.append(_sample(found, alpha))
    made.append(
        {
            "name": "optimal",
            "finding": "not decided",
            "sentence": "Predictions do not show whether the student minimises its training objective: that needs its "
            "class, or its loss and gradient on the weak labels.",
        }
    )
    made.append(_soft_labels(labels_were))
    return made


def _floor(found: Gathered) -> dict[str, Any]:
    floor = found.floor
    entry: dict[str, Any] = {"name": "floor", "floor": floor}
    entry |= {f"{role}_lowest": lowest for role, lowest in found.lowest.items()}
    if floor > 0:
        constant = float(log_ratio_constant(floor))
        sentence = (
            f"Every class probability of both models is at least γ = {floor:.3g}, found in these {found.points:,} "
            f"points, so C_γ = {constant:.3g}. A floor found in a sample is not one of the population."
        )
        return entry | {"finding": "met on these points", "sentence": sentence}
    zero = " and ".join(role for role in ("weak", "strong") if not found.lowest[role] > 0)
    sentence = (
        f"The {zero} model gives some class probability 0, so bounds with a floor do not apply; nothing is clipped."
    )
    return entry | {"finding": "fails", "sentence": sentence}


def _realizable(found: Gathered, alpha: float, direction: str) -> dict[str, Any]:
    """Whether the gain is at least the disagreement, as it would be for a truth in a convex class of students."""
    beyond = mean_estimate(found.judged, f"beyond {direction}", alpha)
    family = "class that is convex as a set of functions (mixture_convex) and trained by reverse KL"
    entry: dict[str, Any] = {"name": f"realizable ({direction})", "gain_minus_disagreement": beyond.to_json()}
    if beyond.value is None or beyond.low is None or beyond.high is None:
        return entry | {"finding": "not decided", "sentence": f"Gain less {direction} disagreement is infinite here."}
    shown = f"gain − {direction} disagreement is {beyond.value:.4g}, interval [{beyond.low:.4g}, {beyond.high:.4g}]"
    shown = shown.replace("-", "−")
    if direction == "forward":
        finding = "not decided"
        sentence = (
            f"The {shown}. For softmax heads trained by cross-entropy (exponentially_convex) the guarantee is about "
            "the reverse risk, which labels do not show: this decides nothing."
        )
    elif beyond.high < 0:
        finding = "excluded"
        sentence = (
            f"The {shown}: below zero, which excludes the optimal student of a {family}, with the truth in it. "
            "At least one of convexity, realizability, optimality or training by reverse KL fails."
        )
    elif beyond.low >= 0:
        finding = "consistent"
        sentence = (
            f"The {shown}: as it would be for the optimal student of a {family}; this does not show that it is one."
        )
    else:
        finding = "not decided"
        sentence = f"The {shown}: not decided by {beyond.points:,} points."
    return entry | {"finding": finding, "sentence": sentence}


def _sample(found: Gathered, alpha: float) -> dict[str, Any]:
    means = found.judged
    assert means is not None
    value = -means.mean("gap")
    if not math.isfinite(value):
        return {"name": "sample size", "finding": "not decided", "sentence": "The gain is infinite or undefined here."}
    interval = means.interval("gap", alpha)
    decided = interval.low > 0 or interval.high < 0
    half = 0.5 * (interval.high - interval.low)
    sentence = (
        f"{means.count:,} labelled points give the gain to within ±{half:.3g} nats at level {1 - alpha:g}: "
        f"its sign is {'decided' if decided else 'not decided'}."
    )
    return {"name": "sample size", "finding": "decided" if decided else "not decided", "sentence": sentence}


def _soft_labels(labels_were: str) -> dict[str, Any]:
    finding, sentence = {
        "soft": (
            "stated",
            "The student was trained on soft labels, it was said: the claims about gains are about such.",
        ),
        "hard": (
            "fails",
            "The student was trained on hard labels or with a confidence term, it was said: the claims about gains are "
            "about students trained on soft labels and do not cover it. Bounds on any pair of predictors still apply.",
        ),
        "unknown": (
            "not stated",
            "Was the student trained on soft labels, hard ones, or with a confidence term? (--labels-were) The claims "
            "about gains cover soft labels only; bounds on any pair of predictors apply in every case.",
        ),
    }[labels_were]
    return {"name": "soft labels", "finding": finding, "sentence": sentence}


def clipping(found: Gathered) -> dict[str, Any]:
    """What mixing both models with the uniform row, F → γ + (1 − kγ)F, would do to gain, disagreement and bound."""
    if found.judged is None:
        return {"n": 0, "rows": []}
    instance, points = labelled_instance(found, sample_size(found.classes))
    rows = []
    for floor in (None, *_CLIPS):
        if floor is not None and not found.floor < floor <= 0.5 / found.classes:
            continue

        def mixed(table: Any, floor: float | None = floor) -> np.ndarray:
            return np.asarray(table) if floor is None else floor + (1.0 - found.classes * floor) * np.asarray(table)

        weak, strong = mixed(instance.weak), mixed(instance.strong)
        with jax.enable_x64(True):
            losses = [float(log_loss(instance.weights, instance.truth, table)) for table in (weak, strong)]
            forward = float(disagreement(instance.weights, weak, strong))
        kept = found.floor if floor is None else floor
        bound = float(log_ratio_constant(kept)) * math.sqrt(forward) if kept > 0 else math.inf
        values = {"gain": losses[0] - losses[1], "disagreement": forward, "bound": bound}
        rows.append(
            {"floor": floor} | {name: value if math.isfinite(value) else None for name, value in values.items()}
        )
    return {"n": points, "rows": rows}
