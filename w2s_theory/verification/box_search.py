"""Proofs over a box: branch and bound for the slack of a two-class claim, and its certificate.

A box is one input with the weak row (p, 1 - p) and the strong row (q, 1 - q), p and q in rational intervals; the
bounds themselves are those of `w2s_theory.exact.box_slack`.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import fmpq

from w2s_theory.errors import InputError
from w2s_theory.exact.box_certificate import UNDECIDED, Leaf, box_precision, least_bounds, sealed_box
from w2s_theory.exact.box_geometry import NARROW, Axis, Box, floored_square
from w2s_theory.exact.box_slack import DIRECT, BoxClaim, box_claims
from w2s_theory.verification.stored import verify_afresh

Progress = Callable[[float, int], Any]
"""(share of the area that is decided, number of boxes it consists of) ↦ anything."""

ALLOWED = -1e-6
"""The least slack that counts as a proof (theory section 8)."""

_TOLD_EVERY = 256


@dataclass(frozen=True)
class Bisection:
    """What a search has made of a box: its tree in preorder, the bounds of the decided leaves, the undecided boxes.

    `area` is the share of the box that each form has decided, `examined` the number of boxes looked at.
    """

    tree: str
    leaves: list[Leaf]
    undecided: list[Box]
    area: dict[str, float]
    examined: int


@dataclass(frozen=True)
class BoxResult:
    """A claim on a box: slack = rhs - lhs ≥ `slack_at_least` everywhere, in the claim's own units.

    `slack_at_least` is None while boxes are `undecided`; `strict_away` is a positive lower bound of the slack over all
    leaves that do not meet the `equality` set; `boxes` counts the leaves.  `proved`: nothing is undecided, the slack
    is at least -1e-6, and the certificate that lies at `stored` was accepted by the verifier in a fresh process.
    """

    id: str
    box: list[list[str]]
    slack_at_least: float | None
    boxes: int
    undecided: list[list[list[str]]]
    proved: bool
    strict_away: float | None
    equality: str
    area: dict[str, float]
    certificate: dict[str, Any]
    stored: Path | None = None

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        if self.undecided:
            return f"{self.id}: {len(self.undecided):,} of {self.boxes:,} boxes undecided, so nothing is certified"
        slack = f"slack at least {self.slack_at_least:g} on this box, by {self.boxes:,} boxes"
        how = "certified, and accepted by the verifier" if self.proved else "found, but accepted by no verifier"
        return f"{self.id}: {slack}: {how}"

    def facts(self) -> dict[str, str]:
        """What a table shows, by row name."""
        (p_low, p_high), (q_low, q_high) = self.box
        return {
            "box": f"weak (p, 1 - p), strong (q, 1 - q), p in [{p_low}, {p_high}], q in [{q_low}, {q_high}]",
            "slack at least": "–" if self.slack_at_least is None else f"{self.slack_at_least:g}",
            "off the equality set": "–" if self.strict_away is None else f"slack at least {self.strict_away:.3g}",
            "equality set": self.equality,
            "boxes": f"{self.boxes:,}, {len(self.undecided):,} of them undecided",
            "area decided by evaluating both sides": f"{self.area.get(DIRECT, 0.0):.1%}",
        }

    def to_json(self) -> dict[str, Any]:
        """The keys of `w2s-theory certify --json`."""
        keys = ("id", "box", "slack_at_least", "boxes", "undecided", "proved", "strict_away", "equality", "area")
        made = {key: getattr(self, key) for key in keys}
        return made | {"certificate": str(self.stored) if self.stored else None}


def certify_box(
    claim_id: str,
    *,
    floor: Fraction = Fraction(1, 1000),
    most_boxes: int = 200_000,
    store: Path | None = None,
    progress: Progress | None = None,
) -> BoxResult:
    """Prove a claim for all (p, q) in [γ, 1 - γ]², γ the floor, by branch and bound in ball arithmetic.

    At most `most_boxes` boxes are examined.  The certificate is written into the folder `store` and verified there in
    a fresh process; without a folder nothing is `proved`.  `InputError` if there is no such claim on boxes, if the
    floor is not in (0, 1/2), or if the folder cannot be written.
    """
    if not 0 < floor < Fraction(1, 2):
        raise InputError(f"floor {floor} is not strictly between 0 and 1/2")
    gamma = fmpq(floor.numerator, floor.denominator)
    with box_precision():
        claims = box_claims(gamma)
        if claim_id not in claims:
            raise InputError(f"claim {claim_id} cannot be certified on a box; these can: {', '.join(claims)}")
        claim, square = claims[claim_id], floored_square(gamma)
        found = bisect(claim, square, most_boxes=most_boxes, progress=progress)
        slack, away = least_bounds(found.leaves) if found.leaves else (None, None)
    slack = None if found.undecided else slack
    provenance = {"command": f"w2s-theory certify {claim_id}", "examined": found.examined, "area": found.area}
    certificate = sealed_box(claim_id, gamma, slack, found.tree, provenance)
    result = BoxResult(
        id=claim_id,
        box=square.corners(),
        slack_at_least=slack,
        boxes=len(found.leaves) + len(found.undecided),
        undecided=[box.corners() for box in found.undecided],
        proved=False,
        strict_away=away,
        equality=claim.equality,
        area=found.area,
        certificate=certificate,
    )
    if store is None:
        return result
    path = store / f"{claim_id}-on-box.json"
    complaint = verify_afresh(certificate, path)
    return replace(result, stored=path, proved=slack is not None and slack >= ALLOWED and not complaint)


def bisect(claim: BoxClaim, box: Box, *, most_boxes: int, progress: Progress | None = None) -> Bisection:
    """Halve the box, the largest part first, until a form of the claim decides every part or the budget is spent.

    A part is halved in the coordinate in which it is longer in log-odds.  Call it within `box_precision()`.
    """
    letters: dict[str, str] = {}
    waiting = [(0, "", box)]
    leaves: list[Leaf] = []
    area: defaultdict[str, float] = defaultdict(float)
    while waiting and len(letters) < most_boxes:
        depth, path, part = heapq.heappop(waiting)
        form, leaf = _decision(claim, part)
        if leaf is not None:
            letters[path] = form
            leaves.append(leaf)
            area[form] += 0.5**depth
        else:
            axis: Axis = "p" if part.widths[0] >= part.widths[1] else "q"
            letters[path] = axis
            for bit, half in zip("01", part.halves(axis), strict=True):
                heapq.heappush(waiting, (depth + 1, path + bit, half))
        if progress and len(letters) % _TOLD_EVERY == 0:
            progress(sum(area.values()), len(leaves))
    examined = len(letters)
    letters |= {path: UNDECIDED for _, path, _ in waiting}
    if progress:
        progress(sum(area.values()), len(leaves))
    tree = "".join(letters[path] for path in sorted(letters))
    return Bisection(tree, leaves, [part for _, _, part in sorted(waiting)], dict(area), examined)


def _decision(claim: BoxClaim, box: Box) -> tuple[str, Leaf | None]:
    """The first form that decides the box, with its bound; no leaf if none does."""
    meets = claim.meets(box)
    narrow = max(box.widths) <= NARROW
    for form in claim.forms:
        if (not meets) if form == DIRECT else narrow:
            bound = claim.decided(form, box, meets)
            if bound is not None:
                return form, (bound, meets)
    return UNDECIDED, None
