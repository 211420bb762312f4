"""What a sweep refutes in floating point is confirmed on rows that sum to one exactly, at 50 digits."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from tests.oracles import brute_force
from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Status
from w2s_theory.verification.sweep import sweep_claim


def binned(weights, truth, model):
    return brute_force.binned_calibration_error(weights, truth, model, 15)


ERRORS = {
    "calibration-score-conditional": brute_force.marginal_calibration_error,
    "calibration-binned": binned,
}


def exact_rows(table):
    """The rows as fractions, divided by their exact sums."""
    rows = [[Fraction(float(entry)) for entry in row] for row in np.asarray(table)]
    return [[entry / sum(row) for entry in row] for row in rows]


def exact(fraction):
    return mpmath.mpf(fraction.numerator) / fraction.denominator


def divergence(p, q):
    return sum(exact(a) * mpmath.log(exact(a) / exact(b)) for a, b in zip(p, q, strict=True) if a > 0)


@pytest.mark.parametrize("identifier", [claim.id for claim in CLAIMS if claim.status is Status.refuted])
def test_counterexample_found_by_the_sweep_is_one(identifier):
    found = sweep_claim(CATALOGUE[identifier], 1_000, seed=3).counterexample
    assert found is not None
    weights = exact_rows([found.weights])[0]
    truth, weak, strong = (exact_rows(table) for table in (found.truth, found.weak, found.strong))
    error = ERRORS[identifier]
    lhs = abs(error(weights, truth, strong) - error(weights, truth, weak))
    with mpmath.workdps(50):
        d = mpmath.fsum(exact(w) * divergence(p, q) for w, p, q in zip(weights, weak, strong, strict=True))
        rhs = 2 * mpmath.sqrt(-mpmath.expm1(-d))
        assert exact(lhs) > rhs + mpmath.mpf(10) ** -30
