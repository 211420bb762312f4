"""What the command line does, as functions: one a command."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2s_theory.auditing.auditor import audit, audit_files
from w2s_theory.auditing.example import audit_example
from w2s_theory.bibliography import bibtex
from w2s_theory.catalogue import CLAIMS, find_claim
from w2s_theory.catalogue.domains import finite_weak_risk
from w2s_theory.claim import Claim, Status
from w2s_theory.errors import InputError
from w2s_theory.experiments.simulation import simulate
from w2s_theory.functionals.instance_envelope import floored_instance_envelope, instance_envelope
from w2s_theory.instance import Instance
from w2s_theory.instance_file import instance_from, read_instance
from w2s_theory.processes import opened
from w2s_theory.report.rows import claim_json
from w2s_theory.spreading import spread_on
from w2s_theory.sweeping.running import sweep
from w2s_theory.verification.box_search import BoxResult, certify_box
from w2s_theory.verification.by_rule import RuleRow
from w2s_theory.verification.by_rule import verify_by_rule as by_rule
from w2s_theory.verification.evaluation import Evaluation, evaluate_claim, finite_or_none
from w2s_theory.verification.falsify import Falsification, falsify_claim
from w2s_theory.verification.mutants import MutantRow, mutation_run
from w2s_theory.verification.search import without
from w2s_theory.verification.sweep import SweepRow, two_programs_at_a_time
from w2s_theory.verification.sweep import sweep as sweep_claims
from w2s_theory.worlds.population import Population
from w2s_theory.worlds.populations import POPULATIONS

__all__ = [
    "CLAIMS",
    "as_instance",
    "audit",
    "audit_example",
    "audit_files",
    "certify",
    "cite",
    "envelope",
    "evaluate",
    "falsify",
    "find_claim",
    "list_claims",
    "simulate",
    "sweep",
    "verify",
    "verify_by_rule",
    "verify_mutants",
]

CERTIFICATES = Path("certificates")
"""Folder in which certificates are stored by default."""

InstanceLike = Instance | Mapping[str, Any] | str | Path


def as_instance(given: InstanceLike, *, needs_strong: bool = True) -> Instance:
    """An instance from a file path, a mapping with the keys of an instance file, or an instance."""
    if isinstance(given, Instance):
        return given
    if isinstance(given, Mapping):
        return instance_from(given, needs_strong=needs_strong)
    return read_instance(given, needs_strong=needs_strong)


def list_claims() -> list[dict[str, Any]]:
    """The catalogue: id, statement (LaTeX), status, hypotheses, source and sharpness of every claim."""
    return [claim_json(claim) for claim in CLAIMS]


def verify(
    *ids: str | Claim,
    instances: int = 10_000,
    seed: int = 0,
    on_row: Callable[[SweepRow], Any] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
) -> list[SweepRow]:
    """Check the claims given (ids of the catalogue, or claims of your own), or all, on `instances` instances each.

    The instances are random and adversarial.
    A row `passed` if a claim proved in the theory notes shows no violation, or a refuted one was refuted.
    `workers` above one are processes on this machine, `scheduler` the address of a Dask cluster that is running; the
    rows are the same for any number of them.  `InputError` for an unknown id, a number of instances below one, an
    unusable cluster, or a claim of your own that cannot be sent to one.
    """
    if instances < 1:
        raise InputError(f"--instances {instances} is not a positive number")
    if seed < 0:
        raise InputError(f"--seed {seed} is negative")
    claims = [find_claim(identifier) for identifier in dict.fromkeys(ids)] or list(CLAIMS)
    with opened(workers, scheduler) as cluster:
        spread = two_programs_at_a_time if cluster is None else spread_on(cluster)
        return sweep_claims(claims, instances, seed, on_row, spread)


def verify_by_rule(
    *ids: str | Claim,
    rule: str,
    samples: int = 1_000_000,
    draws: str = "plain",
    region: str = "clt",
    level: float = 0.99,
    seed: int = 0,
    on_population: Callable[[Population], Any] = lambda population: None,
) -> list[RuleRow]:
    """Check the claims named, or all, on the built-in populations by one rule.

    `exact`: finitely many atoms that have all moments a claim depends on; `quadrature`; or `monte-carlo`, with
    confidence intervals on the slack (`region`: clt, hoeffding, empirical-bernstein or betting; `draws`: plain,
    antithetic or sobol) whose errors over all claims and populations add up to at most 1 - `level`.  A claim is
    `unresolved` where a rule cannot decide it.  `InputError` for an unknown id or setting.
    """
    if seed < 0:
        raise InputError(f"--seed {seed} is negative")
    claims = [find_claim(identifier) for identifier in dict.fromkeys(ids)] or list(CLAIMS)
    options: Any = {"samples": samples, "draws": draws, "region": region, "level": level, "seed": seed}
    return by_rule(claims, POPULATIONS, rule, on_population=on_population, **options)


def verify_mutants(
    *ids: str | Claim,
    instances: int = 2_000,
    seed: int = 0,
    on_rows: Callable[[list[MutantRow]], Any] = lambda rows: None,
) -> list[MutantRow]:
    """Make the proved claims among those named, or all, false in small ways, and see whether each mutant is caught.

    A row `passed` if the mutant died, or survives for a reason that the theory notes give.
    """
    if instances < 1:
        raise InputError(f"--instances {instances} is not a positive number")
    if seed < 0:
        raise InputError(f"--seed {seed} is negative")
    claims = [find_claim(identifier) for identifier in dict.fromkeys(ids)] or list(CLAIMS)
    if all(claim.status is Status.refuted for claim in claims):
        raise InputError(f"{', '.join(claim.id for claim in claims)}: only proved claims have mutants")
    return mutation_run(claims, instances, seed, on_rows=on_rows)


def falsify(
    identifier: str | Claim,
    *,
    drop: str | None = None,
    seed: int = 0,
    store: str | Path | None = CERTIFICATES,
    progress: Callable[[str, float], Any] = lambda stage, fraction: None,
    workers: int = 1,
    scheduler: str | None = None,
) -> Falsification:
    """Search for the instance that strains a claim most, without hypothesis `drop` if one is named.

    A violation is shrunk to the plainest instance that still breaks the claim and stored as a certificate in the
    folder `store`; `certified` says that the independent verifier accepted it in a fresh process.  A claim of your own
    is searched and shrunk alike, in floating point: the verifier has no rule for it, so it is never certified.
    `workers` above one are processes on this machine, `scheduler` the address of a Dask cluster that is running: they
    search the claim's worlds side by side, with the same outcome.  `InputError` for an unknown id or hypothesis, an
    unusable cluster, or a claim of your own that cannot be sent to one.
    """
    if seed < 0:
        raise InputError(f"--seed {seed} is negative")
    claim = find_claim(identifier)
    without(claim, drop)
    options: Any = {"store": None if store is None else Path(store), "progress": progress}
    with opened(workers, scheduler) as cluster:
        spread = map if cluster is None else spread_on(cluster)
        return falsify_claim(claim, drop=drop, seed=seed, spread=spread, **options)


def certify(
    identifier: str,
    *,
    store: str | Path | None = CERTIFICATES,
    progress: Callable[[float, int], Any] | None = None,
) -> BoxResult:
    """Prove a claim over a box of two-class, one-input instances by branch and bound in ball arithmetic.

    The proof is stored as a certificate in the folder `store`; `proved` says that the independent verifier accepted
    it in a fresh process, and without a folder is never true.
    """
    find_claim(identifier)
    return certify_box(identifier, store=None if store is None else Path(store), progress=progress)


def evaluate(identifier: str | Claim, instance: InstanceLike) -> Evaluation:
    """Both sides of one claim (an id, or a claim of your own) on one instance: error budget, margins, verdict."""
    claim = find_claim(identifier)
    try:
        return evaluate_claim(claim, as_instance(instance))
    except InputError as problem:
        if isinstance(instance, str | Path) and not str(problem).startswith(str(instance)):
            raise InputError(f"{instance}: {problem}") from None
        raise


def envelope(
    instance: InstanceLike, disagreements: Iterable[float], student_floor: float | None = None
) -> list[dict[str, Any]]:
    """Exact lowest and highest risk of a student at most so far from the weak model, for each disagreement.

    With `student_floor`, over students that keep that floor: both ends are null where there is none, and
    `upper_attained` says whether the upper end is exact or only an upper bound.
    """
    source = f"{instance}: " if isinstance(instance, str | Path) else ""
    i = as_instance(instance, needs_strong=False)
    if i.kind != "simplex":
        raise InputError(f"{source}field kind: envelopes are about kind simplex, not {i.kind}")
    problem = finite_weak_risk.problem(i)
    if problem:
        raise InputError(source + problem)
    if student_floor is not None and not 0 < student_floor <= 1 / i.classes:
        raise InputError(f"--student-floor {student_floor!r} is not in (0, 1/{i.classes}]")
    points = []
    for d in disagreements:
        if not (np.isfinite(d) and d >= 0):
            raise InputError(f"--disagreement {d!r} is not a finite number ≥ 0")
        found: dict[str, Any] = {"disagreement": float(d)}
        if student_floor is None:
            ends = instance_envelope(i.weights, i.truth, i.weak, d)
        else:
            ends = floored_instance_envelope(i.weights, i.truth, i.weak, d, student_floor)
            found["upper_attained"] = bool(ends.upper_is_attained)
        points.append(found | {"lower": finite_or_none(ends.lower), "upper": finite_or_none(ends.upper)})
    return points


def cite(*ids: str) -> str:
    """BibTeX of the sources of the claims named, or of everything the catalogue uses."""
    claims: Sequence[Any] = [find_claim(identifier) for identifier in ids] or CLAIMS
    keys = dict.fromkeys([*(claim.cite.key for claim in claims), "w2stheory"])
    return "\n\n".join(bibtex(key) for key in keys)
