"""Every notebook runs, quickly, prints what is stored, and accepts the answers of its solutions."""

import re
import time

import pytest

from run_notebooks import made
from tests.notebooks.folder import FOLDER, NAMES, outputs, spoken, stored

SECONDS = 60
"""Four times what a notebook may take on a machine of its own: tests run beside each other."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", NAMES)
def test_runs(name):
    before = time.monotonic()
    now = made(FOLDER / f"{name}.py")
    assert time.monotonic() - before < SECONDS
    assert spoken(now) == spoken(stored(name)), "run `make notebooks`"
    asked = [o for source, o in outputs(now) if re.search(r"^checks\.exercise_\d+\(.*\)$", source, flags=re.MULTILINE)]
    wanted = "Accepted" if name.endswith("_solutions") else "Not answered"
    assert asked and all(o.data["text/plain"].startswith(wanted) for o in asked)
