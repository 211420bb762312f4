"""Compilation without its costly half: the programs of these tests run once or twice."""

import jax
import pytest


@pytest.fixture(autouse=True, scope="package")
def _quick_compilation():
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
