"""Where claims make sense at all: conditions on an instance that are not assumptions of the theorem."""

import numpy as np

from w2s_theory.claim import Domain
from w2s_theory.instance import Instance, first_zero


def _binary(i: Instance) -> str | None:
    return None if i.classes == 2 else f"field strong: the claim is about 2 classes, not {i.classes}"


def _positive(i: Instance) -> str | None:
    if i.kind == "real":
        return None
    for role in ("truth", "weak", "strong"):
        problem = first_zero(i, role)
        if problem:
            return f"{problem}, but the claim needs positive rows"
    return None


def _finite_weak_risk(i: Instance) -> str | None:
    truth, weak, counted = np.asarray(i.truth), np.asarray(i.weak), np.asarray(i.counted)
    bad = np.argwhere((truth > 0) & (weak <= 0) & counted)
    if not len(bad):
        return None
    row, column = bad[0]
    return f"field weak, row {row}: entry {column} is 0 where truth is {float(truth[row, column])!r}, an infinite risk"


binary = Domain("binary", _binary)
positive_rows = Domain("positive rows", _positive)
finite_weak_risk = Domain("finite d_P(F*, F_w)", _finite_weak_risk)
