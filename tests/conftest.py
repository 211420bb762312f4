"""One Hypothesis profile, and run-time checks of every annotated shape and type of the package."""

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
from jaxtyping import install_import_hook

install_import_hook("w2s_theory", "beartype.beartype")

from w2s_theory.experiments import claims_on_pairs  # noqa: E402
from w2s_theory.verification.compiled_code import forget_compiled_code  # noqa: E402

settings.register_profile(
    "tests", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """One worker runs all of a file, so that what its tests share is compiled and trained once, unless it says else."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(_TESTS_FOLDER))))


@pytest.fixture
def x64():
    """JAX in float64, for tests that leave the package's entry points: transformations and plain JAX functions."""
    with jax.enable_x64(True):
        yield


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
