"""Random points lie inside the regions drawn, and fill them."""

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from tests.compiled import compiled
from w2s_theory.functionals.instance_envelope import instance_envelope
from w2s_theory.functionals.joint_range import sharp_pinsker_tv
from w2s_theory.functionals.risks import disagreement, risk
from w2s_theory.functionals.uniform_envelope import uniform_envelope_lower, uniform_envelope_upper
from w2s_theory.report.figures.thinning import thin
from w2s_theory.report.figures.wording import in_words

ROUNDED = 1e-5  # relative: six significant digits


def _filled(x, y, low, high, inside, cells=(10, 8)):
    """Share of the cells whose corners all lie inside the region that hold at least one point."""
    edges = [np.linspace(a, b, n + 1) for a, b, n in zip(low, high, cells, strict=True)]
    counts = np.histogram2d(x, y, bins=edges)[0]
    corner = inside(*np.meshgrid(*edges, indexing="ij"))
    whole = corner[:-1, :-1] & corner[1:, :-1] & corner[:-1, 1:] & corner[1:, 1:]
    assert whole.sum() > 15
    return np.mean(counts[whole] > 0)


def test_random_pairs_of_distributions_fill_the_joint_range(prepared):
    data = prepared["joint-range"]
    kl, tv = (np.asarray(data["random"][key]) for key in ("kl", "tv"))
    assert np.all(tv <= np.asarray(sharp_pinsker_tv(kl * (1 + ROUNDED))) * (1 + ROUNDED))
    assert _filled(kl, tv, (0, 0), (4, 1), lambda x, y: y <= np.asarray(sharp_pinsker_tv(x))) == 1.0
    near_edge = np.array(
        [np.max((tv / np.asarray(sharp_pinsker_tv(kl)))[np.abs(kl - at) < 0.15]) for at in range(1, 4)]
    )
    assert np.all(near_edge > 0.985)
    curves = data["curves"]
    np.testing.assert_allclose(curves["sharp-pinsker"], sharp_pinsker_tv(np.asarray(curves["kl"])), rtol=2 * ROUNDED)
    assert np.all(np.asarray(curves["sharp-pinsker"]) <= np.asarray(curves["pinsker"]) * (1 + ROUNDED))
    assert np.all(np.asarray(curves["sharp-pinsker"]) <= np.asarray(curves["bretagnolle-huber"]) * (1 + ROUNDED))
    assert data["crossing"] == pytest.approx(1.5936, abs=2e-3)  # the root of d/2 = 1 - exp(-d)


def _uniform(d, upward):
    """The uniform envelope at the floor 0.01 and disagreements (n,)."""
    edge = uniform_envelope_upper if upward else uniform_envelope_lower
    with jax.enable_x64(True):
        return np.asarray(compiled(jax.vmap(lambda x: edge(x, 0.01, classes=2)))(np.asarray(d)))


def test_random_pairs_lie_below_the_uniform_envelope_and_fill_it(prepared):
    data = prepared["risk-difference"]["random"]
    d, gap = (np.asarray(data[key]) for key in ("disagreement", "risk_difference"))
    for sign in (1, -1):
        side = sign * gap > 0
        x, y = d[side], sign * gap[side]
        assert np.all(y <= _uniform(x * (1 + ROUNDED), sign > 0) * (1 + ROUNDED))

        def inside(log_d, log_gap, sign=sign):
            flat = _uniform(np.exp(log_d[:, 0]), sign > 0)
            return np.exp(log_gap) <= flat[:, None]

        low, high = np.log([1e-6, 1e-5]), np.log([4.0, 10.0])
        assert _filled(np.log(x), np.log(y), low, high, inside) == 1.0
    rows = [np.stack([np.asarray(data[key]), 1 - np.asarray(data[key])], axis=1) for key in ("truth", "weak", "strong")]
    assert min(rows[1].min(), rows[2].min()) >= 0.01 * (1 - ROUNDED)
    assert rows[0].min() >= 0


def test_bounds_are_drawn_in_their_order(prepared):
    for side, curve in prepared["risk-difference"]["curves"].items():
        naive, forward, uniform = (
            np.asarray(curve[f"generalization-{name}"]) for name in ("naive", "forward", "uniform-envelope")
        )
        expected = _uniform(curve["disagreement"], side == "worse")
        np.testing.assert_allclose(uniform, expected, rtol=2 * ROUNDED)
        assert np.all(uniform <= forward * (1 + ROUNDED))
        assert np.all(forward < naive)
        assert np.all(np.diff(curve["disagreement"]) > 0)


def test_random_students_fill_the_band_and_respect_its_dashed_edge(prepared):
    data = prepared["envelope-band"]
    d, loss = (np.asarray(data["students"][key]) for key in ("disagreement", "risk"))
    exact_d, exact_risk = (np.asarray(data["exact"][key]) for key in ("disagreement", "lower"))
    assert exact_d[0] == data["truth_disagreement"]
    assert exact_d[-1] >= data["widest"]
    args = [np.asarray(data[key]) for key in ("weights", "truth", "weak")]

    def edges(at):
        with jax.enable_x64(True):
            band = compiled(jax.vmap(instance_envelope, in_axes=(None, None, None, 0)))(*args, np.asarray(at))
        lower, upper = np.asarray(band.lower), np.asarray(band.upper)
        dashed = np.interp(at, exact_d, exact_risk)
        return np.where(at <= data["truth_disagreement"], lower, dashed), upper

    lower, upper = edges(d)
    assert np.all(loss <= upper * (1 + ROUNDED) + 1e-6)
    assert np.all(loss >= lower * (1 - 1e-3) - 1e-6)

    def inside(x, y):
        low, high = edges(np.maximum(x[:, 0], 1e-9))
        return (y >= low[:, None]) & (y <= high[:, None])

    assert _filled(d, loss, (0, 0), (data["widest"], data["highest"]), inside, cells=(14, 14)) > 0.97


def test_the_dashed_edge_is_the_least_risk_at_exact_disagreement(prepared):
    """An independent optimiser over students at a fixed disagreement beyond the truth."""
    data = prepared["envelope-band"]
    weights, truth, weak = (np.asarray(data[key]) for key in ("weights", "truth", "weak"))
    target = 0.6 * data["widest"]
    assert target > 2 * data["truth_disagreement"]

    def student(logits):
        rows = np.exp(logits.reshape(truth.shape))
        return rows / rows.sum(axis=1, keepdims=True)

    def kl(p, q):
        return float(np.sum(weights[:, None] * p * np.log(p / q)))

    start = np.log(np.maximum(weak + 1.2 * (truth - weak), 1e-3)).ravel()
    constraint = {"type": "eq", "fun": lambda z: kl(weak, student(z)) - target}
    best = minimize(lambda z: kl(truth, student(z)), start, constraints=[constraint], method="SLSQP", tol=1e-12)
    dashed = np.interp(target, data["exact"]["disagreement"], data["exact"]["lower"])
    assert best.fun == pytest.approx(dashed, rel=1e-3)


def test_points_of_the_band_are_what_the_functionals_say(prepared):
    data = prepared["envelope-band"]
    args = [np.asarray(data[key]) for key in ("weights", "truth", "weak")]
    assert data["teacher_risk"] == pytest.approx(float(risk(*args)), rel=1e-5)
    assert data["truth_disagreement"] == pytest.approx(float(disagreement(args[0], args[2], args[1])), rel=1e-5)


def test_thinning_keeps_the_first_point_of_each_cell():
    points = np.array([[0.1, 0.1], [0.12, 0.15], [0.9, 0.1], [1.2, 0.5], [np.nan, 0.5], [0.6, 0.9]])
    assert thin(points, (0.0, 0.0), (1.0, 1.0), (2, 2)).tolist() == [0, 2, 5]
    assert thin(points[3:5], (0.0, 0.0), (1.0, 1.0), (2, 2)).tolist() == []


def test_numbers_in_sentences():
    assert [in_words(v) for v in (0.0, 0.123, 2e-9, 1e-18, -1.26e-5)] == ["0", "0.12", "2×10⁻⁹", "10⁻¹⁸", "-1.3×10⁻⁵"]
