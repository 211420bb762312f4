"""NPZ archives of arrays; pickled objects in them are never loaded."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from w2s_theory.auditing.tables import Chunk, Table
from w2s_theory.errors import InputError


def npz_table(path: Path, name: str) -> Table:
    """The arrays of an archive as columns: one row a point, so all of one length."""
    try:
        with zipfile.ZipFile(path) as archive:
            columns = tuple(entry.removesuffix(".npy") for entry in archive.namelist() if entry.endswith(".npy"))
    except (OSError, zipfile.BadZipFile) as problem:
        raise InputError(f"{name}: is not an NPZ archive, or is cut short: {problem}") from None
    if not columns:
        raise InputError(f"{name}: has no arrays in it")

    def chunks(wanted: Sequence[str], rows: int) -> Iterator[Chunk]:
        arrays = {column: _array(path, name, column) for column in wanted}
        lengths = {column: len(values) for column, values in arrays.items()}
        if len(set(lengths.values())) > 1:
            parts = ", ".join(f"{column} {number:,}" for column, number in lengths.items())
            raise InputError(f"{name}: arrays have different lengths: {parts}")
        for start in range(0, max(lengths.values()), rows):
            yield {column: values[start : start + rows] for column, values in arrays.items()}

    return Table(name, columns, chunks)


def _array(path: Path, name: str, column: str) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            made = archive[column]
    except ValueError as problem:
        pickled = "pickle" in str(problem)
        reason = "holds Python objects, which only a pickle can store: save plain numbers" if pickled else str(problem)
        raise InputError(f"{name}: array {column}: {reason}") from None
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, MemoryError, SyntaxError) as problem:
        raise InputError(f"{name}: array {column} cannot be read: {str(problem) or type(problem).__name__}") from None
    if made.ndim == 0:
        raise InputError(f"{name}: array {column} is one value, not one per point")
    return made
