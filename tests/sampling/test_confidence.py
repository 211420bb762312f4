"""Intervals of means cover as often as they say, and are no wider than their formulas; Holm's levels."""

import math

import numpy as np
import pytest
from scipy import stats

from w2s_theory.errors import InputError
from w2s_theory.verification.confidence import Interval, Means, Range, holm, smallest_alpha

REPLICATIONS = 10_000
ALPHA = 0.05
UNIT = {"v": Range(0.0, 1.0)}


def means_of(values, region, ranges=UNIT, blocks=1):
    made = Means(ranges, region)
    for block in np.array_split(values, blocks):
        made.add({"v": block})
    return made


@pytest.mark.parametrize(
    ("region", "samples", "widest"),
    [
        ("clt", 400, 1.05),
        ("hoeffding", 100, 3.6),
        ("empirical-bernstein", 400, 3.3),
        ("betting", 64, 3.0),
    ],
)
def test_intervals_cover_as_often_as_they_say_and_are_not_absurdly_wide(region, samples, widest):
    rng = np.random.default_rng(1)
    draws = rng.beta(2.0, 3.0, size=(REPLICATIONS, samples))
    found = [means_of(row, region).interval("v", ALPHA) for row in draws]
    covered = sum(i.low <= 0.4 <= i.high for i in found)
    assert stats.binomtest(covered, REPLICATIONS, 1 - ALPHA, alternative="less").pvalue > 1e-4
    if region == "clt":
        assert stats.binomtest(covered, REPLICATIONS, 1 - ALPHA, alternative="greater").pvalue > 1e-4
    ideal = 2 * stats.norm.isf(ALPHA / 2) * 0.2 / math.sqrt(samples)
    assert np.mean([i.high - i.low for i in found]) < widest * ideal


@pytest.mark.parametrize(
    ("region", "alpha", "half"),
    [
        ("hoeffding", 2 * math.exp(-2), 0.1),
        ("empirical-bernstein", 4 * math.exp(-2), 0.2 * math.sqrt(25 / 99) + 14 / 297),
    ],
)
def test_distribution_free_intervals_have_their_published_constants(region, alpha, half):
    """100 values, zeros and ones in turn: simulation cannot tell a constant that is a little too small."""
    found = means_of(np.arange(100) % 2.0, region).interval("v", alpha)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-12)


@pytest.mark.parametrize(("region", "valid"), [("betting", True), ("clt", False)])
def test_a_betting_interval_may_be_looked_at_after_every_block(region, valid):
    """An interval for a fixed size may not: the same looks miss far more often than α."""
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(1_000):
        made, values = Means(UNIT, region), (rng.random(200) < 0.3).astype(float)
        for block in np.array_split(values, 20):
            made.add({"v": block})
            interval = made.interval("v", ALPHA)
            if not interval.low <= 0.3 <= interval.high:
                missed += 1
                break
    surprise = stats.binomtest(missed, 1_000, ALPHA, alternative="greater").pvalue
    assert surprise > 1e-4 if valid else surprise < 1e-4


@pytest.mark.parametrize("region", ["clt", "hoeffding", "empirical-bernstein"])
def test_blocks_pool_to_the_moments_of_all_values(region):
    values = np.random.default_rng(3).random(1_001)
    whole, pooled = means_of(values, region), means_of(values, region, blocks=7)
    assert pooled.count == 1_001
    assert pooled.mean("v") == pytest.approx(values.mean(), rel=1e-14)
    assert pooled.deviation("v") == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert pooled.interval("v", 0.1) == pytest.approx(whole.interval("v", 0.1), rel=1e-12)


def test_intervals_are_nested_and_scale_with_the_range():
    values = np.random.default_rng(4).random(500)
    for region in ("clt", "hoeffding", "empirical-bernstein", "betting"):
        made = means_of(values, region)
        wide, narrow = made.interval("v", 0.01), made.interval("v", 0.2)
        assert wide.low <= narrow.low <= narrow.high <= wide.high
        scaled = means_of(3 * values - 1, region, {"v": Range(-1.0, 2.0)}).interval("v", 0.2)
        assert scaled == pytest.approx((3 * narrow.low - 1, 3 * narrow.high - 1), abs=1e-9)


def test_interval_arithmetic_contains_what_members_give():
    rng = np.random.default_rng(5)
    for _ in range(200):
        a, b = (Interval(*np.sort(rng.normal(size=2))) for _ in range(2))
        x, y = rng.uniform(*a), rng.uniform(*b)
        for interval, value in (
            (a - b, x - y),
            (a.plus(b), x + y),
            (-a, -x),
            (abs(a), abs(x)),
            (a.times(2.5), 2.5 * x),
            (a.least(b), min(x, y)),
            (a.image(math.sqrt), math.sqrt(max(x, 0.0))),
        ):
            assert interval.low - 1e-12 <= value <= interval.high + 1e-12


def test_holm_steps_down_and_stops():
    levels = holm({"a": 0.001, "b": 0.02, "c": 0.04, "d": 0.5}, 0.05)
    assert levels == pytest.approx({"a": 0.1 / 8, "b": 0.1 / 7, "c": 0.1 / 7, "d": 0.1 / 7})


def test_holm_keeps_the_family_wise_error():
    rng = np.random.default_rng(6)
    wrong = 0
    for _ in range(2_000):
        p = {str(n): value for n, value in enumerate(rng.random(10))}
        levels = holm(p, ALPHA)
        wrong += any(p[name] <= levels[name] for name in p)
    assert stats.binomtest(wrong, 2_000, ALPHA, alternative="greater").pvalue > 1e-4


def test_smallest_alpha_is_the_p_value():
    p = smallest_alpha(lambda alpha: stats.norm.isf(alpha / 2) < 2.5)
    assert p == pytest.approx(2 * stats.norm.sf(2.5), rel=0.011)
    assert smallest_alpha(lambda alpha: False) == 1.0


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1])
def test_a_level_outside_the_unit_interval_is_refused(alpha):
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        means_of(np.ones(3), "clt").interval("v", alpha)
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        holm({"a": 0.1}, alpha)


def test_unusable_questions_are_refused():
    with pytest.raises(InputError, match="n = 0"):
        Means(UNIT).interval("v", 0.1)
    with pytest.raises(InputError, match="'bootstrap' is not one of"):
        Means(UNIT, "bootstrap")
    with pytest.raises(InputError, match="hoeffding needs bounded values"):
        Means({"v": Range()}, "hoeffding")
