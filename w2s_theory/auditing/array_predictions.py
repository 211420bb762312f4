"""Predictions held in memory, as a stream of checked blocks; readers hand their columns to the same checks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from w2s_theory.auditing.predictions import (
    ROLES,
    Block,
    Predictions,
    SumCheck,
    label_indices,
    model_rows,
    refuse,
    rows_a_block,
)
from w2s_theory.errors import InputError

Raw = Mapping[str, np.ndarray]
"""Columns of one block by what they are for: weak, strong, ceiling, labels, truth, slices."""


def checked(source: str, names: Mapping[str, str], raw: Iterable[Raw], *, logits: bool) -> Iterator[Block]:
    """Blocks from raw columns; `names` are the columns' own names, for messages.

    `InputError` for anything that cannot be a prediction, for rows that do not sum to one (counted over all blocks)
    and for a source without rows.
    """
    first, classes = 0, None
    sums: dict[str, SumCheck] = {}
    for columns in raw:
        size = {role: len(values) for role, values in columns.items()}
        if len(set(size.values())) > 1:
            parts = ", ".join(f"{names.get(role, role)} {number:,}" for role, number in size.items())
            raise InputError(f"{source}: columns have different lengths: {parts}")
        if not size or not next(iter(size.values())):
            continue
        tables = {}
        for role in (*ROLES, "truth"):
            if role not in columns:
                continue
            name = names.get(role, role)
            given_logits = logits and role != "truth"
            tables[role] = model_rows(source, name, columns[role], first, logits=given_logits)
            if classes is None:
                classes = tables[role].shape[1]
            elif tables[role].shape[1] != classes:
                own = tables[role].shape[1]
                refuse(source, name, f"has {own} classes where {names.get('weak', 'weak')} has {classes}")
            if not given_logits:
                stored = np.asarray(columns[role]).dtype
                sums.setdefault(role, SumCheck(source, name, stored)).add(tables[role], first)
        assert classes is not None
        labels = None
        if "labels" in columns:
            labels = label_indices(source, names.get("labels", "labels"), columns["labels"], first, classes)
        models = {role: tables[role] for role in ROLES if role in tables}
        yield Block(first, models, labels, tables.get("truth"), columns.get("slices"))
        first += next(iter(size.values()))
    for check in sums.values():
        check.finish()
    if not first:
        raise InputError(f"{source}: there are no rows to audit")


def array_predictions(
    weak: Any,
    strong: Any,
    *,
    labels: Any = None,
    truth: Any = None,
    ceiling: Any = None,
    by: Any = None,
    logits: bool = False,
    source: str = "arrays",
    names: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Predictions:
    """`Predictions` from arrays (or lists): rows (n, k), or P(class 1) (n,); labels (n,); truth (n, k); `by` (n,)."""
    given = {"weak": weak, "strong": strong, "ceiling": ceiling, "labels": labels, "truth": truth, "slices": by}
    columns = {role: _array(source, role, values) for role, values in given.items() if values is not None}
    for role in ("weak", "strong"):
        if role not in columns:
            raise InputError(f"{source}: predictions of the {role} model are needed")
    lengths = {role: len(values) for role, values in columns.items()}
    if len(set(lengths.values())) > 1:
        parts = ", ".join(f"{role} {number:,}" for role, number in lengths.items())
        raise InputError(f"{source}: columns have different lengths: {parts}")
    if "slices" in columns:
        columns["slices"] = columns["slices"].astype(str)
    size = rows_a_block(columns["weak"].shape[1] if columns["weak"].ndim == 2 else 2)

    def stream() -> Iterator[Block]:
        starts = range(0, lengths["weak"], size)
        raw = ({role: values[start : start + size] for role, values in columns.items()} for start in starts)
        yield from checked(source, names or {}, raw, logits=logits)

    return Predictions(source, stream, notes)


def _array(source: str, role: str, values: Any) -> np.ndarray:
    try:
        made = np.asarray(values)
    except (ValueError, OverflowError):
        refuse(source, role, "is not an array: are its rows of different lengths?")
    if made.ndim == 0:
        refuse(source, role, "is one value, not one per point")
    return made
