"""Reading instances: what is refused, in which words, and that nothing is repaired."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_theory.errors import InputError
from w2s_theory.instance_file import instance_from, instance_to_json, read_instance

BAD = {
    "row does not sum to one": ({"weak": [[0.5, 0.5], [0.5, 0.6]]}, ["weak", "row 1", "1.1"]),
    "row off by 2e-9": ({"weak": [[0.5, 0.5], [0.5, 0.500000002]]}, ["weak", "row 1"]),
    "negative entry": ({"truth": [[1.5, -0.5], [0.1, 0.9]]}, ["truth", "row 0", "-0.5", "negative"]),
    "NaN": ({"strong": [[float("nan"), 0.5], [0.5, 0.5]]}, ["strong", "row 0", "nan"]),
    "infinity": ({"weights": [float("inf"), 0.5]}, ["weights", "row 0", "inf"]),
    "string": ({"weak": [["a", 0.5], [0.5, 0.5]]}, ["weak", "row 0", "'a'"]),
    "boolean": ({"weak": [[True, 0.0], [0.5, 0.5]]}, ["weak", "row 0", "True"]),
    "null": ({"weak": [[None, 0.0], [0.5, 0.5]]}, ["weak", "row 0", "None"]),
    "enormous integer": ({"weights": [10**400, 0.5]}, ["weights", "row 0"]),
    "ragged rows": ({"weak": [[0.5, 0.5], [0.2, 0.3, 0.5]]}, ["weak", "row 1", "3"]),
    "other number of rows": ({"weak": [[0.5, 0.5]]}, ["weak", "1 rows", "2"]),
    "other number of classes": ({"strong": [[0.2, 0.3, 0.5]] * 2}, ["strong", "3", "2"]),
    "one class": ({key: [[1.0], [1.0]] for key in ("truth", "weak", "strong")}, ["truth", "2 classes"]),
    "not a table": ({"weak": [0.5, 0.5]}, ["weak", "row 0", "0.5"]),
    "empty list": ({"weights": []}, ["weights", "empty"]),
    "weights do not sum to one": ({"weights": [0.5, 0.6]}, ["weights", "1.1"]),
    "negative weight": ({"weights": [1.5, -0.5]}, ["weights", "row 1", "-0.5"]),
    "subnormal entry": ({"weak": [[1e-320, 1.0], [0.5, 0.5]]}, ["weak", "row 0", "too small"]),
    "unknown key": ({"wieghts": [1.0]}, ["wieghts", "unknown key"]),
    "unknown kind": ({"kind": "simplx"}, ["kind", "'simplx'", "simplex"]),
    "unknown generator": ({"generator": "l1"}, ["generator", "'l1'"]),
    "floor of zero": ({"floor": 0}, ["floor", "0.0"]),
    "floor above 1/k": ({"floor": 0.6}, ["floor", "0.6", "1/2"]),
    "floor as text": ({"floor": "0.1"}, ["floor", "'0.1'"]),
    "groups of another length": ({"groups": [0]}, ["groups", "1", "2"]),
    "groups of fractions": ({"groups": [0.5, 1]}, ["groups", "row 0", "0.5"]),
    "models of another shape": ({"models": [[[0.2, 0.3, 0.5]] * 2]}, ["models[0]", "3", "2"]),
    "model row off": ({"models": [[[0.5, 0.5], [0.5, 0.4]]]}, ["models[0]", "row 1", "0.9"]),
    "sigma of zero": ({"sigma": 0.0}, ["sigma", "0.0"]),
    "delta of one": ({"delta": 1.0}, ["delta", "1.0"]),
    "fractional n": ({"n": 1.5}, ["n", "1.5"]),
    "density without mean one": ({"kind": "density"}, ["truth", "mean"]),
}


@pytest.mark.parametrize(("change", "named"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_one_sentence_naming_the_place(change, named, two_inputs, instance_file):
    path = instance_file(two_inputs | change)
    with pytest.raises(InputError) as problem:
        read_instance(path)
    message = str(problem.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    for word in named:
        assert word in message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[1, 2]", "list"),
        ('{"weights": [1], "weights": [1]}', "twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"weights": [' + "9" * 5000 + "]}", "thousands of digits"),
        ('{"truth": [[1, 0]]}', "weights: the key is missing"),
    ],
    ids=["truncated", "empty", "a list", "key twice", "nested too deep", "huge integer", "missing key"],
)
def test_files_that_are_not_instances(text, named, instance_file):
    with pytest.raises(InputError, match=named):
        read_instance(instance_file(text))


def test_unreadable_files(tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent.json", tmp_path, tmp_path / "bytes.json"):
        with pytest.raises(InputError, match=path.name):
            read_instance(path)


def test_what_functions_of_the_package_return_is_read_like_a_list(two_inputs):
    with jax.enable_x64(True):
        made = instance_from(two_inputs | {"weak": jnp.asarray(two_inputs["weak"], float)})
    assert np.asarray(made.weak).tolist() == np.asarray(two_inputs["weak"], float).tolist()


def test_numbers_are_used_as_given_and_written_back_the_same(two_inputs):
    given = two_inputs | {"weak": [[0.5 + 4e-10, 0.5], [0.5, 0.5]], "groups": ["b", "a"], "n": 10}
    i = instance_from(given)
    assert np.asarray(i.weak).tolist() == given["weak"]
    again = instance_from(json.loads(json.dumps(instance_to_json(i))))
    assert instance_to_json(again) == instance_to_json(i)
    assert np.asarray(i.groups).tolist() == [0, 1]


def test_default_floor_is_the_smallest_weighted_entry_of_the_models(two_inputs):
    assert float(instance_from(two_inputs).floor) == 0.499
    weightless = two_inputs | {"weights": [1.0, 0.0], "weak": [[0.6, 0.4], [0.9, 0.1]]}
    assert float(instance_from(weightless).floor) == 0.4
    models = two_inputs | {"models": [[[0.7, 0.3], [0.8, 0.2]]]}
    assert float(instance_from(models).floor) == 0.2
