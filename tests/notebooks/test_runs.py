"""Every notebook runs, quickly, prints what is stored, and accepts the answers of its solutions."""

import re
import resource

import pytest

from run_notebooks import made
from tests.notebooks.folder import FOLDER, NAMES, outputs, spoken, stored
from w2s_theory.compilation_cache import SWITCH, keep_compiled_code

NUMBER = re.compile(r"[-+−]?\d[\d,]*\.?\d*(?:[eE][-+−]?\d+)?")
SECONDS = 60
"""Of all processors together: four times what a notebook may take on a quiet machine, since a busy one counts more."""


def processor_time() -> float:
    """Seconds that processes started from here, and ended, have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def words_and_numbers(texts) -> tuple[list[str], list[float]]:
    """What is printed apart from numbers, and the numbers: their last digits depend on the processor."""
    text = " ".join(map(str, texts))
    numbers = [float(found.replace(",", "").replace("−", "-")) for found in NUMBER.findall(text)]
    return NUMBER.sub(" # ", text).split(), numbers


def test_printed_numbers_are_read():
    words, numbers = words_and_numbers(["d = 1,234.5 nats, −2e-3 │ x1"])
    assert words == ["d", "=", "#", "nats,", "#", "│", "x", "#"]
    assert numbers == [1234.5, -0.002, 1.0]


@pytest.fixture(scope="module")
def shared_code(tmp_path_factory):
    """Kernels read what one before them compiled: a notebook and its solutions run much the same programs."""
    settings = {SWITCH: str(tmp_path_factory.mktemp("compiled"))}
    folder = keep_compiled_code(settings)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield folder


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", NAMES)
def test_runs(name, shared_code):
    before = processor_time()
    now = made(FOLDER / f"{name}.py")
    assert 0 < processor_time() - before < SECONDS
    (words, numbers), (stored_words, stored_numbers) = (words_and_numbers(spoken(n)) for n in (now, stored(name)))
    assert words == stored_words, "run `make notebooks`"
    assert numbers == pytest.approx(stored_numbers, rel=0.01, abs=1e-12), "run `make notebooks`"
    asked = [o for source, o in outputs(now) if re.search(r"^checks\.exercise_\d+\(.*\)$", source, flags=re.MULTILINE)]
    wanted = "Accepted" if name.endswith("_solutions") else "Not answered"
    assert asked and all(o.data["text/plain"].startswith(wanted) for o in asked)
