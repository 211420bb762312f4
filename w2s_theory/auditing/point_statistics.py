r"""What is averaged over points: values at every point, in tiles of rows that stay in the processor's cache.

Disagreements are summed as $\sum p\log(p/q)+\sum(q-p)$ in the precision of the tables, with an error of about that
precision; rows so close that this would show are computed by `kl_divergence` in float64.
"""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory._types import Array
from w2s_theory.auditing.predictions import FEW_CLASSES, Block, few_sizes, tiles
from w2s_theory.functionals.divergences import cross_entropy, kl_divergence
from w2s_theory.instance import Instance
from w2s_theory.verification.sampled_sides import statistics

Values = dict[str, np.ndarray]

WITHOUT_TARGET = ("forward", "reverse", "apart squared")
"""Statistics that need no label; the rest do."""

_CLOSE = 2.0**12
"""Disagreements below so many units of roundoff are computed again."""


def likeliest(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest class (b,) of every row, of equal ones the first, and its probability (b,)."""
    if table.shape[1] > FEW_CLASSES:
        top = table.argmax(axis=1)
        return top, table[np.arange(len(table)), top]
    best = table[:, 0].copy()
    top = np.zeros(len(table), np.int8)
    for number in range(1, table.shape[1]):
        column = table[:, number]
        np.maximum(top, (column > best).view(np.int8) * np.int8(number), out=top)
        np.maximum(best, column, out=best)
    return top, best


def point_values(block: Block) -> Values:
    """Values (b,) of every statistic.

    `gap` is the strong model's log-loss less the weak one's, `… loss` log-losses, `forward` and `reverse`
    disagreements, `beyond forward` the gain less the forward disagreement, `loss range` what the ceiling gains.
    """
    made = _between(block.models["weak"], block.models["strong"])
    surplus = made.pop("surplus")
    if not block.known:
        return made
    made |= _by_labels(block, surplus) if block.truth is None else _by_truth(block)
    with np.errstate(invalid="ignore"):
        made["beyond forward"] = -made["gap"] - made["forward"]
        made["beyond reverse"] = -made["gap"] - made["reverse"]
        made["through errors"] = made["gap"] - made["forward"]
        if "ceiling" in block.models:
            made["loss range"] = made["weak loss"] - made["ceiling loss"]
            made["loss range and gap"] = made["loss range"] + made["gap"]
    return made


def _between(weak: np.ndarray, strong: np.ndarray) -> Values:
    """Disagreements, squared distance, and `surplus`, the sum of strong less that of weak probabilities."""
    made = {name: np.empty(len(weak)) for name in (*WITHOUT_TARGET, "surplus")}
    limits = np.finfo(np.result_type(weak, strong))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for rows in tiles(weak):
            p, q = weak[rows], strong[rows]
            apart = q - p
            surplus = apart.sum(axis=1)
            made["surplus"][rows] = surplus
            made["apart squared"][rows] = np.einsum("ij,ij->i", apart, apart)
            ratio = np.divide(p, q, out=apart)
            ordinary = bool(limits.tiny <= ratio.min() and ratio.max() <= limits.max)
            odd = None if ordinary else ~((ratio >= limits.tiny) & (ratio <= limits.max))
            log = np.log(ratio, out=ratio)
            if odd is None:
                forward, reverse = np.einsum("ij,ij->i", p, log), np.einsum("ij,ij->i", q, log)
            else:
                log[odd] = np.log(p[odd], dtype=log.dtype) - np.log(q[odd], dtype=log.dtype)
                forward = np.einsum("ij,ij->i", p, np.where(p > 0, log, 0.0))
                reverse = np.einsum("ij,ij->i", q, np.where(q > 0, log, 0.0))
            made["forward"][rows] = forward + surplus
            made["reverse"][rows] = -reverse - surplus
    close = _CLOSE * float(limits.eps)
    near = np.flatnonzero(np.minimum(made["forward"], made["reverse"]) < close)
    if len(near):
        made["forward"][near], made["reverse"][near] = _close_rows(weak[near], strong[near])
    return made


def _close_rows(weak: np.ndarray, strong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both disagreements (b,) in float64, by the functional."""
    p, q = (_padded(table.astype(float), few_sizes(len(weak))) for table in (weak, strong))
    forward, reverse = kl_divergence(p, q), kl_divergence(q, p)
    return np.asarray(forward)[: len(weak)], np.asarray(reverse)[: len(weak)]


def _padded(table: np.ndarray, size: int) -> np.ndarray:
    """The last row repeated up to `size` rows, so that code is compiled for few sizes."""
    return table[np.minimum(np.arange(size), len(table) - 1)]


def _by_labels(block: Block, surplus: np.ndarray) -> Values:
    """`sampled_sides.statistics` for a truth that is one-hot at the labels, without that table; 0/0 counts as one."""
    assert block.labels is not None
    rows = np.arange(len(block))
    at = {role: table[rows, block.labels].astype(float) for role, table in block.models.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        made = {f"{role} loss": -np.log(score) for role, score in at.items()}
        change = np.where(at["weak"] == at["strong"], 0.0, np.log(at["weak"]) - np.log(at["strong"]))
        made["gap"] = change + surplus
    for role in ("weak", "strong"):
        table = block.models[role]
        made[f"{role} squared"] = np.einsum("ij,ij->i", table, table) - 2.0 * at[role] + 1.0
    return made


def _truth_statistics(models: Mapping[str, Array], truth: Array) -> dict[str, jax.Array]:
    weak, strong = models["weak"], models["strong"]
    known = statistics(Instance(jnp.ones(len(weak)), truth, weak, strong, jnp.zeros(())), None)
    made = {name: known[name] for name in ("gap", "weak squared", "strong squared", "risk")}
    made |= {f"{role} loss": cross_entropy(truth, table) for role, table in models.items()}
    return {name: values.astype(float) for name, values in made.items()}


_compiled = functools.cache(compiled)


def _by_truth(block: Block) -> Values:
    """The same for class probabilities as the truth."""
    assert block.truth is not None
    size = few_sizes(len(block))
    models = {role: _padded(table, size) for role, table in block.models.items()}
    with jax.enable_x64(True):
        made = _compiled(_truth_statistics)(models, _padded(block.truth, size))
    return {name: np.asarray(values)[: len(block)] for name, values in made.items()}


def moments(given: Values) -> dict[str, tuple[float, float]]:
    """Mean and sum of squared deviations of every statistic."""
    made = {}
    with np.errstate(invalid="ignore"):
        for name, values in given.items():
            mean = float(values.mean())
            deviation = values - mean
            made[name] = (mean, float(np.einsum("i,i->", deviation, deviation)))
    return made
