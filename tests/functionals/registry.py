"""Every public functional with arguments of a few shared shapes, for tests that hold for all of them."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.oracles.tables import instance
from w2s_theory import functionals
from w2s_theory.functionals import (
    binned_calibration,
    bregman,
)

INPUTS, CLASSES = 4, 3


class Case(NamedTuple):
    function: Callable[..., Any]
    arguments: Callable[[int], tuple]
    static: dict[str, Any]


def _rows(seed):
    i = instance(seed, INPUTS, CLASSES)
    return i.truth, i.strong


def _tables(seed):
    i = instance(seed, INPUTS, CLASSES)
    return i.weights, i.truth, i.strong


def _instance(seed):
    return tuple(instance(seed, INPUTS, CLASSES))


def _binary(seed):
    i = instance(seed, INPUTS, 2)
    return i.weights, i.truth, i.strong


def _teacher(seed):
    i = instance(seed, INPUTS, CLASSES, floor=0.05)
    return i.weights, i.truth, i.weak, np.array(0.1 + 0.05 * seed)


def _labelled(seed):
    i = instance(seed, INPUTS, CLASSES)
    return i.strong, np.random.default_rng(seed).integers(0, CLASSES, INPUTS)


def _unlabelled(seed):
    i = instance(seed, INPUTS, CLASSES)
    return i.weights, i.weak, i.strong, -np.sum(i.weights[:, None] * i.truth * np.log(i.weak))


def _positive(seed):
    return (np.array([0.05, 0.4, 0.9]) ** (1 + seed),)


def _sample(seed):
    return np.random.default_rng(seed).normal(size=12)


def _scalars(*values):
    return lambda seed: tuple(np.array(value * (1 + 0.1 * seed)) for value in values)


def _cases() -> dict[str, Case]:
    plain = {
        _rows: "kl_divergence cross_entropy total_variation squared_hellinger chi_squared jensen_shannon max_log_ratio",
        _tables: "disagreement risk reverse_risk log_loss marginal_calibration_error expected_calibration_error "
        "full_row_calibration_error truth_given_row equal_width_calibration_error",
        _instance: "risk_difference label_free_change",
        _binary: "smooth_calibration smooth_calibration_error",
        _teacher: "instance_envelope instance_envelope_change",
        _unlabelled: "label_free_range",
        _positive: "pinsker_bound bretagnolle_huber_bound extremal_pair sharp_pinsker_point sharp_pinsker_tv "
        "sharp_pinsker_kl",
        _scalars(0.1): "log_ratio_constant",
        _scalars(0.2, 0.05): "log_ratio_bound naive_risk_bound",
        _scalars(0.1, 0.2, 0.4): "performance_gap_recovered",
        lambda seed: _instance(seed)[1:]: "risk_difference_terms",
        lambda seed: _teacher(seed)[1:]: "line_students",
        lambda seed: (*_teacher(seed), np.array(0.02)): "floored_instance_envelope",
        lambda seed: (_sample(seed), np.array(0.6), np.array(0.8)): "quantile_interval",
    }
    cases = {name: Case(PUBLIC[name], arguments, {}) for arguments, names in plain.items() for name in names.split()}
    for name in ("uniform_envelope_upper", "uniform_envelope_lower"):
        cases[name] = Case(PUBLIC[name], _scalars(0.2, 0.03), {"classes": 3})
    for name in bregman.GENERATOR_NAMES:
        cases[f"bregman_divergence {name}"] = Case(bregman.bregman_divergence, _rows, {"phi": bregman.generator(name)})
    estimate = binned_calibration.binned_calibration_error
    for choice in (
        {"scheme": "equal-width", "notion": "class-wise", "estimator": "plug-in"},
        {"scheme": "equal-mass", "notion": "top-label", "estimator": "cross-fit"},
    ):
        cases[f"binned_calibration_error {choice['estimator']}"] = Case(estimate, _labelled, {"bins": 3} | choice)
    squared, choice = binned_calibration.debiased_squared_calibration_error, {"bins": 3, "scheme": "equal-mass"}
    cases[squared.__name__] = Case(squared, _labelled, choice)
    interval = binned_calibration.binned_calibration_interval
    cases[interval.__name__] = Case(interval, _labelled, {"bins": 3})
    return cases


def _public() -> dict[str, Callable[..., Any]]:
    """The functions of all modules of `functionals`, but for partitions (integers) and `generator` (a name)."""
    names = (f"{functionals.__name__}.{module.name}" for module in pkgutil.iter_modules(functionals.__path__))
    return {
        name: value
        for module in map(importlib.import_module, names)
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
        if not name.startswith("_") and not module.__name__.endswith("partitions")
    }


PUBLIC = _public()
CASES = _cases()
