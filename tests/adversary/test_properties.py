"""Hypothesis finds what is false and shrinks it; of what is true it finds nothing."""

from dataclasses import replace

import numpy as np
import pytest

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Leq
from w2s_theory.functionals.divergences import total_variation
from w2s_theory.functionals.risks import disagreement
from w2s_theory.instance import Instance
from w2s_theory.measures import expectation
from w2s_theory.testing import smallest_violation
from w2s_theory.verdict import Verdict
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.worlds.tables import FlooredTables


def linear_pinsker(i: Instance) -> Leq:
    return Leq(expectation(i.weights, total_variation(i.weak, i.strong)), disagreement(i.weights, i.weak, i.strong))


def test_a_violation_is_found_shrunk_and_the_same_every_time():
    worlds = (FlooredTables(1, 2), FlooredTables(3, 3))
    claim = replace(CATALOGUE["pinsker"], sides=linear_pinsker, worlds=worlds)
    found = smallest_violation(claim, examples=100)
    assert found is not None
    assert evaluate_claim(claim, found).verdict is Verdict.violated
    assert found.weights.shape == (1,)
    np.testing.assert_allclose(found.truth, [[0.5, 0.5]])
    again = smallest_violation(claim, examples=100)
    assert again is not None
    np.testing.assert_array_equal(found.strong, again.strong)
    large = smallest_violation(claim, at_least=0.08, examples=100)
    assert large is not None
    slack = evaluate_claim(claim, large).slack
    assert slack is not None and slack <= -0.08


@pytest.mark.parametrize("name", ["pinsker", "calibration-smooth"])
def test_nothing_is_found_against_what_is_true(name):
    claim = CATALOGUE[name]
    assert smallest_violation(replace(claim, worlds=claim.worlds[:1]), examples=60) is None


def test_instances_outside_the_domain_are_no_violation():
    claim = replace(CATALOGUE["calibration-smooth"], worlds=(FlooredTables(2, 3),))
    assert smallest_violation(claim, examples=10) is None
