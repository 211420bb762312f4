"""Bounds on boxes: against 50-digit slacks, on false claims, and certificates that were tampered with."""

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_series, fmpq

from tests.exact.box_oracles import (
    FALSE,
    FLOOR,
    SLACKS,
    around,
    exact_box,
    exactly,
    high,
    mp,
    points,
    random_boxes,
    sharp_point,
)
from w2s_theory.errors import InputError
from w2s_theory.exact.box_certificate import box_precision, check, sealed_box
from w2s_theory.exact.box_curves import (
    binary_kl,
    log_odds_difference,
    sharp_curve,
    sharp_kl,
    sharp_q,
    sharp_tv,
)
from w2s_theory.exact.box_geometry import floored_square, rounded_down
from w2s_theory.exact.box_slack import DIRECT, box_claims
from w2s_theory.exact.certificate import digest
from w2s_theory.exact.rationals import CertificateError, UnreadableError
from w2s_theory.verification import box_search
from w2s_theory.verification.box_search import bisect, certify_box
from w2s_theory.verification.stored import verify_afresh

IDS = tuple(box_claims(FLOOR))


def require_bounds_below(claim, slack, boxes, rng):
    seen = dict.fromkeys(claim.forms, 0)
    for box in boxes:
        with box_precision():
            bounds = {form: bound(box) for form, bound in claim.forms.items()}
        if any(bound.is_finite() for bound in bounds.values()):
            least = min(slack(p, q) for p, q in points(box, rng, 2))
            for form, bound in bounds.items():
                if bound.is_finite():
                    seen[form] += 1
                    assert exactly(bound) <= least + mp.mpf(10) ** -30, (form, box.corners())
    assert all(count >= len(boxes) / 5 for count in seen.values()), seen


@pytest.mark.parametrize("claim_id", IDS)
def test_every_bound_is_below_the_slack_everywhere_in_its_box(claim_id):
    rng = np.random.default_rng(3)
    with box_precision():
        claim = box_claims(FLOOR)[claim_id]
    require_bounds_below(claim, SLACKS[claim_id], list(random_boxes(rng, 48)), rng)


@pytest.mark.parametrize("claim_id", FALSE)
def test_every_bound_of_a_false_claim_is_below_its_slack(claim_id):
    rng = np.random.default_rng(4)
    make, slack = FALSE[claim_id]
    with box_precision():
        claim = make()
    require_bounds_below(claim, slack, list(random_boxes(rng, 24)), rng)


@pytest.mark.parametrize("claim_id", IDS)
def test_direct_evaluation_is_in_the_units_of_the_claim_and_tight_on_small_boxes(claim_id):
    rng = np.random.default_rng(5)
    for _ in range(12):
        p, q = rng.uniform(0.1, 0.9, size=2)
        box = around(p, q, 1e-7, rng)
        with box_precision():
            bound = box_claims(FLOOR)[claim_id].forms[DIRECT](box)
        slack = SLACKS[claim_id](float(box.p_low), float(box.q_low))
        assert abs(exactly(bound) - slack) <= 1e-4 * slack + 1e-5


@pytest.mark.parametrize("claim_id", IDS)
def test_other_forms_lose_no_more_than_a_constant_factor_near_equality(claim_id):
    """On small boxes beside the diagonal, but away from the corners, each claim's form "n" is of the slack's size."""
    for p in (0.2, 0.35, 0.7):
        box = exact_box(p, p + 1e-6, p + 1e-2, p + 1e-2 + 1e-6)
        with box_precision():
            bound = box_claims(FLOOR)[claim_id].forms["n"](box)
        assert exactly(bound) >= 0.05 * SLACKS[claim_id](float(box.p_low), float(box.q_low)) > 0


def test_a_box_is_said_to_miss_the_equality_set_only_if_it_does():
    rng = np.random.default_rng(11)
    with box_precision():
        claims = box_claims(FLOOR)
        for _ in range(60):
            p, q = sharp_point(np.exp(rng.uniform(-5, 1.5)))
            for x, y in ((p, q), (1 - p, 1 - q)):
                assert claims["sharp-pinsker"].meets(around(x, y, 10 ** rng.uniform(-6, 0), rng))
                assert not claims["sharp-pinsker"].meets(exact_box(x, x + 1e-7, y + 1e-9, y + 1e-7))
                assert not claims["sharp-pinsker"].meets(exact_box(x - 1e-7, x, y - 1e-7, y - 1e-9))
            for identifier, claim in claims.items():
                assert claim.meets(around(p, p, 10 ** rng.uniform(-6, 0), rng)), identifier
            assert claims["hellinger-tv-upper"].meets(exact_box(p - 1e-3, p, 1 - p, 1 - p + 1e-3))
            assert not claims["hellinger-tv-upper"].meets(exact_box(0.7, 0.701, 0.31, 0.32))
            assert claims["generalization-uniform-envelope"].meets(exact_box(0.3, 0.4, 1 / 1024, 0.1))
            assert claims["generalization-uniform-envelope"].meets(exact_box(1 / 1024, 0.1, 0.3, 0.4))
            assert not claims["generalization-uniform-envelope"].meets(exact_box(0.01, 0.1, 0.3, 0.4))


@pytest.mark.parametrize("t", [1e-3, 0.1, 1.0, 4.0, 12.0])
def test_the_sharp_curve_is_that_of_the_theory_and_stationary(t):
    with box_precision():
        t = arb(t)
        q, v = sharp_q(t), sharp_tv(t)
        assert abs(log_odds_difference(q + v, q) - v / (q * (1 - q))) < 1e-24
        assert abs(binary_kl(q + v, q) - sharp_kl(t)) < 1e-28
        d = sharp_kl(t)
        assert abs(sharp_curve().value(d) - v) < 1e-11
        assert abs(sharp_curve().steepness(d) - 1 / (2 * t)) < 1e-11 / t
    tv_expected, kl_expected = high.sharp_pinsker_point(float(t))
    assert abs(exactly(v) - tv_expected) < 1e-24
    assert abs(exactly(d) - kl_expected) < 1e-24


@pytest.mark.parametrize("value", [fmpq(1, 3), fmpq(-1, 3), fmpq(0), fmpq(7, 10**30), fmpq(-7, 10**30)])
def test_rounding_is_downward_and_to_a_neighbour(value):
    with box_precision():
        rounded = Fraction(rounded_down(arb(value)))
    assert rounded <= Fraction(int(value.p), int(value.q))
    assert abs(float(rounded) - float(value)) <= 4e-16 * abs(float(value))


@pytest.mark.parametrize("claim_id", IDS)
def test_every_claim_is_certified_on_the_whole_box(claim_id, tmp_path):
    told = []
    floor = Fraction(1, 20 if claim_id == "sharp-pinsker" else 1000)
    result = certify_box(claim_id, floor=floor, store=tmp_path, progress=lambda part, boxes: told.append((part, boxes)))
    assert result.proved
    assert result.to_json()["undecided"] == []
    assert result.box == [[str(floor), str(1 - floor)]] * 2
    assert result.slack_at_least == 0.0
    assert result.strict_away is not None and 0 < result.strict_away < 1e-2
    assert sum(letter not in "pq" for letter in result.certificate["tree"]) == result.boxes > 500
    assert told == sorted(told) and told[-1] == (pytest.approx(1.0), result.boxes)
    assert sum(result.area.values()) == pytest.approx(1.0) and result.area[DIRECT] > 0.4
    assert result.stored is not None and json.loads(result.stored.read_text()) == result.certificate


@pytest.mark.parametrize(
    "claim_id, floor",
    [("pinsker", Fraction(1, 20)), ("generalization-forward", Fraction(1, 50_000)), (IDS[-1], Fraction(1, 5))],
)
def test_other_floors(claim_id, floor):
    result = certify_box(claim_id, floor=floor)
    assert not result.proved, "no certificate was stored"
    checked = check(result.certificate)
    assert (checked.slack_at_least, checked.strict_away) == (result.slack_at_least, result.strict_away)
    assert (checked.boxes, checked.floor) == (result.boxes, str(floor))


@pytest.mark.parametrize("claim_id", FALSE)
def test_a_false_claim_leaves_undecided_boxes_and_no_certificate(claim_id):
    with box_precision():
        found = bisect(FALSE[claim_id][0](), floored_square(FLOOR), most_boxes=2_000)
    assert found.undecided and found.examined == 2_000
    undecided = sum(float((box.p_high - box.p_low) * (box.q_high - box.q_low)) for box in found.undecided)
    assert undecided / (1 - 2 / 1024) ** 2 + sum(found.area.values()) == pytest.approx(1, abs=1e-12)
    assert sum(found.area.values()) > 0.3
    made = sealed_box(claim_id, FLOOR, 0.0, found.tree, {})
    with pytest.raises(CertificateError, match="field tree"):
        check(made)


def test_the_sharp_curve_stays_undecided_where_the_bound_is_one_thousandth_too_low():
    p, q = sharp_point(1.0)
    around_it, point = exact_box(p - 0.1, p + 0.1, q - 0.1, q + 0.1), exact_box(p, p, q, q)
    with box_precision():
        found = bisect(FALSE["sharp-pinsker"][0](), around_it, most_boxes=700)
        true = bisect(box_claims(FLOOR)["sharp-pinsker"], around_it, most_boxes=700)
    assert any(
        box.p_low <= point.p_low <= box.p_high and box.q_low <= point.q_low <= box.q_high for box in found.undecided
    )
    assert not true.undecided


def test_a_direct_evaluation_says_nothing_about_boxes_on_the_diagonal():
    for claim in box_claims(FLOOR).values():
        assert not claim.forms[DIRECT](exact_box(0.2, 0.3, 0.25, 0.4)).is_finite()


def test_a_spent_budget_is_no_proof(tmp_path):
    result = certify_box("pinsker", most_boxes=1_500, store=tmp_path)
    assert result.area and not result.proved and result.slack_at_least is None and result.stored is not None
    assert len(result.undecided) == result.certificate["tree"].count("?") > 50
    assert "undecided" in result.sentence and "undecided" in verify_afresh(result.certificate, result.stored)


def test_what_the_verifier_rejects_is_not_proved(tmp_path, monkeypatch):
    monkeypatch.setattr(box_search, "verify_afresh", lambda certificate, path: "rejected")
    result = box_search.certify_box("hellinger-tv-lower", floor=Fraction(1, 5), store=tmp_path)
    assert result.slack_at_least == 0.0 and not result.proved


def test_other_claims_and_floors_are_unusable_input(tmp_path):
    with pytest.raises(InputError) as problem:
        certify_box("data-processing")
    assert all(claim_id in str(problem.value) for claim_id in IDS)
    with pytest.raises(InputError, match="floor 1/2"):
        certify_box("pinsker", floor=Fraction(1, 2))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        certify_box("hellinger-tv-lower", floor=Fraction(1, 5), store=tmp_path / "file")


@pytest.fixture(scope="module")
def certificate():
    return certify_box("bretagnolle-huber", floor=Fraction(1, 20)).certificate


def collapsed(tree):
    """The tree with its first bisection into two leaves undone, decided by the first of them."""
    place = next(k for k in range(len(tree)) if tree[k] in "pq" and tree[k + 1] not in "pq" and tree[k + 2] not in "pq")
    return tree[:place] + DIRECT + tree[place + 3 :]


EDITS = {
    "slack": ({"slack_at_least": 1e-9}, "slack_at_least"),
    "slack of another type": ({"slack_at_least": True}, "slack_at_least"),
    "slack as text": ({"slack_at_least": "0"}, "slack_at_least"),
    "slack not a number": ({"slack_at_least": float("nan")}, "slack_at_least"),
    "no slack": ({"slack_at_least": None}, "slack_at_least"),
    "version": ({"version": 2}, "another version"),
    "format": ({"format": "w2s-theory certificate"}, "field format"),
    "unknown key": ({"note": "fine"}, "unknown key 'note'"),
    "provenance": ({"provenance": []}, "digest"),
    "unknown claim": ({"claim": "data-processing"}, "field claim"),
    "claim of another type": ({"claim": ["pinsker"]}, "field claim"),
    "sharper claim": ({"claim": "sharp-pinsker"}, "does not decide"),
    "claim without that form": ({"tree": "c"}, "has no meaning"),
    "floor": ({"floor": "1/50"}, "field box"),
    "floor of another type": ({"floor": 0.05}, "field floor"),
    "no floor": ({"floor": "0"}, "field floor"),
    "smaller box": ({"box": [["1/20", "1/2"], ["1/20", "19/20"]]}, "field box"),
    "whole square by direct evaluation": ({"tree": "d"}, "does not decide"),
    "undecided": ({"tree": "p?n"}, "undecided"),
    "unknown letter": ({"tree": "x"}, "has no meaning"),
    "empty tree": ({"tree": ""}, "ends before 1"),
    "tree of another type": ({"tree": ["d"]}, "not a string"),
    "bottomless tree": ({"tree": "p" * 1000}, "more than 200 times"),
    "tree cut short": (lambda tree: tree[:-1], "ends before 1"),
    "tree too long": (lambda tree: tree + "n", "belong to no box"),
    "tree with a leaf fewer": (collapsed, "does not decide"),
    "direct evaluation everywhere": (lambda tree: tree.replace("n", "d"), "does not decide"),
}


def edited(certificate, edit):
    made = dict(certificate)
    return made | ({"tree": edit(made["tree"])} if callable(edit) else edit)


@pytest.mark.parametrize("edit, complaint", EDITS.values(), ids=EDITS)
def test_an_edited_certificate_is_rejected_even_with_the_right_digest(edit, complaint, certificate):
    made = edited(certificate, edit)
    made["digest"] = digest(made)
    with pytest.raises(CertificateError, match=complaint) as problem:
        check(made)
    assert isinstance(problem.value, UnreadableError) == (complaint in ("another version", "field format"))


@pytest.mark.parametrize("edit", [edit for edit, _ in EDITS.values()], ids=EDITS)
def test_an_edited_certificate_is_rejected_for_its_digest(edit, certificate):
    with pytest.raises(CertificateError):
        check(edited(certificate, edit))


@pytest.mark.parametrize("edit", [{"slack_at_least": -1.0}, {"provenance": {"seed": 1}}], ids=str)
def test_a_weaker_or_renamed_certificate_needs_its_own_digest(edit, certificate):
    made = edited(certificate, edit)
    with pytest.raises(CertificateError, match="field digest"):
        check(made)
    made["digest"] = digest(made)
    assert check(made).boxes == check(certificate).boxes


@pytest.mark.parametrize("key", ["claim", "floor", "box", "slack_at_least", "tree", "provenance", "digest"])
def test_a_missing_key_is_named(key, certificate):
    made = {name: value for name, value in certificate.items() if name != key}
    with pytest.raises(CertificateError, match=f"the key {key} is missing"):
        check(made)


def test_the_verifier_stands_alone(certificate, tmp_path):
    path = tmp_path / "c.json"
    assert verify_afresh(certificate, path) == ""
    assert "field digest" in verify_afresh({**certificate, "slack_at_least": 1.0}, path)
    code = "import sys, w2s_theory.exact.box_certificate; print([m for m in ('jax', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_precision_and_order_are_put_back():
    before = arb(1) / 3
    with pytest.raises(ZeroDivisionError), box_precision():
        assert (arb(1) / 3).rad() < before.rad()
        raise ZeroDivisionError
    assert (arb(1) / 3).rad() == before.rad() and arb_series([1, 1, 1], 3).prec == 3


def test_a_form_must_be_positive_off_the_equality_set():
    with box_precision():
        claim = replace(box_claims(FLOOR)["pinsker"], forms={"n": lambda box: arb(0)})
        on, off = exact_box(0.2, 0.3, 0.25, 0.4), exact_box(0.2, 0.3, 0.4, 0.5)
        assert claim.decided("n", on, claim.meets(on)) == 0
        assert claim.decided("n", off, claim.meets(off)) is None


def test_a_form_without_bisection_is_refused(tmp_path):
    """The forms near the equality set are for narrow boxes; one leaf for the whole square is no proof by bisection."""
    for claim, letter in (("pinsker", "n"), ("generalization-forward", "n"), ("sharp-pinsker", "c")):
        certificate = sealed_box(claim, fmpq(1, 1000), 0.0, letter, {})
        with pytest.raises(CertificateError, match="is for narrower boxes than"):
            check(certificate)
