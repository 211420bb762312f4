"""Try to break a claim: search, shrink what was found, and have it certified by the independent verifier."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from w2s_theory import exact
from w2s_theory.claim import Claim, Status
from w2s_theory.errors import InputError
from w2s_theory.exact.certificate import RULES
from w2s_theory.instance_file import instance_from, instance_to_json
from w2s_theory.processes import Spread
from w2s_theory.verdict import Verdict
from w2s_theory.verification.draft import Draft, draft_of
from w2s_theory.verification.evaluation import Evaluation, evaluate_claim, finite_or_none
from w2s_theory.verification.search import Effort, Strained, search, without
from w2s_theory.verification.shrink import Excess, shrunk
from w2s_theory.verification.stored import require_folder, verify_afresh

_KEPT = (0.1, 0.001, 0.0)
"""Shares of the strongest violation that the shrunk instance is to keep: the first that can be certified."""


@dataclass(frozen=True)
class Falsification:
    """What came of trying to break a claim.

    `violation` (lhs - rhs, signed; of an identity |lhs - rhs|) and `tightness` are those of `instance`, the shrunk one
    if a violation was found; `strongest` is the violation before shrinking.  `certified`: a stored certificate,
    `stored`, was accepted by the verifier in a process of its own.
    """

    id: str
    status: Status
    dropped: str | None
    found: bool
    violation: float | None
    tightness: float | None
    certified: bool
    evaluations: int
    instance: dict[str, Any]
    seed: int
    start: str
    strongest: float | None
    certificate: dict[str, Any] | None = None
    stored: Path | None = None

    @property
    def passed(self) -> bool:
        """Whether the outcome is what the claim's status promises: with a hypothesis dropped nothing is promised."""
        if self.dropped:
            return True
        return {Status.proved: not self.found, Status.refuted: self.found and self.certified}.get(self.status, True)

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        what = f"{self.id} without {self.dropped}" if self.dropped else self.id
        if not self.found:
            best = "" if self.tightness is None else f"; best tightness {self.tightness:.6g}"
            return f"{what}: no counterexample found in {self.evaluations:,} evaluations{best}"
        how = "certified" if self.certified else "not certified, so a candidate only"
        return f"{what}: counterexample, violated by {self.violation:.6g}, {how}"

    def to_json(self) -> dict[str, Any]:
        """The keys of `w2s-theory falsify --json`."""
        keys = ("id", "dropped", "violation", "tightness", "certified", "evaluations", "instance")
        made = {key: getattr(self, key) for key in keys}
        extra = {"found": self.found, "seed": self.seed, "start": self.start, "strongest": self.strongest}
        return made | extra | {"certificate": str(self.stored) if self.stored else None}


def _texts(value: Any) -> Any:
    """Fractions as strings p/q, all else as it is."""
    if isinstance(value, dict):
        return {key: _texts(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return str(value) if isinstance(value, Fraction) else value


def _excess(draft: Draft) -> float | None:
    """Certified violation of a draft, None where the verifier accepts none."""
    try:
        instance, witnesses = draft.completed()
        sides = exact.enclose(draft.claim.id, draft.dropped, "1", _texts(instance), _texts(witnesses))
    except (exact.CertificateError, ArithmeticError):
        return None
    return float(sides.strain.lower()) if sides.certified else None


def _evaluated(claim: Claim, draft: Draft) -> Evaluation | None:
    """`claim` on the instance of a draft, in floating point; None where it cannot be asked."""
    try:
        return evaluate_claim(claim, instance_from(draft.instance_file()))
    except (InputError, ArithmeticError):
        return None


def _excess_in_floats(claim: Claim) -> Excess:
    """The violation of a draft beyond the error budget, None where there is none: for claims without an exact rule."""

    def excess(draft: Draft) -> float | None:
        found = _evaluated(claim, draft)
        return None if found is None or found.verdict is not Verdict.violated or not found.slack else -found.slack

    return excess


def falsify_claim(
    claim: Claim,
    *,
    drop: str | None = None,
    seed: int = 0,
    effort: Effort | None = None,
    store: Path | None = None,
    progress: Callable[[str, float], Any] = lambda stage, fraction: None,
    spread: Spread = map,
) -> Falsification:
    """Search for an instance that breaks `claim` (without hypothesis `drop`), shrink it and certify it.

    A proved claim is searched for the largest tightness, all others for the largest violation.  The certificate is
    written into the folder `store`; without one nothing is stored, so nothing is certified.  A claim that the verifier
    has no rule for is shrunk by its violation in floating point, and stays a candidate.  `spread` may search several
    worlds at once; shrinking is done here.  `InputError` if the claim has no such hypothesis.
    """
    relaxed = without(claim, drop)
    if store is not None:
        require_folder(store)
    aim = "tightness" if claim.status is Status.proved and drop is None else "violation"
    options: Any = {"progress": lambda part: progress("search", part), "spread": spread}
    found = search(relaxed, aim=aim, seed=seed, effort=effort, **options)
    made = Falsification(
        id=claim.id,
        status=claim.status,
        dropped=drop,
        found=found.verdict is Verdict.violated,
        violation=finite_or_none(found.violation),
        tightness=finite_or_none(found.tightness),
        certified=False,
        evaluations=found.evaluations,
        instance=instance_to_json(found.instance),
        seed=seed,
        start=found.start,
        strongest=finite_or_none(found.violation),
    )
    if not made.found:
        return made
    progress("shrink", 0.0)
    draft = _shrunk(claim, drop, found, _excess if claim.id in RULES else _excess_in_floats(relaxed))
    progress("shrink", 1.0)
    if draft is None:
        return made
    if claim.id not in RULES:
        small = _evaluated(relaxed, draft)
        assert small is not None and small.slack is not None
        return replace(made, violation=-small.slack, tightness=small.tightness, instance=_plain_instance(draft))
    certificate = _sealed(draft, made)
    made = replace(
        made, **_numbers(certificate, claim.identity), certificate=certificate, instance=_plain_instance(draft)
    )
    if store is None:
        return made
    path = store / certificate_name(claim.id, drop)
    return made if verify_afresh(certificate, path) else replace(made, certified=True, stored=path)


def _shrunk(claim: Claim, drop: str | None, found: Strained, excess: Excess) -> Draft | None:
    draft = draft_of(claim, drop, found.instance, found.world)
    every = (shrunk(draft, excess, kept * found.violation) for kept in _KEPT)
    return next((made for made in every if made is not None), None)


def _sealed(draft: Draft, made: Falsification) -> dict[str, Any]:
    instance, witnesses = draft.completed()
    provenance = {"command": _command(made), "seed": made.seed, "start": made.start, "evaluations": made.evaluations}
    return exact.sealed(
        claim=made.id,
        dropped=made.dropped,
        factor="1",
        instance=_texts(instance),
        witnesses=_texts(witnesses),
        provenance=provenance,
    )


def _command(made: Falsification) -> str:
    dropped = f" --drop {made.dropped}" if made.dropped else ""
    return f"w2s-theory falsify {made.id}{dropped} --seed {made.seed}"


def _numbers(certificate: dict[str, Any], identity: bool) -> dict[str, float | None]:
    """Violation and tightness by the middles of the certified sides; of an identity the absolute difference."""
    lhs, rhs = (sum(map(Fraction, certificate[side])) / 2 for side in ("lhs", "rhs"))
    return {
        "violation": float(abs(lhs - rhs) if identity else lhs - rhs),
        "tightness": float(lhs / rhs) if rhs > 0 else None,
    }


def _plain_instance(draft: Draft) -> dict[str, Any]:
    return instance_to_json(instance_from(draft.instance_file()))


def certificate_name(identifier: str, dropped: str | None) -> str:
    """File name of a certificate: `ID.json`, or `ID-without-HYPOTHESIS.json`."""
    return f"{identifier}-without-{dropped}.json" if dropped else f"{identifier}.json"
