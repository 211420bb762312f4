"""`tightness` and `dropped-assumptions`: what they say of an instance is true of it."""

import json

import numpy as np
import pytest

import w2s_theory
from tests.experiments.small_adversary import small_frontiers, small_tightness
from w2s_theory.errors import InputError
from w2s_theory.experiments.dropped_assumptions import dropped_assumptions
from w2s_theory.experiments.tightness import INEQUALITIES, tightness
from w2s_theory.verdict import Verdict


def test_tightness_is_that_of_the_stored_instances_and_never_above_one():
    made = small_tightness()
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    strains = [entry["strain"] for entry in made["entries"]]
    assert strains == sorted(strains, reverse=True)
    assert {entry["id"] for entry in made["entries"]} == {claim.id for claim in INEQUALITIES[:8]}
    for entry in made["entries"]:
        assert 0.97 < entry["strain"] <= 1.0
        again = w2s_theory.evaluate(entry["id"], entry["instance"])
        assert again.verdict in (Verdict.holds, Verdict.tight)
        assert again.lhs / again.rhs == pytest.approx(entry["tightness"], abs=1e-5)
    assert len(made["overview"]["rows"]) == 8


def test_violations_grow_as_assumptions_fail_and_are_those_of_the_stored_instances():
    made = small_frontiers()
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    for case in made["cases"]:
        violations = np.array(case["violations"])
        assert (np.diff(violations) >= 0).all()
        assert violations[-1] > 0.1
        assert violations[0] < 0.1 * violations[-1]
        again = w2s_theory.evaluate(case["claim"], case["instance"])
        assert again.verdict is Verdict.hypotheses_not_met
        assert -again.slack == pytest.approx(violations[-1], rel=1e-4)
        assert 0 < -again.hypotheses[case["dropped"]] <= case["strengths"][-1] * (1 + 1e-9)
        others = [margin for name, margin in again.hypotheses.items() if name != case["dropped"]]
        assert all(margin > -1e-6 for margin in others)


@pytest.mark.parametrize("experiment", [tightness, dropped_assumptions])
def test_bad_seeds_are_refused(experiment):
    with pytest.raises(InputError, match="seed of at least 0"):
        experiment(seed=-1)
