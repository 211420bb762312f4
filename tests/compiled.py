"""Compilation without its costly half, LLVM's optimisation: for programs that tests run once or twice."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import pytest

from w2s_theory import _numerics


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """`jax.jit` of a function that a test calls once or twice."""
    return _numerics.compiled(function, optimised=False, **options)


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Here all that is compiled is compiled so."""
    name = "jax_disable_most_optimizations"
    before = jax.config.read(name)
    jax.config.update(name, True)
    try:
        yield
    finally:
        jax.config.update(name, before)


@pytest.fixture(autouse=True, scope="package")
def quick_compilation() -> Iterator[None]:
    """Imported by the conftest of a package, it makes all that is compiled there compile quickly."""
    with quick():
        yield
