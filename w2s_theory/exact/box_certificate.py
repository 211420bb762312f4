"""Certificates of bounds on a box: the bisection tree of the box, and how each of its leaves is decided.

The tree is written in preorder, a letter a box: "p" or "q" bisects it in that coordinate (lower half first), any
other letter names the form of `box_slack` that decides it.  So the leaves cover the box whatever the tree says.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from flint import arb, ctx, fmpq

from w2s_theory.exact.box_geometry import NARROW, Axis, Box, floored_square, rounded_down
from w2s_theory.exact.box_slack import DIRECT, BoxClaim, box_claims
from w2s_theory.exact.certificate import digest, require_format
from w2s_theory.exact.instance import known_keys
from w2s_theory.exact.rationals import CertificateError, rational, shown

FORMAT, VERSION = "w2s-theory box certificate", 1
UNDECIDED = "?"
"""The letter of a leaf that nothing decides; no certificate with one is accepted."""

_KEYS = ("format", "version", "claim", "floor", "box", "slack_at_least", "tree", "provenance", "digest")
_DEEPEST = 200

Leaf = tuple[arb, bool]
"""A certified lower bound of the slack on a leaf, and whether the leaf meets the equality set."""


@dataclass(frozen=True)
class CheckedBox:
    """What an accepted certificate states: slack ≥ slack_at_least on the box, > 0 on leaves off the equality set.

    `strict_away` is the least bound over those leaves, None if there are none; `boxes` is the number of all leaves.
    """

    claim: str
    floor: str
    box: list[list[str]]
    slack_at_least: float
    strict_away: float | None
    equality: str
    boxes: int

    def __str__(self) -> str:
        (p_low, p_high), (q_low, q_high) = self.box
        where = f"(p, q) in [{p_low}, {p_high}] x [{q_low}, {q_high}]"
        return f"{self.claim}, {where}: rhs - lhs >= {self.slack_at_least:g}, by {self.boxes} boxes"


@contextmanager
def box_precision() -> Iterator[None]:
    """The working precision of box bounds, 128 bits and series to first order; the former one is restored after it."""
    order, ctx.cap = ctx.cap, 2
    try:
        with ctx.workprec(128):
            yield
    finally:
        ctx.cap = order


def least_bounds(leaves: Iterable[Leaf]) -> tuple[float, float | None]:
    """The least bound over all leaves, and over those that do not meet the equality set, both rounded down."""
    bounds = list(leaves)
    away = [bound for bound, meets in bounds if not meets]
    return rounded_down(min(bound for bound, _ in bounds)), rounded_down(min(away)) if away else None


def sealed_box(
    claim: str, floor: fmpq, slack_at_least: float | None, tree: str, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """The certificate of a tree over the square [γ, 1 - γ]², as a JSON object; it is not checked here."""
    made = {
        "format": FORMAT,
        "version": VERSION,
        "claim": claim,
        "floor": str(floor),
        "box": floored_square(floor).corners(),
        "slack_at_least": slack_at_least,
        "tree": tree,
        "provenance": dict(provenance),
    }
    return made | {"digest": digest(made)}


def check(data: Mapping[str, Any]) -> CheckedBox:
    """Verify a certificate: replay its tree, and evaluate the bound of every leaf again.

    `UnreadableError` for what is not a box certificate of this version, else `CertificateError`, one sentence, for
    anything that does not hold: an unknown or missing key, the digest, a tree that does not parse, a leaf that its
    form does not decide, a slack better than the leaves give.
    """
    require_format(data, FORMAT, VERSION)
    known_keys(data, set(_KEYS), "certificate")
    missing = next((key for key in _KEYS if key not in data), None)
    if missing:
        raise CertificateError(f"certificate: the key {missing} is missing")
    if not isinstance(data["provenance"], Mapping) or data["digest"] != digest(data):
        raise CertificateError("field digest: it is not that of this content, so the file was altered")
    with box_precision():
        return _checked(data)


def _checked(data: Mapping[str, Any]) -> CheckedBox:
    floor = rational(data["floor"], "floor")
    if not 0 < floor < fmpq(1, 2):
        raise CertificateError(f"field floor: {floor} is not strictly between 0 and 1/2")
    square = floored_square(floor)
    if data["box"] != square.corners():
        raise CertificateError(f"field box: {shown(data['box'])} is not the square [{floor}, {1 - floor}]²")
    claims = box_claims(floor)
    if not isinstance(data["claim"], str) or data["claim"] not in claims:
        raise CertificateError(f"field claim: {shown(data['claim'])} is none of {', '.join(claims)}")
    if not isinstance(data["tree"], str):
        raise CertificateError(f"field tree: {shown(data['tree'])} is not a string")
    claim = claims[data["claim"]]
    leaves = list(replayed(claim, square, data["tree"]))
    found, away = least_bounds(leaves)
    stated = data["slack_at_least"]
    if not isinstance(stated, int | float) or isinstance(stated, bool) or not -1 <= stated <= found:
        raise CertificateError(f"field slack_at_least: {shown(stated)} is not a number at most {found!r}, the leaves'")
    return CheckedBox(claim.id, str(floor), square.corners(), float(stated), away, claim.equality, len(leaves))


def replayed(claim: BoxClaim, box: Box, tree: str) -> Iterator[Leaf]:
    """The leaves of a tree with their bounds, in preorder; `CertificateError` for a tree that proves nothing."""
    waiting = [(box, 0)]
    for place, letter in enumerate(tree):
        if not waiting:
            raise CertificateError(f"field tree: the letters from number {place + 1} on belong to no box")
        part, depth = waiting.pop()
        if letter in ("p", "q"):
            if depth == _DEEPEST:
                raise CertificateError(f"field tree: a box is bisected more than {_DEEPEST} times")
            waiting.extend((half, depth + 1) for half in reversed(part.halves(cast(Axis, letter))))
        elif letter in claim.forms:
            if letter != DIRECT and max(part.widths) > NARROW:
                raise CertificateError(f"field tree: form {letter!r} is for narrower boxes than {_shown(part)}")
            meets = claim.meets(part)
            bound = claim.decided(letter, part, meets)
            if bound is None:
                raise CertificateError(f"field tree: form {letter!r} does not decide the box {_shown(part)}")
            yield bound, meets
        elif letter == UNDECIDED:
            raise CertificateError(f"field tree: the box {_shown(part)} is undecided")
        else:
            raise CertificateError(f"field tree: {letter!r}, letter number {place + 1}, has no meaning")
    if waiting:
        raise CertificateError(f"field tree: it ends before {len(waiting)} of its boxes")


def _shown(box: Box) -> str:
    (p_low, p_high), (q_low, q_high) = box.corners()
    return f"[{p_low}, {p_high}] x [{q_low}, {q_high}]"
