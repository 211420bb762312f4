"""The results of a sweep in a folder: Parquet files that are written whole or not at all, and never changed."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from w2s_theory.errors import InputError
from w2s_theory.sweeping.cells import Cell, Value

_FIXED = {"cell": "string", "kind": "string", "name": "string", "world": "string", "seed": "int64"}
_FOUND = {"instances": "int64", "asked": "int64", "violations": "int64", "min_slack": "float64"}
_LAST = {"max_tightness": "float64", "record": "string"}


def _arrow() -> Any:
    try:
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise InputError(
            "sweeps are written as Parquet by pyarrow, an optional extra: pip install 'w2s-theory[cluster]'"
        ) from None
    return pyarrow


class Store:
    """A folder of rows, `rows-000001.parquet` and so on; `damaged` are files that were set aside when it was opened."""

    def __init__(self, folder: Path, cells: Iterable[Cell]):
        self.folder = folder
        self.damaged: list[str] = []
        self.done: set[str] = set()
        self.violations: dict[str, int] = {}
        arrow = _arrow()
        types = _FIXED | _parameter_types(cells) | _FOUND | _LAST
        self._schema = arrow.schema([(name, arrow.type_for_alias(kind)) for name, kind in types.items()])
        self._next = 1

    @contextmanager
    def opened(self, resume: bool) -> Iterator["Store"]:
        """Hold the folder; what it has is read if `resume`.  `InputError` if another sweep holds it, or it has rows."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "sweep.lock").open("w")
        except OSError as problem:
            raise InputError(f"{self.folder}: cannot be written: {problem.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    f"{self.folder}: another sweep is writing there; wait for it, or use another --out"
                ) from None
            self._read(resume)
            yield self

    def _read(self, resume: bool) -> None:
        files = sorted(self.folder.glob("rows-*.parquet"))
        if files and not resume:
            raise InputError(f"{self.folder}: holds the rows of a sweep; go on with --resume, or use another --out")
        arrow = _arrow()
        for file in files:
            self._next = max(self._next, int(file.stem.rsplit("-", 1)[-1]) + 1)
            try:
                table = arrow.parquet.read_table(file, columns=["cell", "name", "violations"])
            except (arrow.ArrowException, OSError, ValueError):
                file.rename(file.with_suffix(".damaged"))
                self.damaged.append(file.name)
                continue
            self._note(table.to_pylist())
        for part in self.folder.glob(".rows-*.part"):
            part.unlink()

    def _note(self, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self.done.add(row["cell"])
            self.violations[row["name"]] = self.violations.get(row["name"], 0) + (row.get("violations") or 0)

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows of cells that are not there yet as one more file.  `InputError` if that fails."""
        fresh = {row["cell"]: row for row in rows if row["cell"] not in self.done}
        if not fresh:
            return
        arrow = _arrow()
        target = self.folder / f"rows-{self._next:06d}.parquet"
        part = self.folder / f".{target.name}.part"
        try:
            with part.open("wb") as file:
                arrow.parquet.write_table(arrow.Table.from_pylist(list(fresh.values()), self._schema), file)
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise InputError(
                f"{target}: cannot be written: {problem.strerror or problem}; the rows before it are kept: --resume"
            ) from None
        self._next += 1
        self._note(fresh.values())


def _parameter_types(cells: Iterable[Cell]) -> dict[str, str]:
    """One column a parameter, of the type of all its values; of several types, text."""
    kinds: dict[str, set[type[Value]]] = {}
    for cell in dict.fromkeys(cell.program for cell in cells):
        for name, value in cell.parameters:
            kinds.setdefault(name, set()).add(type(value))
    names = {frozenset({bool}): "bool", frozenset({int}): "int64"}
    return {
        name: names.get(frozenset(found), "float64" if found <= {int, float} else "string")
        for name, found in kinds.items()
    }
