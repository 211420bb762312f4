"""Gain and misfit of every task of a panel: on training inputs with an error budget, on fresh ones with intervals."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import UNIT_ROUNDOFF, float64
from w2s_theory._types import Array
from w2s_theory.experiments.misfit_design import Panel
from w2s_theory.experiments.misfit_tasks import Fitted, Tables
from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.functionals.risks import risk_difference_terms

NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


class Terms(NamedTuple):
    """Summands (T, m), one a task and input, whose means are gain and misfit; `scale` those of what cancels."""

    gain: np.ndarray
    misfit: np.ndarray
    scale: np.ndarray


@float64(static=("trained", "judged"))
def _terms(truth: Array, weak: Array, student: Array, *, trained: str, judged: str) -> tuple[Array, Array, Array]:
    if judged == "squared":
        before, after, misfit = ((a - b)[..., 0] ** 2 for a, b in ((weak, truth), (student, truth), (student, weak)))
        return before - after, misfit, before + after + misfit
    misfit = kl_divergence(*((student, weak) if trained == "reverse" else (weak, student)))
    if judged == "risk":
        gain = -jnp.sum(jax.vmap(risk_difference_terms)(truth, weak, student), axis=-1)
        before, after = kl_divergence(truth, weak), kl_divergence(truth, student)
    else:
        before, after = kl_divergence(weak, truth), kl_divergence(student, truth)
        gain = before - after
    return gain, misfit, before + after + misfit


def terms(panel: Panel, tables: Tables) -> Terms:
    """Gain and misfit of every task at every input."""
    return Terms(*map(np.asarray, _terms(*tables, trained=panel.trained, judged=panel.judged)))


def measured(panel: Panel, fitted: Fitted) -> dict[str, Any]:
    """The record of one panel: `training`, `fresh`, and where they apply `at_radius` and `loss_curves`.

    A task is on or above y = x if the gain is at least the misfit less the `error`: rounding, and the residual of an
    exact student.  A student trained by steps has a residual that is no rounding: it counts in `within_residual` only.
    """
    training = terms(panel, fitted.training)
    gain, misfit = training.gain.mean(axis=1), training.misfit.mean(axis=1)
    inputs, classes = fitted.training.truth.shape[1:]
    rounding = (inputs * classes + 64) * UNIT_ROUNDOFF * training.scale.mean(axis=1)
    residual = _stationarity(fitted) if panel.judged == "squared" else np.maximum(fitted.residual, 0.0)
    error = residual + rounding
    allowed = error if fitted.losses is None else rounding
    fresh = terms(panel, fitted.fresh)
    difference = fresh.gain - fresh.misfit
    middle, spread = difference.mean(axis=1), difference.std(axis=1, ddof=1) / np.sqrt(difference.shape[1])
    low, high = middle - NORMAL_95 * spread, middle + NORMAL_95 * spread
    made: dict[str, Any] = {
        "training": {
            "gain": gain,
            "misfit": misfit,
            "error": error,
            "on_or_above": int(np.sum(gain - misfit >= -allowed)),
            "within_residual": int(np.sum(gain - misfit >= -error)),
            "worse_than_teacher": int(np.sum(gain < -rounding)),
        },
        "fresh": {
            "gain": fresh.gain.mean(axis=1),
            "misfit": fresh.misfit.mean(axis=1),
            "low": low,
            "high": high,
            "surely_below": int(np.sum(high < 0)),
            "surely_above": int(np.sum(low > 0)),
        },
    }
    if fitted.at_radius is not None:
        made["at_radius"] = {"teachers": fitted.at_radius[0], "students": fitted.at_radius[1]}
    if fitted.losses is not None:
        weak, strong = (thinned(losses) for losses in fitted.losses)
        made["loss_curves"] = {"teachers": weak, "students": strong}
    return made


def _stationarity(fitted: Fitted) -> np.ndarray:
    r"""$2|\mathbb E(F_{sw}-F_w)(F_{sw}-f^*)|$ (T,): how much of |gain - misfit| is due to a head that is not optimal.

    f* is the truth's least-squares fit by the student's features; the expectation vanishes at the best head.
    """
    features, made = fitted.features, fitted.training
    slope = features.T @ (made.student - made.weak)[..., 0].T / len(features)
    apart = np.linalg.lstsq(features, (made.student - made.truth)[..., 0].T, rcond=1e-10)[0]
    return 2.0 * np.abs(np.sum(slope * apart, axis=0))


def thinned(losses: np.ndarray, points: int = 25) -> dict[str, Any]:
    """A loss curve at about `points` epochs, evenly spaced in the logarithm."""
    chosen = np.unique(np.round(np.geomspace(1, len(losses), points)).astype(int)) - 1
    return {"epoch": (chosen + 1).tolist(), "loss": np.asarray(losses)[chosen]}


def merged(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Records of one panel from several seeds as one: lists joined, counts added, a loss curve for each."""
    first = records[0]
    made: dict[str, Any] = {}
    for key, value in first.items():
        values = [record[key] for record in records]
        if key == "loss_curves":
            made[key] = values
        elif isinstance(value, dict):
            made[key] = merged(values)
        elif isinstance(value, np.ndarray):
            made[key] = np.concatenate(values)
        else:
            made[key] = sum(values)
    return made
