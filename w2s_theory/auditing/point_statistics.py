"""What is averaged over points: values at every point, and their moments over a block, in one compiled pass."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled, log_ratio
from w2s_theory._types import Array
from w2s_theory.auditing.predictions import Block
from w2s_theory.functionals.divergences import cross_entropy, kl_divergence, total_variation
from w2s_theory.instance import Instance
from w2s_theory.verification.sampled_sides import statistics

Values = dict[str, jax.Array]

WITHOUT_TARGET = ("forward", "reverse", "total variation", "apart squared")
"""Statistics that need no label; the rest do."""


def _between_models(weak: Array, strong: Array) -> Values:
    return {
        "forward": kl_divergence(weak, strong),
        "reverse": kl_divergence(strong, weak),
        "total variation": total_variation(weak, strong),
        "apart squared": jnp.sum((weak - strong) ** 2, axis=-1),
    }


def _by_labels(models: Mapping[str, Array], labels: Array) -> Values:
    """`sampled_sides.statistics` for a truth that is one-hot at the labels, without that table."""
    weak, strong = models["weak"], models["strong"]
    at = {role: jnp.take_along_axis(table, labels[:, None], axis=-1)[:, 0] for role, table in models.items()}
    made = {f"{role} loss": -jnp.log(score) for role, score in at.items()}
    normal = jnp.sum(strong - weak, axis=-1)
    made["gap"] = log_ratio(at["weak"], at["strong"]) + normal
    for role in ("weak", "strong"):
        square = jnp.sum(models[role] ** 2, axis=-1)
        made[f"{role} squared"] = square - 2.0 * at[role] + 1.0
    return made


def _by_truth(models: Mapping[str, Array], truth: Array) -> Values:
    weak, strong = models["weak"], models["strong"]
    instance = Instance(jnp.ones(len(weak)), truth, weak, strong, jnp.zeros(()))
    known = statistics(instance, None)
    made = {name: known[name] for name in ("gap", "weak squared", "strong squared", "risk")}
    made |= {f"{role} loss": cross_entropy(truth, table) for role, table in models.items()}
    made["reverse risk change"] = kl_divergence(strong, truth) - kl_divergence(weak, truth)
    return made


def point_values(models: Mapping[str, Array], target: Array | None) -> Values:
    """Values (b,) of every statistic; `target` are labels (b,), the truth (b, k) or None.

    `gap` is the strong model's log-loss less the weak one's, `… loss` log-losses, `forward` and `reverse`
    disagreements, `beyond forward` the gain less the forward disagreement, `recovered … range` what the ceiling gains.
    """
    made = _between_models(models["weak"], models["strong"])
    if target is not None:
        made |= _by_truth(models, target) if target.ndim == 2 else _by_labels(models, target)
        made["beyond forward"] = -made["gap"] - made["forward"]
        made["beyond reverse"] = -made["gap"] - made["reverse"]
        made["through errors"] = made["gap"] - made["forward"]
        if "ceiling" in models:
            made["loss range"] = made["weak loss"] - made["ceiling loss"]
            made["loss range and gap"] = made["loss range"] + made["gap"]
    return {name: values.astype(float) for name, values in made.items()}


@functools.cache
def _moments() -> Any:
    """Compiled: means and sums of squared deviations over the first `valid` points."""

    def summarised(models: dict[str, Array], target: Array | None, valid: Array) -> dict[str, tuple[Array, Array]]:
        values = point_values(models, target)
        counted = jnp.arange(models["weak"].shape[0]) < valid

        def moments(v: Array) -> tuple[Array, Array]:
            mean = jnp.sum(jnp.where(counted, v, 0.0)) / valid
            return mean, jnp.sum(jnp.where(counted, (v - mean) ** 2, 0.0))

        return {name: moments(v) for name, v in values.items()}

    return compiled(summarised)


@functools.cache
def _gaps() -> Any:
    return compiled(lambda models, target: point_values(models, target)["gap"])


def _padded(block: Block, size: int) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Models and target of a block, its last row repeated up to `size` rows: compiled once for all blocks."""
    models = dict(block.models)
    target = block.truth if block.truth is not None else block.labels
    if len(block) < size:
        rows = np.minimum(np.arange(size), len(block) - 1)
        models = {role: table[rows] for role, table in models.items()}
        target = None if target is None else target[rows]
    return models, target


def block_moments(block: Block, size: int) -> dict[str, tuple[float, float]]:
    """Mean and sum of squared deviations of every statistic of a block of at most `size` rows."""
    with jax.enable_x64(True):
        made = _moments()(*_padded(block, size), len(block))
    return {name: (float(mean), float(squares)) for name, (mean, squares) in made.items()}


def block_gaps(block: Block, size: int) -> np.ndarray:
    """Strong less weak log-loss at every point (b,)."""
    with jax.enable_x64(True):
        return np.asarray(_gaps()(*_padded(block, size)))[: len(block)]
