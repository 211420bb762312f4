import json
import sys

import pytest

from tests.compiled import quick_compilation as quick_compilation
from w2s_theory.cli import main

TWO_INPUTS = {
    "weights": [0.5, 0.5],
    "truth": [[0.9, 0.1], [0.1, 0.9]],
    "weak": [[0.5, 0.5], [0.5, 0.5]],
    "strong": [[0.501, 0.499], [0.499, 0.501]],
}


@pytest.fixture
def two_inputs():
    return {key: [list(row) if isinstance(row, list) else row for row in value] for key, value in TWO_INPUTS.items()}


@pytest.fixture
def instance_file(tmp_path):
    """Write an instance (or raw text) to a file and return its path."""

    def write(data, name="instance.json"):
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process: exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["w2s-theory", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "120")
        with pytest.raises(SystemExit) as stop:
            main()
        out = capsys.readouterr()
        return stop.value.code or 0, out.out, out.err

    return call
