import numpy as np
import pytest

from tests.oracles import high_precision as exact
from tests.oracles.tables import row_pairs
from w2s_theory.functionals import joint_range
from w2s_theory.functionals.divergences import kl_divergence, total_variation

RELATIVE = 1e-10
PUBLISHED = {0.5: (0.243279819, 0.119978258), 1.0: (0.451004455, 0.427534263), 5.0: (0.899636763, 2.298544109)}
DIVERGENCES = np.array([1e-24, 1e-20, 1e-16, 1e-12, 1e-9, 1e-6, 1e-3, 0.03, 0.1, 0.4, 1.0, 2.0, 3.0, 4.5])
VARIATIONS = np.array([1e-12, 1e-10, 1e-8, 1e-5, 1e-3, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.995])


def repeated(*values):
    """As many values as in the other tests: one shape, one compilation."""
    return np.resize(np.array(values), DIVERGENCES.shape)


def errors(computed, expected):
    return max(exact.relative_error(c, e) for c, e in zip(np.asarray(computed), expected, strict=True))


@pytest.mark.parametrize("t", PUBLISHED)
def test_published_points_of_the_curve(t):
    """Nine digits are printed, some of them cut off rather than rounded."""
    for computed, oracle, published in zip(
        joint_range.sharp_pinsker_point(t), exact.sharp_pinsker_point(t), PUBLISHED[t], strict=True
    ):
        assert float(computed) == pytest.approx(published, abs=1e-9)
        assert float(oracle) == pytest.approx(published, abs=1e-9)


def test_points_of_the_curve_keep_relative_accuracy():
    t = np.array([1e-30, 1e-12, 1e-6, 1e-3, 0.1, 0.59, 0.61, 0.99, 1.01, 3.0, 10.0, 50.0, 100.0, 200.0])
    expected = [exact.sharp_pinsker_point(float(x)) for x in t]
    for position, computed in enumerate(joint_range.sharp_pinsker_point(t)):
        assert errors(computed, [point[position] for point in expected]) < RELATIVE


def test_the_extremal_pair_has_the_curves_divergences():
    t = np.array([1e-6, 1e-3, 0.1, 0.5, 1.0, 5.0, 50.0])
    p, q = map(np.asarray, joint_range.extremal_pair(t))
    tv, kl = joint_range.sharp_pinsker_point(t)
    np.testing.assert_allclose(np.sum(p, axis=-1), 1, rtol=4 * 2**-53)
    # the pair is rounded: its difference, about t/2, is known to 2⁻⁵³
    np.testing.assert_allclose(total_variation(p, q), tv, rtol=1e-9)
    np.testing.assert_allclose(kl_divergence(p, q), kl, rtol=1e-9)


def test_largest_variation_for_a_divergence():
    assert errors(joint_range.sharp_pinsker_tv(DIVERGENCES), map(exact.sharp_pinsker_tv, DIVERGENCES)) < RELATIVE
    # for large t, KL = log 2t and TV = 1 - 1/2t, but for terms of the order of exp(-2t)
    large = np.linspace(5.0, 44.0, len(DIVERGENCES))
    np.testing.assert_allclose(joint_range.sharp_pinsker_tv(large), 1 - np.exp(-large), rtol=4 * 2**-53)


def test_single_precision_and_the_smallest_numbers():
    single = np.linspace(0.5, 8.0, len(DIVERGENCES), dtype=np.float32)
    found, double = joint_range.sharp_pinsker_tv(single), joint_range.sharp_pinsker_tv(single.astype(float))
    np.testing.assert_allclose(found, double, rtol=4 * 2**-24)
    smallest = repeated(3e-308, 1e-306, 1e-301)
    np.testing.assert_allclose(joint_range.sharp_pinsker_tv(smallest), np.sqrt(smallest / 2), rtol=1e-13)


def test_smallest_divergence_for_a_variation():
    """Near one the curve turns its argument's rounding into 2⁻⁵³/(1 - v) of relative error, far below the promise."""
    assert errors(joint_range.sharp_pinsker_kl(VARIATIONS), map(exact.sharp_pinsker_kl, VARIATIONS)) < RELATIVE


def test_round_trip():
    there = np.asarray(joint_range.sharp_pinsker_tv(DIVERGENCES))
    np.testing.assert_allclose(joint_range.sharp_pinsker_kl(there), DIVERGENCES, rtol=RELATIVE)


def test_limits():
    small = 10.0 ** -np.linspace(2, 24, 14)
    ratio = np.asarray(joint_range.sharp_pinsker_tv(small)) / np.sqrt(small / 2)
    # KL = 2v² + 4v⁴/9 + …, hence V*(d)/√(d/2) = 1 - d/18 + O(d²)
    # t is found through its logarithm, 28 here, and inherits the rounding of that
    assert (np.abs(ratio - (1 - small / 18)) < 0.1 * small**2 + (28 + 8) * 2**-53).all()
    assert np.asarray(joint_range.sharp_pinsker_tv(repeated(0.0, 100.0, 700.0, np.inf)))[:4].tolist() == [0, 1, 1, 1]
    assert np.asarray(joint_range.sharp_pinsker_kl(repeated(0.0, 1.0)))[:2].tolist() == [0, np.inf]


@pytest.mark.parametrize(
    ("function", "outside"), [(joint_range.sharp_pinsker_tv, [-1e-9]), (joint_range.sharp_pinsker_kl, [-1e-9, 1.1])]
)
def test_outside_the_domain_is_nan(function, outside):
    assert np.isnan(np.asarray(function(repeated(*outside)))).all()


def test_the_sharp_bound_is_below_the_classical_ones_and_increases():
    d = np.logspace(-12, 1, 14)
    sharp = np.asarray(joint_range.sharp_pinsker_tv(d))
    assert (np.diff(sharp) > 0).all()
    assert (sharp < np.asarray(joint_range.pinsker_bound(d))).all()
    assert (sharp < np.asarray(joint_range.bretagnolle_huber_bound(d))).all()


def test_no_pair_of_rows_exceeds_the_sharp_bound():
    p, q = row_pairs()
    bound = np.asarray(joint_range.sharp_pinsker_tv(kl_divergence(p, q)))
    assert (np.asarray(total_variation(p, q)) <= bound * (1 + RELATIVE)).all()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pinsker_bound", lambda d: exact.mp.sqrt(d / 2)),
        ("bretagnolle_huber_bound", lambda d: exact.mp.sqrt(1 - exact.mp.exp(-d))),
    ],
)
def test_classical_bounds(name, expected):
    computed = getattr(joint_range, name)(DIVERGENCES)
    assert errors(computed, [expected(exact.mp.mpf(float(d))) for d in DIVERGENCES]) < RELATIVE
