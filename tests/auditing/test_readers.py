"""Every reader gives the same arrays; layouts are recognised; unusable files are refused by one sentence, and no code
of theirs is run."""

import json
import pickle
import shutil
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from w2s_theory.auditing.file_predictions import file_predictions
from w2s_theory.errors import InputError

FORMATS = (
    "NPZ",
    "CSV",
    "JSON Lines",
    "JSON Lines, one a model",
    "Parquet",
    "Arrow",
    "datasets, one a model",
    "dataset",
)


def read(files, *, logits=False, key=None, **columns):
    """All blocks as one: models, labels."""
    blocks = list(file_predictions(files, columns=columns, logits=logits, key=key).stream())
    made = {role: np.concatenate([b.models[role] for b in blocks]) for role in blocks[0].models}
    for name in ("labels", "truth", "slices"):
        parts = [getattr(block, name) for block in blocks]
        if parts[0] is not None:
            made[name] = np.concatenate(parts)
    return made


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_arrays(saved, points, name):
    assert set(saved) == set(FORMATS)
    made = read(saved[name])
    for role in ("weak", "strong", "ceiling", "labels"):
        np.testing.assert_array_equal(made[role], points[role])


@pytest.mark.parametrize("rows", [1, 7, 250])
@pytest.mark.parametrize("name", ["CSV", "JSON Lines", "Parquet", "Arrow", "NPZ"])
def test_files_are_streamed_in_blocks_of_any_size(saved, points, name, rows, monkeypatch):
    monkeypatch.setattr("w2s_theory.auditing.file_predictions.rows_a_block", lambda classes: rows)
    made = read(saved[name])
    np.testing.assert_array_equal(made["strong"], points["strong"])
    np.testing.assert_array_equal(made["labels"], points["labels"])


def jsonl(path, **columns):
    rows = zip(*columns.values(), strict=True)
    path.write_text("".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows), encoding="utf-8")
    return path


SCORES, TEXTS, LABELS = [0.2, 0.7, 0.9], ["x", "y", "z"], [0, 1, 1]


def test_results_of_two_models_are_joined_on_their_text(tmp_path):
    weak = jsonl(tmp_path / "w", txt=TEXTS, soft_label=[[1 - s, s] for s in SCORES], gt_label=LABELS, hard_label=LABELS)
    strong = jsonl(tmp_path / "s", txt=TEXTS[::-1], soft_label=[[0.5, 0.5], [0.4, 0.6], [0.3, 0.7]], gt_label=[1, 1, 0])
    made = read([weak, strong])
    np.testing.assert_array_equal(made["strong"][:, 1], [0.7, 0.6, 0.5])
    np.testing.assert_array_equal(made["weak"][:, 1], SCORES)
    np.testing.assert_array_equal(made["labels"], LABELS)


def test_a_folder_of_predictions_with_scores_and_ground_truth(tmp_path):
    for role, shift in (("weak", 0.0), ("strong", 0.05)):
        folder = tmp_path / role
        folder.mkdir()
        columns = {
            "id": TEXTS,
            "soft_pred": [s + shift for s in SCORES],
            "labels": [0.3, 0.6, 0.8],
            "gt_labels": LABELS,
        }
        table = pa.table(columns)
        for number in range(3):
            path = str(folder / f"data-0000{number}-of-00003.arrow")
            with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table.slice(number, 1))
        files = [{"filename": f"data-0000{number}-of-00003.arrow"} for number in range(3)]
        (folder / "state.json").write_text(json.dumps({"_data_files": files}))
    made = read([tmp_path / "weak", tmp_path / "strong"])
    np.testing.assert_array_equal(made["labels"], LABELS)
    np.testing.assert_allclose(made["strong"][:, 1], np.array(SCORES) + 0.05)


def test_logits_by_name_and_by_option(tmp_path):
    logits = [[0.0, 1000.0], [3.0, 3.0], [-1.0, 1.0]]
    expected = [1.0, 0.5, 1 / (1 + np.exp(-2))]
    files = [jsonl(tmp_path / name, id=[1, 2, 3], logits=logits, gt_label=LABELS) for name in ("a.jsonl", "b.jsonl")]
    np.testing.assert_allclose(read(files)["weak"][:, 1], expected)
    one = jsonl(tmp_path / "c.jsonl", first=logits, second=logits, y=LABELS)
    np.testing.assert_allclose(
        read([one], weak="first", strong="second", labels="y", logits=True)["strong"][:, 1], expected
    )
    mixed = jsonl(tmp_path / "d.jsonl", id=[1, 2, 3], soft_label=[[0.5, 0.5]] * 3, gt_label=LABELS)
    with pytest.raises(InputError, match="some models are given by logits"):
        read([files[0], mixed])


def test_prefixes_and_lists_in_cells(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('p_0,p_1,q,y,part\n0.25,0.75,"[0.5, 0.5]",1,a b\n1,0,"[0.1, 0.9]",,c\n', encoding="utf-8")
    made = read([path], weak="p", strong="q", labels="y", slices="part")
    np.testing.assert_array_equal(made["weak"], [[0.25, 0.75], [1, 0]])
    np.testing.assert_array_equal(made["strong"], [[0.5, 0.5], [0.1, 0.9]])
    assert made["labels"].tolist() == [1, -1]
    assert made["slices"].tolist() == ["a b", "c"]


def test_half_precision_and_large_lists(tmp_path):
    table = pa.table(
        {
            "weak": pa.FixedSizeListArray.from_arrays(pa.array(np.float16([0.25, 0.75, 0.5, 0.5])), 2),
            "strong": pa.array([[0.1, 0.9], [0.5, 0.5]], pa.large_list(pa.float32())),
            "labels": pa.array([1, None], pa.int8()),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "p")
    made = read([tmp_path / "p"])
    np.testing.assert_array_equal(made["weak"], [[0.25, 0.75], [0.5, 0.5]])
    assert made["strong"].dtype == np.float32
    assert made["labels"].tolist() == [1, -1]


def two(tmp_path, weak=None, strong=None):
    base = {"id": [1, 2, 3], "soft_label": [[0.5, 0.5]] * 3, "gt_label": LABELS}
    return [jsonl(tmp_path / f"{n}.jsonl", **(base | (part or {}))) for n, part in (("w", weak), ("s", strong))]


@pytest.mark.parametrize(
    ("strong", "message"),
    [
        ({"id": [1, 2, 2]}, "column id: 1 keys occur more than once, in 2 rows"),
        ({"id": [1, 2, 4]}, r"column id: 1 keys of .*w.jsonl are not in it, and 1 of its own are not there"),
        ({"gt_label": [0, 1, 0]}, "column gt_label, row 2: 1 labels differ"),
        ({"soft_label": [[0.5, 0.5], [0.2, 0.3, 0.5], [1, 0]]}, "column soft_label, row 1: has 3 classes"),
        ({"soft_label": [[0.5, 0.5], "a", [1, 0]]}, "row 1: 'a' is a string where others are lists"),
        ({"soft_label": [[0.5, [0.5]], [1, 0], [1, 0]]}, "row 0: the list holds .*, a list and not a number"),
        ({"soft_label": [0.5, 10**400, 1]}, "row 1: an integer of hundreds of digits"),
        ({"soft_label": [{"a": 1}] * 3}, "row 0: .* is a dict, not a number"),
    ],
    ids=str,
)
def test_joins_that_cannot_be(tmp_path, strong, message):
    with pytest.raises(InputError, match=message):
        read(two(tmp_path, strong=strong))


def test_keys_are_compared_as_text_however_a_part_of_the_file_reads(tmp_path, monkeypatch):
    monkeypatch.setattr("w2s_theory.auditing.file_predictions._JOINED_ROWS", 2)
    weak, strong = tmp_path / "w.csv", tmp_path / "s.csv"
    for keys in ("1", "2", "a"), ("1.5", "2", "4"):
        rows = [f"{key},0.{n},{n % 2}\n" for n, key in enumerate(keys, 1)]
        weak.write_text("id,soft_label,gt_label\n" + "".join(rows), encoding="utf-8")
        rows = [f"{key},0.{7 - n},{n % 2}\n" for n, key in enumerate(keys, 1)]
        strong.write_text("id,soft_label,gt_label\n" + "".join(rows[::-1]), encoding="utf-8")
        made = read([weak, strong])
        np.testing.assert_allclose(made["weak"][:, 1], [0.1, 0.2, 0.3])
        np.testing.assert_allclose(made["strong"][:, 1], [0.6, 0.5, 0.4])
    weak.write_text("id,soft_label,gt_label\n1,0.1,0\n2,0.1,0\n,0.2,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"w.csv: column id, row 2: the key is missing"):
        read([weak, strong])
    weak.write_text("id,soft_label,gt_label\n9007199254740993,0.1,0\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"w.csv: column id: numbers of 2\^53 and more are read inexactly"):
        read([weak, strong])


def test_files_without_a_key_are_joined_by_order_and_say_so(tmp_path):
    files = [jsonl(tmp_path / n, soft_label=[[0.5, 0.5]] * 3, gt_label=LABELS) for n in ("a.jsonl", "b.jsonl")]
    assert any("joined by their order" in note for note in file_predictions(files, columns={}).notes)
    files.append(jsonl(tmp_path / "c.jsonl", soft_label=[[0.5, 0.5]] * 2, gt_label=LABELS[:2]))
    with pytest.raises(InputError, match="different numbers of rows"):
        read(files)


def test_missing_columns_are_named_with_those_there(saved):
    with pytest.raises(InputError, match=r"--weak nope: there is no such column.*weak_0.*labels, id"):
        read(saved["CSV"], weak="nope")
    with pytest.raises(InputError, match="--labels nope"):
        read(saved["NPZ"], labels="nope")
    with pytest.raises(InputError, match="--key nope"):
        read(saved["JSON Lines, one a model"], key="nope")
    with pytest.raises(InputError, match="4 files were given"):
        read(saved["NPZ"] * 4)


class Trap:
    def __reduce__(self):
        return print, ("this ran",)


@pytest.mark.parametrize("suffix", [".pkl", ".jsonl", ".npz", ""])
def test_pickles_are_never_loaded(tmp_path, capsys, suffix):
    path = tmp_path / f"trap{suffix}"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(
        InputError, match=r"is a pickle, and is not opened because loading one can run any code.*export it"
    ):
        read([path])
    torch = tmp_path / "model.npz"
    with zipfile.ZipFile(torch, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Trap()))
    with pytest.raises(InputError, match="is a pickle"):
        read([torch])
    objects = tmp_path / "objects.npz"
    np.savez(objects, weak=np.array([Trap(), Trap()], dtype=object), strong=np.full((2, 2), 0.5))
    with pytest.raises(InputError, match="holds Python objects, which only a pickle can store"):
        read([objects])
    assert "this ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "weak,strong\n", "no rows to audit"),
        ("a.csv", "weak,weak\n1,2\n", "column 'weak' occurs twice"),
        ("a.csv", "weak,strong\n0.5\n", "row 0: has 1 fields where the first line names 2"),
        ("a.csv", "weak,strong\n0.5,0.5\n0.5,x\n0.1,0.2\n", "column strong, row 1: 'x' is not a number"),
        ("a.csv", "weak,strong\n0.5,0.5\n0.5,1.9\n", r"column strong, row 1: P\(class 1\) is 1.9, not between 0 and 1"),
        ("a.csv", 'weak,strong\n0.5,"0.5\n', "is not CSV"),
        ("a.csv", b"\xff\xfe\x00weak", "is not UTF-8"),
        ("a.jsonl", "", "is empty"),
        ("a.jsonl", "[1, 2]\n", "holds a JSON list, not an object"),
        ("a.jsonl", '{"weak": 1, "strong": 1}\n{', "line 2 is not JSON"),
        ("a.jsonl", '{"weak": 0.5, "strong": 0.5}\n{"weak": 0.5}\n', "column strong, row 1: the key is missing"),
        ("a.jsonl", "[" * 100_000, "nested too deeply"),
        ("a.jsonl", '{"weak": ' + "1" * 5000 + "}", "integer of thousands of digits"),
        ("a.jsonl", '{"weak": true, "strong": 0.5}\n', "is a truth value"),
        ("a.npz", "PK nonsense", "is not an NPZ archive"),
        ("a.parquet", "PAR1 nonsense", "is not a Parquet file, or is cut short"),
        ("a.arrow", "ARROW1 nonsense", "is not an Arrow file, or is cut short"),
        ("a.doc", "hello", "format is not known by name or content; readable are CSV"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_broken_files_are_refused_by_one_sentence(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as problem:
        read([path])
    assert str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_folder_that_is_no_dataset(tmp_path):
    with pytest.raises(InputError, match="is a folder without Arrow files"):
        read([tmp_path])
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    with pytest.raises(InputError, match="holds the splits train, test: name the folder of one"):
        read([tmp_path])
    (tmp_path / "dataset_dict.json").unlink()
    (tmp_path / "state.json").write_text('{"_data_files": [{"filename": "../../etc/passwd"}]}')
    with pytest.raises(InputError, match=r"is not an Arrow file, or is cut short: .*No such file"):
        read([tmp_path])
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read([tmp_path / "missing.csv"])


@pytest.mark.parametrize("name", ["NPZ", "CSV", "JSON Lines", "Parquet", "Arrow", "dataset"])
def test_damaged_files_never_raise_anything_else(saved, tmp_path, name):
    """Cut anywhere, or with bytes replaced, a file is refused by a sentence or still read; it is never changed."""
    rng = np.random.default_rng(0)
    source = saved[name][0]
    target = tmp_path / source.name
    refused = 0
    for attempt in range(60):
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
            victim = target / ("state.json" if attempt % 3 == 0 else "data-00000-of-00001.arrow")
            content = (source / victim.name).read_bytes()
        else:
            victim, content = target, source.read_bytes()
        damaged = bytearray(content[: rng.integers(len(content))] if attempt % 2 else content)
        for place in rng.integers(len(damaged), size=5 if attempt % 2 == 0 and damaged else 0):
            damaged[place] = rng.integers(256)
        victim.write_bytes(damaged)
        try:
            read([target])
        except InputError as problem:
            refused += 1
            assert "\n" not in str(problem)
        assert victim.read_bytes() == bytes(damaged)
    assert refused >= 20
