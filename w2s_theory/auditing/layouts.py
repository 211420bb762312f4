"""Which columns are which: by the options, else by the names that public weak-to-strong code saves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from w2s_theory.auditing.predictions import ROLES
from w2s_theory.auditing.tables import Chunk, Table
from w2s_theory.errors import InputError

_MODEL_COLUMNS = ("soft_label", "soft_pred", "probs", "probabilities", "logits")
_LABEL_COLUMNS = ("gt_label", "gt_labels", "labels", "label")
_KEYS = ("id", "txt")


@dataclass(frozen=True)
class Selection:
    """Columns of table number `table` that together are one thing; `logits` where their name says they are."""

    table: int
    name: str
    columns: tuple[str, ...]
    logits: bool = False

    def values(self, chunk: Chunk) -> np.ndarray:
        """One array: the column, or its numbered columns side by side."""
        if self.columns == (self.name,):
            return chunk[self.name]
        return np.stack([chunk[column] for column in self.columns]).T


def select(tables: Sequence[Table], options: Mapping[str, str | None]) -> dict[str, Selection]:
    """What each role is read from: weak, strong, ceiling, labels, truth, slices, as far as there.

    Of several files the first is the weak model's, the second the strong one's, the third the ceiling's.
    """
    made: dict[str, Selection] = {}
    for number, role in enumerate(ROLES):
        own = number if len(tables) > 1 else 0
        found = _model(tables, role, own, options.get(role))
        if found is not None:
            made[role] = found
    for role, option in (("labels", "--labels"), ("truth", "--truth"), ("slices", "--by")):
        wanted = options.get(role)
        if wanted is not None:
            made[role] = _anywhere(tables, wanted, option)
    if "labels" not in made:
        guess = next(((n, c) for c in _LABEL_COLUMNS for n, table in enumerate(tables) if c in table.columns), None)
        if guess is not None:
            made["labels"] = Selection(guess[0], guess[1], (guess[1],))
    if "truth" not in made and len(tables) == 1 and (found := _columns(tables[0], "truth")):
        made["truth"] = Selection(0, "truth", found)
    return made


def _model(tables: Sequence[Table], role: str, own: int, wanted: str | None) -> Selection | None:
    """The predictions of one model: as asked for, or recognised in its own file."""
    if wanted is not None:
        order = [own, *(n for n in range(len(tables)) if n != own)] if own < len(tables) else range(len(tables))
        for number in order:
            if found := _columns(tables[number], wanted):
                return Selection(number, wanted, found)
        raise InputError(_missing(tables, f"--{role}", wanted))
    if own >= len(tables):
        return None
    names = [role, *(_MODEL_COLUMNS if len(tables) > 1 else ())]
    for name in names:
        if found := _columns(tables[own], name):
            return Selection(own, name, found, logits=name == "logits")
    if role == "ceiling" and len(tables) < 3:
        return None
    expected = ", ".join(names)
    raise InputError(
        f"{tables[own].name}: no predictions of the {role} model: looked for {expected}; name its column by --{role}; "
        f"the columns are {tables[own].listing()}"
    )


def _anywhere(tables: Sequence[Table], wanted: str, option: str) -> Selection:
    for number, table in enumerate(tables):
        if found := _columns(table, wanted):
            return Selection(number, wanted, found)
    raise InputError(_missing(tables, option, wanted))


def _missing(tables: Sequence[Table], option: str, wanted: str) -> str:
    present = "; ".join(f"{table.name} has {table.listing()}" for table in tables)
    return f"{tables[0].name}: {option} {wanted}: there is no such column, nor {wanted}_0, {wanted}_1, …; {present}"


def _columns(table: Table, name: str) -> tuple[str, ...]:
    """The column, or its numbered columns in order; none if there is neither, or only one numbered column."""
    if name in table.columns:
        return (name,)
    known = set(table.columns)
    found: list[str] = []
    while f"{name}_{len(found)}" in known:
        found.append(f"{name}_{len(found)}")
    return tuple(found) if len(found) > 1 else ()


def join_key(tables: Sequence[Table], wanted: str | None) -> str | None:
    """The column that says which rows of several files belong together; None to go by their order."""
    if wanted is not None:
        for table in tables:
            if wanted not in table.columns:
                raise InputError(f"{table.name}: --key {wanted}: there is no such column among {table.listing()}")
        return wanted
    return next((key for key in _KEYS if all(key in table.columns for table in tables)), None)
