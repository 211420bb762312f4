"""`bound-scatter`: what it records of really trained pairs."""

import json
import sys

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit

from tests.experiments.small_scatter import DIGITS_DESIGNS, MIXTURE_DESIGNS, small_scatter
from w2s_theory.catalogue import find_claim
from w2s_theory.claim import Status
from w2s_theory.errors import InputError
from w2s_theory.experiments.bound_scatter import bound_scatter
from w2s_theory.experiments.claims_on_pairs import UNRESOLVED, calibration_claims, claims_on_pairs, risk_claims
from w2s_theory.experiments.pair_design import MIXTURES, digits_designs, mixture_designs
from w2s_theory.experiments.records import rounded
from w2s_theory.experiments.trained_digits import digits_instances, load_split_digits, train_digits_pairs
from w2s_theory.experiments.trained_mixture import (
    mixture_instances,
    train_mixture_pairs,
    without_student_table,
)


@pytest.fixture(scope="module")
def scatter():
    return small_scatter()


@pytest.fixture(scope="module")
def mixture():
    rngs = [np.random.default_rng([5, n]) for n in range(3)]
    return train_mixture_pairs(MIXTURE_DESIGNS, rngs)


def test_the_result_is_json_with_seeds_and_loss_curves(scatter):
    assert json.loads(json.dumps(scatter, allow_nan=False)) == scatter
    assert [pair["world"] for pair in scatter["pairs"]] == ["gaussian-mixture"] * 3 + ["digits"] * 2
    assert len({tuple(pair["seed"]) for pair in scatter["pairs"]}) == 5
    for pair in scatter["pairs"]:
        for role in ("weak", "strong"):
            curve, steps = pair["loss_curve"][role], scatter["curve_steps"][str(pair[role]["steps"])]
            assert len(curve) == len(steps) <= 40
            assert steps[0] == 0
            assert steps[-1] == pair[role]["steps"]
            assert curve[-1] == pair["final_loss"][role] < curve[0]


def test_no_claim_said_to_hold_is_violated_by_a_trained_pair(scatter):
    seen = set()
    for pair in scatter["pairs"]:
        for identifier, outcome in pair["claims"].items():
            if find_claim(identifier).status is Status.proved:
                assert outcome["verdict"] != "violated", (identifier, pair["seed"])
                seen.add((identifier, outcome["verdict"]))
    assert ("generalization-instance-envelope", "holds") in seen
    assert ("calibration-common-conditioning", "holds") in seen
    assert ("calibration-smooth", "holds") in seen


def test_score_conditional_calibration_is_unresolved_for_students_with_hidden_units(scatter):
    for pair in scatter["pairs"][:3]:
        outcome = pair["claims"]["calibration-score-conditional"]
        if pair["strong"]["hidden"]:
            assert outcome == UNRESOLVED
        else:
            assert outcome["verdict"] in ("holds", "tight", "violated")
            assert pair["claims"]["calibration-refinement"]["verdict"] == "tight"


def test_the_summary_counts_the_pairs(scatter):
    for world, summary in scatter["summary"].items():
        members = [pair for pair in scatter["pairs"] if pair["world"] == world]
        better = [pair["risk_difference"] < 0 for pair in members]
        assert summary["pairs"] == len(members)
        assert summary["student_better"] == pytest.approx(np.mean(better), abs=1e-6)
        for verdicts in summary["verdicts"].values():
            assert sum(verdicts.values()) == len(members)


def test_risk_difference_is_the_signed_side_of_the_claims(scatter):
    for pair in scatter["pairs"]:
        for identifier in ("generalization-forward", "generalization-instance-envelope"):
            assert pair["claims"][identifier]["lhs"] == pytest.approx(abs(pair["risk_difference"]), rel=1e-4)


def test_training_is_reproduced_by_the_seed_alone(mixture):
    again = train_mixture_pairs(MIXTURE_DESIGNS, [np.random.default_rng([n // 2 + 5, n]) for n in range(3)])
    np.testing.assert_array_equal(mixture.strong.losses[:2], again.strong.losses[:2])
    assert mixture.weak.losses[2, 0] != again.weak.losses[2, 0]
    assert mixture.strong.losses[2, -1] != again.strong.losses[2, -1]


def test_mixture_instances_keep_the_floor_and_the_weak_model_sees_one_coordinate(mixture):
    batch = mixture_instances(mixture, 9)
    weak, strong = np.asarray(batch.weak), np.asarray(batch.strong)
    assert min(weak.min(), strong.min()) >= 0.01
    assert weak.dtype == np.float64
    np.testing.assert_allclose(np.asarray(batch.weights).sum(axis=1), 1.0, rtol=1e-14)
    columns = weak.reshape(3, 9, 9, 2)
    np.testing.assert_array_equal(columns, columns[:, :, :1] + np.zeros((1, 1, 9, 1)))
    np.testing.assert_array_equal(np.asarray(batch.groups)[0].reshape(9, 9), np.arange(9)[:, None] + np.zeros(9, int))
    assert np.all(np.ptp(strong.reshape(3, 9, 9, 2)[..., 0], axis=2).max(axis=1) > 1e-3)


def test_score_conditional_errors_agree_with_an_integral_over_the_score(mixture):
    """Both sides reduce to one dimension for linear models: an independent way to the same number."""
    batch = mixture_instances(mixture, 65)
    outcomes = claims_on_pairs((find_claim("calibration-score-conditional"),), batch)
    for n, design in enumerate(MIXTURE_DESIGNS):
        if design.strong.hidden:
            continue
        mean, prior = MIXTURES[design.variant]
        errors = [_score_calibration(trained, n, np.array(mean), prior) for trained in (mixture.weak, mixture.strong)]
        claimed = outcomes[n]["calibration-score-conditional"]["lhs"]
        assert claimed == pytest.approx(abs(errors[1] - errors[0]), abs=1e-3)


def _score_calibration(trained, number: int, mean: np.ndarray, prior: float) -> float:
    """MCE of a floored logistic model of the mixture, from the law of its log-odds s = b·x."""
    skip = np.asarray(trained.networks.skip[number], float) * np.asarray(trained.capacities.seen[number])[:, None]
    slope, offset = skip[:, 1] - skip[:, 0], float(np.diff(np.asarray(trained.networks.bias[number], float))[0])
    centre, spread = slope @ mean, np.linalg.norm(slope)

    def integrand(s: float) -> float:
        bells = [np.exp(-0.5 * ((s - sign * centre) / spread) ** 2) for sign in (1, -1)]
        density = (prior * bells[0] + (1 - prior) * bells[1]) / (spread * np.sqrt(2 * np.pi))
        given_score = expit(logit(prior) + 2 * centre * s / spread**2)
        return density * abs(0.01 + 0.98 * expit(s + offset) - given_score)

    reach = abs(centre) + 9 * spread
    return 2 * quad(integrand, -reach, reach, limit=400, epsabs=1e-9)[0]


def test_without_its_table_the_student_leaves_claims_undetermined(mixture):
    batch = mixture_instances(mixture, 9)
    claims = (find_claim("calibration-score-conditional"), find_claim("calibration-common-conditioning"))
    assert set(claims_on_pairs(claims, batch)[0]) == {claim.id for claim in claims}
    assert set(claims_on_pairs(claims, without_student_table(batch))[0]) == {"calibration-common-conditioning"}


def test_blocks_of_pairs_do_not_change_the_outcome(mixture, monkeypatch):
    batch = mixture_instances(mixture, 9)
    claims = (find_claim("generalization-forward"),)
    whole = claims_on_pairs(claims, batch)
    monkeypatch.setattr("w2s_theory.experiments.claims_on_pairs._BLOCK", 2)
    assert [o["generalization-forward"]["lhs"] for o in claims_on_pairs(claims, batch)] == pytest.approx(
        [o["generalization-forward"]["lhs"] for o in whole], rel=1e-12
    )


def test_digits_are_split_into_disjoint_pools_and_judged_on_the_held_out_one():
    digits = load_split_digits(np.random.default_rng(0))
    pools = [digits.labelled[0], digits.unlabelled, digits.held_out[0]]
    assert [len(pool) for pool in pools] == [400, 800, 597]
    rngs = [np.random.default_rng([1, n]) for n in range(2)]
    batch = digits_instances(train_digits_pairs(DIGITS_DESIGNS, rngs, digits))
    assert batch.provenance.rule == "exact"
    truth, weak = np.asarray(batch.truth), np.asarray(batch.weak)
    np.testing.assert_array_equal(truth[0].argmax(axis=1), digits.held_out[1])
    assert truth.sum() == 2 * 597
    assert np.mean(weak[0].argmax(axis=1) == digits.held_out[1]) > 0.4
    for row, cells in zip(weak, np.asarray(batch.groups), strict=True):
        np.testing.assert_array_equal(cells // 3, row.argmax(axis=1))
        thirds = np.array([row.max(axis=1)[cells % 3 == band].mean() for band in range(3)])
        assert np.all(np.diff(thirds) > 0)
        assert np.bincount(cells % 3).tolist() == [199, 199, 199]


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install 'w2s-theory\[data\]'"):
        load_split_digits(np.random.default_rng(0))


@pytest.mark.parametrize(("seed", "seeds"), [(-1, 1), (0, 0)])
def test_seeds_that_make_no_sense_are_refused(seed, seeds):
    with pytest.raises(InputError, match="seed of at least 0"):
        bound_scatter(seed=seed, seeds=seeds)


def test_the_full_design_is_what_the_documentation_says():
    assert [len(mixture_designs(quick)) for quick in (False, True)] == [216, 36]
    assert [len(digits_designs(quick)) for quick in (False, True)] == [108, 16]
    assert len(set(mixture_designs(False))) == 216
    assert len(set(digits_designs(False))) == 108
    taught = {
        claim.id for claim in (*risk_claims(), *calibration_claims(smooth=True), *calibration_claims(smooth=False))
    }
    assert {"generalization-naive", "risk-decomposition", "calibration-smooth", "risk-controls-calibration"} <= taught
    assert "pinsker" not in taught


def test_numbers_are_rounded_to_six_digits_and_never_nan():
    value = {"a": np.float64(1 / 3), "b": [float("nan"), np.inf, 2], "c": np.array([[1e-20, 1234567.0]]), "d": "x"}
    assert rounded(value) == {"a": 0.333333, "b": [None, None, 2], "c": [[1e-20, 1234570.0]], "d": "x"}
