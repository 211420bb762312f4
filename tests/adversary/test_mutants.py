"""Mutants die, or survive for a declared reason; a verifier that cannot find what is false is found out."""

from dataclasses import replace

import pytest

from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Status
from w2s_theory.instance import Instance
from w2s_theory.verification.mutants import MutantRow, mutants, mutation_run
from w2s_theory.verification.search import Effort

FEW = Effort(starts=128, steps=40, polished=1)


def outcome(rows):
    return {row.mutant: (row.how, row.reason) for row in rows}


def test_mutants_of_claims_about_tables_die_or_say_why_not():
    rows = mutation_run([CATALOGUE["floored-log-ratio"], CATALOGUE["data-processing"]], 500, effort=FEW)
    found = outcome(row for row in rows if row.id == "floored-log-ratio")
    assert found["5 % sharper"][0] in ("property test", "witness")
    assert found["KL of the disagreement flipped"] == (None, "true in both directions")
    assert found["without floor"][0] == "property test"
    assert all(how for how, _ in outcome(row for row in rows if row.id == "data-processing").values())
    assert all(row.passed for row in rows)


def test_mutants_of_a_gain_die_one_by_one():
    claim = CATALOGUE["gain-reverse-mixture-risk"]
    rows = mutation_run([replace(claim, worlds=claim.worlds[:1])], 500, effort=FEW)
    assert set(outcome(rows)) == {
        "5 % sharper",
        "KL of the disagreement flipped",
        "KL of the risk flipped",
        "without mixture_convex",
        "without realizable",
        "without optimal",
    }
    assert all(row.how for row in rows), outcome(rows)


def test_a_mutant_that_only_search_finds_is_found():
    claim = CATALOGUE["pinsker"]
    lonely = replace(claim, worlds=claim.worlds[1:2], witness=lambda h: claim.witness(0.4))
    quiet = [row for row in mutation_run([lonely], 1, effort=Effort(starts=256, steps=100)) if "sharper" in row.mutant]
    assert [row.how for row in quiet] == ["search"]


def test_a_claim_looser_than_it_says_is_a_defect():
    """A bound twice too large is still true, but its sharper mutant survives, and nothing explains that."""
    claim = CATALOGUE["sharp-pinsker"]

    def loose(i: Instance):
        return claim.sides(i).sharpened(2.0)

    loose = replace(claim, sides=loose, worlds=claim.worlds[:1], either_direction=False)
    rows = {row.mutant: row for row in mutation_run([loose], 200, effort=FEW)}
    assert not rows["5 % sharper"].passed
    assert not rows["KL of the disagreement flipped"].passed


def test_only_the_claims_of_the_theory_may_survive():
    direction = {claim.id for claim in CLAIMS if claim.either_direction}
    family = {c.id for c in CLAIMS if c.id.startswith("calibration-") and c.status is Status.proved and not c.identity}
    listed = {"pinsker", "bretagnolle-huber", "sharp-pinsker", "floored-log-ratio"}
    listed |= {f"generalization-{name}" for name in ("forward", "reverse", "naive")}
    assert direction == listed | family | {"risk-controls-calibration"}


def test_flips_are_made_only_where_they_change_something():
    changes = {m.change for m in mutants(CATALOGUE["generalization-squared"])}
    assert changes == {"5 % sharper"}


@pytest.mark.parametrize(
    ("how", "reason", "passed"), [("search", None, True), (None, "why", True), (None, None, False)]
)
def test_a_row_passes_if_the_mutant_died_or_may_live(how, reason, passed):
    assert MutantRow("pinsker", "5 % sharper", how, reason).passed is passed
