"""Exact confidence limits of a quantile, against SciPy's Clopper–Pearson interval and by coverage."""

import numpy as np
import pytest
from scipy.stats import binomtest

from w2s_theory.functionals.quantile_interval import quantile_interval

VALUES = np.random.default_rng(0).normal(size=40)


@pytest.mark.parametrize("probability", [0.3, 0.9])
@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_limits_are_those_at_which_clopper_and_pearson_exclude_the_level(probability, confidence):
    """A threshold is below the lower limit exactly if its exceedance probability is surely above 1 - p."""
    found = quantile_interval(VALUES, probability, confidence)
    for threshold in np.sort(VALUES) - 1e-9:
        interval = binomtest(int(np.sum(threshold < VALUES)), VALUES.size).proportion_ci(confidence, method="exact")
        assert (float(found.low) > threshold) == (interval.low >= 1 - probability)
        assert (float(found.high) < threshold) == (interval.high <= 1 - probability)


def test_limits_cover_the_quantile_at_least_as_often_as_they_say():
    rng, level = np.random.default_rng(1), 0.9
    covered = [
        float(found.low) <= level <= float(found.high)
        for found in (quantile_interval(rng.uniform(size=60), level, 0.9) for _ in range(300))
    ]
    assert np.mean(covered) > 0.87


def test_a_sample_too_small_has_no_upper_limit():
    assert np.isposinf(float(quantile_interval(VALUES[:10], 0.95, 0.99).high))
