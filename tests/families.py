"""Claims with the same assumptions on the same worlds are compiled, and swept, together: most of it is shared."""

import functools

import pytest

from tests.compiled import quick
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.verification.sweep import SweepRow, sweep

SWEPT = 2_000


@functools.cache
def family(claim: Claim) -> tuple[Claim, ...]:
    """All claims that assume what this one does, on the same first world; without assumptions, on the same worlds."""

    def key(c: Claim) -> object:
        return (c.assumes, c.worlds[0]) if c.assumes else c.worlds

    return tuple(c for c in CLAIMS if key(c) == key(claim))


def in_one_worker(claim: Claim) -> pytest.MarkDecorator:
    """A mark that brings all tests of a family to one worker."""
    return pytest.mark.xdist_group(family(claim)[0].id)


def swept(claim: Claim, seed: int) -> SweepRow:
    """The row of a refuted claim in a sweep of 2,000 instances of all refuted claims of its family."""
    return _rows(tuple(c for c in family(claim) if c.status is Status.refuted), seed)[claim.id]


@functools.lru_cache(maxsize=16)
def _rows(claims: tuple[Claim, ...], seed: int) -> dict[str, SweepRow]:
    with quick():
        return {row.id: row for row in sweep(claims, SWEPT, seed)}
