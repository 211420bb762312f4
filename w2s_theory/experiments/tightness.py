"""`tightness`: how close each proved claim comes to equality, as far as gradient search can push it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.instance_file import instance_to_json
from w2s_theory.verification.compiled_code import two_at_a_time
from w2s_theory.verification.search import MOST_INPUTS, Effort, Strained, search

INEQUALITIES = tuple(claim for claim in CLAIMS if claim.status is Status.proved and not claim.identity)
"""The proved claims that can be more or less tight."""


def tightness(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    r"""The largest strain $1-\text{slack}/\text{bound}$ found for every proved inequality, with its instance.

    The strain is lhs/rhs, except where the claim's constant multiplies a part of the right side only: there it is the
    factor below which a sharper constant is violated.  Each claim is searched in its smallest world, from random
    starts and, for sharp claims, its witness; quick: the first eight claims only, fewer starts.

    Returns a dictionary that JSON can hold: `settings`, `entries` (by falling strain), `overview`.  `InputError` for
    a negative seed or `seeds` below one.
    """
    check_seeds("tightness", seed, seeds)
    claims = INEQUALITIES[:8] if quick else INEQUALITIES
    effort = Effort(starts=512, steps=100) if quick else Effort()
    done: list[str] = []

    def best(claim: Claim) -> Strained:
        small = replace(claim, worlds=(_smallest(claim),))
        found = [search(small, aim="tightness", seed=seed + n, effort=effort) for n in range(seeds)]
        done.append(claim.id)
        if progress:
            progress("tightness", len(done) / len(claims))
        return replace(max(found, key=lambda one: one.strain), evaluations=sum(one.evaluations for one in found))

    found = dict(zip(claims, two_at_a_time(best, claims), strict=True))
    ranked = sorted(found.items(), key=lambda pair: (-round(pair[1].strain, 4), CLAIMS.index(pair[0])))
    entries = [_entry(claim, one) for claim, one in ranked]
    record = rounded(
        {
            "experiment": "tightness",
            "settings": {"seed": seed, "seeds": seeds, "quick": quick, "starts": effort.starts, "steps": effort.steps},
            "entries": [{key: value for key, value in entry.items() if key != "instance"} for entry in entries],
            "overview": {
                "title": "tightness: the largest strain found of every proved inequality",
                "columns": ["claim", "sharp", "strain", "start", "evaluations"],
                "rows": [
                    [
                        e["id"],
                        "yes" if e["sharp"] else "not known",
                        e["strain"],
                        e["start"],
                        e["evaluations"],
                    ]
                    for e in entries
                ],
            },
        }
    )
    for entry, full in zip(record["entries"], entries, strict=True):
        entry["instance"] = full["instance"]
    return record


def _smallest(claim: Claim) -> Any:
    return min((world for world in claim.worlds if world.inputs <= MOST_INPUTS), key=lambda world: world.dim)


def _entry(claim: Claim, found: Strained) -> dict[str, Any]:
    keys = ("strain", "tightness", "start", "evaluations")
    return (
        {"id": claim.id, "sharp": claim.sharp, "part": _part(claim)}
        | {key: getattr(found, key) for key in keys}
        | {"world": str(found.world), "instance": instance_to_json(found.instance)}
    )


def _part(claim: Claim) -> bool:
    """Whether the claim's constant multiplies a part of the right side only."""
    return claim.id.startswith("gain") and claim.id != "gain-squared-misspecified"
