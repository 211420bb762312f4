import numpy as np
import pytest

from tests.oracles import linear_programs
from w2s_theory.functionals.calibration import marginal_calibration_error
from w2s_theory.functionals.smooth_calibration import smooth_calibration, smooth_calibration_error

INPUTS = 9
LP = 100 * linear_programs.SOLVER_TOLERANCE


def binary(scores):
    return np.stack([1 - scores, scores], axis=1)


def scores_of(kind, rng):
    scores = rng.random(INPUTS)
    match kind:
        case "ties":
            scores = rng.choice([0.1, 0.4, 0.7], INPUTS)
        case "near ties":
            scores = rng.choice([0.1, 0.4, 0.7], INPUTS) + rng.choice([0, 1e-15, 1e-9, 1e-4], INPUTS)
        case "ends":
            scores[:4] = [0.0, 0.0, 1.0, 1.0]
        case "one score":
            scores[:] = 0.3
    return scores


KINDS = ["generic", "ties", "near ties", "ends", "one score"]
every_kind = pytest.mark.parametrize("kind", KINDS)


def cases(kind):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        weights = rng.dirichlet(np.ones(INPUTS))
        if seed % 3 == 0:
            weights[2] = 0.0
        truth = rng.random(INPUTS) if seed % 2 else rng.integers(0, 2, INPUTS).astype(float)
        yield weights, binary(truth), binary(scores_of(kind, rng))


@every_kind
def test_the_linear_program_with_all_pairs_gives_the_same_error(kind):
    for case in cases(kind):
        expected = linear_programs.smooth_calibration_error(*case)
        assert float(smooth_calibration_error(*case)) == pytest.approx(expected, abs=LP)


@every_kind
def test_the_witness_is_feasible_and_attains_the_error(kind):
    """Each value of the witness is a sum of at most nine gaps and ends, rounded once each."""
    rounding = 2 * INPUTS * 2**-53
    for weights, truth, model in cases(kind):
        error, witness = smooth_calibration(weights, truth, model)
        witness, score = np.asarray(witness), model[:, 1]
        assert np.abs(witness).max() <= 1
        excess = np.abs(witness[:, None] - witness) - np.abs(score[:, None] - score)
        assert excess.max() <= rounding
        assert float(error) == pytest.approx(np.sum(weights * witness * (truth[:, 1] - score)), abs=1e-15)


@every_kind
def test_at_most_half_the_marginal_error(kind):
    for case in cases(kind):
        assert float(smooth_calibration_error(*case)) <= 0.5 * float(marginal_calibration_error(*case)) + 1e-15


def test_one_score_is_the_absolute_bias():
    weights, truth, model = np.array([0.25, 0.75]), binary(np.array([1.0, 0.0])), binary(np.array([0.4, 0.4]))
    assert float(smooth_calibration_error(weights, truth, model)) == pytest.approx(0.15, abs=1e-16)


def test_a_calibrated_model_has_no_error():
    model = binary(np.linspace(0, 1, INPUTS))
    assert float(smooth_calibration_error(np.full(INPUTS, 1 / INPUTS), model, model)) == 0


def test_the_order_of_inputs_does_not_matter():
    weights, truth, model = next(cases("generic"))
    order = np.random.default_rng(1).permutation(INPUTS)
    there, here = (smooth_calibration_error(weights[o], truth[o], model[o]) for o in (order, slice(None)))
    assert float(there) == pytest.approx(float(here), abs=1e-15)


def test_more_than_two_classes_are_refused():
    rows = np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match="defined for 2 classes, not 3"):
        smooth_calibration_error(np.full(2, 0.5), rows, rows)
