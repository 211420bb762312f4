"""Compilation for functions that a test calls once or twice."""

from collections.abc import Callable
from typing import Any

from w2s_theory import _numerics


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """`jax.jit` without the costly half of compilation, LLVM's optimisation."""
    return _numerics.compiled(function, optimised=False, **options)
