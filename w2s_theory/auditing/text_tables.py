"""CSV and JSON Lines, read line by line."""

import csv
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from w2s_theory.auditing.predictions import refuse
from w2s_theory.auditing.tables import Chunk, Table, column_array
from w2s_theory.errors import InputError


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Failures to read a file as one sentence."""
    try:
        yield
    except OSError as problem:
        raise InputError(f"{name}: cannot be read: {problem.strerror or problem}") from None
    except UnicodeDecodeError:
        raise InputError(f"{name}: is not UTF-8 text, so neither CSV nor JSON Lines") from None
    except csv.Error as problem:
        raise InputError(f"{name}: is not CSV: {problem}") from None


def csv_table(path: Path, name: str) -> Table:
    """A CSV file (comma, or tab for .tsv) whose first line names the columns."""
    tab = path.suffix.lower() == ".tsv"

    def lines() -> Iterator[list[str]]:
        with reading(name), path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file, delimiter="\t" if tab else ",", strict=True)

    header = next(lines(), None)
    if not header:
        raise InputError(f"{name}: is empty: the first line of a CSV file names its columns")
    twice = next((column for column in header if header.count(column) > 1), None)
    if twice is not None:
        raise InputError(f"{name}: column {twice!r} occurs twice in the first line")

    def chunks(wanted: Sequence[str], rows: int) -> Iterator[Chunk]:
        places = {column: header.index(column) for column in wanted}
        body = itertools.islice(lines(), 1, None)
        first = 0
        while part := list(itertools.islice(body, rows)):
            part = [line for line in part if line]
            for row, line in enumerate(part):
                if len(line) != len(header):
                    message = f"has {len(line)} fields where the first line names {len(header)}"
                    raise InputError(f"{name}: row {first + row:,}: {message}")
            yield {
                column: _cells(name, column, [line[place] for line in part], first) for column, place in places.items()
            }
            first += len(part)

    return Table(name, tuple(header), chunks)


def _cells(name: str, column: str, cells: list[str], first: int) -> np.ndarray:
    """Cells as numbers, as lists of numbers if they are written as JSON, else as strings."""
    try:
        return np.array(cells, dtype=float)
    except ValueError:
        pass
    filled = [cell.strip() for cell in cells]
    if any(cell.startswith("[") for cell in filled):
        return column_array(name, column, [_list(name, column, c, first + n) for n, c in enumerate(filled)], first)
    values: list[Any] = [_float(cell) for cell in filled]
    words = [row for row, value in enumerate(values) if isinstance(value, str)]
    if not words:
        return column_array(name, column, values, first)
    if len(words) < sum(isinstance(value, float) for value in values):
        refuse(name, column, f"{filled[words[0]][:40]!r} is not a number, as most of the column is", first + words[0])
    return np.array(cells, dtype=object)


def _float(cell: str) -> float | str | None:
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return cell


def _list(name: str, column: str, cell: str, row: int) -> Any:
    try:
        return json.loads(cell) if cell else None
    except (ValueError, RecursionError):
        refuse(name, column, f"{cell[:40]!r} is not a list in brackets with commas between its numbers", row)


def jsonl_table(path: Path, name: str) -> Table:
    """JSON Lines: one object a line, all with the same keys."""

    def objects() -> Iterator[dict[str, Any]]:
        with reading(name), path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _object(name, line, number)

    head = next(objects(), None)
    if head is None:
        raise InputError(f"{name}: is empty: JSON Lines has one object a line")

    def chunks(wanted: Sequence[str], rows: int) -> Iterator[Chunk]:
        body, first = objects(), 0
        while part := list(itertools.islice(body, rows)):
            made = {}
            for column in wanted:
                for row, entry in enumerate(part):
                    if column not in entry:
                        refuse(name, column, "the key is missing", first + row)
                made[column] = column_array(name, column, [entry[column] for entry in part], first)
            yield made
            first += len(part)

    return Table(name, tuple(head), chunks)


def _object(name: str, line: str, number: int) -> dict[str, Any]:
    try:
        made = json.loads(line)
    except json.JSONDecodeError as problem:
        raise InputError(f"{name}: line {number:,} is not JSON: {problem.msg}") from None
    except RecursionError:
        raise InputError(f"{name}: line {number:,} is nested too deeply") from None
    except ValueError:
        raise InputError(f"{name}: line {number:,} holds an integer of thousands of digits") from None
    if not isinstance(made, dict):
        raise InputError(f"{name}: line {number:,} holds a JSON {type(made).__name__}, not an object of columns")
    return made
