"""The verifier's enclosures against the package's float evaluation: two programs, one number."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.exact.instances import floats, simplex_rows, students, tables, weights
from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.exact import CertificateError, Sides, enclose
from w2s_theory.exact.certificate import RULES
from w2s_theory.instance import Instance
from w2s_theory.student_class import Training
from w2s_theory.verdict import Verdict
from w2s_theory.verification.evaluation import evaluate_claim

SAMPLED = "gain-finite-sample"
TRAINED = [c.id for c in CLAIMS if RULES[c.id].training and c.id != SAMPLED]
PLAIN = [c.id for c in CLAIMS if not RULES[c.id].training]


def contains(ball, value: float) -> bool:
    """Whether a ball, inflated by 1e-9, contains a float."""
    return float(ball.lower()) - 1e-9 * (1 + abs(value)) <= value <= float(ball.upper()) + 1e-9 * (1 + abs(value))


def agree(name: str, sides: Sides, instance: Instance, dropped: str | None = None) -> None:
    claim = CATALOGUE[name]
    with jax.enable_x64(True):
        instance = jax.tree.map(jnp.asarray, instance)
        assert claim.outside_domain(instance) is None
        for hypothesis in claim.assumes:
            met = hypothesis.name == dropped or hypothesis.margin(instance) >= -hypothesis.tolerance
            assert met, hypothesis.name
        relation = claim.sides(instance)
    bound = relation.rhs if relation.bound is None else relation.bound
    for ball, value in ((sides.lhs, relation.lhs), (sides.rhs, relation.rhs), (sides.bound, bound)):
        assert contains(ball, float(value)), (ball, value)
        assert float(ball.rad()) < 1e-6


def test_the_verifier_knows_every_claim_with_its_hypotheses():
    assert list(RULES) == sorted(RULES, key=[c.id for c in CLAIMS].index)
    assert len(RULES) == len(CLAIMS) == 54
    for claim in CLAIMS:
        rule = RULES[claim.id]
        assert rule.assumes == tuple(h.name for h in claim.assumes), claim.id
        assert rule.domain == tuple(d.name for d in claim.domain), claim.id
        assert rule.identity == claim.identity
        assert set(rule.kinds) <= set(claim.kinds)
        assert "simplex" in rule.kinds


@pytest.mark.parametrize("claim", PLAIN)
def test_sides_of_tables(claim):
    rng = np.random.default_rng(sum(map(ord, claim)))
    for _ in range(3):
        given = tables(rng, claim)
        agree(claim, enclose(claim, None, "1", given), floats(given))


@pytest.mark.parametrize("claim", TRAINED)
def test_sides_of_students(claim):
    rng = np.random.default_rng(sum(map(ord, claim)))
    for _ in range(2):
        given, witnesses = students(rng, claim)
        sides = enclose(claim, None, "1", given, witnesses)
        instance = floats(given)
        if "reverse-exponential" in claim or claim == "gain-squared":
            training = RULES[claim].training
            student = Training(training.direction, training.family, training.loss).student(instance)
            instance = type(instance)(**{**vars(instance), "strong": np.asarray(student)})
        agree(claim, sides, instance)


@pytest.mark.parametrize("claim", [c for c in TRAINED if c.startswith("gain-bregman")])
@pytest.mark.parametrize("generator", ["kl", "squared", "itakura-saito"])
def test_sides_of_students_of_positive_functions(claim, generator):
    """The class is a list of positive functions, and the student its best member, for every generator."""
    rng = np.random.default_rng(1)
    given = {"kind": "positive", "generator": generator, "class": "list", "weights": weights(rng, 3)}
    weak, *given["models"] = (simplex_rows(rng, 3, 2) for _ in range(3))
    given |= {"weak": weak, "truth": {"model": 0}}
    found = []
    for best in (0, 1):
        try:
            sides = enclose(claim, convexity(claim), "1", given | {"strong": {"model": best}})
        except CertificateError as problem:
            assert "smaller objective" in str(problem)
            continue
        found.append(best)
        agree(claim, sides, floats(given | {"strong": {"model": best}}), dropped=convexity(claim))
    assert len(found) == 1


@pytest.mark.parametrize("claim", ["gain-misspecified", "gain-suboptimal"])
def test_sides_of_robust_claims_about_lists(claim):
    rng = np.random.default_rng(2)
    given = {"class": "list", "weights": weights(rng, 2), "floor": "1/20", "truth": {"model": 0}}
    weak, *given["models"] = (simplex_rows(rng, 2, 3) for _ in range(4))
    given |= {"weak": weak, "strong": {"model": 0}}
    best = int(np.argmin([float(_divergence(floats(given), j)) for j in range(3)]))
    given["strong"] = {"model": best if claim == "gain-misspecified" else (best + 1) % 3}
    agree(claim, enclose(claim, "mixture_convex", "1", given), floats(given), dropped="mixture_convex")


def _divergence(instance, model: int) -> float:
    f, w = instance.models[model], instance.weak
    return float(instance.weights @ np.sum(f * np.log(f / w), axis=1))


def convexity(claim: str) -> str:
    return RULES[claim].assumes[0]


def sample_of_one():
    """One draw from two equally likely inputs."""
    return {
        "weights": ["1/2", "1/2"],
        "models": [[["4/5", "1/5"], ["2/5", "3/5"]], [["1/5", "4/5"], ["3/10", "7/10"]]],
        "truth": {"mixture": ["3/4", "1/4"]},
        "weak": [["9/10", "1/10"], ["33/100", "67/100"]],
        "strong": {"mixture": ["1", "0"]},
        "floor": "1/10",
        "n": 1,
        "delta": "1/4",
    }


def test_sides_of_a_sample():
    given = sample_of_one()
    samples = {"1,0": {"mixture": ["1", "0"]}, "0,1": {"mixture": ["3/10", "7/10"]}}
    sides = enclose(SAMPLED, None, "1", given, {"samples": samples})
    found = evaluate_claim(CATALOGUE[SAMPLED], floats(given))
    assert found.verdict is not Verdict.hypotheses_not_met
    assert found.lhs is not None
    assert found.rhs is not None
    assert contains(sides.lhs, found.lhs)
    assert contains(sides.rhs, found.rhs)
