"""Intervals of proportions, pairs, ratios, and of what an audit reports, cover as often as they say."""

import numpy as np
import pytest
from scipy import stats

from tests.auditing.conftest import draw
from w2s_theory.auditing.array_predictions import array_predictions
from w2s_theory.auditing.auditor import _label_free
from w2s_theory.auditing.gathering import gather
from w2s_theory.auditing.intervals import paired_difference, points_to_resolve, proportion, ratio
from w2s_theory.auditing.quality import accuracy_change, gain, gap_recovered, mean_estimate

ALPHA = 0.1


def enough(covered, total, level=1 - ALPHA):
    return stats.binomtest(covered, total, level, alternative="less").pvalue > 1e-4


@pytest.mark.parametrize(("n", "p"), [(20, 0.02), (50, 0.5), (300, 0.97)])
def test_exact_proportions(n, p):
    draws = np.random.default_rng(0).binomial(n, p, 2000)
    found = [proportion(int(d), n, ALPHA) for d in draws]
    assert enough(sum(i.low <= p <= i.high for i in found), 2000)
    assert proportion(0, n, ALPHA).low == 0
    assert proportion(n, n, ALPHA).high == 1


@pytest.mark.parametrize(("n", "first", "second"), [(40, 0.1, 0.05), (200, 0.03, 0.0), (200, 0.3, 0.3)])
def test_paired_differences(n, first, second):
    rng = np.random.default_rng(1)
    covered = 0
    for b, c, _ in rng.multinomial(n, [first, second, 1 - first - second], 2000):
        interval = paired_difference(int(b), int(c), n, ALPHA)
        covered += interval.low <= first - second <= interval.high
    assert enough(covered, 2000, 0.98 * (1 - ALPHA))


def test_ratios_by_fieller():
    rng = np.random.default_rng(2)
    covered = bounded = 0
    for _ in range(1500):
        b = rng.normal(0.5, 1.0, 100)
        a = 0.4 * b + rng.normal(0.1, 0.5, 100)
        cov = np.cov(a, b)
        found = ratio(a.mean(), b.mean(), (cov[0, 0], cov[1, 1], cov[0, 1]), 100, ALPHA)
        bounded += found is not None
        covered += found is None or found.low <= 0.6 <= found.high
    assert enough(covered, 1500)
    assert bounded > 1000


def test_no_bounded_ratio_where_the_denominator_may_be_zero():
    assert ratio(1.0, 0.1, (1.0, 1.0, 0.0), 50, 0.05) is None
    assert ratio(1.0, 0.1, (1.0, 1.0, 0.0), 1, 0.05) is None


def test_that_many_points_resolve_a_difference_four_times_out_of_five():
    n = points_to_resolve(0.1, 1.0, ALPHA)
    rng = np.random.default_rng(3)
    z = rng.normal(0.1, 1 / n**0.5, 4000)
    assert np.mean(np.abs(z) > stats.norm.isf(ALPHA / 2) / n**0.5) == pytest.approx(0.8, abs=0.03)
    assert points_to_resolve(0.0, 1.0, ALPHA) is None


def test_what_an_audit_reports_covers():
    """250 points a time; the population's values are those of 200,000 points."""
    rng = np.random.default_rng(4)
    many = draw(rng, 200_000)
    rows = np.arange(200_000)
    losses = {role: -np.log(many[role][rows, many["labels"]]) for role in ("weak", "strong", "ceiling")}
    right = {role: (many[role].argmax(1) == many["labels"]).mean() for role in losses}
    mean = {role: loss.mean() for role, loss in losses.items()}
    forward = (many["weak"] * np.log(many["weak"] / many["strong"])).sum(1).mean()
    expected = {
        "gain": mean["weak"] - mean["strong"],
        "loss": mean["strong"],
        "accuracy": right["strong"] - right["weak"],
        "forward": forward,
        "recovered": (mean["weak"] - mean["strong"]) / (mean["weak"] - mean["ceiling"]),
        "recovered accuracy": (right["strong"] - right["weak"]) / (right["ceiling"] - right["weak"]),
    }
    covered = dict.fromkeys(expected, 0)
    replications = 150
    for _ in range(replications):
        found = gather(array_predictions(**draw(rng)))
        entries = {
            "gain": gain(found, ALPHA).to_json(),
            "loss": mean_estimate(found.judged, "strong loss", ALPHA).to_json(),
            "accuracy": accuracy_change(found, ALPHA).to_json(),
            "forward": mean_estimate(found.between, "forward", ALPHA).to_json(),
            "recovered": gap_recovered(found, "log-loss", ALPHA),
            "recovered accuracy": gap_recovered(found, "accuracy", ALPHA),
        }
        for name, entry in entries.items():
            covered[name] += entry["low"] is None or entry["low"] <= expected[name] <= entry["high"]
    short = {name: count for name, count in covered.items() if not enough(count, replications, 0.98 * (1 - ALPHA))}
    assert not short


def test_the_label_free_limits_contain_the_strong_log_loss():
    rng = np.random.default_rng(5)
    many = draw(rng, 200_000)
    loss = -np.log(many["strong"][np.arange(200_000), many["labels"]]).mean()
    for _ in range(20):
        found = _label_free(gather(array_predictions(**draw(rng))), ALPHA, None)
        assert found.least <= found.low <= found.high <= found.most
        assert found.least <= loss <= found.most
