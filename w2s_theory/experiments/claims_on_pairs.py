"""The catalogue's claims on a batch of trained pairs: one compiled call for all claims the batch determines."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim
from w2s_theory.instance import Instance
from w2s_theory.verdict import CODES, Verdict
from w2s_theory.verification.evaluation import Measurement, finite_or_none, measure_determined

_BLOCK = 36  # pairs evaluated at a time: what bounds the memory

UNRESOLVED = {"lhs": None, "rhs": None, "verdict": Verdict.unresolved.value}
"""What is recorded of a claim that a pair does not determine."""


def risk_claims() -> tuple[Claim, ...]:
    """The claims about the risk difference: theory section 3."""
    return tuple(c for c in CLAIMS if c.id.startswith("generalization-") or c.id == "risk-decomposition")


def calibration_claims(*, smooth: bool) -> tuple[Claim, ...]:
    """The claims about calibration, theory section 4: those of smooth calibration, or the others."""
    family = [c for c in CLAIMS if c.id.startswith("calibration-") or c.id == "risk-controls-calibration"]
    return tuple(c for c in family if ("smooth" in c.id) == smooth)


def claims_inside_domain(claims: Sequence[Claim], batch: Instance) -> tuple[Claim, ...]:
    """The claims that can be asked about the instances of a batch at all, judged by its first one."""
    first = jax.tree.map(lambda leaf: leaf[0], batch)
    with jax.enable_x64(True):
        return tuple(c for c in claims if c.outside_domain(first) is None)


def claims_on_pairs(claims: Sequence[Claim], batch: Instance) -> list[dict[str, Any]]:
    """For each instance of the batch, by claim id: `lhs`, `rhs` and `verdict`.

    Claims whose sides the batch does not determine, for want of a conditioning table, are left out: see `UNRESOLVED`.
    """
    count = batch.weights.shape[0]
    size = min(count, _BLOCK)
    outcomes: list[dict[str, Any]] = []
    for start in range(0, count, size):
        block = jax.tree.map(lambda leaf, first=start: leaf[np.arange(first, first + size) % count], batch)
        with jax.enable_x64(True):
            made = jax.tree.map(np.asarray, _measure_all(tuple(claims))(block))
        outcomes += [{name: _outcome(m, n) for name, m in made.items()} for n in range(min(size, count - start))]
    return outcomes


def _outcome(made: Measurement, number: int) -> dict[str, Any]:
    lhs, rhs = finite_or_none(made.lhs[number]), finite_or_none(made.rhs[number])
    return {"lhs": lhs, "rhs": rhs, "verdict": CODES[int(made.code[number])].value}


@functools.lru_cache(maxsize=16)
def _measure_all(claims: tuple[Claim, ...]) -> Callable[[Instance], dict[str, Measurement]]:
    return compiled(jax.vmap(functools.partial(measure_determined, claims)))
