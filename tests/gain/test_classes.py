"""What a gain claim makes of an instance: missing, empty or large classes, truths outside, unfit students."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_theory.api import evaluate
from w2s_theory.catalogue import find_claim
from w2s_theory.claim import HighProbability
from w2s_theory.errors import InputError
from w2s_theory.functionals.quantile_interval import quantile_interval
from w2s_theory.instance import Instance
from w2s_theory.instance_file import instance_from
from w2s_theory.training.projection import hull_projection, softmax_head_projection
from w2s_theory.verdict import Verdict
from w2s_theory.verification.evaluation import evaluate_claim

MODELS = [[[0.6, 0.3, 0.1]], [[0.2, 0.4, 0.4]]]
WEAK = [[0.3, 0.6, 0.1]]
STUDENT = np.asarray(hull_projection(np.ones(1), np.array(MODELS), np.array(WEAK)).student).tolist()
GIVEN = {"weights": [1.0], "truth": [[0.5, 0.325, 0.175]], "weak": WEAK, "strong": STUDENT, "models": MODELS}
POSITIVE = {"kind": "positive", "weights": [0.5, 0.5]} | {key: [[1.0], [2.0]] for key in ("truth", "weak", "strong")}
FEATURES = {"features": [[1.0]], "radius": 2.0}


def without(*keys):
    return {key: value for key, value in GIVEN.items() if key not in keys}


def test_a_student_as_assumed_has_the_gain():
    result = evaluate("gain-reverse-mixture-risk", GIVEN)
    assert result.verdict in (Verdict.holds, Verdict.tight)
    assert set(result.hypotheses) == {"mixture_convex", "realizable", "optimal"}
    assert result.error < 1e-9


@pytest.mark.parametrize(
    ("change", "failed", "distance"),
    [
        ({"truth": [[0.1, 0.8, 0.1]]}, "realizable", 0.1),
        ({"strong": MODELS[1]}, "optimal", 0.01),
        ({"strong": [[0.1, 0.8, 0.1]]}, "mixture_convex", 0.1),
        ({"class": "list"}, "mixture_convex", 0.1),
        ({"class": "list", "models": [MODELS[0]], "truth": MODELS[0]}, "mixture_convex", 0.1),
    ],
    ids=[
        "truth outside the class",
        "not the optimum",
        "student outside the class",
        "a list, not a hull",
        "outside a list of one",
    ],
)
def test_an_assumption_that_fails_is_a_verdict_and_says_by_how_much(change, failed, distance):
    result = evaluate("gain-reverse-mixture-risk", GIVEN | change)
    assert result.verdict is Verdict.hypotheses_not_met
    assert result.hypotheses[failed] < -distance


BAD = {
    "no class": ("gain-reverse-mixture-risk", without("models"), "models"),
    "empty class": ("gain-reverse-mixture-risk", GIVEN | {"models": []}, "models: the list is empty"),
    "features without a radius": (
        "gain-forward-exponential-risk",
        without("models") | {"features": [[1.0]]},
        "radius",
    ),
    "features for a mixture on the simplex": ("gain-reverse-mixture-risk", without("models") | FEATURES, "models"),
    "radius of zero": ("gain-forward-exponential-risk", without("models") | FEATURES | {"radius": 0.0}, "radius"),
    "no sample size": ("gain-finite-sample", GIVEN | {"delta": 0.1}, "field n"),
    "no probability of failure": ("gain-finite-sample", GIVEN | {"n": 100}, "field delta"),
    "probability of failure of one": ("gain-finite-sample", GIVEN | {"n": 100, "delta": 1.0}, "delta"),
    "no number of members": ("gain-mixture-of-r", GIVEN, "field r"),
    "more inputs than an integer holds": ("gain-finite-sample", GIVEN | {"n": 10**21, "delta": 0.1}, "field n"),
    "a zero in a model": (
        "gain-suboptimal",
        GIVEN | {"models": [*MODELS, [[1.0, 0.0, 0.0]]], "floor": 0.01},
        "models[2], row 0",
    ),
    "models of an exponential class by reverse KL": ("gain-reverse-exponential-risk", GIVEN, "features and a radius"),
    "a negative feature": ("gain-reverse-mixture-risk", POSITIVE | {"features": [[1.0], [-1.0]]}, "features, row 1"),
    "a feature that is nowhere": (
        "gain-reverse-mixture-risk",
        POSITIVE | {"features": [[1.0, 0.0], [1.0, 0.0]]},
        "column 1",
    ),
    "too many mixtures": ("gain-mixture-of-r", GIVEN | {"r": 100_000}, "100001 mixtures"),
    "a zero where the reverse risk is infinite": (
        "gain-reverse-mixture-reverse-risk",
        GIVEN | {"truth": [[1.0, 0.0, 0.0]]},
        "truth, row 0",
    ),
    "a zero below every floor": ("gain-suboptimal", GIVEN | {"weak": [[0.0, 0.5, 0.5]]}, "weak, row 0"),
}


@pytest.mark.parametrize(("claim", "given", "named"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_clear_sentence(claim, given, named, tmp_path):
    path = tmp_path / "instance.json"
    path.write_text(json.dumps(given))
    with pytest.raises(InputError) as problem:
        evaluate(claim, path)
    assert named in str(problem.value)
    assert str(problem.value).startswith(str(path))
    assert "\n" not in str(problem.value)


def test_negative_values_are_legal_in_regression_with_squared_loss():
    tables = {"truth": [[-1.0], [2.0]], "weak": [[0.5], [-3.0]], "strong": [[-1.0], [-1.0]]}
    given = {"kind": "real", "weights": [0.5, 0.5], "features": [[1.0], [1.0]]} | tables
    assert evaluate("gain-forward-mixture-reverse-risk", given).verdict is Verdict.hypotheses_not_met


def test_a_separable_teacher_is_a_finite_number_not_a_nan():
    weights, features = np.full(2, 0.5), np.array([[1.0], [-1.0]])
    weak = np.array([[1 - 1e-9, 1e-9], [1e-9, 1 - 1e-9]])
    student = np.asarray(softmax_head_projection(weights, features, weak, 3.0).student)
    given = {
        "weights": weights.tolist(),
        "truth": weak.tolist(),
        "weak": weak.tolist(),
        "strong": student.tolist(),
        "features": features.tolist(),
        "radius": 3.0,
    }
    result = evaluate("gain-forward-exponential-reverse-risk", given)
    assert result.verdict is Verdict.hypotheses_not_met
    assert result.hypotheses["realizable"] < 0
    assert None not in (result.lhs, result.rhs, result.error)


def test_the_finite_sample_claim_has_a_binomial_interval_in_its_error():
    given = GIVEN | {"n": 20_000, "delta": 0.1}
    certain = evaluate("gain-finite-sample", given)
    assert certain.verdict is Verdict.holds
    assert certain.error < 0.1
    rare = evaluate("gain-finite-sample", given | {"delta": 1e-4})
    assert rare.verdict is Verdict.unresolved
    assert rare.error is None


@pytest.mark.parametrize(
    ("bound", "verdict"), [(0.85, Verdict.violated), (0.9, Verdict.tight), (0.95, Verdict.holds)], ids=str
)
def test_a_high_probability_claim_is_judged_at_the_ends_of_its_interval(bound, verdict):
    """A hundred thousand uniform draws know their 0.9-quantile to about three thousandths."""

    def sides(i: Instance) -> HighProbability:
        values = jax.random.uniform(jax.random.key(0), 100_000)
        return HighProbability.of(quantile_interval(values, 0.9, 0.99), jnp.asarray(bound))

    claim = dataclasses.replace(find_claim("pinsker"), sides=sides)
    assert evaluate_claim(claim, instance_from(without("models"))).verdict is verdict
