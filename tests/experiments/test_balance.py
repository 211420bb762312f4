"""`balance`: the closed-form path, its stationary points, and the simulated path beside it."""

import json

import numpy as np
import pytest

import w2s_theory
from w2s_theory.errors import InputError
from w2s_theory.experiments.balance import balance, band, teachers, training_path


@pytest.fixture(scope="module")
def run():
    return balance(seeds=2, quick=True)


def test_the_result_is_json_and_the_same_for_the_same_seed(run):
    assert json.loads(json.dumps(run, allow_nan=False)) == run
    assert balance(seeds=2, quick=True) == run
    assert balance(seed=1, quick=True)["cases"][0]["simulated"] != run["cases"][0]["simulated"]


def test_cases_have_no_one_and_two_stationary_times_where_the_closed_risk_turns(run):
    assert [len(case["stationary"]["times"]) for case in run["cases"]] == [0, 1, 2]
    for case in run["cases"]:
        times, risk = np.array(case["times"]), np.array(case["closed"]["risk"])
        steps = np.diff(risk)
        moving = np.abs(steps) > 1e-5 * risk.max()  # six digits are stored
        turns = times[1:][moving][np.flatnonzero(np.diff(np.sign(steps[moving]))) + 1]
        assert len(turns) == len(case["stationary"]["times"])
        np.testing.assert_allclose(turns, case["stationary"]["times"], rtol=0.35)


def test_the_band_closes_and_contains_the_risk(run):
    for case in run["cases"]:
        closed = {name: np.array(values) for name, values in case["closed"].items()}
        assert (np.diff(closed["disagreement"]) <= 0).all() and case["disagreement_rises"] == 0
        assert (closed["low"] <= closed["risk"] * (1 + 1e-5)).all()
        assert (closed["risk"] <= closed["high"] * (1 + 1e-5)).all()
        assert closed["high"][-1] - closed["low"][-1] < 0.05 * case["teacher_risk"]
        assert case["outside_band"] == 0


def test_simulated_students_follow_the_closed_form(run):
    """400 inputs put one sample covariance within about a fifth of Σ, and the mean of 180 paths within 3 %."""
    for case, mean in zip(run["cases"], balance(seeds=60, quick=True)["cases"], strict=True):
        assert (case["students"], mean["students"]) == (6, 180)
        risk, few, many = (
            np.array(c[kind]["risk"]) for c, kind in ((case, "closed"), (case, "simulated"), (mean, "simulated"))
        )
        assert 1e-4 < np.abs(risk - few).max() / risk.max() < 0.1
        assert np.abs(risk - many).max() / risk.max() < 0.03


def test_early_stopping_pays_where_the_teacher_overshoots_only(run):
    falls_short, overshoots, both = run["cases"]
    assert falls_short["lowest_risk"] > 0.98 * falls_short["teacher_risk"]
    assert overshoots["lowest_risk"] < 0.1 * overshoots["teacher_risk"]
    assert both["lowest_risk"] < 0.2 * both["teacher_risk"]


def test_unusable_seeds_are_refused():
    with pytest.raises(InputError, match="balance needs a seed"):
        balance(seeds=0)


def test_one_path_is_that_of_its_case(run):
    for case, (name, world) in zip(run["cases"], teachers().items(), strict=True):
        path = training_path(world, name, seeds=2)
        assert path["name"] == case["name"]
        for key in ("risk", "disagreement", "high"):
            np.testing.assert_allclose(path["closed"][key], case["closed"][key], rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(path["simulated"]["risk"], case["simulated"]["risk"], rtol=1e-5)


def test_the_band_is_the_claim_solved_for_the_risk():
    """Predictions on a line are at the ends of the band, where the claim is an equality."""
    for strong in (0.1, 0.4, 2.5):
        table = {"kind": "real", "weights": [1], "truth": [[0.0]], "weak": [[1.0]], "strong": [[strong]]}
        assert w2s_theory.evaluate("generalization-squared", table).verdict.value == "tight"
        low, high = band(1.0, (1.0 - strong) ** 2)
        assert min(abs(strong**2 - low), abs(strong**2 - high)) < 1e-12
