"""Curves of claims: their own right sides along a family of instances, never a formula written again."""

from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.catalogue import find_claim
from w2s_theory.instance import Instance
from w2s_theory.verification.evaluation import measure_together


def right_sides(identifiers: Iterable[str], batch: Instance) -> dict[str, np.ndarray]:
    """The right side (B,) of each claim on a batch of instances, in float64."""
    claims = [find_claim(identifier) for identifier in identifiers]
    with jax.enable_x64(True):
        sides = compiled(jax.vmap(lambda i: {name: m.rhs for name, m in measure_together(claims, i).items()}))
        return {identifier: np.asarray(value) for identifier, value in sides(batch).items()}


def one_input_pairs(truth: np.ndarray, weak: np.ndarray, strong: np.ndarray, floor: float | None = None) -> Instance:
    """A batch of instances with one input each, from rows (B, k); the floor is their smallest entry if not given."""
    with jax.enable_x64(True):
        rows = [jnp.asarray(table, jnp.float64)[:, None, :] for table in (truth, weak, strong)]
        lowest = jnp.minimum(rows[1], rows[2]).min(axis=(1, 2))
        kept = lowest if floor is None else jnp.full_like(lowest, floor)
        return Instance(jnp.ones((len(truth), 1)), *rows, floor=kept)
