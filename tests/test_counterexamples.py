"""What random draws refute in floating point is confirmed on rows that sum to one exactly, at 50 digits."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from tests.families import drawn_counterexample, in_one_worker
from tests.oracles import brute_force, students
from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Status


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


def refuted(calibration):
    """The refuted claims, about calibration or about gains, as parameters."""
    claims = [c for c in CLAIMS if c.status is Status.refuted and c.id.startswith("calibration") is calibration]
    return pytest.mark.parametrize("identifier", [pytest.param(c.id, marks=in_one_worker(c)) for c in claims])


@refuted(calibration=True)
def test_counterexample_found_by_drawing_is_one(identifier):
    found = drawn_counterexample(CATALOGUE[identifier], seed=3)
    assert found is not None
    weights = exact_rows([found.weights])[0]
    truth, weak, strong = (exact_rows(table) for table in (found.truth, found.weak, found.strong))
    error = ERRORS[identifier]
    lhs = abs(error(weights, truth, strong) - error(weights, truth, weak))
    with mpmath.workdps(50):
        d = mpmath.fsum(exact(w) * divergence(p, q) for w, p, q in zip(weights, weak, strong, strict=True))
        rhs = 2 * mpmath.sqrt(-mpmath.expm1(-d))
        assert exact(lhs) > rhs + mpmath.mpf(10) ** -30


@refuted(calibration=False)
def test_student_found_by_drawing_is_optimal_and_breaks_the_claim(identifier):
    """The optimum is SciPy's; a violation of a hundredth of a nat is far more than its tolerance can explain."""
    found = drawn_counterexample(CATALOGUE[identifier], seed=3)
    assert found is not None
    prefix, trained, _, judged = identifier.replace("never-worse", "never").split("-", 3)
    weights = exact_rows([found.weights])[0]
    truth, weak, strong = (exact_rows(table) for table in (found.truth, found.weak, found.strong))

    def expected(g, h):
        with mpmath.workdps(50):
            return mpmath.fsum(exact(w) * divergence(p, q) for w, p, q in zip(weights, g, h, strict=True))

    objective = expected(*((weak, strong) if trained == "forward" else (strong, weak)))
    assert abs(objective - students.least_objective(found, trained)) < 1e-6
    student, teacher = (expected(*((truth, f) if judged == "risk" else (f, truth))) for f in (strong, weak))
    assert student > teacher - (objective if prefix == "gain" else 0) + mpmath.mpf("0.01")
