"""The adversary finds what is false, comes close to what is tight, and knows which assumptions there are."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.errors import InputError
from w2s_theory.verdict import Verdict
from w2s_theory.verification.compiled_code import two_at_a_time
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.verification.frontier import frontier
from w2s_theory.verification.search import Effort, search, without
from w2s_theory.verification.sweep import sweep_claim

FEW = Effort(starts=256, steps=100, polished=2)


def bare(claim):
    """The claim with random starts only."""
    worlds = tuple(type("NoCorners", (type(w),), {"corners": lambda self: ()})(**vars(w)) for w in claim.worlds)
    return replace(claim, worlds=worlds, witness=None)


@pytest.mark.parametrize("identifier", ["calibration-score-conditional", "calibration-binned"])
@pytest.mark.parametrize("seed", [11, 12])
def test_random_starts_alone_refute(identifier, seed):
    claim = CATALOGUE[identifier]
    found = search(bare(claim), seed=seed, effort=FEW)
    assert found.start == "random"
    assert found.verdict is Verdict.violated
    assert evaluate_claim(claim, found.instance).verdict is Verdict.violated
    assert found.violation > 0.5


def test_random_starts_alone_refute_a_claim_about_optimal_students():
    claim = CATALOGUE["gain-forward-mixture-reverse-risk"]
    found = search(replace(claim, worlds=claim.worlds[:1]), seed=5, effort=FEW)
    again = evaluate_claim(claim, found.instance)
    assert (found.start, found.verdict, again.verdict) == ("random", Verdict.violated, Verdict.violated)
    assert all(margin > -1e-6 for margin in again.hypotheses.values())


@pytest.mark.parametrize(
    "identifier", ["sharp-pinsker", "floored-log-ratio", "generalization-forward", "calibration-sharp"]
)
def test_sharp_claims_are_brought_close_to_equality_and_never_broken(identifier):
    claim = bare(CATALOGUE[identifier])
    found = search(replace(claim, worlds=claim.worlds[:1]), aim="tightness", seed=2, effort=FEW)
    assert found.verdict in (Verdict.holds, Verdict.tight)
    assert 0.99 < found.strain < 1.0 + 1e-6


def test_search_beats_ten_thousand_random_draws():
    claim = CATALOGUE["calibration-sharp-smooth"]
    claim = bare(replace(claim, worlds=claim.worlds[:1]))
    drawn = sweep_claim(claim, 10_000, 1).max_tightness
    climbed = search(claim, aim="tightness", seed=1)
    assert drawn is not None
    assert drawn + 0.01 < climbed.strain < 0.63


def test_polishing_comes_closer_than_gradient_steps():
    claim = bare(replace(CATALOGUE["pinsker"], worlds=CATALOGUE["pinsker"].worlds[1:2]))
    rough, fine = (
        search(claim, aim="tightness", seed=3, effort=Effort(starts=64, steps=40, polished=n)).strain for n in (0, 4)
    )
    assert rough < fine <= 1.0 + 1e-9


def test_an_unknown_hypothesis_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"pinsker has no hypothesis 'floor'; it has none"):
        without(CATALOGUE["pinsker"], "floor")
    with pytest.raises(InputError, match="its hypotheses are mixture_convex, realizable, optimal"):
        without(CATALOGUE["gain-reverse-mixture-risk"], "floor")


def test_the_frontier_rises_with_the_limit_and_keeps_within_it():
    claim = CATALOGUE["calibration-score-sufficient"]
    limits = np.array([0.01, 0.1, 0.8])
    made = frontier(claim, "score_sufficient", claim.worlds[0], limits, starts=32, steps=60)
    assert (np.diff(made.violation) >= 0).all()
    assert made.violation[-1] > 0.3
    for limit, instance in zip(limits, made.instances, strict=True):
        if instance is not None:
            again = evaluate_claim(claim, instance)
            assert 0 < -again.hypotheses["score_sufficient"] <= limit
            assert again.slack == pytest.approx(-made.violation[list(limits).index(limit)], rel=1e-6)


def test_searches_in_two_threads_do_not_warn_of_line_searches():
    def search(number):
        warnings.warn("The line search algorithm did not converge", RuntimeWarning, stacklevel=1)
        return number

    assert two_at_a_time(search, [1, 2, 3]) == [1, 2, 3]
    with pytest.raises(RuntimeWarning, match="line search"):
        search(1)
