"""Every notebook runs, quickly, prints what is stored, and accepts the answers of its solutions."""

import re
import resource

import pytest

from run_notebooks import made
from tests.notebooks.folder import FOLDER, NAMES, outputs, spoken, stored

SECONDS = 30
"""Of all processors together, which tests that run beside this one do not change."""


def processor_time() -> float:
    """Seconds that processes started from here, and ended, have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", NAMES)
def test_runs(name):
    before = processor_time()
    now = made(FOLDER / f"{name}.py")
    assert 0 < processor_time() - before < SECONDS
    assert spoken(now) == spoken(stored(name)), "run `make notebooks`"
    asked = [o for source, o in outputs(now) if re.search(r"^checks\.exercise_\d+\(.*\)$", source, flags=re.MULTILINE)]
    wanted = "Accepted" if name.endswith("_solutions") else "Not answered"
    assert asked and all(o.data["text/plain"].startswith(wanted) for o in asked)
