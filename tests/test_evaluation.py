"""What evaluation answers where the instance does not decide the claim."""

import dataclasses

import pytest

from w2s_theory.api import evaluate
from w2s_theory.instance_file import instance_from
from w2s_theory.measures import Provenance
from w2s_theory.verdict import Verdict

SAMPLED = dataclasses.replace(
    instance_from(
        {
            "weights": [0.5, 0.5],
            "truth": [[0.9, 0.1], [0.1, 0.9]],
            "weak": [[0.5, 0.5], [0.5, 0.5]],
            "strong": [[0.501, 0.499], [0.499, 0.501]],
        }
    ),
    provenance=Provenance("sampled", 2),
)


@pytest.mark.parametrize(
    "claim",
    [
        "calibration-score-conditional",
        "calibration-binned",
        "calibration-common-conditioning",
        "calibration-score-sufficient",
        "risk-controls-calibration",
        "calibration-refinement",
        "smooth-below-marginal",
    ],
)
def test_grouping_by_ties_is_never_applied_to_samples(claim):
    result = evaluate(claim, SAMPLED)
    assert result.verdict is Verdict.unresolved
    assert result.lhs is None
    assert "sampled(2)" in result.advice


def test_a_sampled_estimate_without_an_interval_decides_nothing():
    result = evaluate("pinsker", SAMPLED)
    assert result.verdict is Verdict.unresolved
    assert result.lhs == pytest.approx(0.001)
