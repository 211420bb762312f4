"""Populations: exact, quadrature and Monte Carlo agree within their stated errors, and with independent oracles."""

import math
from time import perf_counter

import jax
import numpy as np
import pytest
from scipy import integrate, stats

from tests.compiled import compiled
from w2s_theory.errors import InputError
from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.measures import expectation
from w2s_theory.verification.sampled_sides import statistics
from w2s_theory.worlds.beta_scores import BetaScores
from w2s_theory.worlds.dirichlet_predictions import DirichletPredictions
from w2s_theory.worlds.gaussian_classes import GaussianClasses
from w2s_theory.worlds.gaussian_regression import GaussianRegression
from w2s_theory.worlds.gaussian_scores import GaussianScores
from w2s_theory.worlds.population import compiled_models
from w2s_theory.worlds.populations import POPULATIONS
from w2s_theory.worlds.predictive_laws import PredictiveLaws

CLASSES = (GaussianRegression, PredictiveLaws, GaussianScores, BetaScores, DirichletPredictions, GaussianClasses)
SAMPLES = 100_000
TWO = np.eye(2)


def members():
    made = [(f"{cls.__name__}-{seed}", cls.random(np.random.default_rng(seed))) for cls in CLASSES for seed in (0, 1)]
    made.append(("two classes", GaussianClasses.random(np.random.default_rng(2), classes=2, gamma=0.0)))
    return [pytest.param(population, id=name) for name, population in made]


def summed(population, measure):
    """Quadrature or exact mean of every statistic, and the difference from the coarser rule."""
    values = statistics(population.instance(measure), None)
    fine = {name: float(expectation(measure.weights, v)) for name, v in values.items()}
    if measure.coarse_weights is None:
        return fine, dict.fromkeys(fine, 0.0)
    return fine, {name: abs(fine[name] - float(expectation(measure.coarse_weights, v))) for name, v in values.items()}


@pytest.mark.parametrize("population", members())
def test_quadrature_and_monte_carlo_agree_within_their_errors(x64, population):
    uniform = np.random.default_rng(7).random((SAMPLES, population.dimension))
    points = population.points(uniform)
    from_draws = statistics(population.sampled_instance(points), None)
    fine, apart = summed(population, population.quadrature())
    assert set(fine) == set(from_draws) and len(fine) >= 3
    for name, values in from_draws.items():
        values = np.asarray(values)
        # 5 standard errors: one false alarm in 1.7 million; plus the quadrature's own estimate and rounding
        budget = 5 * values.std() / math.sqrt(SAMPLES) + apart[name] + 1e-12 * (1 + abs(fine[name]))
        assert abs(values.mean() - fine[name]) <= budget, name


@pytest.mark.parametrize("population", [p for p in members() if p.values[0].kind == "real"])
def test_exact_atoms_have_the_moments_that_squared_loss_needs(x64, population):
    exact, quadrature = summed(population, population.exact())[0], summed(population, population.quadrature())[0]
    assert str(population.exact().provenance) == "exact"
    for name, value in exact.items():
        assert value == pytest.approx(quadrature[name], rel=1e-11, abs=1e-14), name


@pytest.mark.parametrize("population", [p for p in members() if p.values[0].kind != "real"])
def test_a_world_without_an_exact_measure_says_so(population):
    with pytest.raises(InputError, match="no exact measure; ask for quadrature or monte-carlo"):
        population.exact()


@pytest.mark.parametrize("seed", range(5))
def test_regression_by_its_quadratic_forms(x64, seed):
    world = GaussianRegression.random(np.random.default_rng(seed))
    found = summed(world, world.exact())[0]
    assert found["weak squared"] == pytest.approx(float(world.divergence(world.truth, world.weak)), rel=1e-12)
    assert found["apart squared"] == pytest.approx(float(world.divergence(world.strong, world.weak)), rel=1e-12)
    # the weak model is a projection: its error is uncorrelated with what it sees
    against = world.covariance @ (world.truth - world.weak)
    assert np.abs(against[:2]).max() <= 1e-12 * np.abs(world.covariance).max() * np.abs(world.truth).sum()
    assert world.weak[2] == 0 and abs(against[2]) > 1e-6


def test_gradient_flow_solves_its_differential_equation():
    world = GaussianRegression.random(np.random.default_rng(3))
    times = np.array([0.1, 1.0, 5.0])
    made = integrate.solve_ivp(
        lambda t, beta: world.covariance @ (world.weak - beta),
        (0, 5),
        np.zeros(3),
        t_eval=times,
        rtol=1e-11,
        atol=1e-13,
    )
    np.testing.assert_allclose(world.gradient_flow(times), made.y.T, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("eigenvalues", "truth", "weak", "number"),
    [
        ([2.0, 0.5, 0.1], [1.0, 0.8, 1.5], [0.8, 0.5, 0.9], 0),
        ([2.0, 0.3, 0.05], [1.0, 0.7, 0.2], [1.0, 1.4, 1.8], 1),
        ([2.0, 0.2, 0.01], [0.9, 0.8, 3.0], [1.9, 0.8, 2.8], 2),
    ],
)
def test_stationary_times_are_where_the_risk_turns(eigenvalues, truth, weak, number):
    world = GaussianRegression(np.diag(eigenvalues), np.array(truth), np.array(weak), np.array(weak))
    found = world.stationary_times()
    assert len(found) == number
    times = np.geomspace(1e-3, 15 / min(eigenvalues), 200_001)
    risk = world.divergence(world.gradient_flow(times), world.truth)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(risk))))
    np.testing.assert_allclose(times[turns + 1], found, rtol=2e-4)


@pytest.mark.parametrize("seed", range(2))
def test_dirichlet_quantities_by_digamma(x64, seed):
    world = DirichletPredictions.random(np.random.default_rng(seed))
    closed = world.closed_form()
    fine, apart = summed(world, world.quadrature())
    weak_risk = float(expectation(world.quadrature().weights, kl_divergence(*_truth_and_weak(world))))
    found = {
        "risk_weak": weak_risk,
        "risk_strong": fine["risk"],
        "disagreement": fine["forward"],
        "reverse_disagreement": fine["reverse"],
        "total_variation": fine["total variation"],
        "calibration_strong": fine["strong calibration"],
    }
    names = dict(
        zip(found, ("risk", "risk", "forward", "reverse", "total variation", "strong calibration"), strict=True)
    )
    for name, value in found.items():
        budget = apart[names[name]] + 1e-12
        assert abs(value - closed[name]) <= budget, name
    deviations = [
        integrate.quad(
            lambda q, m=m, b=b: abs(q - m) * stats.beta.pdf(q, b, world.strong.sum() - b),
            0,
            1,
            points=[m],
            epsabs=1e-10,
        )[0]
        for m, b in zip(world.mean, world.strong, strict=True)
    ]
    assert closed["calibration_strong"] == pytest.approx(sum(deviations), rel=1e-6)


def _truth_and_weak(world):
    models = compiled_models(world, world.quadrature().points)
    return models.truth, models.weak


def test_a_calibrated_student_has_no_calibration_error(x64):
    world = BetaScores(2.0, 3.0)
    assert summed(world, world.quadrature())[0]["strong calibration"] <= 1e-15


@pytest.mark.parametrize("classes", [2, 3])
def test_a_coarsened_posterior_is_calibrated(x64, classes):
    world = GaussianClasses.random(np.random.default_rng(4), classes=classes, gamma=0.0)
    assert summed(world, world.quadrature())[0]["weak calibration"] == 0.0
    # by labels: within every tenth of a score, the class is as frequent as the score says
    rng = np.random.default_rng(5)
    uniform = rng.random((400_000, world.dimension))
    label = np.searchsorted(np.cumsum(world.priors)[:-1], uniform[:, 0], side="right")
    weak = np.asarray(compiled_models(world, world.points(uniform)).weak)
    for k in range(classes):
        cell = np.minimum((weak[:, k] * 10).astype(int), 9)
        for number in range(10):
            inside = cell == number
            if inside.sum() > 500:
                spread = 5 * math.sqrt(0.25 / inside.sum())
                assert abs(np.mean(label[inside] == k) - weak[inside, k].mean()) < spread


def test_the_students_conditioning_table_is_the_frequency_of_labels(x64):
    means = np.array([[-0.5, -1.1], [0.9, 0.7]])
    slope = 2.0 * means.T * np.array([[1.0], [0.2]])
    world = GaussianClasses(means, np.array([0.4, 0.6]), (0,), slope, np.array([0.8, -0.4]))
    uniform = np.random.default_rng(7).random((400_000, world.dimension))
    label = np.searchsorted(np.cumsum(world.priors)[:-1], uniform[:, 0], side="right")
    models = compiled_models(world, world.points(uniform))
    score, given = np.asarray(models.strong)[:, 1], np.asarray(models.conditioning.strong_score)[:, 1]
    assert np.abs(score - given).max() > 0.02
    edges = np.quantile(score, np.linspace(0, 1, 41))
    cell = np.clip(np.searchsorted(edges, score) - 1, 0, 39)
    for number in range(40):
        inside = cell == number
        spread = 5 * math.sqrt(0.25 / inside.sum())
        assert abs(np.mean(label[inside] == 1) - given[inside].mean()) < spread


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: GaussianRegression(np.diag([1.0, 0.0]), *np.ones((3, 2))), "not positive definite"),
        (lambda: GaussianRegression(np.array([[1.0, 0.5], [0.1, 1.0]]), *np.ones((3, 2))), "not symmetric"),
        (lambda: GaussianRegression(TWO, np.ones(3), np.ones(2), np.ones(2)), r"truth has shape \(3,\), not \(2,\)"),
        (lambda: GaussianRegression.restricted(TWO, np.ones(2), (2,), np.ones(2)), "not coordinates of 2"),
        (lambda: PredictiveLaws(np.ones(1), np.ones(1), np.ones(1), 0.0), "sigma 0 is not positive"),
        (lambda: GaussianScores(0.0, -1.0, (1, 0), (1, 0), (1, 0)), "scale -1 is not positive"),
        (lambda: GaussianScores(0.0, 1.0, (1, 0), (0, 0), (1, 0)), "weak has slope 0"),
        (lambda: GaussianScores(0.0, 1.0, (1, 0), (1, 0), (1, 0), 0.5), r"floor 0.5 is not in \[0, 1/2\)"),
        (lambda: BetaScores(1.0, 1.0, temperature=0.0), "temperature 0 is not positive"),
        (lambda: BetaScores(1.0, -2.0), "b -2 is not positive"),
        (lambda: DirichletPredictions(np.array([1.0, 0.0]), np.ones(2)), "truth 0 is not positive"),
        (lambda: DirichletPredictions(np.ones(2), np.ones(3)), "one length"),
        (lambda: GaussianClasses(TWO, np.array([0.5, 0.6]), (0,), TWO, np.zeros(2)), "priors sum to 1.1"),
        (lambda: GaussianClasses(TWO, np.full(2, 0.5), (3,), TWO, np.zeros(2)), "not coordinates of 2"),
    ],
)
def test_unusable_parameters_are_refused(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()


def test_every_kind_is_among_the_populations_that_are_verified():
    assert {type(population) for population in POPULATIONS} == set(CLASSES)


def test_one_dimensional_quadrature_is_quick_once_compiled(x64):
    world = GaussianScores.random(np.random.default_rng(0))
    measure = world.quadrature()

    @compiled
    def risk(population):
        models = compiled_models(population, measure.points)
        return expectation(measure.weights, kl_divergence(models.truth, models.strong))

    jax.block_until_ready(risk(world))
    took = []
    for _ in range(5):
        start = perf_counter()
        jax.block_until_ready(risk(world))
        took.append(perf_counter() - start)
    assert min(took) < 0.05
