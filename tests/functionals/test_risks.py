import numpy as np
import pytest

from tests.oracles import high_precision as exact
from tests.oracles.tables import STEPS, instance
from w2s_theory.functionals import risks

RELATIVE = 1e-10

every_step = pytest.mark.parametrize("step", STEPS)


def nearby(step, seed=3):
    """An instance whose strong model is at a relative distance `step` from the weak one; one input has no weight."""
    i = instance(seed, step=step)
    weights = i.weights.copy()
    weights[1] = 0.0
    return i._replace(weights=weights / weights.sum())


TRUTHS = {
    "generic": lambda i: i.truth,
    "weak": lambda i: i.weak,
    "strong": lambda i: i.strong,
    "near weak": lambda i: i.weak + 1e-9 * (i.truth - i.weak),
    "one-hot": lambda i: np.eye(3)[[2, 0, 1, 1]],
    "with zeros": lambda i: np.array([[0.0, 0.4, 0.6], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]),
    "tiny entries": lambda i: np.array([[1e-300, 0.4, 0.6], [1.0, 1e-20, 0.0], [0.5, 0.5, 1e-16], [0.2, 0.3, 0.5]]),
}


@every_step
@pytest.mark.parametrize("name", ["disagreement", "risk", "reverse_risk", "log_loss"])
def test_averaged_divergences_keep_relative_accuracy(name, step):
    i = nearby(step)
    for first, second in ((i.weak, i.strong), (i.strong, i.weak)):
        computed = getattr(risks, name)(i.weights, first, second)
        assert exact.relative_error(computed, getattr(exact, name)(i.weights, first, second)) < RELATIVE


@every_step
@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
def test_risk_difference_keeps_relative_accuracy(truth, step):
    i = nearby(step)
    arguments = (i.weights, truth(i), i.weak, i.strong)
    assert exact.relative_error(risks.risk_difference(*arguments), exact.risk_difference(*arguments)) < RELATIVE


@every_step
def test_risk_difference_terms_keep_relative_accuracy_one_by_one(step):
    i = nearby(step)
    for truth in (i.truth, i.weak, i.strong, TRUTHS["with zeros"](i)):
        terms = np.asarray(risks.risk_difference_terms(truth, i.weak, i.strong))
        for (x, y), term in np.ndenumerate(terms):
            single = [[table[x, y]] for table in (truth, i.weak, i.strong)]
            expected = exact.risk_difference([1.0], *([row] for row in single))
            assert exact.relative_error(term, expected) < RELATIVE


@pytest.mark.parametrize("models", [(0.0, 0.0), (0.0, 0.4), (0.4, 0.0)], ids=["both", "weak", "strong"])
def test_risk_difference_where_models_have_zeros_that_truth_has_too(models):
    truth, weak, strong = (np.array([[p, 1.0 - p]]) for p in (0.0, *models))
    arguments = (np.ones(1), truth, weak, strong)
    assert exact.relative_error(risks.risk_difference(*arguments), exact.risk_difference(*arguments)) < RELATIVE


def test_risk_difference_is_antisymmetric_and_zero_at_equality():
    i = nearby(0.3)
    there = float(risks.risk_difference(i.weights, i.truth, i.weak, i.strong))
    assert float(risks.risk_difference(i.weights, i.truth, i.strong, i.weak)) == pytest.approx(-there, rel=1e-14)
    assert float(risks.risk_difference(i.weights, i.truth, i.weak, i.weak)) == 0


def test_log_loss_is_risk_plus_entropy():
    i = nearby(0.3)
    entropy = float(risks.log_loss(i.weights, i.truth, i.truth))
    loss = float(risks.log_loss(i.weights, i.truth, i.strong))
    assert loss == pytest.approx(float(risks.risk(i.weights, i.truth, i.strong)) + entropy, rel=1e-14)


def test_risk_is_infinite_where_the_model_excludes_a_possible_class():
    weights, truth, model = np.ones(1), np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])
    assert float(risks.risk(weights, truth, model)) == np.inf
    assert float(risks.reverse_risk(weights, truth, model)) == pytest.approx(np.log(2), rel=1e-15)


@pytest.mark.parametrize(
    ("weak", "strong", "ceiling", "recovered"),
    [(0.6, 0.7, 0.8, 0.5), (0.6, 0.9, 0.8, 1.5), (0.6, 0.5, 0.8, -0.5), (-0.9, -0.5, -0.4, 0.8)],
)
def test_performance_gap_recovered(weak, strong, ceiling, recovered):
    assert float(risks.performance_gap_recovered(weak, strong, ceiling)) == pytest.approx(recovered, rel=1e-14)


@pytest.mark.parametrize("ceiling", [0.6, 0.5])
def test_no_gap_is_nan(ceiling):
    assert np.isnan(float(risks.performance_gap_recovered(0.6, 0.7, ceiling)))
