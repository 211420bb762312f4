"""Sums over bins: the functionals' own numbers, a debiased estimate that is what it is said to be, valid intervals."""

import numpy as np
import pytest
from scipy import stats

from w2s_theory.auditing.binned_sums import BINS, CELLS, BinnedSums, bin_of
from w2s_theory.auditing.smooth_error import smooth_error, smooth_interval
from w2s_theory.functionals.binned_calibration import binned_calibration_error
from w2s_theory.functionals.partitions import bin_edges, bins_of
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error

EDGES = np.concatenate(
    [np.arange(16) / 15, np.nextafter(np.arange(1, 16) / 15, 0), np.nextafter(np.arange(15) / 15, 1)]
)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_bins_are_those_of_the_functional(x64, precision):
    scores = np.concatenate([EDGES, np.random.default_rng(0).random(1000)]).astype(precision)
    np.testing.assert_array_equal(bin_of(scores), bins_of(scores, bin_edges(scores, BINS, "equal-width")))


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_scores_a_little_above_one_are_in_the_last_bin(precision):
    scores = np.array([1.0, 1.0 + np.finfo(precision).eps, 1.01, 1.9, 9.0, np.inf], precision)
    assert bin_of(scores).tolist() == [BINS - 1] * 6
    assert bin_of(scores, CELLS).tolist() == [CELLS - 1] * 6


def table_sums(table, labels):
    sums = BinnedSums(table.shape[1])
    sums.add_table(table, labels, None)
    return sums


def test_plug_in_is_the_functional(points):
    for role in ("weak", "strong"):
        expected = binned_calibration_error(points[role], points["labels"])
        assert table_sums(points[role], points["labels"]).plug_in == pytest.approx(float(expected), abs=1e-12)
        top = BinnedSums()
        top.add(points[role].max(axis=1), (points[role].argmax(axis=1) == points["labels"]).astype(float))
        expected = binned_calibration_error(points[role], points["labels"], notion="top-label")
        assert top.plug_in == pytest.approx(float(expected), abs=1e-12)


def test_labels_are_one_hot_probabilities(points):
    soft = BinnedSums(3)
    soft.add_table(points["weak"], None, np.eye(3)[points["labels"]])
    plain = table_sums(points["weak"], points["labels"])
    for name in ("count", "scores", "outcomes", "squares", "spread"):
        np.testing.assert_allclose(getattr(soft, name), getattr(plain, name), atol=1e-10)


@pytest.mark.parametrize("slope", [1.0, 0.6])
def test_split_average_is_the_mean_cross_fit_over_random_halves(slope):
    rng = np.random.default_rng(1)
    score = rng.random(2000)
    labels = (rng.random(2000) < 0.5 + slope * (score - 0.5)).astype(int)
    table = np.stack([1 - score, score], axis=1)
    halves = [
        float(binned_calibration_error(table, labels, estimator="cross-fit", fold=rng.permutation(2000) % 2))
        for _ in range(400)
    ]
    assert table_sums(table, labels).split_average == pytest.approx(np.mean(halves), abs=0.003)


def calibrated(rng, n, slope=1.0):
    score = rng.random(n)
    outcome = (rng.random(n) < 0.5 + slope * (score - 0.5)).astype(float)
    sums = BinnedSums(1)
    sums.add(score, outcome)
    return sums


@pytest.mark.parametrize("n", [200, 3000])
def test_a_calibrated_model_shows_zero_on_average(n):
    rng = np.random.default_rng(2)
    found = [calibrated(rng, n).split_average for _ in range(1000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 1000**0.5 + 0.05 / n**0.5
    assert np.mean([calibrated(rng, n).plug_in for _ in range(100)]) > 10 * abs(np.mean(found))


@pytest.mark.parametrize("slope", [1.0, 0.9, 0.3])
@pytest.mark.parametrize("n", [100, 2000])
def test_intervals_cover_the_binned_error(slope, n):
    """The population's error in bin j is (1 - slope)|middle - ½|, exactly."""
    rng = np.random.default_rng(3)
    middles = (np.arange(BINS) + 0.5) / BINS
    truth = (1 - slope) * np.mean(np.abs(middles - 0.5))
    if BINS % 2:
        inside = np.linspace(0, 1 / BINS, 1001) + (BINS // 2) / BINS
        truth -= (1 - slope) * abs(np.mean(inside - 0.5)) / BINS
    covered = sum(
        i.low <= truth + 1e-9 and truth <= i.high for i in (calibrated(rng, n, slope).interval(0.1) for _ in range(500))
    )
    assert stats.binomtest(covered, 500, 0.9, alternative="less").pvalue > 1e-4


def fine(score, outcome, cells=CELLS):
    sums = BinnedSums(1, cells)
    sums.add(score, outcome)
    return sums


def test_smooth_error_is_that_of_all_points_within_a_cell():
    rng = np.random.default_rng(4)
    score = rng.random(300)
    outcome = (rng.random(300) < score**2).astype(float)
    expected = smooth_calibration_error(
        np.full(300, 1 / 300), np.stack([1 - outcome, outcome], 1), np.stack([1 - score, score], 1)
    )
    assert smooth_error(fine(score, outcome)) == pytest.approx(float(expected), abs=1 / CELLS)
    assert smooth_error(fine(score, outcome, 64)) == pytest.approx(float(expected), abs=1 / 64)


def test_smooth_intervals_cover():
    """Constant score ½ with P(Y = 1) = 0.6: the error is 0.1."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        sums = fine(np.full(400, 0.5), (rng.random(400) < 0.6).astype(float), 256)
        interval = smooth_interval(sums, smooth_error(sums), 0.1)
        covered += interval.low <= 0.1 <= interval.high
    assert stats.binomtest(covered, 200, 0.9, alternative="less").pvalue > 1e-4


@pytest.mark.parametrize("lowest", [0.9, 0.99, 0.999])
@pytest.mark.parametrize("rarer", [1.0, 3.0], ids=["calibrated", "too sure of itself"])
def test_models_that_are_sure_of_themselves_are_not_judged_by_errors_nobody_saw(lowest, rarer):
    """Scores in [lowest, 1]; errors happen `rarer` times as often as the scores say; often none in 400 points."""
    rng = np.random.default_rng(11)
    truth = (rarer - 1.0) * (1.0 - lowest)  # twice the mean excess of the score, for two classes
    covered = 0
    for _ in range(500):
        score = lowest + (1.0 - lowest) * rng.random(400)
        label = (rng.random(400) >= rarer * (1.0 - score)).astype(int)
        interval = table_sums(np.stack([1.0 - score, score], axis=1), label).interval(0.1)
        covered += interval.low <= truth + 1e-9 and truth <= interval.high + 1e-9
    assert stats.binomtest(covered, 500, 0.9, alternative="less").pvalue > 1e-4
