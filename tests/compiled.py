"""Compilation for functions that a test calls once or twice."""

from collections.abc import Callable
from typing import Any

import jax


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """`jax.jit` without the costly half of compilation, LLVM's optimisation."""
    return jax.jit(function, compiler_options={"xla_backend_optimization_level": 0}, **options)
