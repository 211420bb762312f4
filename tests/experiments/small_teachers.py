"""A quick `teacher_quality`, for the tests of experiments and of figures."""

import functools
from typing import Any

from w2s_theory.experiments.teacher_quality import teacher_quality


@functools.lru_cache(maxsize=1)
def small_teachers() -> dict[str, Any]:
    """Half of the grid."""
    return teacher_quality(quick=True)
