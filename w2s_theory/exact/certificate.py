"""Certificates: statements about one rational instance, written down and checked again from nothing but the file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flint import arb, fmpq

from w2s_theory.exact.balls import precision, smallest
from w2s_theory.exact.calibration import CALIBRATION
from w2s_theory.exact.gain import GAIN
from w2s_theory.exact.generalization import GENERALIZATION
from w2s_theory.exact.instance import WITNESSES, known_keys, read_instance
from w2s_theory.exact.lemmas import LEMMAS
from w2s_theory.exact.rationals import (
    CertificateError,
    UnreadableError,
    decimal,
    enclosing_decimals,
    rational,
    rounded_down,
    shown,
)
from w2s_theory.exact.robustness import ROBUSTNESS
from w2s_theory.exact.rules import Relation, Rule

FORMAT, VERSION = "w2s-theory certificate", 1
RULES: Mapping[str, Rule] = LEMMAS | GENERALIZATION | CALIBRATION | GAIN | ROBUSTNESS
"""How every claim is checked, by its id."""

_TYPES: Mapping[str, Any] = dict.fromkeys(("claim", "factor", "at_least", "digest"), str) | {
    "dropped": str | None,
    "instance": Mapping,
    "witnesses": Mapping,
    "provenance": Mapping,
}
_KEYS = {"format", "version", "lhs", "rhs", *_TYPES}
_LONGEST = 5_000_000


@dataclass(frozen=True)
class Sides:
    """Enclosures of both sides over every student that may be the optimum, and of the strain.

    The strain is lhs - (rhs - (1 - factor)·bound), for identities |lhs - rhs|; positive, it refutes the inequality.
    """

    lhs: arb
    rhs: arb
    bound: arb
    strain: arb

    @property
    def certified(self) -> bool:
        """Whether the strain is certainly positive."""
        return bool(self.strain > 0)


@dataclass(frozen=True)
class Checked:
    """What a certificate that was accepted states; `lhs` and `rhs` are the verifier's own enclosures as decimals."""

    claim: str
    dropped: str | None
    factor: fmpq
    at_least: fmpq
    lhs: tuple[str, str]
    rhs: tuple[str, str]


def enclose(
    claim: str,
    dropped: str | None,
    factor: str,
    instance: Mapping[str, Any],
    witnesses: Mapping[str, Any] | None = None,
) -> Sides:
    """Both sides of the claim on a rational instance, after every hypothesis but `dropped` has been checked exactly.

    `factor`, a rational in (0, 1] as a string, multiplies the claim's bound.  `CertificateError` with one sentence if
    the instance is not as the claim supposes, or a side is not finite.
    """
    if claim not in RULES:
        raise CertificateError(f"field claim: there is no claim {shown(claim)}")
    rule = RULES[claim]
    if dropped is not None and dropped not in rule.assumes:
        raise CertificateError(f"field dropped: {claim} does not assume {shown(dropped)}")
    for name in known_keys(witnesses or {}, WITNESSES, "witnesses"):
        if name not in rule.witnesses:
            raise CertificateError(f"witnesses: {claim} makes no use of {shown(name)}")
    sharper = rational(factor, "factor")
    if not 0 < sharper <= 1 or (rule.identity and sharper != 1):
        raise CertificateError(f"field factor: {shown(factor)} is not in (0, 1], or not 1 for an identity")
    with precision():
        i = read_instance(instance, witnesses or {})
        each = [_sides(rule, rule.sides(case), sharper) for case in rule.cases(i, dropped)]
        joined = each[0]
        for sides in each[1:]:
            joined = Sides(
                joined.lhs.union(sides.lhs),
                joined.rhs.union(sides.rhs),
                joined.bound.union(sides.bound),
                smallest((joined.strain, sides.strain)),
            )
    return joined


def _sides(rule: Rule, relation: Relation, factor: fmpq) -> Sides:
    lhs, rhs = relation.lhs, relation.rhs
    bound = rhs if relation.bound is None else relation.bound
    strain = abs(lhs - rhs) if rule.identity else lhs - rhs + (1 - factor) * bound
    for name, value in (("left", lhs), ("right", rhs), ("strained", bound)):
        if not value.is_finite():
            raise CertificateError(f"the {name} side is not certainly finite on this instance")
    return Sides(lhs, rhs, bound, strain)


def sealed(
    *,
    claim: str,
    dropped: str | None,
    factor: str,
    instance: Mapping[str, Any],
    witnesses: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A certificate as a JSON object; `CertificateError` as `enclose`, or if the strain is not certainly positive.

    `at_least` is the strain rounded down to two digits, `lhs` and `rhs` are rounded outward to eighteen.
    """
    sides = enclose(claim, dropped, factor, instance, witnesses)
    with precision():
        if not sides.certified:
            raise CertificateError(f"the strain of {claim} is not certainly positive: it is {sides.strain.str(5)}")
        made = {
            "format": FORMAT,
            "version": VERSION,
            "claim": claim,
            "dropped": dropped,
            "factor": factor,
            "at_least": str(rounded_down(sides.strain.lower().fmpq(), 2)),
            "lhs": list(enclosing_decimals(sides.lhs)),
            "rhs": list(enclosing_decimals(sides.rhs)),
            "instance": dict(instance),
            "witnesses": dict(witnesses or {}),
            "provenance": dict(provenance or {}),
        }
    return made | {"digest": digest(made)}


def digest(certificate: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of all keys but `digest`."""
    content = {key: value for key, value in certificate.items() if key != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def check(given: str | Mapping[str, Any]) -> Checked:
    """Verify a certificate, given as the text of its file or as the object in it.

    Everything is recomputed: digest, exactness of the instance, hypotheses, student, both sides, strain.
    `UnreadableError` for what is not a certificate of this version, else `CertificateError` for anything that does
    not hold.
    """
    data = parsed(given) if isinstance(given, str) else given
    require_format(data, FORMAT, VERSION)
    known_keys(data, _KEYS, "certificate")
    for key in sorted(_KEYS):
        if key not in data:
            raise CertificateError(f"certificate: the key {key} is missing")
    for key, kind in _TYPES.items():
        if not isinstance(data[key], kind):
            raise CertificateError(f"field {key}: {shown(data[key])} is not what this format has there")
    if data["digest"] != digest(data):
        raise CertificateError("field digest: it is not that of this content, so the file was altered")
    sides = enclose(*(data[key] for key in ("claim", "dropped", "factor", "instance", "witnesses")))
    at_least = rational(data["at_least"], "at_least")
    with precision():
        if not (at_least > 0 and sides.strain >= at_least):
            raise CertificateError(f"the strain is not certainly at least {data['at_least']} > 0")
        for name, ball in (("lhs", sides.lhs), ("rhs", sides.rhs)):
            _require_enclosed(name, data[name], ball)
        return Checked(
            data["claim"],
            data["dropped"],
            rational(data["factor"], "factor"),
            at_least,
            enclosing_decimals(sides.lhs),
            enclosing_decimals(sides.rhs),
        )


def _require_enclosed(name: str, stated: object, ball: arb) -> None:
    """The stated ends contain the ball, and are not much wider than it."""
    if not isinstance(stated, list | tuple) or len(stated) != 2:
        raise CertificateError(f"field {name}: {shown(stated)} is not a pair of decimal numbers")
    low, high = (decimal(end, name) for end in stated)
    if not (ball >= low and ball <= high):
        raise CertificateError(f"field {name}: {shown(stated)} does not enclose that side, which is {ball.str(20)}")
    if not high - low <= fmpq(1, 10**6) * (1 + abs(ball).upper().fmpq()) + 8 * ball.rad().upper().fmpq():
        raise CertificateError(f"field {name}: {shown(stated)} is much wider than what the verifier finds")


def parsed(text: str) -> Mapping[str, Any]:
    """The JSON object of a file; `UnreadableError` for truncated text, other JSON, or a key that occurs twice."""
    if len(text) > _LONGEST:
        raise UnreadableError(f"holds more than {_LONGEST} characters")
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except CertificateError:
        raise
    except json.JSONDecodeError as problem:
        raise UnreadableError(f"is not JSON, or truncated: {problem.msg} at line {problem.lineno}") from None
    except (RecursionError, ValueError):
        raise UnreadableError("is nested too deeply, or holds a number of thousands of digits") from None
    if not isinstance(data, Mapping):
        raise UnreadableError("does not hold a JSON object")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise CertificateError("certificate: a key occurs twice")
    return made


def _no_constant(name: str) -> Any:
    raise CertificateError(f"certificate: {name} is not a number")


def require_format(data: Mapping[str, Any], name: str, version: int) -> None:
    """`UnreadableError` unless the object says that it has this format and version."""
    if data.get("format") != name:
        raise UnreadableError(f"field format: {shown(data.get('format'))} is not {name!r}")
    if data.get("version") != version or isinstance(data.get("version"), bool):
        raise UnreadableError(
            f"field version: it was written by another version ({shown(data.get('version'))}, not {version})"
        )
