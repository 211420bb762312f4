"""Results as JSON can hold them: six significant digits, and null where a number is not finite."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from w2s_theory.errors import InputError

SIGNIFICANT_DIGITS = 6


def rounded(value: Any) -> Any:
    """`value` with every float, and every array as nested lists, rounded to 6 significant digits; NaN is `None`."""
    if isinstance(value, Mapping):
        return {str(key): rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    array = np.asarray(value)
    if array.ndim:
        return rounded(array.tolist())
    number = array.item()
    if not isinstance(number, float):
        return number
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}") if np.isfinite(number) else None


def check_seeds(experiment: str, seed: int, seeds: int) -> None:
    """`InputError` for a negative seed or for `seeds` below one."""
    if seed < 0 or seeds < 1:
        raise InputError(f"{experiment} needs a seed of at least 0 and seeds of at least 1, not {seed} and {seeds}")
