import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binomtest

from tests.compiled import compiled
from tests.oracles import brute_force
from w2s_theory.functionals.binned_calibration import (
    binned_calibration_error,
    binned_calibration_interval,
    debiased_squared_calibration_error,
)

PUBLISHED = {200: (0.172, 1600), 1000: (0.076, 400), 10_000: (0.024, 150)}
"""Samples: the average printed for a perfectly calibrated model with uniform scores, and our replications."""


def rows(scores):
    return jnp.stack([1 - scores, scores], axis=-1)


def binary_samples(replications, samples, seed=0, distort=lambda score: score):
    """Predictions (r, n, 2) with uniform scores, and labels whose chance is `distort` of the score."""
    scores, chance = jax.random.uniform(jax.random.key(seed), (2, replications, samples))
    return rows(scores), (chance < distort(scores)).astype(int)


def replicated(estimator, samples):
    """Mean over the replications and its standard error."""
    values = np.asarray(compiled(jax.vmap(estimator))(*samples))
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("samples", PUBLISHED)
def test_published_bias_of_the_plug_in_estimate(x64, samples):
    published, replications = PUBLISHED[samples]
    mean, error = replicated(binned_calibration_error, binary_samples(replications, samples))
    assert mean == pytest.approx(published, abs=4 * error + 0.0005)
    assert 4 * error < 0.1 * published


ESTIMATES = {
    "cross-fit": lambda model, labels: binned_calibration_error(model, labels, estimator="cross-fit"),
    "cross-fit, equal mass": lambda model, labels: binned_calibration_error(
        model, labels, estimator="cross-fit", scheme="equal-mass"
    ),
    "cross-fit, top label": lambda model, labels: binned_calibration_error(
        model, labels, estimator="cross-fit", notion="top-label"
    ),
    "squared": debiased_squared_calibration_error,
    "squared, equal mass": lambda model, labels: debiased_squared_calibration_error(model, labels, scheme="equal-mass"),
}


@pytest.mark.parametrize("estimate", ESTIMATES.values(), ids=ESTIMATES)
def test_debiased_estimates_of_a_calibrated_model_average_to_zero(x64, estimate):
    mean, error = replicated(estimate, binary_samples(400, 500))
    assert abs(mean) < 4 * error
    assert error < 0.003


def overconfident(score):
    return 0.25 + 0.5 * score


def bin_surpluses(bins=15):
    """Mass and mean surplus of each bin for uniform scores: score - (1/4 + score/2) at the middle."""
    middle = (np.arange(bins) + 0.5) / bins
    return np.full(bins, 1 / bins), middle - overconfident(middle)


def test_cross_fit_error_of_a_miscalibrated_model_never_averages_above_the_truth(x64):
    mass, surplus = bin_surpluses()
    truth = 2 * mass @ np.abs(surplus)
    mean, error = replicated(ESTIMATES["cross-fit"], binary_samples(400, 500, distort=overconfident))
    assert 0.5 * truth < mean < truth + 4 * error
    plug_in, _ = replicated(binned_calibration_error, binary_samples(400, 500, distort=overconfident))
    assert plug_in > truth + 10 * error


def test_debiased_squared_error_of_a_miscalibrated_model_averages_to_the_truth(x64):
    """Bins of 33 points on average are never left out, up to a probability of 1e-13."""
    mass, surplus = bin_surpluses()
    mean, error = replicated(ESTIMATES["squared"], binary_samples(400, 500, distort=overconfident))
    assert mean == pytest.approx(2 * mass @ surplus**2, abs=4 * error)


def three_classes(samples=60):
    rng = np.random.default_rng(3)
    model = np.round(rng.dirichlet(np.ones(3), samples), 1)
    return model, rng.integers(0, 3, samples)


@pytest.mark.parametrize("bins", [15, 4])
def test_plug_in_is_the_loop_over_bins(bins):
    model, labels = three_classes()
    weights = [1 / 60] * 60
    expected = brute_force.binned_calibration_error(weights, np.eye(3)[labels].tolist(), model.tolist(), bins)
    assert float(binned_calibration_error(model, labels, bins=bins)) == pytest.approx(float(expected), abs=1e-14)


def literal(model, labels, notion, scheme, bins):
    """(cells, surplus) per score column, by plain loops."""
    if notion == "top-label":
        top = [row.index(max(row)) for row in model.tolist()]
        columns = [([row[t] for row, t in zip(model.tolist(), top, strict=True)], (labels == np.array(top)))]
    else:
        columns = [(model[:, i].tolist(), labels == i) for i in range(model.shape[1])]
    for scores, outcome in columns:
        if scheme == "equal-mass":
            cells = brute_force.equal_mass_bin([1.0] * len(scores), scores, bins)
        else:
            cells = [brute_force.equal_width_bin(score, bins) for score in scores]
        yield np.array(cells), np.array(scores) - outcome


every_notion = pytest.mark.parametrize("notion", ["class-wise", "top-label"])
every_scheme = pytest.mark.parametrize("scheme", ["equal-width", "equal-mass"])


@every_notion
@every_scheme
def test_cross_fit_takes_signs_from_one_fold_and_sizes_from_the_other(notion, scheme):
    (model, labels), fold = three_classes(), np.random.default_rng(0).integers(0, 2, 60)
    expected = 0.0
    for cells, surplus in literal(model, labels, notion, scheme, 5):
        for one in (0, 1):
            for cell in set(cells.tolist()):
                sign = np.sign(surplus[(cells == cell) & (fold == one)].sum())
                expected += 0.5 * sign * surplus[(cells == cell) & (fold != one)].sum() / np.sum(fold != one)
    found = binned_calibration_error(
        model, labels, bins=5, notion=notion, scheme=scheme, estimator="cross-fit", fold=fold
    )
    assert float(found) == pytest.approx(expected, abs=1e-14)


@every_notion
@every_scheme
def test_debiased_square_subtracts_the_variance_of_the_mean(notion, scheme):
    model, labels = three_classes()
    expected = 0.0
    for cells, surplus in literal(model, labels, notion, scheme, 5):
        for cell in set(cells.tolist()):
            inside = surplus[cells == cell]
            if len(inside) > 1:
                expected += len(inside) / 60 * (inside.mean() ** 2 - inside.var(ddof=1) / len(inside))
    found = debiased_squared_calibration_error(model, labels, bins=5, notion=notion, scheme=scheme)
    assert float(found) == pytest.approx(expected, abs=1e-14)


def test_folds_alternate_by_default():
    model, labels = three_classes()
    by_default = binned_calibration_error(model, labels, estimator="cross-fit")
    explicit = binned_calibration_error(model, labels, estimator="cross-fit", fold=np.arange(60) % 2)
    assert float(by_default) == float(explicit)


def true_binned_error(distort, notion, lowest=0.0):
    """Of uniform scores in [lowest, 1], two classes, by the midpoint rule."""
    fine = lowest + (1 - lowest) * (jnp.arange(30_000) + 0.5) / 30_000
    top = notion == "top-label"
    surplus = jnp.where(top & (fine < 0.5), -1.0, 1.0) * (fine - distort(fine))
    cells = jnp.ceil((jnp.maximum(fine, 1 - fine) if top else fine) * 15).astype(int)
    return jnp.sum(jnp.abs(jnp.zeros(16).at[cells].add(surplus))) / 30_000 * (1 if top else 2)


@pytest.mark.parametrize("notion", ["class-wise", "top-label"])
@pytest.mark.parametrize(
    ("distort", "lowest"),
    [
        (lambda score: score, 0.0),
        (overconfident, 0.0),
        (lambda score: score, 0.99),
        (lambda score: 1 - 4 * (1 - score), 0.99),
    ],
    ids=["calibrated", "overconfident", "calibrated and sure of itself", "too sure of itself"],
)
def test_intervals_contain_the_true_binned_error(x64, distort, lowest, notion):
    """10,000 samples of 400 labels; a normal limit fails for the models that are sure of themselves."""
    uniform, chance = jax.random.uniform(jax.random.key(3), (2, 10_000, 400))
    scores = lowest + (1 - lowest) * uniform
    labels = (chance < distort(scores)).astype(int)
    true = true_binned_error(distort, notion, lowest)

    def missed(model, labels):
        low, high = binned_calibration_interval(model, labels, notion=notion)
        return (low > true + 1e-9) | (high < true - 1e-9)

    misses = np.asarray(compiled(jax.vmap(missed))(rows(scores), labels))
    assert binomtest(int(misses.sum()), misses.size, 0.05, alternative="greater").pvalue > 1e-4


def test_intervals_of_many_labels_are_short_at_any_level(x64):
    model, labels = binary_samples(1, 200_000, seed=5, distort=overconfident)
    plug_in = binned_calibration_error(model[0], labels[0])
    before = 0.0
    for level in (0.5, 0.95, 0.999):
        low, high = binned_calibration_interval(model[0], labels[0], level=level)
        assert low < plug_in < high < low + 0.03
        assert high - low > before
        before = high - low
    assert low < 0.25 < high


def test_an_interval_from_nothing_or_at_no_level_is_refused(x64):
    model, labels = rows(jnp.array([0.2, 0.7, 0.9])), jnp.array([0, 1, 1])
    for level in (-0.1, 0.0, 1.0, 95.0):
        with pytest.raises(ValueError, match="not strictly between 0 and 1"):
            binned_calibration_interval(model, labels, level=level)
    with pytest.raises(ValueError, match="at least two labels, not 1"):
        binned_calibration_interval(model[:1], labels[:1])
    one_sided = binned_calibration_interval(model, labels, fold=jnp.array([0, 0, 0]))
    assert (one_sided.low, one_sided.high) == (0, 2)
