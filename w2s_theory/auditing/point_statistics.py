"""What is averaged over points: values at every point, and their moments over a block, in one compiled pass."""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled, log_ratio
from w2s_theory._types import Array
from w2s_theory.auditing.predictions import Block
from w2s_theory.functionals.divergences import cross_entropy, kl_divergence
from w2s_theory.instance import Instance
from w2s_theory.verification.sampled_sides import statistics

Values = dict[str, np.ndarray]

WITHOUT_TARGET = ("forward", "reverse", "apart squared")
"""Statistics that need no label; the rest do."""


def _divergence(g: Array, h: Array) -> jax.Array:
    return kl_divergence(g, h).astype(float)


def _apart(weak: Array, strong: Array) -> jax.Array:
    return jnp.sum((weak - strong) ** 2, axis=-1).astype(float)


def _by_labels(models: Mapping[str, Array], labels: Array) -> dict[str, jax.Array]:
    """`sampled_sides.statistics` for a truth that is one-hot at the labels, without that table."""
    weak, strong = models["weak"], models["strong"]
    at = {role: jnp.take_along_axis(table, labels[:, None], axis=-1)[:, 0] for role, table in models.items()}
    made = {f"{role} loss": -jnp.log(score) for role, score in at.items()}
    made["gap"] = log_ratio(at["weak"], at["strong"]) + jnp.sum(strong - weak, axis=-1)
    for role in ("weak", "strong"):
        made[f"{role} squared"] = jnp.sum(models[role] ** 2, axis=-1) - 2.0 * at[role] + 1.0
    return {name: values.astype(float) for name, values in made.items()}


def _by_truth(models: Mapping[str, Array], truth: Array) -> dict[str, jax.Array]:
    weak, strong = models["weak"], models["strong"]
    known = statistics(Instance(jnp.ones(len(weak)), truth, weak, strong, jnp.zeros(())), None)
    made = {name: known[name] for name in ("gap", "weak squared", "strong squared", "risk")}
    made |= {f"{role} loss": cross_entropy(truth, table) for role, table in models.items()}
    return {name: values.astype(float) for name, values in made.items()}


_compiled = functools.cache(compiled)
"""Functions are compiled one by one: together, sums over classes would be made again for every use of them."""


def point_values(block: Block, size: int) -> Values:
    """Values (b,) of every statistic; blocks are padded to `size` rows, so that code is compiled once.

    `gap` is the strong model's log-loss less the weak one's, `… loss` log-losses, `forward` and `reverse`
    disagreements, `beyond forward` the gain less the forward disagreement, `loss range` what the ceiling gains.
    """
    models, target = _padded(block, size)
    weak, strong = models["weak"], models["strong"]
    with jax.enable_x64(True):
        waiting = {
            "forward": _compiled(_divergence)(weak, strong),
            "reverse": _compiled(_divergence)(strong, weak),
            "apart squared": _compiled(_apart)(weak, strong),
        }
        if target is not None:
            waiting |= _compiled(_by_truth if target.ndim == 2 else _by_labels)(models, target)
    made = {name: np.asarray(values)[: len(block)] for name, values in waiting.items()}
    if target is None:
        return made
    with np.errstate(invalid="ignore"):
        made["beyond forward"] = -made["gap"] - made["forward"]
        made["beyond reverse"] = -made["gap"] - made["reverse"]
        made["through errors"] = made["gap"] - made["forward"]
        if "ceiling" in models:
            made["loss range"] = made["weak loss"] - made["ceiling loss"]
            made["loss range and gap"] = made["loss range"] + made["gap"]
    return made


def _padded(block: Block, size: int) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Models and target of a block, its last row repeated up to `size` rows."""
    models = dict(block.models)
    target = block.truth if block.truth is not None else block.labels
    if len(block) < size:
        rows = np.minimum(np.arange(size), len(block) - 1)
        models = {role: table[rows] for role, table in models.items()}
        target = None if target is None else target[rows]
    return models, target


def moments(values: Values) -> dict[str, tuple[float, float]]:
    """Mean and sum of squared deviations of every statistic."""
    with np.errstate(invalid="ignore"):
        means = {name: float(v.mean()) for name, v in values.items()}
        return {name: (mean, float(((values[name] - mean) ** 2).sum())) for name, mean in means.items()}
