"""One Hypothesis profile, and run-time checks of every annotated shape and type of the package."""

import jax
import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

install_import_hook("w2s_theory", "beartype.beartype")

settings.register_profile(
    "tests", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


@pytest.fixture
def x64():
    """JAX in float64, for tests that leave the package's entry points: transformations and plain JAX functions."""
    with jax.enable_x64(True):
        yield
