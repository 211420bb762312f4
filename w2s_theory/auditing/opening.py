"""Which reader a file needs: by its name, else by its first bytes.  Nothing in a file is ever executed."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from w2s_theory.auditing.archive_table import npz_table
from w2s_theory.auditing.arrow_tables import arrow_table, dataset_table, parquet_table
from w2s_theory.auditing.tables import Table
from w2s_theory.auditing.text_tables import csv_table, jsonl_table
from w2s_theory.errors import InputError

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt", ".bin")
_FORMATS = "CSV, JSON Lines, NPZ, Parquet, Arrow and folders of Hugging Face datasets"


def open_table(given: str | Path) -> Table:
    """The columns of a file or folder.  `InputError` for a pickle, an unknown format, or a file that is not there."""
    path, name = Path(given), str(given)
    if path.is_dir():
        return dataset_table(path, name)
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as problem:
        raise InputError(f"{name}: cannot be read: {problem.strerror}") from None
    if path.suffix.lower() in _PICKLES or _is_pickle(path, head):
        raise InputError(
            f"{name}: is a pickle, and is not opened because loading one can run any code that its author put in; "
            "export it where you trust it, say by pandas.DataFrame(results).to_json(FILE, orient='records', lines=True)"
        )
    if not head:
        raise InputError(f"{name}: is empty")
    reader = _by_name(path) or _by_content(head)
    if reader is None:
        raise InputError(f"{name}: its format is not known by name or content; readable are {_FORMATS}")
    return reader(path, name)


def _is_pickle(path: Path, head: bytes) -> bool:
    """Protocol 2 and later begin so; PyTorch's files are archives with a pickle inside."""
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    if head[:2] != b"PK":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(entry.endswith(".pkl") for entry in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _by_name(path: Path) -> Callable[[Path, str], Table] | None:
    match path.suffix.lower():
        case ".csv" | ".tsv":
            return csv_table
        case ".jsonl" | ".ndjson" | ".json":
            return jsonl_table
        case ".npz":
            return npz_table
        case ".parquet" | ".pq":
            return parquet_table
        case ".arrow" | ".feather" | ".ipc":
            return arrow_table
    return None


def _by_content(head: bytes) -> Callable[[Path, str], Table] | None:
    if head[:4] == b"PAR1":
        return parquet_table
    if head[:6] == b"ARROW1" or head[:4] == b"\xff\xff\xff\xff":
        return arrow_table
    if head[:2] == b"PK":
        return npz_table
    return jsonl_table if head[:1] == b"{" else None
