"""The numbers of the explorer's page from the package: whole batches of states in one compiled program a kind."""

import dataclasses
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._numerics import compiled
from w2s_theory._repeats import without_repeats
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.catalogue.robustness import shortfall_penalty
from w2s_theory.claim import Claim, Eq, Leq
from w2s_theory.functionals.calibration import (
    equal_width_calibration_error,
    expected_calibration_error,
    full_row_calibration_error,
    marginal_calibration_error,
    truth_given_row,
)
from w2s_theory.functionals.divergences import total_variation
from w2s_theory.functionals.instance_envelope import instance_envelope_change
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, pinsker_bound, sharp_pinsker_tv
from w2s_theory.functionals.label_free import label_free_change
from w2s_theory.functionals.partitions import tied_rows
from w2s_theory.functionals.risks import disagreement, risk, risk_difference
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.functionals.uniform_envelope import uniform_envelope_lower, uniform_envelope_upper
from w2s_theory.instance import Instance
from w2s_theory.measures import expectation
from w2s_theory.report.explorer.states import State
from w2s_theory.training.projection import shortfall
from w2s_theory.verification.evaluation import measure
from w2s_theory.verification.sweep import stack

BY_CONSTRUCTION = {"mixture_convex", "exponentially_convex", "realizable"}
"""Assumptions that the class of a state meets, being the segment between its truth and its student."""


def quantities(i: Instance) -> dict[str, Any]:
    """Everything that is not a side of a claim, under the page's own names."""

    def calibrations(model):
        table = i.weights, i.truth, model
        made = {
            "score": marginal_calibration_error(*table, conditional_truth=None),
            "common": marginal_calibration_error(*table, groups=rows),
            "row": full_row_calibration_error(*table),
            "top": expected_calibration_error(*table),
            "binned": equal_width_calibration_error(*table),
        }
        return made | ({"smooth": smooth_calibration_error(*table)} if i.classes == 2 else {})

    d = disagreement(i.weights, i.weak, i.strong)
    rows = tied_rows(i.weak)
    own = instance_envelope_change(i.weights, i.truth, i.weak, d)
    free = label_free_change(i.weights, i.truth, i.weak, i.strong)
    given = truth_given_row(i.weights, i.truth, i.strong)
    models = {"weak": i.weak, "strong": i.strong}
    return {
        "disagreement": {"forward": d, "reverse": disagreement(i.weights, i.strong, i.weak)},
        "risk": {role: risk(i.weights, i.truth, table) for role, table in models.items()},
        "reverseRisk": {role: disagreement(i.weights, table, i.truth) for role, table in models.items()},
        "riskDifference": risk_difference(i.weights, i.truth, i.weak, i.strong),
        "totalVariation": expectation(i.weights, total_variation(i.weak, i.strong)),
        "calibration": {role: calibrations(table) for role, table in models.items()},
        "decomposition": {
            "reliability": disagreement(i.weights, given, i.strong),
            "refinement": disagreement(i.weights, i.truth, given),
        },
        "labelFree": {"lower": free.lower, "upper": free.upper},
        "envelopes": {
            "uniform": {
                "lower": uniform_envelope_lower(d, i.floor, classes=i.classes),
                "upper": uniform_envelope_upper(d, i.floor, classes=i.classes),
            },
            "instance": {"lower": {"change": own.lower}, "upper": {"change": own.upper}},
        },
        "bounds": {
            "pinsker": pinsker_bound(d),
            "bretagnolleHuber": bretagnolle_huber_bound(d),
            "sharpPinsker": sharp_pinsker_tv(d),
        },
    }


def claims(i: Instance, ids: Sequence[str]) -> dict[str, Any]:
    """`measure` of every claim named, what holds by construction being known rather than projected."""

    def constructed(claim: Claim) -> Claim:
        def sides(j: Instance) -> Leq | Eq:
            relation = claim.sides(j)
            known = {name: jnp.zeros(()) for name in relation.forgiven if name in BY_CONSTRUCTION}
            return dataclasses.replace(relation, forgiven={**relation.forgiven, **known})

        return dataclasses.replace(claim, sides=sides)

    made = {}
    for identifier in ids:
        claim = CATALOGUE[identifier]
        known = {h: jnp.zeros(()) if h.name in BY_CONSTRUCTION else h.margin(i) for h in claim.assumes}
        made[identifier] = measure(constructed(claim), i, margins=known)
    return made


def references(states: Mapping[str, Sequence[State]], ids: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """`quantities` and `claims` (those named) of states of each kind, as arrays over the states."""

    def one(kind: str) -> dict[str, Any]:
        def every(i: Instance) -> dict[str, Any]:
            return quantities(i) | {"claims": claims(i, ids[kind])}

        with jax.enable_x64(True):
            every_state = compiled(jax.vmap(without_repeats(every)), optimised=False)
            made = every_state(stack(state.instance() for state in states[kind]))
            return jax.tree.map(np.asarray, made)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(states, pool.map(one, states), strict=True))


def penalised_gain(states: Sequence[State]) -> dict[str, np.ndarray]:
    """Right sides of the robust gains, their one optimum being found by bisection on the segment."""
    batch = stack(state.instance() for state in states)
    towards = batch.truth - batch.strong

    def slope(share: np.ndarray) -> np.ndarray:
        at = batch.strong + share[:, None, None] * towards
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(towards != 0, towards * np.log(at / batch.weak), 0.0)
        return np.sum(batch.weights[:, :, None] * terms, axis=(1, 2))

    low, high = np.zeros(len(states)), np.ones(len(states))
    for _ in range(200):
        middle = 0.5 * (low + high)
        rising = slope(middle) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    best = batch.strong + low[:, None, None] * towards

    def sides(weights, truth, weak, strong, floor, best):
        plain = risk(weights, truth, weak) - disagreement(weights, strong, weak)
        tau = jnp.maximum(shortfall(weights, strong, best, weak), 0.0)
        squares = [expectation(weights, jnp.sum(d**2, axis=-1)) for d in (weak - truth, strong - weak)]
        return {
            "gain-misspecified": plain,
            "gain-suboptimal": plain + shortfall_penalty(floor, tau),
            "gain-squared-misspecified": jnp.sqrt(jnp.maximum(squares[0] - squares[1], 0.0)),
        }

    with jax.enable_x64(True):
        tables = batch.weights, batch.truth, batch.weak, batch.strong, batch.floor, best
        return jax.tree.map(np.asarray, compiled(jax.vmap(sides), optimised=False)(*tables))
