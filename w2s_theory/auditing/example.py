"""A worked example: models trained on scikit-learn's digits, their predictions saved in every format, and audited."""

import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2s_theory.auditing.audit_record import Audit
from w2s_theory.auditing.auditor import LabelsWere, audit_files
from w2s_theory.experiments.pair_design import Budget, PairDesign
from w2s_theory.experiments.trained_digits import load_split_digits, train_digits_pairs
from w2s_theory.experiments.training_batch import train_batch

_WEAK, _STRONG, _CEILING = Budget(8, 0, 30, 240), Budget(64, 0, 800, 240), Budget(64, 0, 400, 240)
"""Chosen so that there is a gain to see."""

Columns = Mapping[str, np.ndarray]


def example_predictions(seed: int = 0) -> dict[str, np.ndarray]:
    """Columns weak, strong, ceiling (597, 10), labels and id (597,) of held-out digits; the floor is 0.01.

    All are linear heads: the weak one on 8 principal components of 30 labelled images; the student on all 64, trained
    on the weak model's soft labels of 800 other images; the ceiling on all 64 and the labels of 400 images.
    """
    digits = load_split_digits(np.random.default_rng([seed, 6]))
    rng = np.random.default_rng([seed, 7])
    pairs = train_digits_pairs([PairDesign(0, _WEAK, _STRONG)], [rng], digits)
    images, labels = digits.labelled
    one_hot = np.eye(10)[labels][None]
    ceiling = train_batch([rng], [_CEILING], images, one_hot, np.full((1, len(labels)), 1.0 / len(labels)))
    held_out, truth = pairs.held_out
    models = {"weak": pairs.weak, "strong": pairs.strong, "ceiling": ceiling}
    tables = {role: np.asarray(model.rows(held_out))[0] for role, model in models.items()}
    return tables | {"labels": np.asarray(truth), "id": np.arange(len(truth))}


def audit_example(
    *, folder: str | Path | None = None, delta: float = 0.05, labels_were: LabelsWere | str = "soft"
) -> Audit:
    """Train, save in every format that the installed libraries can write, audit each, and return the last audit.

    Files stay in `folder`, by default a new temporary one; the audit's notes say where, and in how many formats the
    numbers were identical.
    """
    place = Path(tempfile.mkdtemp(prefix="w2s-theory-audit-")) if folder is None else Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    saved = save_everywhere(place, example_predictions())
    options: dict[str, Any] = {"delta": delta, "labels_were": "soft" if labels_were == "unknown" else labels_were}
    found = {name: audit_files(files, **options) for name, files in saved.items()}
    first, *others = ({k: v for k, v in a.to_json().items() if k != "notes"} for a in found.values())
    same = sum(other == first for other in others) + 1
    notes = [
        f"Trained on scikit-learn's digits; predictions saved in {place}.",
        f"Audited in {len(found)} formats ({', '.join(found)}); identical numbers in {same} of them.",
    ]
    last = list(found.values())[-1]
    return Audit(last.source, dict(last.record) | {"notes": notes})


def save_everywhere(place: Path, columns: Columns) -> dict[str, list[Path]]:
    """Files of every format by its name; Parquet, Arrow and datasets only where pyarrow is installed."""
    np.savez(place / "predictions.npz", allow_pickle=False, **columns)
    made: dict[str, list[Path]] = {
        "NPZ": [place / "predictions.npz"],
        "CSV": [_csv(place / "predictions.csv", columns)],
        "JSON Lines": [_jsonl(place / "predictions.jsonl", columns)],
    }
    apart = _one_file_a_model(columns)
    made["JSON Lines, one a model"] = [_jsonl(place / f"{role}.jsonl", part) for role, part in apart.items()]
    try:
        import pyarrow  # noqa: F401, PLC0415
    except ImportError:
        return made
    made |= {
        "Parquet": [_parquet(place / "predictions.parquet", columns)],
        "Arrow": [_arrow(place / "predictions.arrow", columns, file=True)],
        "datasets, one a model": [_dataset(place / f"{role}-predictions", part) for role, part in apart.items()],
        "dataset": [_dataset(place / "predictions", columns)],
    }
    return made


def _one_file_a_model(columns: Columns) -> dict[str, dict[str, np.ndarray]]:
    """The layout of public weak-to-strong code: one file a model with soft_label, gt_label and a key."""
    shared = {"gt_label": columns["labels"], "id": columns["id"]}
    return {role: {"soft_label": columns[role], **shared} for role in ("weak", "strong", "ceiling")}


def _rows(columns: Columns) -> list[tuple[Any, ...]]:
    return list(zip(*(values.tolist() for values in columns.values()), strict=True))


def _csv(path: Path, columns: Columns) -> Path:
    wide: dict[str, Sequence[Any]] = {}
    for name, values in columns.items():
        if values.ndim == 1:
            wide[name] = values.tolist()
        else:
            wide |= {f"{name}_{place}": values[:, place].tolist() for place in range(values.shape[1])}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(wide)
        writer.writerows(zip(*wide.values(), strict=True))
    return path


def _jsonl(path: Path, columns: Columns) -> Path:
    lines = (json.dumps(dict(zip(columns, row, strict=True))) for row in _rows(columns))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _arrow_columns(columns: Columns) -> Any:
    import pyarrow  # noqa: PLC0415

    return pyarrow.table({name: values.tolist() for name, values in columns.items()})


def _parquet(path: Path, columns: Columns) -> Path:
    import pyarrow.parquet  # noqa: PLC0415

    pyarrow.parquet.write_table(_arrow_columns(columns), path)
    return path


def _arrow(path: Path, columns: Columns, *, file: bool) -> Path:
    import pyarrow  # noqa: PLC0415

    table = _arrow_columns(columns)
    begin: Callable[..., Any] = pyarrow.ipc.new_file if file else pyarrow.ipc.new_stream
    with pyarrow.OSFile(str(path), "wb") as sink, begin(sink, table.schema) as writer:
        writer.write_table(table)
    return path


def _dataset(folder: Path, columns: Columns) -> Path:
    """A folder as `Dataset.save_to_disk` writes it."""
    folder.mkdir(exist_ok=True)
    name = "data-00000-of-00001.arrow"
    _arrow(folder / name, columns, file=False)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}], "_split": None}))
    return folder
