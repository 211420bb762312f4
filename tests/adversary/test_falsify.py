"""From search to certificate, as the command line and the API do it."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import w2s_theory
from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Cite, Leq, Status, claim
from w2s_theory.functionals.divergences import total_variation
from w2s_theory.functionals.risks import disagreement
from w2s_theory.instance import Instance
from w2s_theory.measures import expectation
from w2s_theory.verdict import Verdict
from w2s_theory.verification.falsify import certificate_name, falsify_claim
from w2s_theory.verification.search import Effort
from w2s_theory.verification.stored import verify_afresh
from w2s_theory.worlds.tables import FlooredTables

STORED = Path(__file__).parents[1] / "certificates"
FEW = Effort(starts=256, steps=100, polished=1)


def test_a_refuted_claim_is_refuted_shrunk_and_certified(tmp_path):
    claim = CATALOGUE["calibration-binned"]
    found = falsify_claim(claim, seed=21, effort=FEW, store=tmp_path)
    assert found.found and found.certified and found.passed
    assert len(found.instance["weights"]) <= 2
    assert all(round(1000 * v, 6) % 1 == 0 or v * 3 % 1 < 1e-9 for row in found.instance["weak"] for v in row)
    again = w2s_theory.evaluate(claim.id, found.instance)
    assert again.verdict is Verdict.violated
    assert again.lhs - again.rhs == pytest.approx(found.violation, rel=1e-9)
    assert found.violation <= found.strongest + 1e-9 or found.violation > 0
    certificate = json.loads((tmp_path / "calibration-binned.json").read_text())
    assert certificate["provenance"]["command"] == "w2s-theory falsify calibration-binned --seed 21"


def test_without_a_place_to_store_it_nothing_is_certified():
    found = falsify_claim(CATALOGUE["calibration-binned"], seed=21, effort=FEW)
    assert found.found and found.certificate is not None
    assert not found.certified


def test_a_claim_without_its_floor_breaks(tmp_path):
    claim = CATALOGUE["floored-log-ratio"]
    found = falsify_claim(claim, drop="floor", seed=4, effort=FEW, store=tmp_path)
    assert found.found and found.certified
    assert found.stored == tmp_path / "floored-log-ratio-without-floor.json"
    assert w2s_theory.evaluate(claim.id, found.instance).verdict is Verdict.hypotheses_not_met


def test_a_true_claim_is_never_called_verified():
    claim = CATALOGUE["pinsker"]
    found = falsify_claim(replace(claim, worlds=claim.worlds[:1]), effort=FEW)
    assert not found.found and not found.certified and found.passed
    assert re.fullmatch(r"pinsker: no counterexample found in [\d,]+ evaluations; best tightness 1", found.sentence)
    assert "verified" not in found.sentence


@claim(cite=Cite("w2stheory"), status=Status.open, worlds=(FlooredTables(3, 3), FlooredTables(1, 2)))
def linear_pinsker(i: Instance) -> Leq:
    r"""$\mathbb E\,\mathrm{TV}(F_w,F_{sw})\le d_P(F_w,F_{sw})$, which fails for models near each other."""
    return Leq(expectation(i.weights, total_variation(i.weak, i.strong)), disagreement(i.weights, i.weak, i.strong))


def test_a_claim_of_ones_own_is_searched_and_shrunk_and_stays_a_candidate(tmp_path):
    found = falsify_claim(linear_pinsker, effort=FEW, store=tmp_path)
    assert found.found and not found.certified and found.certificate is None and found.passed
    assert "not certified, so a candidate only" in found.sentence
    assert not list(tmp_path.iterdir())
    assert len(found.instance["weights"]) == 1
    assert all(100 * entry % 1 < 1e-9 or 100 * entry % 1 > 1 - 1e-9 for entry in found.instance["strong"][0])
    again = w2s_theory.evaluate(linear_pinsker, found.instance)
    assert again.verdict is Verdict.violated
    assert again.lhs - again.rhs == pytest.approx(found.violation, rel=1e-12)
    assert 0 < found.violation <= found.strongest


def test_public_functions_take_claims_of_ones_own_but_not_under_the_name_of_another():
    (row,) = w2s_theory.verify(linear_pinsker, instances=200)
    assert (row.id, row.verdict) == ("linear-pinsker", "violated")
    usurper = replace(linear_pinsker, id="pinsker")
    for ask in (w2s_theory.verify, w2s_theory.falsify, lambda c: w2s_theory.evaluate(c, {})):
        with pytest.raises(w2s_theory.InputError, match="claim id 'pinsker' is taken by the catalogue"):
            ask(usurper)
    assert w2s_theory.verify(CATALOGUE["pinsker"], instances=200)[0].passed


def test_a_refuted_claim_that_is_not_refuted_has_failed():
    found = falsify_claim(CATALOGUE["calibration-binned"], seed=21, effort=FEW)
    assert not replace(found, found=False).passed
    assert not replace(found, certified=False).passed
    assert not replace(found, status=Status.proved).passed


def test_the_command_writes_what_its_contract_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "w2s_theory.cli", "falsify", "floored-log-ratio", "--drop", "floor"]
    done = subprocess.run([*command, "--json", "out.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert set(found) >= {"id", "dropped", "violation", "tightness", "certified", "evaluations", "instance"}
    assert found["dropped"] == "floor" and found["certified"] is True and found["violation"] > 0
    assert (tmp_path / found["certificate"]).exists()
    assert "certified" in done.stdout
    bad = subprocess.run([*command[:-1], "flour"], capture_output=True, text=True)
    assert bad.returncode == 2
    assert bad.stderr.strip() == "error: claim floored-log-ratio has no hypothesis 'flour'; its hypotheses are floor"


def test_every_refuted_claim_and_every_dropped_hypothesis_has_a_certificate_and_all_are_accepted():
    wanted = {certificate_name(c.id, None) for c in CLAIMS if c.status is Status.refuted}
    wanted |= {certificate_name(c.id, h.name) for c in CLAIMS if c.status is Status.proved for h in c.assumes}
    stored = {path.name for path in STORED.glob("*.json") if not path.name.endswith("-on-box.json")}
    assert stored == wanted
    verifier = [sys.executable, "-m", "w2s_theory.exact", *map(str, sorted(STORED.glob("*.json")))]
    done = subprocess.run(verifier, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("certified") >= len(wanted)


def test_stored_certificates_say_where_they_come_from():
    for path in STORED.glob("*.json"):
        provenance = json.loads(path.read_text())["provenance"]
        assert re.match(r"w2s-theory (falsify|certify) \S+", provenance["command"]), path.name
        assert provenance.get("start", "random") in ("random", "corner", "witness")


def test_a_rejected_certificate_does_not_replace_a_good_one(tmp_path):
    good = (STORED / "calibration-binned.json").read_text()
    path = tmp_path / "calibration-binned.json"
    assert verify_afresh(json.loads(good), path) == ""
    before = path.read_bytes()
    assert "rejected" in verify_afresh(json.loads(good) | {"at_least": "3/2"}, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
