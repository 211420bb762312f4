"""Instances as JSON: read with every number checked, never repaired, and written back the same."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import jax
import numpy as np

from w2s_theory.errors import InputError
from w2s_theory.functionals.bregman import GENERATOR_NAMES
from w2s_theory.instance import Instance

CLASSES = ("hull", "list")
_LARGEST_COUNT = 10**15
KINDS = ("simplex", "positive", "density", "real")
SUM_TOLERANCE = 1e-9

_TABLES = ("truth", "weak", "strong")
_OPTIONAL = (
    "floor",
    "models",
    "class",
    "features",
    "radius",
    "groups",
    "strong_groups",
    "generator",
    "sigma",
    "n",
    "delta",
    "r",
)
_KEYS = ("kind", "weights", *_TABLES, *_OPTIONAL)


def read_instance(path: str | Path, *, needs_strong: bool = True) -> Instance:
    """Read an instance file.

    `InputError`, with one sentence naming file, field, row and value, for a file that cannot be read, is not JSON,
    has unknown or missing keys, or holds numbers that are not what they should be.  Rows are used as given, never
    renormalised.  With `needs_strong=False` the table `strong` may be missing; `weak` then stands in for it.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{name}: cannot be read: {problem.strerror or problem}") from None
    except UnicodeDecodeError:
        raise InputError(f"{name}: is not UTF-8 text, so not a JSON instance file") from None
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _unique(name, pairs))
    except json.JSONDecodeError as problem:
        raise InputError(f"{name}: is not JSON: {problem.msg} at line {problem.lineno}") from None
    except InputError:
        raise
    except RecursionError:
        raise InputError(f"{name}: is nested too deeply to be an instance file") from None
    except ValueError:
        raise InputError(f"{name}: holds an integer of thousands of digits, which is not a finite number") from None
    if not isinstance(data, dict):
        raise InputError(f"{name}: holds a JSON {type(data).__name__}, not an object with weights, truth, weak, strong")
    return instance_from(data, source=name, needs_strong=needs_strong)


def _unique(source: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        _fail(source, next(key for key in keys if keys.count(key) > 1), "the key occurs twice")
    return made


def instance_from(data: Mapping[str, Any], *, source: str = "instance", needs_strong: bool = True) -> Instance:
    """An `Instance` from the keys of an instance file; arrays and lists alike.  `InputError` as `read_instance`."""
    if not needs_strong and "strong" not in data and "weak" in data:
        data = {**data, "strong": data["weak"]}
    for key in data:
        if key not in _KEYS:
            _fail(source, str(key), f"unknown key; known keys are {', '.join(_KEYS)}")
    for key in ("weights", *_TABLES):
        if key not in data:
            _fail(source, key, "the key is missing")
    kind = _choice(source, "kind", data.get("kind", "simplex"), KINDS)
    weights = _weights(source, data["weights"])
    tables = {key: _table(source, key, data[key], len(weights)) for key in _TABLES}
    classes = tables["truth"].shape[1]
    for key in ("weak", "strong"):
        if tables[key].shape[1] != classes:
            _fail(source, key, f"has {tables[key].shape[1]} columns where truth has {classes}")
    models = _models(source, data["models"], (len(weights), classes)) if data.get("models") is not None else None
    every = [(key, tables[key]) for key in _TABLES]
    every += [(f"models[{j}]", model) for j, model in enumerate(models if models is not None else ())]
    for key, table in every:
        _rows(source, key, table, kind, weights)

    features = data.get("features")
    if features is not None:
        features = _table(source, "features", features, len(weights))
    smallest = [tables["weak"], tables["strong"], *(models if models is not None else ())]
    return Instance(
        weights=weights,
        truth=tables["truth"],
        weak=tables["weak"],
        strong=tables["strong"],
        floor=_floor(source, data.get("floor"), kind, classes, [t[weights > 0] for t in smallest]),
        models=models,
        features=features,
        radius=_positive(source, data, "radius"),
        groups=_groups(source, data, "groups", len(weights)),
        strong_groups=_groups(source, data, "strong_groups", len(weights)),
        sigma=_positive(source, data, "sigma"),
        delta=_positive(source, data, "delta", below=1.0),
        kind=kind,
        convex=_choice(source, "class", data.get("class", "hull"), CLASSES) == "hull",
        generator=_choice(source, "generator", data.get("generator", "kl"), GENERATOR_NAMES),
        sample_size=_count(source, data, "n"),
        members=_count(source, data, "r"),
    )


def instance_to_json(i: Instance) -> dict[str, Any]:
    """The keys of an instance file for a finite table; reading them back gives the same numbers."""
    made: dict[str, Any] = {"kind": i.kind}
    for key in ("weights", *_TABLES, "models", "features", "radius", "groups", "strong_groups", "sigma", "delta"):
        value = getattr(i, key)
        if value is not None:
            made[key] = np.asarray(value).tolist()
    if i.kind == "simplex" and i.floor > 0:
        made["floor"] = float(i.floor)
    if not i.convex:
        made["class"] = "list"
    if i.generator != "kl":
        made["generator"] = i.generator
    made |= {key: value for key, value in (("n", i.sample_size), ("r", i.members)) if value is not None}
    return made


def _fail(source: str, field: str, what: str, row: int | None = None) -> NoReturn:
    place = f"field {field}" if row is None else f"field {field}, row {row}"
    raise InputError(f"{source}: {place}: {what}")


def _choice(source: str, field: str, value: Any, known: tuple[str, ...]) -> Any:
    if not isinstance(value, str) or value not in known:
        _fail(source, field, f"{value!r} is not one of {', '.join(known)}")
    return value


def _number(source: str, field: str, value: Any, row: int | None = None) -> float:
    """A finite float; booleans, strings and numbers beyond float64 are refused by name."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        _fail(source, field, f"{_shown(value)} is not a number", row)
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not np.isfinite(number):
        _fail(source, field, f"{_shown(value)} is not a finite number", row)
    return number


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:
        text = "an integer of thousands of digits"
    return text if len(text) <= 40 else text[:37] + "..."


def _sequence(source: str, field: str, value: Any, row: int | None = None) -> list[Any]:
    if isinstance(value, np.ndarray | jax.Array):
        value = np.asarray(value).tolist()
    if not isinstance(value, list | tuple):
        _fail(source, field, f"{_shown(value)} is not a list", row)
    if not value:
        _fail(source, field, "the list is empty", row)
    return list(value)


def _weights(source: str, value: Any) -> np.ndarray:
    weights = np.array(
        [_number(source, "weights", v, row) for row, v in enumerate(_sequence(source, "weights", value))]
    )
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        _fail(source, "weights", f"{float(weights[row])!r} is negative", row)
    total = float(weights.sum())
    if abs(total - 1.0) > SUM_TOLERANCE:
        _fail(source, "weights", f"the weights sum to {total!r}, not 1")
    return weights


def _table(source: str, field: str, value: Any, inputs: int) -> np.ndarray:
    rows = _sequence(source, field, value)
    if len(rows) != inputs:
        _fail(source, field, f"has {len(rows)} rows where weights has {inputs} entries")
    made: list[list[float]] = []
    for row, entries in enumerate(rows):
        made.append([_number(source, field, v, row) for v in _sequence(source, field, entries, row)])
        if len(made[row]) != len(made[0]):
            _fail(source, field, f"has {len(made[row])} entries where row 0 has {len(made[0])}", row)
    return np.array(made)


def _models(source: str, value: Any, shape: tuple[int, int]) -> np.ndarray:
    tables = [_table(source, f"models[{j}]", t, shape[0]) for j, t in enumerate(_sequence(source, "models", value))]
    for j, table in enumerate(tables):
        if table.shape != shape:
            _fail(source, f"models[{j}]", f"has {table.shape[1]} columns where truth has {shape[1]}")
    return np.stack(tables)


def _rows(source: str, field: str, table: np.ndarray, kind: str, weights: np.ndarray) -> None:
    """Refuse entries and rows that the kind does not allow."""
    if kind == "real":
        return
    if kind == "simplex" and table.shape[1] < 2:
        _fail(source, field, "has one column; kind simplex needs at least 2 classes")
    low = table < 0 if kind == "simplex" else table <= 0
    if low.any():
        row, column = np.argwhere(low)[0]
        word = "negative" if kind == "simplex" else f"not positive, as kind {kind} needs"
        _fail(source, field, f"entry {column} is {float(table[row, column])!r}, which is {word}", int(row))
    faint = (table > 0) & (table < np.finfo(float).tiny)
    if faint.any():
        row, column = np.argwhere(faint)[0]
        _fail(
            source,
            field,
            f"entry {column} is {float(table[row, column])!r}, too small for float64 arithmetic",
            int(row),
        )
    if kind == "simplex":
        sums = table.sum(axis=1)
        off = np.abs(sums - 1.0) > SUM_TOLERANCE
        if off.any():
            row = int(np.argmax(off))
            _fail(source, field, f"the entries sum to {float(sums[row])!r}, not 1", row)
    if kind == "density":
        for column, mean in enumerate(weights @ table):
            if abs(mean - 1.0) > SUM_TOLERANCE:
                _fail(source, field, f"column {column} has mean {float(mean)!r}; kind density needs 1")


def _floor(source: str, value: Any, kind: str, classes: int, tables: list[np.ndarray]) -> np.ndarray:
    if value is None:
        return np.asarray(min(float(t.min()) for t in tables))
    floor = _number(source, "floor", value)
    if kind == "simplex" and not 0 < floor <= 1 / classes:
        _fail(source, "floor", f"{floor!r} is not in (0, 1/{classes}]")
    return np.asarray(floor)


def _positive(source: str, data: Mapping[str, Any], field: str, below: float = np.inf) -> np.ndarray | None:
    if data.get(field) is None:
        return None
    number = _number(source, field, data[field])
    if not 0 < number < below:
        _fail(source, field, f"{number!r} is not {'positive' if below == np.inf else f'between 0 and {below:g}'}")
    return np.asarray(number)


def _count(source: str, data: Mapping[str, Any], field: str) -> int | None:
    value = data.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        _fail(source, field, f"{_shown(value)} is not a positive integer")
    if value > _LARGEST_COUNT:
        _fail(source, field, f"{_shown(value)} is more than {_LARGEST_COUNT:,}")
    return value


def _groups(source: str, data: Mapping[str, Any], field: str, inputs: int) -> np.ndarray | None:
    """Group labels (integers or strings) as cell numbers in order of first appearance."""
    if data.get(field) is None:
        return None
    labels = _sequence(source, field, data[field])
    if len(labels) != inputs:
        _fail(source, field, f"has {len(labels)} entries where weights has {inputs}")
    for row, label in enumerate(labels):
        if isinstance(label, bool) or not isinstance(label, int | str):
            _fail(source, field, f"{_shown(label)} is not an integer or a string", row)
    cells = {label: cell for cell, label in enumerate(dict.fromkeys(labels))}
    return np.array([cells[label] for label in labels])
