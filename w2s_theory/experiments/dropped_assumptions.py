"""`dropped-assumptions`: how much a claim fails as one of its assumptions fails more and more."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.experiments.replicates import Tell, of_seeds, told
from w2s_theory.instance_file import instance_to_json
from w2s_theory.processes import Spread
from w2s_theory.verification.frontier import Frontier, frontier

POINTS = 12


@dataclass(frozen=True)
class Case:
    """A claim, the hypothesis dropped, what its strength measures, and the largest strength asked about."""

    claim: str
    dropped: str
    strength: str
    largest: float


CASES = (
    Case("calibration-score-sufficient", "score_sufficient", "difference of truths that share a score", 1.0),
    Case("gain-reverse-mixture-risk", "realizable", "distance of the truth from the class", 1.0),
    Case("gain-reverse-mixture-risk", "mixture_convex", "distance of a midpoint from the class", 1.0),
)


def dropped_assumptions(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    """Largest violation found among instances whose dropped hypothesis fails by at most so much, for three cases.

    Gradient search from 64 random starts a strength (quick: 16) and seed, in the claim's first world, relaxed.

    Returns a dictionary that JSON can hold: `settings`, `cases`, `overview`.  `InputError` for a negative seed or
    `seeds` below one.
    """
    check_seeds("dropped-assumptions", seed, seeds)
    starts, steps = (16, 60) if quick else (64, 150)
    one = partial(_replicate, seed=seed, starts=starts, steps=steps)
    made = list(of_seeds(one, seeds, spread, told(progress, "dropped assumptions")))
    cases = [_case(case, list(found)) for case, found in zip(CASES, zip(*made, strict=True), strict=True)]
    rows = [
        [c["claim"], c["dropped"], c["strengths"][n], c["violations"][n]]
        for c in cases
        for n in (0, POINTS // 2, POINTS - 1)
    ]
    record = rounded(
        {
            "experiment": "dropped-assumptions",
            "settings": {"seed": seed, "seeds": seeds, "quick": quick, "starts": starts, "steps": steps},
            "cases": [{key: value for key, value in case.items() if key != "instance"} for case in cases],
            "overview": {
                "title": "dropped-assumptions: the largest violation where an assumption fails by so much",
                "columns": ["claim", "dropped", "fails by at most", "largest violation found"],
                "rows": rows,
            },
        }
    )
    for entry, case in zip(record["cases"], cases, strict=True):
        entry["instance"] = case["instance"]
    return record


def _replicate(replicate: int, *, tell: Tell, seed: int, starts: int, steps: int) -> list[Frontier]:
    """The frontier of every case, for one seed."""
    made = []
    for number, case in enumerate(CASES):
        claim, limits = CATALOGUE[case.claim], case.largest * np.geomspace(1e-3, 1.0, POINTS)
        options: Any = {"seed": seed + replicate, "starts": starts, "steps": steps}
        made.append(frontier(claim, case.dropped, claim.worlds[0], limits, **options))
        tell((number + 1) / len(CASES))
    return made


def _case(case: Case, made: list[Frontier]) -> dict[str, Any]:
    violations = np.stack([one.violation for one in made])
    best = made[int(np.argmax(violations[:, -1]))]
    last = best.instances[-1]
    return {
        "claim": case.claim,
        "dropped": case.dropped,
        "strength": case.strength,
        "strengths": made[0].limits.tolist(),
        "violations": violations.max(axis=0).tolist(),
        "evaluations": sum(one.evaluations for one in made),
        "instance": None if last is None else instance_to_json(last),
    }
