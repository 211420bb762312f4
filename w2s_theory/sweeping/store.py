"""The results of a sweep in a folder: Parquet files that are written whole or not at all, and never changed."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    """A folder of rows, `rows-000001.parquet` and so on; `damaged` are files that were set aside when it was opened.

    `asked` and `violations` count instances by claim, over the rows of this sweep's cells.
    """

    def __init__(self, folder: Path, cells: Iterable[Cell]):
        self.folder = folder
        self.damaged: list[str] = []
        self.done: set[str] = set()
        self.asked: dict[str, int] = {}
        self.violations: dict[str, int] = {}
        self._cells = {cell.key for cell in cells}
        self._parameters = _parameter_types(cells)
        self._schema = _schema(self._parameters)
        self._next = 1

    @contextmanager
    def opened(self, resume: bool) -> Iterator["Store"]:
        """Hold the folder; what it has is read if `resume`.

        `InputError` if another sweep holds it, if it has rows and is not resumed, or has rows with other columns.
        """
        lock_file = _file_locks()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".sweep.lock").open("w")
        except OSError as problem:
            raise InputError(f"{self.folder}: cannot be written: {problem.strerror}") from None
        with lock:
            try:
                lock_file(lock)
            except BlockingIOError:
                raise InputError(
                    f"{self.folder}: another sweep is writing there; wait for it, or use another --out"
                ) from None
            except OSError as problem:
                raise InputError(f"{self.folder}: cannot be locked: {problem.strerror}") from None
            self._read(resume)
            yield self

    def _read(self, resume: bool) -> None:
        files = sorted(file for file in self.folder.glob("rows-*.parquet") if re.fullmatch(r"rows-\d+", file.stem))
        if files and not resume:
            raise InputError(f"{self.folder}: holds the rows of a sweep; go on with --resume, or use another --out")
        arrow = _arrow()
        for file in files:
            self._next = max(self._next, int(file.stem.rsplit("-", 1)[-1]) + 1)
            try:
                table = arrow.parquet.read_table(file)
            except (arrow.ArrowException, OSError) as problem:
                if isinstance(problem, OSError) and problem.errno:
                    raise InputError(f"{file}: cannot be read: {problem.strerror}") from None
                file.rename(file.with_name(f".{file.stem}.damaged"))
                self.damaged.append(file.name)
                continue
            if not table.schema.equals(self._schema):
                raise InputError(f"{file}: has other columns than this sweep would write; use another --out")
            self._note(table.select(["cell", "kind", "name", "asked", "violations"]).to_pylist())
        for part in self.folder.glob(".rows-*.part"):
            part.unlink()

    def _note(self, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            if row["cell"] not in self._cells:
                continue
            self.done.add(row["cell"])
            if row["kind"] == "claim":
                for counts, column in ((self.asked, "asked"), (self.violations, "violations")):
                    counts[row["name"]] = counts.get(row["name"], 0) + row[column]

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows of cells that are not there yet as one more file.  `InputError` if that fails."""
        fresh = {row["cell"]: self._typed(row) for row in rows if row["cell"] not in self.done}
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

    def _typed(self, row: dict[str, Any]) -> dict[str, Any]:
        words = {name: str(row[name]) for name, kind in self._parameters.items() if kind == "string" and name in row}
        return row | words


def _schema(parameters: dict[str, str]) -> Any:
    arrow = _arrow()
    types = _FIXED | parameters | _FOUND | _LAST
    return arrow.schema([(name, arrow.type_for_alias(kind)) for name, kind in types.items()])


def _file_locks() -> Callable[[Any], None]:
    """A function that locks an open file for this process, and raises `BlockingIOError` if another has it."""
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:
        raise InputError("sweeps lock their folder, which needs a Unix system") from None
    return lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _parameter_types(cells: Iterable[Cell]) -> dict[str, str]:
    """One column a parameter, of the type of all its values; of several types, text."""
    kinds: dict[str, set[type[Value]]] = {}
    for cell in cells:
        for name, value in cell.parameters:
            kinds.setdefault(name, set()).add(type(value))
    names = {frozenset({bool}): "bool", frozenset({int}): "int64"}
    return {
        name: names.get(frozenset(found), "float64" if found <= {int, float} else "string")
        for name, found in kinds.items()
    }
