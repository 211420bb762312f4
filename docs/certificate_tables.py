"""Instances as tables to read: stored certificates with their fractions, and witnesses in decimals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from w2s_theory.instance import Instance

_STUDENTS = {
    "mixture": "the mixture of the models with weights",
    "dual_mixture": "the normalised geometric mixture of the models with weights",
    "model": "the model of index",
    "head": "the softmax head with parameters",
}
_NAMES = {"truth": "truth $F^*$", "weak": "weak $F_w$", "strong": "student $F_{sw}$"}
_LONGEST = 12


def counterexample(instance: Mapping[str, Any]) -> list[str]:
    """Markdown of a certificate's instance: one row an input, and sentences for what is not a table."""
    tables = [name for name in _NAMES if isinstance(instance[name], list)]
    header = ["input", "weight", *(_NAMES[name] for name in tables)]
    columns = [[_row(row) for row in instance[name]] for name in tables]
    rows = [[str(n), *cells] for n, cells in enumerate(zip(map(_number, instance["weights"]), *columns, strict=True))]
    said = [
        f"The {_NAMES[name]}: {_STUDENTS[key]} {_parameters(value)}."
        for name in _NAMES
        if isinstance(instance[name], dict)
        for key, value in instance[name].items()
    ]
    said += [
        f"Model {n}: {'; '.join(_row(row) for row in model)}." for n, model in enumerate(instance.get("models", []))
    ]
    if "features" in instance:
        said.append(f"Features: {'; '.join(_row(row) for row in instance['features'])}; radius {instance['radius']}.")
    if instance.get("class") == "list":
        said.append("The class is the list of models itself, not its hull.")
    return [_table(header, rows), *([_bullets(said)] if said else [])]


def numbers(instance: Instance) -> list[str]:
    """Markdown of a concrete instance: one row an input, and the class of students where it has one."""
    header = ["input", "weight", *_NAMES.values()]
    tables = [np.asarray(getattr(instance, name)) for name in _NAMES]
    weights = np.asarray(instance.weights)
    rows = [[str(n), f"{weights[n]:.6g}", *(_decimals(table[n]) for table in tables)] for n in range(len(weights))]
    said = []
    if instance.models is not None:
        made = ("; ".join(map(_decimals, model)) for model in np.asarray(instance.models))
        said += [f"Model {n}: {rows_}." for n, rows_ in enumerate(made)]
    if instance.features is not None:
        radius = "" if instance.radius is None else f"; radius {float(instance.radius):g}"
        said.append(f"Features: {'; '.join(map(_decimals, np.asarray(instance.features)))}{radius}.")
    return [_table(header, rows), *([_bullets(said)] if said else [])]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["\n".join(("* - " if n == 0 else "  - ") + cell for n, cell in enumerate(row)) for row in [header, *rows]]
    return ":::{list-table}\n:header-rows: 1\n:class: instance\n\n" + "\n".join(lines) + "\n:::"


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"* {sentence}" for sentence in sentences)


def _row(row: Sequence[str]) -> str:
    return f"({', '.join(map(_number, row))})"


def _number(fraction: str) -> str:
    """The fraction as it is; a long one as a decimal, which the stored file has in full."""
    if len(fraction) <= _LONGEST:
        return fraction.replace("-", "−")
    above, _, below = fraction.partition("/")
    return f"≈ {int(above) / int(below or 1):.9g}".replace("-", "−")


def _parameters(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "; ".join(map(_row, value))
    return _row(value) if isinstance(value, list) else str(value)


def _decimals(row: np.ndarray) -> str:
    return f"({', '.join(f'{x:.6g}' for x in row)})".replace("-", "−")
