"""Predictions from one file, streamed, or from two or three that are joined on a key."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from w2s_theory.auditing.array_predictions import Raw, array_predictions, checked
from w2s_theory.auditing.layouts import Selection, join_key, select
from w2s_theory.auditing.opening import open_table
from w2s_theory.auditing.predictions import Block, Predictions, refuse, rows_a_block
from w2s_theory.auditing.tables import Chunk, Table, ahead
from w2s_theory.errors import InputError

_MOST_FILES = 3
_JOINED_ROWS = 2**14


def file_predictions(
    files: Sequence[str | Path],
    *,
    columns: Mapping[str, str | None],
    logits: bool = False,
    key: str | None = None,
) -> Predictions:
    """Predictions in one to three files; `columns` has the options weak, strong, ceiling, labels, truth and slices."""
    if not 1 <= len(files) <= _MOST_FILES:
        raise InputError(f"{len(files)} files were given: an audit takes one, or one a model (weak, strong, ceiling)")
    tables = [open_table(file) for file in files]
    chosen = select(tables, columns)
    named = ", ".join(f"{role} {selection.name}" for role, selection in chosen.items())
    notes = [f"Read from {' and '.join(table.name for table in tables)}: {named}."]
    models = [selection for role, selection in chosen.items() if role in ("weak", "strong", "ceiling")]
    if not logits and any(selection.logits for selection in models):
        if not all(selection.logits for selection in models):
            raise InputError(
                f"{tables[0].name}: some models are given by logits and others by probabilities; "
                "name columns of one kind"
            )
        logits = True
    if logits:
        notes.append("Logits were turned into probabilities by softmax.")
    if len(tables) == 1:
        return _one(tables[0], chosen, logits, tuple(notes))
    return _joined(tables, chosen, logits, join_key(tables, key), notes)


def _names(chosen: Mapping[str, Selection]) -> dict[str, str]:
    return {role: selection.name for role, selection in chosen.items()}


def _one(table: Table, chosen: Mapping[str, Selection], logits: bool, notes: tuple[str, ...]) -> Predictions:
    wanted = list(dict.fromkeys(column for selection in chosen.values() for column in selection.columns))

    def raw() -> Iterator[Raw]:
        head = next(iter(table.chunks(wanted, 1)), None)
        if head is None:
            return
        shape = chosen["weak"].values(head).shape
        for chunk in ahead(table.chunks(wanted, rows_a_block(shape[1] if len(shape) > 1 else 2))):
            made = {role: selection.values(chunk) for role, selection in chosen.items()}
            if "slices" in made:
                made["slices"] = as_text(made["slices"])
            yield made

    def stream() -> Iterator[Block]:
        return checked(table.name, _names(chosen), raw(), logits=logits)

    return Predictions(table.name, stream, notes)


def as_text(values: np.ndarray) -> np.ndarray:
    """Names of slices, and keys: whole numbers without a decimal point."""
    if values.dtype.kind != "f":
        return values.astype(str)
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2.0**53)
    return np.where(whole, np.where(whole, values, 0).astype(np.int64).astype(str), values.astype(str))


def _joined(
    tables: Sequence[Table], chosen: Mapping[str, Selection], logits: bool, key: str | None, notes: list[str]
) -> Predictions:
    """All rows of the files in memory, in the first file's order."""
    wanted: list[list[str]] = [[] for _ in tables]
    for selection in chosen.values():
        wanted[selection.table] += [c for c in selection.columns if c not in wanted[selection.table]]
    shared = _shared_labels(tables, chosen)
    for number, columns in enumerate(wanted):
        columns += [] if key is None or key in columns else [key]
        columns += [shared] if shared and shared in tables[number].columns and shared not in columns else []
    whole = [_whole(table, columns, key) for table, columns in zip(tables, wanted, strict=True)]
    if key is None:
        _same_length(tables, whole)
        notes.append("The files have no key in common (id or txt, or --key), so rows were joined by their order.")
    else:
        whole = _aligned(tables, whole, key)
        notes.append(f"Files were joined on column {key}.")
    if shared:
        _same_labels(tables, whole, shared)
    source = " and ".join(table.name for table in tables)
    made = {role: selection.values(whole[selection.table]) for role, selection in chosen.items()}
    return array_predictions(
        made.get("weak"),
        made.get("strong"),
        ceiling=made.get("ceiling"),
        labels=made.get("labels"),
        truth=made.get("truth"),
        by=None if "slices" not in made else as_text(made["slices"]),
        logits=logits,
        source=source,
        names=_names(chosen),
        notes=tuple(notes),
    )


def _shared_labels(tables: Sequence[Table], chosen: Mapping[str, Selection]) -> str | None:
    """The label column, if other files have it too and should agree; `labels` may be what a student was trained on."""
    name = chosen["labels"].name if "labels" in chosen else None
    if name in (None, "labels"):
        return None
    return name if sum(name in table.columns for table in tables) > 1 else None


def _whole(table: Table, columns: Sequence[str], key: str | None) -> Chunk:
    parts = list(table.chunks(columns, _JOINED_ROWS)) if columns else []
    if key is not None:
        starts = accumulate((len(part[key]) for part in parts), initial=0)
        parts = [part | {key: _keys(table, key, part[key], first)} for part, first in zip(parts, starts, strict=False)]
    if not parts:
        raise InputError(f"{table.name}: there are no rows to audit")
    widths = {c: {part[c].shape[1:] for part in parts} for c in columns}
    mixed = next((column for column, shapes in widths.items() if len(shapes) > 1), None)
    if mixed is not None:
        raise InputError(f"{table.name}: column {mixed}: rows have different numbers of classes")
    return {column: np.concatenate([part[column] for part in parts]) for column in columns}


def _keys(table: Table, key: str, values: np.ndarray, first: int) -> np.ndarray:
    """Keys as text, the same however a part of the file was read; whole numbers are exact below 2⁵³ only."""
    if values.ndim > 1:
        refuse(table.name, key, "rows of numbers cannot be keys")
    if values.dtype.kind == "f" and np.abs(values).max(initial=0.0, where=~np.isnan(values)) >= 2.0**53:
        refuse(table.name, key, "numbers of 2^53 and more are read inexactly; save keys as text")
    absent = np.isnan(values) if values.dtype.kind == "f" else values == ""
    if np.any(absent):
        refuse(table.name, key, "the key is missing", first + int(np.argmax(absent)))
    return as_text(values)


def _same_length(tables: Sequence[Table], whole: Sequence[Chunk]) -> None:
    lengths = [len(next(iter(columns.values()))) if columns else 0 for columns in whole]
    if len(set(lengths)) > 1:
        parts = ", ".join(f"{table.name} {number:,}" for table, number in zip(tables, lengths, strict=True))
        raise InputError(f"{tables[0].name}: files have different numbers of rows and no key to join them on: {parts}")


def _aligned(tables: Sequence[Table], whole: Sequence[Chunk], key: str) -> list[Chunk]:
    """Rows of every file in the order of the first one's keys."""
    keys = [columns[key].tolist() for columns in whole]
    for table, own in zip(tables, keys, strict=True):
        repeated = {value: count for value, count in Counter(own).items() if count > 1}
        if repeated:
            example = repr(next(iter(repeated)))[:60]
            raise InputError(
                f"{table.name}: column {key}: {len(repeated):,} keys occur more than once, in "
                f"{sum(repeated.values()):,} rows (the first is {example})"
            )
    made = [dict(whole[0])]
    for number in range(1, len(tables)):
        place = {value: row for row, value in enumerate(keys[number])}
        absent = [value for value in keys[0] if value not in place]
        surplus = len(keys[number]) - (len(keys[0]) - len(absent))
        if absent or surplus:
            example = repr(absent[0] if absent else next(v for v in keys[number] if v not in set(keys[0])))[:60]
            raise InputError(
                f"{tables[number].name}: column {key}: {len(absent):,} keys of {tables[0].name} are not in it, and "
                f"{surplus:,} of its own are not there (the first is {example})"
            )
        order = np.array([place[value] for value in keys[0]])
        made.append({column: values[order] for column, values in whole[number].items()})
    return made


def _same_labels(tables: Sequence[Table], whole: Sequence[Chunk], name: str) -> None:
    having = [(table, columns[name]) for table, columns in zip(tables, whole, strict=True) if name in columns]
    first_table, first = having[0]
    for table, other in having[1:]:
        differ = ~((first == other) | (_absent(first) & _absent(other)))
        if differ.any():
            row = int(np.argmax(differ))
            raise InputError(
                f"{table.name}: column {name}, row {row:,}: {int(differ.sum()):,} labels differ from those of "
                f"{first_table.name} for the same points"
            )


def _absent(values: np.ndarray) -> np.ndarray:
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
