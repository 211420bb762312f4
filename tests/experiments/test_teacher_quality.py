"""`teacher-quality`: students found by another solver, copies of teachers they can copy, and claims that hold."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from tests.experiments.small_teachers import small_teachers
from w2s_theory.errors import InputError
from w2s_theory.experiments.teacher_quality import CLAIMS, RIPPLES, TEMPERATURES, teacher_log_odds, teacher_quality


@pytest.fixture(scope="module")
def run():
    return small_teachers()


def cell(run, temperature, ripple):
    return next(c for c in run["cells"] if c["temperature"] == temperature and c["ripple"] == ripple)


def test_the_result_is_json_and_covers_the_grid(run):
    assert json.loads(json.dumps(run, allow_nan=False)) == run
    found = {(c["temperature"], c["ripple"]) for c in run["cells"]}
    assert found == {(t, e) for t in TEMPERATURES[::2] for e in RIPPLES[::2]}


@pytest.mark.parametrize(("temperature", "ripple"), [(0.5, 2.0), (1.0, 3.0), (2.0, 1.0)])
def test_risks_and_students_agree_with_another_quadrature_and_solver(run, temperature, ripple):
    """Gauss–Legendre on x itself, and Nelder and Mead; the record keeps six digits."""
    at, weight = np.polynomial.legendre.leggauss(600)
    x = 11.0 * at
    weight = 11.0 * weight * 0.5 * (norm.pdf(x, -1) + norm.pdf(x, 1))
    truth, teacher = 2 * x, teacher_log_odds(2 * x, temperature, ripple)

    def kl(p, q):
        def both(side):
            return expit(side * p) * (np.logaddexp(0, -side * q) - np.logaddexp(0, -side * p))

        return float(np.sum(weight * (both(1) + both(-1))))

    def student(line):
        return 2 * line[0] * x + line[1]

    best = minimize(
        lambda line: kl(teacher, student(line)),
        [0.5, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-15},
    ).x
    made = cell(run, temperature, ripple)
    assert made["teacher"]["risk"] == pytest.approx(kl(truth, teacher), rel=1e-5)
    assert made["population"]["temperature"] == pytest.approx(1 / best[0], rel=1e-5)
    assert made["population"]["risk"] == pytest.approx(kl(truth, student(best)), rel=1e-4)
    assert made["population"]["disagreement"] == pytest.approx(kl(teacher, student(best)), rel=1e-5)
    recovered = 1 - kl(truth, student(best)) / kl(truth, teacher)
    assert made["population"]["gap_recovered"] == pytest.approx(recovered, rel=1e-4)


def test_students_are_optimal(run):
    assert run["settings"]["largest_gradient"] < 1e-12


def test_students_copy_teachers_that_they_can_copy(run):
    for temperature in TEMPERATURES[::2]:
        made = cell(run, temperature, 0.0)
        for end in ("", "_low", "_high"):
            assert made["simulated"][f"temperature{end}"] == pytest.approx(temperature, rel=1e-6)
        assert made["population"]["smooth_calibration"] == pytest.approx(
            made["teacher"]["smooth_calibration"], abs=1e-9
        )


def test_simulated_students_surround_that_of_the_population(run):
    """1,000 inputs put the fitted slope within a few per cent; three students a cell do not all err alike."""
    off = [c["simulated"]["temperature"] / c["population"]["temperature"] - 1 for c in run["cells"] if c["ripple"] > 0]
    assert 1e-4 < np.abs(off).max() < 0.15
    assert min(off) < 0 < max(off)


def test_no_student_breaks_a_proved_claim(run):
    for made in run["cells"]:
        assert set(made["claims"]) == set(CLAIMS)
        for one in made["claims"].values():
            assert sum(one["verdicts"].get(verdict, 0) for verdict in ("holds", "tight")) == 4
    used = [c["claims"]["generalization-instance-envelope"] for c in run["cells"] if c["ripple"] > 0]
    assert max(one["lhs"] / one["rhs"] for one in used) > 0.9


def test_unusable_seeds_are_refused():
    with pytest.raises(InputError, match="teacher-quality needs a seed"):
        teacher_quality(seed=-1)
