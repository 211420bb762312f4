"""`sample-size` and `mixture-of-r`: observed excess below its bound, and both falling."""

import json

import numpy as np
import pytest

from tests.experiments.small_misfit import small_mixtures, small_samples
from w2s_theory.errors import InputError
from w2s_theory.experiments.hull_design import fitted_slope
from w2s_theory.experiments.mixture_of_r import mixture_of_r
from w2s_theory.experiments.sample_size import sample_size


@pytest.mark.parametrize(
    ("record", "excess", "shortfall"),
    [(small_samples, "excess", "shortfall"), (small_mixtures, "excess_high", "shortfall_high")],
    ids=["sample-size", "mixture-of-r"],
)
def test_excess_and_shortfall_stay_below_what_is_proved_and_fall_faster(record, excess, shortfall):
    made = record()
    curves, slopes = made["curves"], made["slopes"]
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert np.all(np.array(curves[excess]) < curves["bound"])
    assert np.all(np.array(curves[shortfall]) < curves["shortfall_bound"])
    assert np.all(np.array(curves[shortfall]) > 0)
    assert slopes[shortfall] < slopes["shortfall_bound"] < 0
    assert slopes["bound"] < 0
    assert made["overview"]["rows"][-1][0] == "slope"


def test_bounds_are_those_of_the_theory():
    """At n = 32: M = 4, δ = 0.05, floor 0.05 and three classes, so B = log 18."""
    curves, span = small_samples()["curves"], np.log(18)
    tau = 2 * span * (np.sqrt((4 * np.log(65) + np.log(40)) / 64) + 2 / 32)
    assert curves["shortfall_bound"][0] == pytest.approx(tau, rel=1e-5)
    assert curves["bound"][0] == pytest.approx(np.sqrt(38 * tau) + tau, rel=1e-5)
    assert small_mixtures()["curves"]["shortfall_bound"][2] == pytest.approx((2 / 3) / (2 * 0.05 * 4), rel=1e-5)


def test_slopes_are_those_of_powers():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    assert fitted_slope(x, 3 * x**-1.5) == pytest.approx(-1.5)
    assert fitted_slope(x, np.array([-1.0, 0.0, 0.0, 2.0])) is None


@pytest.mark.parametrize("experiment", [sample_size, mixture_of_r])
def test_bad_seeds_are_refused(experiment):
    with pytest.raises(InputError, match="seed of at least 0"):
        experiment(seed=-1)
