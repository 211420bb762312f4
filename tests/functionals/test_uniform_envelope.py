import jax
import numpy as np
import pytest

from tests.compiled import compiled
from tests.oracles import high_precision as exact
from tests.oracles.tables import instance
from w2s_theory.functionals import uniform_envelope as envelope
from w2s_theory.functionals.risks import disagreement, risk_difference

RELATIVE = 1e-10
FLOORS = (1e-6, 1e-3, 0.05, 0.24)
DIVERGENCES = (1e-24, 1e-18, 1e-12, 1e-6, 1e-3, 0.03, 0.3, 1.0, 4.0)

both_ends = pytest.mark.parametrize("end", ["uniform_envelope_upper", "uniform_envelope_lower"])
each_number_of_classes = pytest.mark.parametrize("classes", [2, 4])


@pytest.mark.parametrize("floor", [1e-12, 1e-3, 0.1, 0.5])
def test_log_ratio_constant(floor):
    assert exact.relative_error(envelope.log_ratio_constant(floor), exact.log_ratio_constant(floor)) < RELATIVE


def test_bounds_by_the_root():
    """At a floor of one half the best constant is √2, and so is the naive one: the bounds meet only there."""
    d = np.array([0.0, 1e-24, 0.02, 2.0])
    np.testing.assert_allclose(envelope.log_ratio_bound(d, 0.1), 18**0.5 * d**0.5, rtol=1e-15)
    np.testing.assert_allclose(envelope.naive_risk_bound(d, 0.1), 50**0.5 * d**0.5, rtol=1e-15)
    np.testing.assert_allclose(envelope.naive_risk_bound(d, 0.5), envelope.log_ratio_bound(d, 0.5), rtol=1e-15)


@both_ends
@each_number_of_classes
@pytest.mark.parametrize("floor", FLOORS)
def test_relative_accuracy(end, classes, floor):
    for d in DIVERGENCES:
        computed = getattr(envelope, end)(d, floor, classes=classes)
        assert exact.relative_error(computed, getattr(exact, end)(d, floor, classes)) < RELATIVE


@both_ends
@pytest.mark.parametrize("floor", FLOORS)
def test_near_zero_both_ends_behave_like_the_constant_times_the_root(end, floor):
    """The next term is of relative size √(d/γ)."""
    d = 1e-20
    ratio = float(getattr(envelope, end)(d, floor, classes=2)) / (float(envelope.log_ratio_constant(floor)) * d**0.5)
    assert ratio == pytest.approx(1, abs=2 * (d / floor) ** 0.5)


@both_ends
@each_number_of_classes
def test_saturation(end, classes):
    floor = 0.05
    highest = np.log((1 - (classes - 1) * floor) / floor)
    for d in (4.0, 1e6, np.inf):
        assert float(getattr(envelope, end)(d, floor, classes=classes)) == pytest.approx(highest, rel=1e-15)


@both_ends
def test_ends_of_the_domain(end):
    function = getattr(envelope, end)
    assert float(function(0.0, 0.05, classes=4)) == 0
    assert np.isnan(float(function(-1e-9, 0.05, classes=4)))
    assert float(function(1.0, 0.25, classes=4)) == 0  # only the uniform row has that floor


@both_ends
def test_dominated_by_the_naive_bound_increasing_and_concave(x64, end):
    floor, d = 1e-3, np.linspace(0, 8, 41)[1:]
    rise = np.asarray(compiled(jax.vmap(lambda x: getattr(envelope, end)(x, floor, classes=2)))(d))
    assert (rise < np.sqrt(d) / (floor * np.sqrt(2))).all()
    rounding = 8 * 2**-53 * rise.max()
    assert (np.diff(rise) >= 0).all() and (np.diff(rise, 2) <= rounding).all()


def test_no_floored_instance_leaves_the_envelope():
    floor = 0.02
    for seed in range(40):
        step = (None, 1.0, 1e-2, 1e-5)[seed % 4]
        i = instance(seed, floor=floor + 1e-4, step=step)
        if min(i.weak.min(), i.strong.min()) < floor:
            continue
        gap = float(risk_difference(i.weights, i.truth, i.weak, i.strong))
        d = disagreement(i.weights, i.weak, i.strong)
        assert gap <= float(envelope.uniform_envelope_upper(d, floor, classes=3)) * (1 + RELATIVE)
        assert -gap <= float(envelope.uniform_envelope_lower(d, floor, classes=3)) * (1 + RELATIVE)


@pytest.mark.parametrize(("weak", "strong"), [(0.7, 0.02), (0.02, 0.7)])
def test_the_witness_touches_the_envelope(weak, strong):
    """One-hot truth, one score at the floor, the other classes in proportion."""
    floor = 0.02
    rows = [np.array([[p, *(1 - p) * np.array([0.4, 0.6])]]) for p in (weak, strong)]
    gap = float(risk_difference(np.ones(1), np.array([[1.0, 0.0, 0.0]]), *rows))
    end = envelope.uniform_envelope_upper if gap > 0 else envelope.uniform_envelope_lower
    assert abs(gap) == pytest.approx(float(end(disagreement(np.ones(1), *rows), floor, classes=3)), rel=RELATIVE)
