"""The command: the answer first, JSON by the contract, exit codes, and no report left half written."""

import json

import numpy as np
import pytest

from tests.commands.conftest import run  # noqa: F401
from w2s_theory.auditing.auditor import audit


def test_one_file(run, saved, points, tmp_path):  # noqa: F811
    path, before = tmp_path / "found.json", saved["CSV"][0].read_bytes()
    code, out, err = run("audit", *saved["CSV"], "--json", path, "--out", tmp_path / "report")
    assert (code, err) == (0, "")
    assert out.startswith("Yes: the student beat its teacher; its log-loss is lower by")
    found = json.loads(path.read_text())
    expected = json.loads(json.dumps(audit(**points).to_json()))
    assert found["gain"] == expected["gain"]
    assert found["bounds"] == expected["bounds"]
    assert json.loads((tmp_path / "report" / "audit.json").read_text()) == found
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["audit.html", "audit.json"]
    assert saved["CSV"][0].read_bytes() == before


def test_one_file_a_model(run, saved):  # noqa: F811
    code, out, _ = run("audit", *saved["datasets, one a model"], "--labels-were", "soft", "--delta", "0.01")
    assert code == 0
    assert "joined on column id" in out
    assert "99 %" in out


def test_slices_are_shown(run, points, tmp_path):  # noqa: F811
    path = tmp_path / "sliced.npz"
    np.savez(path, allow_pickle=False, part=np.arange(250) % 2, **points)
    code, out, _ = run("audit", path, "--by", "part", "--out", tmp_path / "report")
    assert code == 0
    assert "Slices" in out
    assert "figure-slices" in (tmp_path / "report" / "audit.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the files to audit, or --example"),
        (("missing.csv",), "error: missing.csv: cannot be read: No such file or directory"),
        (("{csv}", "--weak", "nope"), "--weak nope: there is no such column"),
        (("{csv}", "--delta", "2"), "--delta 2 is not strictly between 0 and 1"),
        (("{csv}", "--labels-were", "cold"), "--labels-were 'cold'"),
        (("{csv}", "--example"), "--example takes no files"),
        (("{csv}", "--weak", "id"), "column id"),
    ],
    ids=str,
)
def test_unusable_input_exits_with_2_and_one_sentence(run, saved, tmp_path, arguments, message):  # noqa: F811
    filled = [part.format(csv=saved["CSV"][0]) for part in arguments]
    code, _, err = run("audit", *filled, "--out", tmp_path / "report")
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "report").exists()


def test_a_report_that_cannot_be_written_leaves_nothing(run, saved, tmp_path):  # noqa: F811
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "audit.json.part").mkdir()
    code, _, err = run("audit", *saved["NPZ"], "--out", tmp_path / "report")
    assert (code, err.count("\n")) == (2, 1)
    assert "the report cannot be written" in err
    assert [p.name for p in (tmp_path / "report").iterdir()] == ["audit.json.part"]


def test_the_functions_are_exported():
    import w2s_theory  # noqa: PLC0415

    assert callable(w2s_theory.audit)
    assert w2s_theory.Audit.__name__ == "Audit"
    assert {"audit_files", "audit_example"} <= set(dir(w2s_theory))
