"""Parquet, Arrow and saved Hugging Face dataset folders, in batches, by pyarrow."""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from w2s_theory.auditing.predictions import refuse
from w2s_theory.auditing.tables import Chunk, Table, column_array, reblocked
from w2s_theory.errors import InputError


def _pyarrow(name: str) -> Any:
    try:
        import pyarrow  # noqa: PLC0415
    except ImportError:
        raise InputError(
            f"{name}: Parquet and Arrow need pyarrow, an optional extra: pip install 'w2s-theory[audit]'"
        ) from None
    return pyarrow


@contextmanager
def _reading(name: str, kind: str) -> Iterator[None]:
    arrow = _pyarrow(name)
    try:
        yield
    except InputError:
        raise
    except (arrow.ArrowException, OSError, ValueError, EOFError) as problem:
        first = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise InputError(f"{name}: is not {kind}, or is cut short: {first}") from None


def parquet_table(path: Path, name: str) -> Table:
    """A Parquet file, read in batches of rows; only the columns asked for are decoded."""
    _pyarrow(name)
    import pyarrow.parquet as parquet  # noqa: PLC0415

    with _reading(name, "a Parquet file"), parquet.ParquetFile(path) as file:
        columns = tuple(file.schema_arrow.names)

    def batches(wanted: Sequence[str], rows: int) -> Iterator[Any]:
        with _reading(name, "a Parquet file"), parquet.ParquetFile(path, pre_buffer=False) as file:
            for group in range(file.num_row_groups):
                yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=list(wanted))

    return _table(name, columns, batches)


def arrow_table(path: Path, name: str) -> Table:
    """An Arrow file or stream (.arrow, .feather)."""
    return _arrow_files([path], name)


def dataset_table(path: Path, name: str) -> Table:
    """A folder written by `Dataset.save_to_disk`, or a `DatasetDict` of one split."""
    index = path / "dataset_dict.json"
    if index.exists():
        splits = _json(index, name).get("splits")
        if not isinstance(splits, list) or not all(isinstance(split, str) for split in splits):
            raise InputError(f"{name}: dataset_dict.json does not list its splits")
        if len(splits) != 1:
            raise InputError(f"{name}: holds the splits {', '.join(splits)}: name the folder of one of them")
        path = path / Path(splits[0]).name
    state = path / "state.json"
    if state.exists():
        listed = _json(state, name)
        if listed.get("_indices_data_files") or listed.get("_indices_files"):
            raise InputError(f"{name}: its rows are reordered by an index: save it after flatten_indices()")
        entries = listed.get("_data_files")
        if not isinstance(entries, list) or not all(isinstance(e, dict) and "filename" in e for e in entries):
            raise InputError(f"{name}: state.json does not list its data files")
        files = [path / Path(str(entry["filename"])).name for entry in entries]
    else:
        files = sorted(path.glob("*.arrow"))
    if not files:
        raise InputError(f"{name}: is a folder without Arrow files: not a saved dataset")
    return _arrow_files(files, name)


def _json(path: Path, name: str) -> dict[str, Any]:
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise InputError(f"{name}: {path.name} is not readable JSON") from None
    if not isinstance(made, dict):
        raise InputError(f"{name}: {path.name} is not a JSON object")
    return made


def _arrow_files(files: list[Path], name: str) -> Table:
    arrow = _pyarrow(name)

    def parts(path: Path) -> Iterator[Any]:
        with arrow.memory_map(str(path)) as source:
            if source.read(6) == b"ARROW1":
                reader = arrow.ipc.open_file(source)
                yield reader.schema
                yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
            else:
                source.seek(0)
                reader = arrow.ipc.open_stream(source)
                yield reader.schema
                yield from reader

    with _reading(name, "an Arrow file"):
        columns = tuple(next(parts(files[0])).names)

    def batches(wanted: Sequence[str], rows: int) -> Iterator[Any]:
        with _reading(name, "an Arrow file"):
            for path in files:
                for batch in itertools.islice(parts(path), 1, None):
                    kept = batch.select(list(wanted))
                    yield from (kept.slice(start, rows) for start in range(0, kept.num_rows, rows))

    return _table(name, columns, batches)


def _table(name: str, columns: tuple[str, ...], batches: Any) -> Table:
    def chunks(wanted: Sequence[str], rows: int) -> Iterator[Chunk]:
        def arrays() -> Iterator[Chunk]:
            first = 0
            for batch in batches(wanted, rows):
                if batch.num_rows:
                    yield {column: _values(name, column, batch.column(column), first) for column in wanted}
                    first += batch.num_rows

        return reblocked(arrays(), rows)

    return Table(name, columns, chunks)


def _values(name: str, column: str, array: Any, first: int) -> np.ndarray:
    """One column of a batch: numbers without copying where Arrow allows, lists of numbers as rows."""
    arrow = _pyarrow(name)
    if isinstance(array, arrow.ExtensionArray):
        array = array.storage
    kind, types = array.type, arrow.types
    if types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind):
        return array.to_numpy(zero_copy_only=False)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = kind.value_type
        if types.is_floating(inner) or types.is_integer(inner):
            return _lists(name, column, array, first)
        refuse(name, column, f"holds lists of {inner}, not of numbers", first)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind) or types.is_null(kind):
        return column_array(name, column, array.to_pylist(), first)
    refuse(name, column, f"holds {str(kind)[:60]}, which is neither numbers, lists of numbers nor strings", first)


def _lists(name: str, column: str, array: Any, first: int) -> np.ndarray:
    if array.null_count:
        row = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
        refuse(name, column, "the list is missing", first + row)
    lengths = array.value_lengths().to_numpy(zero_copy_only=False)
    width = int(lengths[0])
    if (lengths != width).any():
        row = int(np.argmax(lengths != width))
        refuse(name, column, f"has {int(lengths[row])} classes where others have {width}", first + row)
    return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), width)
