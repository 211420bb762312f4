"""One Hypothesis profile, and run-time checks of every annotated shape and type of the package."""

import gc
import itertools
import os
from pathlib import Path

# what `compiled` asks for, for code that tests run without it: loops outside `jit`, and JAX as users call it;
# and a program is not cut in parts to be compiled side by side, since every core has a worker
os.environ["XLA_FLAGS"] = " ".join(
    (
        os.environ.get("XLA_FLAGS", ""),
        "--xla_cpu_experimental_ynn_fusion_type=",
        "--xla_cpu_parallel_codegen_split_count=1",
    )
)

import jax
import pytest
from hypothesis import HealthCheck, settings

from tests.type_checks import check_types

check_types()

from tests.browser import Browser, find_browser  # noqa: E402
from w2s_theory.compilation_cache import SWITCH, keep_compiled_code  # noqa: E402
from w2s_theory.experiments import claims_on_pairs  # noqa: E402
from w2s_theory.verification.compiled_code import forget_compiled_code  # noqa: E402

settings.register_profile(
    "tests", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


_LONGEST = ("report_figures", "experiments", "adversary", "test_catalogue.py", "sampling", "gain", "functionals")
_DRAWN = "experiments and their figures"
_GROUPS = {"report_figures": _DRAWN, "experiments": _DRAWN}


def pytest_configure(config):
    """What one run of the tests has compiled, the next one reads, but in CI; `--cache-clear` forgets it."""
    if "CI" in os.environ or not hasattr(config, "cache"):
        return
    folder = keep_compiled_code({SWITCH: str(config.cache.mkdir("compiled"))})
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """One worker runs all of a file, so that its tests compile and train once what they share; the longest go first.

    Experiments and figures share small experiments, and a mark may name another group.
    """

    def place(item):
        return item.path.relative_to(_TESTS_FOLDER)

    def rank(item):
        first = place(item).parts[0]
        return _LONGEST.index(first) if first in _LONGEST else len(_LONGEST)

    items.sort(key=rank)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_GROUPS.get(place(item).parts[0], str(place(item)))))


def pytest_collection_finish():
    """Modules live as long as the process: the garbage collector need not walk through them, nor come so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def x64():
    """JAX in float64, for tests that leave the package's entry points: transformations and plain JAX functions."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Browser:
    """A headless browser for tests of pages."""
    return find_browser(tmp_path_factory.mktemp("browser"))


_TESTS_FOLDER = Path(__file__).parent
_TESTS = itertools.count(1)
_MAPPINGS = Path("/proc/self/maps")


@pytest.fixture(autouse=True)
def _room_for_compiled_code():
    """Compiled code is forgotten long before its memory mappings reach Linux's usual limit of 65,530 a process."""
    yield
    if next(_TESTS) % 25 or not _MAPPINGS.exists() or _MAPPINGS.read_bytes().count(b"\n") < 30_000:
        return
    claims_on_pairs._measure_all.cache_clear()
    forget_compiled_code()
