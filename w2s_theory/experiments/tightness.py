"""`tightness`: how close each proved claim comes to equality, as far as gradient search can push it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.instance_file import instance_to_json
from w2s_theory.processes import Spread
from w2s_theory.verification.compiled_code import two_at_a_time
from w2s_theory.verification.search import MOST_INPUTS, Effort, Strained, search

INEQUALITIES = tuple(claim for claim in CLAIMS if claim.status is Status.proved and not claim.identity)
"""The proved claims that can be more or less tight."""


def tightness(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""The largest strain $1-\text{slack}/\text{bound}$ found for every proved inequality, with its instance.

    The strain is lhs/rhs, except where the claim's constant multiplies a part of the right side only: there it is the
    factor below which a sharper constant is violated.  Each claim is searched in its smallest world, from random
    starts and, for sharp claims, its witness; quick: the first eight claims only, fewer starts.  `spread` gets one
    task a claim: its seeds share compiled code.

    Returns a dictionary that JSON can hold: `settings`, `entries` (by falling strain), `overview`.  `InputError` for
    a negative seed or `seeds` below one.
    """
    check_seeds("tightness", seed, seeds)
    claims = INEQUALITIES[:8] if quick else INEQUALITIES
    effort = Effort(starts=512, steps=100) if quick else Effort()
    one = partial(_best, seed=seed, seeds=seeds, effort=effort)
    done: list[Strained] = []

    def tell(made: Strained) -> Strained:
        done.append(made)
        if progress:
            progress("tightness", len(done) / len(claims))
        return made

    names = [claim.id for claim in claims]
    if spread is None:
        best = two_at_a_time(lambda name: tell(one(name)), names)
    else:
        best = [tell(made) for made in spread(one, names)]
    found = dict(zip(claims, best, strict=True))
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


def _best(name: str, *, seed: int, seeds: int, effort: Effort) -> Strained:
    """What strains a claim of the catalogue most, of all seeds."""
    claim = CATALOGUE[name]
    small = replace(claim, worlds=(_smallest(claim),))
    found = [search(small, aim="tightness", seed=seed + n, effort=effort) for n in range(seeds)]
    return replace(max(found, key=lambda one: one.strain), evaluations=sum(one.evaluations for one in found))


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
