"""Quadratures of populations against scipy, closed forms and finer rules: errors within what the rules say of them."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import betaln, digamma, expit, log_expit, log_softmax, logit, softmax, xlogy

from tests.worlds.test_populations import summed
from w2s_theory.errors import InputError
from w2s_theory.worlds import gaussian_classes
from w2s_theory.worlds.beta_scores import BetaScores
from w2s_theory.worlds.dirichlet_predictions import DirichletPredictions
from w2s_theory.worlds.gaussian_classes import GaussianClasses
from w2s_theory.worlds.gaussian_regression import GaussianRegression
from w2s_theory.worlds.gaussian_scores import GaussianScores
from w2s_theory.worlds.population import compiled_models
from w2s_theory.worlds.predictive_laws import PredictiveLaws

TWO = np.eye(2)
ROUNDING = 1e-12


def of_rows(t, w, s):
    """Values (n,) of every quantity by the plain formulas, from rows (n, k) of truth, weak model and student."""
    logs = np.log(w / s)
    return {
        "forward": np.sum(w * logs, axis=1),
        "reverse": -np.sum(s * logs, axis=1),
        "risk": np.sum(xlogy(t, t) - t * np.log(s), axis=1),
        "gap": np.sum(t * logs, axis=1),
        "log ratio": np.max(np.abs(logs), axis=1),
        "total variation": 0.5 * np.sum(np.abs(w - s), axis=1),
        "weak error": np.sum(np.abs(w - t), axis=1),
        "strong error": np.sum(np.abs(s - t), axis=1),
    }


def by_rule(world):
    """Means of those by the world's quadrature, and their distances from the coarser rule's."""
    measure = world.quadrature()
    models = compiled_models(world, measure.points)
    values = of_rows(*(np.asarray(rows) for rows in (models.truth, models.weak, models.strong)))
    fine = {name: float(np.asarray(measure.weights) @ v) for name, v in values.items()}
    return fine, {name: abs(fine[name] - float(np.asarray(measure.coarse_weights) @ v)) for name, v in values.items()}


def gaussian_scores_oracle(world):
    def probabilities(s):
        t, w, q = (expit(a * s + b) for a, b in (world.truth, world.weak, world.strong))
        return t, *(world.gamma + (1 - 2 * world.gamma) * p for p in (w, q))

    ends = world.mean - 9 * world.scale, world.mean + 9 * world.scale
    return probabilities, stats.norm(world.mean, world.scale).pdf, ends


def beta_scores_oracle(world):
    def probabilities(z):
        t = expit(z / world.temperature + world.shift)
        w = expit(z / world.weak_temperature + world.weak_shift)
        return t, *(world.gamma + (1 - 2 * world.gamma) * p for p in (w, expit(z)))

    def density(z):
        return math.exp(world.a * log_expit(z) + world.b * log_expit(-z) - betaln(world.a, world.b))

    # the upper end from its distance to one, which keeps its digits
    ends = [
        side * logit(stats.beta(*shapes).ppf(1e-15))
        for side, shapes in ((1, (world.a, world.b)), (-1, (world.b, world.a)))
    ]
    return probabilities, density, ends


@pytest.mark.parametrize(
    ("world", "oracle"),
    [
        *((GaussianScores.random(np.random.default_rng(s)), gaussian_scores_oracle) for s in range(2)),
        (GaussianScores(0.0, 2.0, (0.0, 0.3), (30.0, 1.0), (-2.0, 0.0), 0.01), gaussian_scores_oracle),
        *((BetaScores.random(np.random.default_rng(s)), beta_scores_oracle) for s in range(2)),
        (BetaScores(90.0, 40.0, 0.5, 0.3, 1.5, 0.0, 0.01), beta_scores_oracle),
        (BetaScores(0.6, 0.8, 0.2, 0.3, 3.0, 0.0, 0.01), beta_scores_oracle),
    ],
)
def test_scores_against_an_adaptive_quadrature_of_plain_formulas(x64, world, oracle):
    probabilities, density, (low, high) = oracle(world)
    fine, apart = by_rule(world)

    def integrand(s):
        rows = [np.array([[1 - p, p]]) for p in probabilities(s)]
        return np.array([v[0] for v in of_rows(*rows).values()]) * density(s)

    grid = np.linspace(low, high, 41)
    values, error = integrate.quad_vec(integrand, low, high, points=grid[1:-1], epsabs=1e-9, epsrel=0, norm="max")
    assert error < 1e-7
    for name, value in zip(fine, values, strict=True):
        assert abs(fine[name] - value) <= apart[name] + 1e-8, name
        assert apart[name] <= 1e-6, name


@pytest.mark.parametrize(("a", "b"), [(400.0, 20.0), (3_000.0, 5_000.0), (2.0, 3.0), (0.3, 0.05)])
def test_the_range_of_a_beta_score_holds_all_of_its_mass(x64, a, b):
    measure = BetaScores(a, b).quadrature()
    score, law = expit(np.asarray(measure.points)[:, 0]), stats.beta(a, b)
    assert float(measure.expect(score)) == pytest.approx(law.mean(), rel=1e-10)
    assert float(measure.expect((score - law.mean()) ** 2)) == pytest.approx(law.var(), rel=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_predictive_laws_by_moments_of_the_normal_distribution(x64, seed):
    world = PredictiveLaws.random(np.random.default_rng(seed))
    found = summed(world, world.exact())[0]

    def second_moment(p, q):
        apart = np.polynomial.polynomial.polysub(p, q)
        square = np.polynomial.polynomial.polymul(apart, apart)
        return sum(c * math.prod(range(1, n, 2)) for n, c in enumerate(square) if n % 2 == 0)

    assert found["apart squared"] == pytest.approx(second_moment(world.weak, world.strong), rel=1e-12)
    assert found["weak squared"] == pytest.approx(second_moment(world.truth, world.weak), rel=1e-12)
    assert float(world.instance(world.exact()).noise) == world.sigma


def test_three_classes_on_a_line_against_an_adaptive_quadrature(x64):
    means, priors = np.array([[-1.0], [0.2], [1.5]]), np.array([0.3, 0.5, 0.2])
    slope, offset, floor = np.array([[-1.2, 0.1, 0.9]]), np.array([0.2, 0.0, -0.1]), 0.02
    world = GaussianClasses(means, priors, (), slope, offset, floor)
    fine, apart = by_rule(world)
    weak = floor + (1 - 3 * floor) * priors

    def integrand(x):
        joint = priors * stats.norm.pdf(x - means[:, 0])
        strong = floor + (1 - 3 * floor) * softmax(slope[0] * x + offset)
        values = of_rows((joint / joint.sum())[None], weak[None], strong[None])
        return joint.sum() * np.array([v[0] for v in values.values()])

    values, error = integrate.quad_vec(integrand, -9.5, 10.0, points=np.linspace(-9, 9, 50), epsabs=1e-9, epsrel=0)
    assert error < 1e-7
    for name, value in zip(fine, values, strict=True):
        assert abs(fine[name] - value) <= apart[name] + 1e-8, name
        assert apart[name] <= 1e-6, name


@pytest.mark.parametrize(("seed", "classes"), [(5, 3), (10, 2)])
def test_errors_at_kinks_in_the_plane_are_within_the_estimate(x64, seed, classes, monkeypatch):
    """Members at which every other node, as the coarser rule, errs almost as the finer rule does."""
    world = GaussianClasses.random(np.random.default_rng(seed), classes=classes)
    fine, apart = by_rule(world)
    monkeypatch.setitem(gaussian_classes._NODES, 2, 481)
    better = by_rule(world)[0]
    for name, value in fine.items():
        # the better rule has a sixteenth of the error
        assert abs(value - better[name]) <= apart[name] + 1e-10, name


@pytest.mark.parametrize(
    ("truth", "strong", "accuracy"),
    [
        ((2.0, 3.0, 1.5), (6.0, 5.0, 4.0), 3e-6),
        ((0.5, 2.0, 0.7), (0.4, 1.0, 0.3), 1e-4),
        ((1.0, 4.0), (0.4, 0.7), 1e-3),
        ((3.0, 1.0), (60.0, 25.0), 3e-6),
    ],
)
def test_errors_of_dirichlet_expectations_are_within_the_estimate_and_small(x64, truth, strong, accuracy):
    world = DirichletPredictions(np.array(truth), np.array(strong))
    closed, (fine, apart) = world.closed_form(), by_rule(world)
    for found in (fine, apart):
        found["twice total variation"] = 2 * found["total variation"]
    names = {
        "risk_strong": "risk",
        "disagreement": "forward",
        "reverse_disagreement": "reverse",
        "total_variation": "total variation",
        "calibration_strong": "twice total variation",
    }
    for closed_name, name in names.items():
        assert abs(fine[name] - closed[closed_name]) <= apart[name] + ROUNDING, name
        # the nodes of the truth are fewer
        assert abs(fine[name] - closed[closed_name]) <= (1e-3 if name == "risk" else 2 * accuracy), name
    assert fine["gap"] == pytest.approx(closed["risk_strong"] - closed["risk_weak"], abs=apart["gap"] + ROUNDING)


def test_rows_near_the_corners_keep_their_logarithms():
    """With small concentrations an entry is often below the spacing of numbers around one."""
    world = DirichletPredictions(np.ones(3), np.array([0.2, 0.1, 0.15]))
    logs = np.log(world.points(np.random.default_rng(0).random((100_000, 4)))[:, 3:])
    budget = 5 * logs.std(axis=0) / math.sqrt(len(logs))
    assert (np.abs(logs.mean(axis=0) - digamma(world.strong) + digamma(world.strong.sum())) <= budget).all()


def test_a_rule_for_many_classes_is_refused():
    with pytest.raises(InputError, match="no quadrature for 4 classes; use monte-carlo"):
        DirichletPredictions(np.ones(4), np.ones(4)).quadrature()
    with pytest.raises(InputError, match="no quadrature in 4 dimensions; use monte-carlo"):
        GaussianClasses(np.eye(4), np.full(4, 0.25), (0,), np.eye(4), np.zeros(4)).quadrature()


def test_the_truth_given_a_row_of_three_classes(x64):
    rng = np.random.default_rng(3)
    means, priors, points = rng.normal(size=(3, 2)), np.array([0.2, 0.3, 0.5]), rng.normal(size=(7, 2))
    direction = rng.normal(size=2)
    line = GaussianClasses(means, priors, (0,), np.outer(direction, [0.3, -1.0, 0.5]), np.zeros(3), 0.01)
    given = compiled_models(line, points).conditioning.strong_row
    unit = direction / np.linalg.norm(direction)
    along = -0.5 * ((points @ unit)[:, None] - means @ unit) ** 2 + np.log(priors)
    np.testing.assert_allclose(given, np.exp(log_softmax(along, axis=1)), rtol=1e-12)
    assert abs(summed(line, line.quadrature())[0]["unrefined"]) <= 1e-10

    plane = dataclasses.replace(line, slope=rng.normal(size=(2, 3)))
    models = compiled_models(plane, points)
    np.testing.assert_allclose(models.conditioning.strong_row, models.truth, rtol=1e-10)
    assert models.conditioning.strong_score is None


@pytest.mark.parametrize("seed", range(6))
def test_a_flow_that_ends_at_the_truth_never_turns(seed):
    rng = np.random.default_rng(seed)
    root, truth = rng.normal(size=(3, 3)), rng.normal(size=3)
    world = GaussianRegression.restricted(root @ root.T + 0.1 * np.eye(3), truth, (0, 1, 2), truth)
    assert len(world.stationary_times()) == 0


def test_a_direction_that_the_teacher_does_not_use_adds_no_stationary_time():
    rng = np.random.default_rng(0)
    for _ in range(20):
        covariance = np.zeros((4, 4))
        for part in (slice(0, 2), slice(2, 4)):
            root = rng.normal(size=(2, 2))
            covariance[part, part] = root @ root.T + 0.1 * np.eye(2)
        turned = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        truth, weak = rng.normal(size=4), np.zeros(4)
        weak[:2] = 0.5 * truth[:2]  # short of the truth in every direction of its own
        symmetric = turned @ covariance @ turned.T
        world = GaussianRegression(0.5 * (symmetric + symmetric.T), turned @ truth, turned @ weak, turned @ weak)
        vectors = np.linalg.eigh(covariance[:2, :2])[1]
        assert (vectors.T @ weak[:2] * (vectors.T @ (weak - truth)[:2]) < 0).all()
        assert len(world.stationary_times()) == 0


def test_stationary_times_do_not_depend_on_the_coordinates():
    values, truth, weak = np.array([2.0, 0.2, 0.01]), np.array([0.9, 0.8, 3.0]), np.array([1.9, 0.8, 2.8])
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    covariance = turned @ np.diag(values) @ turned.T
    world = GaussianRegression(0.5 * (covariance + covariance.T), turned @ truth, turned @ weak, turned @ weak)
    straight = GaussianRegression(np.diag(values), truth, weak, weak)
    assert len(straight.stationary_times()) == 2
    np.testing.assert_allclose(world.stationary_times(), straight.stationary_times(), rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: GaussianRegression(np.ones(2), *np.ones((3, 2))), r"covariance has shape \(2,\), which is not square"),
        (lambda: GaussianRegression(TWO, np.array([np.nan, 1.0]), *np.ones((2, 2))), "truth nan is not finite"),
        (lambda: GaussianRegression.restricted(TWO, np.ones(3), (2,), np.ones(2)), "do not fit together"),
        (lambda: GaussianClasses(np.ones(2), np.full(2, 0.5), (0,), TWO, np.zeros(2)), r"means have shape \(2,\)"),
        (lambda: GaussianClasses(TWO, np.full(2, 0.5), (0, 0), TWO, np.zeros(2)), "has a coordinate twice"),
        (
            lambda: GaussianClasses(TWO, np.full(2, 0.5), (0,), np.full((2, 2), np.inf), np.zeros(2)),
            "slope inf is not finite",
        ),
        (
            lambda: GaussianClasses(TWO, np.full(2, 0.5), (0,), np.ones((3, 2)), np.zeros(2)),
            r"slope has shape \(3, 2\)",
        ),
        (
            lambda: GaussianClasses(TWO, np.full(2, 0.5), (0,), TWO, np.zeros(2), -0.1),
            r"floor -0.1 is not in \[0, 1/2\)",
        ),
        (lambda: GaussianScores(np.nan, 1.0, (1, 0), (1, 0), (1, 0)), "mean nan is not finite"),
        (lambda: BetaScores(1.0, 1.0, shift=np.inf), "shift inf is not finite"),
        (lambda: BetaScores(1.0, 1.0, weak_temperature=-1.0), "weak_temperature -1 is not positive"),
        (lambda: PredictiveLaws(np.ones(1), np.array([np.nan]), np.ones(1), 1.0), "weak is not a vector of finite"),
    ],
)
def test_more_unusable_parameters_are_refused(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()
