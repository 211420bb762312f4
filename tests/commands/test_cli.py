"""The command line as its contract: commands, JSON keys, exit codes."""

import dataclasses
import json
import re
import subprocess
import sys

import pytest

import w2s_theory
from w2s_theory import api
from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Status


def test_evaluate_prints_the_known_counterexample(run, two_inputs, instance_file, tmp_path):
    out = tmp_path / "out.json"
    code, text, _ = run(
        "evaluate", "calibration-score-conditional", "--instance", instance_file(two_inputs), "--json", out
    )
    assert code == 0
    for word in ("0.798", "0.00282843", "violated"):
        assert word in text
    found = json.loads(out.read_text())
    assert set(found) >= {"id", "lhs", "rhs", "slack", "tightness", "error", "hypotheses", "verdict"}
    assert found["lhs"] == pytest.approx(0.798, rel=1e-12)
    assert found["rhs"] == pytest.approx(0.00282842854, rel=1e-8)
    assert found["verdict"] == "violated"


def test_a_failed_hypothesis_is_a_verdict_with_its_margin_not_an_error(run, two_inputs, instance_file, tmp_path):
    out = tmp_path / "out.json"
    for claim, change, margin in (
        ("generalization-forward", {"floor": 0.4999}, -0.0009),
        ("calibration-score-sufficient", {}, -0.8),
        ("calibration-common-conditioning", {"groups": [0, 1], "strong_groups": [0, 0]}, -0.5),
    ):
        code, text, _ = run("evaluate", claim, "--instance", instance_file(two_inputs | change), "--json", out)
        found = json.loads(out.read_text())
        assert code == 0
        assert found["verdict"] == "hypotheses_not_met"
        assert list(found["hypotheses"].values()) == [pytest.approx(margin)]
        assert "hypotheses_not_met" in text


def test_nonfinite_sides_are_null(run, two_inputs, instance_file, tmp_path):
    out = tmp_path / "out.json"
    change = {"strong": [[1.0, 0.0], [0.0, 1.0]]}
    assert run("evaluate", "pinsker", "--instance", instance_file(two_inputs | change), "--json", out)[0] == 0
    found = json.loads(out.read_text())
    assert found["rhs"] is None
    assert found["verdict"] == "nonfinite"


def test_squared_loss_is_without_one_half_unless_sigma_says_otherwise(run, instance_file, tmp_path):
    out = tmp_path / "out.json"
    real = {"kind": "real", "weights": [1.0], "truth": [[0.0]], "weak": [[1.0]], "strong": [[3.0]]}
    for sigma, rhs in ((None, 2.0), (1.0, 2.0**0.5)):
        path = instance_file(real | ({} if sigma is None else {"sigma": sigma}))
        run("evaluate", "generalization-squared", "--instance", path, "--json", out)
        assert json.loads(out.read_text())["rhs"] == pytest.approx(rhs)


def test_envelope_json(run, two_inputs, instance_file, tmp_path):
    out = tmp_path / "out.json"
    path = instance_file({key: value for key, value in two_inputs.items() if key != "strong"})
    assert run("envelope", "--instance", path, "--disagreement", "0,0.1,2", "--json", out)[0] == 0
    points = json.loads(out.read_text())
    assert [set(point) for point in points] == [{"disagreement", "lower", "upper"}] * 3
    assert points[0]["lower"] == pytest.approx(points[0]["upper"])
    assert points[2]["lower"] == 0.0
    floored = ("--student-floor", "0.2", "--json", out)
    assert run("envelope", "--instance", path, "--disagreement", "0,0.1,2", *floored)[0] == 0
    for loose, tight in zip(points, json.loads(out.read_text()), strict=True):
        assert loose["lower"] <= tight["lower"] + 1e-12
        assert tight["upper"] <= loose["upper"] + 1e-12


def test_envelope_says_where_no_student_keeps_the_floor(run, two_inputs, instance_file, tmp_path):
    out = tmp_path / "out.json"
    path = instance_file(two_inputs | {"weak": [[0.99, 0.01], [0.5, 0.5]]})
    code, text, _ = run(
        "envelope", "--instance", path, "--disagreement", "0.001", "--student-floor", "0.3", "--json", out
    )
    assert code == 0
    assert json.loads(out.read_text())[0]["lower"] is None
    assert "no such student" in text


def test_list_names_every_claim(run, tmp_path):
    out = tmp_path / "out.json"
    code, text, _ = run("list", "--json", out)
    assert code == 0
    listed = json.loads(out.read_text())
    assert [entry["id"] for entry in listed] == [claim.id for claim in CLAIMS]
    for entry in listed:
        assert set(entry) == {"id", "statement", "status", "hypotheses", "source", "sharp"}
        assert entry["id"] in text
    assert "\\" not in re.sub(r"\$[^$]*\$", "", text)


def test_verify_reports_and_exits_by_what_it_found(run, tmp_path):
    out = tmp_path / "out.json"
    code, text, err = run("verify", "hellinger-tv-lower", "calibration-binned", "--instances", 2000, "--json", out)
    assert code == 0
    found = json.loads(out.read_text())
    assert found["passed"] is True
    assert [claim["verdict"] for claim in found["claims"]] == ["holds", "refuted"]
    assert all(
        set(claim) - {"counterexample"}
        == {"id", "status", "instances", "min_slack", "max_tightness", "violations", "verdict"}
        for claim in found["claims"]
    )
    assert found["claims"][0]["instances"] == 2000
    assert found["claims"][1]["violations"] > 0
    assert "refuted" in text
    assert err == ""


@pytest.mark.parametrize("rule", ["exact", "quadrature", "monte-carlo"])
def test_verify_by_rule_has_the_keys_of_a_sweep_and_says_what_each_population_said(run, tmp_path, rule):
    out = tmp_path / "out.json"
    code, text, err = run("verify", "generalization-squared", "--rule", rule, "--samples", 20_000, "--json", out)
    assert code == 0 and err == "" and f"by {rule}" in text
    found = json.loads(out.read_text())
    (claim,) = found["claims"]
    assert found["passed"] is True and found["rule"] == rule and claim["verdict"] == "holds"
    assert {"id", "status", "instances", "min_slack", "max_tightness", "violations", "verdict"} < set(claim)
    assert claim["instances"] == len(claim["populations"]) == (2 if rule == "exact" else 8)
    for entry in claim["populations"]:
        assert 0 < entry["slack"]["low"] <= entry["slack"]["high"] and entry["lhs"] < entry["rhs"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--rule", "romberg"), "rule 'romberg' is not one of exact, quadrature, monte-carlo"),
        (("--rule", "monte-carlo", "--samples", 0), "at least two samples, not 0"),
        (("--rule", "monte-carlo", "--level", 1.5), "level 1.5 is not strictly between 0 and 1"),
        (("--rule", "exact", "--mutants"), "neither --mutants nor --instances goes with it"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_unusable_input(run, options, sentence):
    code, text, err = run("verify", "pinsker", *options)
    assert code == 2 and text == "" and sentence in err and err.count("\n") == 1


def test_a_claim_that_fails_makes_verify_exit_with_one(run, monkeypatch):
    false = dataclasses.replace(CATALOGUE["calibration-binned"], status=Status.proved)
    monkeypatch.setattr(api, "find_claim", lambda identifier: false)
    code, text, _ = run("verify", "calibration-binned", "--instances", 2000)
    assert code == 1
    assert "FAILED: calibration-binned" in text


def test_a_refuted_claim_without_a_counterexample_makes_verify_exit_with_one(run, monkeypatch):
    true = dataclasses.replace(CATALOGUE["pinsker"], status=Status.refuted)
    monkeypatch.setattr(api, "find_claim", lambda identifier: true)
    code, text, _ = run("verify", "pinsker", "--instances", 2000)
    assert code == 1
    assert "not refuted" in text


def test_a_counterexample_in_the_json_can_be_evaluated(run, instance_file, tmp_path):
    out = tmp_path / "out.json"
    run("verify", "calibration-score-conditional", "--instances", 2000, "--json", out)
    found = json.loads(out.read_text())["claims"][0]
    path = instance_file(found["counterexample"])
    run("evaluate", "calibration-score-conditional", "--instance", path, "--json", out)
    again = json.loads(out.read_text())
    assert again["verdict"] == "violated"
    assert found["min_slack"] <= again["slack"] <= 0.9 * found["min_slack"]


def test_simulate_prints_an_overview_and_writes_the_record(run, monkeypatch, tmp_path):
    out = tmp_path / "out.json"
    monkeypatch.setattr("w2s_theory.experiments.mixture_of_r.SIZES", (1, 2, 4))
    code, text, err = run("simulate", "mixture-of-r", "--quick", "--seeds", 2, "--json", out)
    assert code == 0
    assert err == ""
    found = json.loads(out.read_text())
    assert found["experiment"] == "mixture-of-r"
    assert found["settings"]["seeds"] == 2
    assert found["curves"]["r"] == [1, 2, 4]
    assert "proved shortfall" in text
    assert "slope" in text


def test_long_ids_are_broken_at_hyphens_in_a_narrow_terminal(run):
    _, text, _ = run("verify", "never-worse-forward-exponential-reverse-risk", "--instances", 64)
    assert "never-worse-forward-exponential-" in text
    assert "…" not in text


def test_cite_prints_the_sources(run):
    code, text, _ = run("cite", "sharp-pinsker")
    assert code == 0
    assert "@article{fedotov2003refinements" in text
    assert "@misc{w2stheory" in text
    everything = run("cite")[1]
    assert all(claim.cite.key in everything for claim in CLAIMS)


BAD = {
    "unknown claim": (["evaluate", "pinskre", "--instance", "FILE"], "pinskre"),
    "unknown claim to verify": (["verify", "nothing-like-it"], "nothing-like-it"),
    "no such file": (["evaluate", "pinsker", "--instance", "absent.json"], "absent.json"),
    "three classes for a binary claim": (["evaluate", "calibration-smooth", "--instance", "THREE"], "2 classes"),
    "zero where a floor is needed": (["evaluate", "generalization-forward", "--instance", "ZERO"], "strong, row 0"),
    "zero where rows must be positive": (["evaluate", "donsker-varadhan", "--instance", "ZERO"], "strong, row 0"),
    "infinite weak risk": (["envelope", "--instance", "INFINITE", "--disagreement", "1"], "weak, row 0"),
    "kind of another claim": (["evaluate", "pinsker", "--instance", "REAL"], "kind"),
    "disagreement as text": (["envelope", "--instance", "FILE", "--disagreement", "a,1"], "a,1"),
    "negative disagreement": (["envelope", "--instance", "FILE", "--disagreement", "-1"], "-1.0"),
    "student floor above 1/k": (
        ["envelope", "--instance", "FILE", "--disagreement", "1", "--student-floor", "0.7"],
        "0.7",
    ),
    "no instances": (["verify", "pinsker", "--instances", "0"], "0"),
    "negative seed": (["verify", "pinsker", "--seed", "-1"], "-1"),
    "unknown experiment": (["simulate", "bound-scater"], "bound-scater"),
    "setting of another experiment": (["simulate", "sample-size", "--student-inputs", "fresh"], "student inputs"),
    "setting out of range": (["simulate", "misfit-gain", "--student-inputs", "new"], "'new'"),
    "no seeds": (["simulate", "mixture-of-r", "--seeds", "0"], "not 0 and 0"),
    "unknown figure": (["reproduce", "--only", "nothing"], "nothing"),
    "unknown claim to cite": (["cite", "pinskre"], "pinskre"),
}


@pytest.mark.parametrize(("arguments", "named"), BAD.values(), ids=BAD.keys())
def test_bad_input_exits_with_two_and_one_sentence(arguments, named, run, two_inputs, instance_file):
    files = {
        "FILE": two_inputs,
        "THREE": two_inputs | {key: [[0.2, 0.3, 0.5]] * 2 for key in ("truth", "weak", "strong")},
        "ZERO": two_inputs | {"strong": [[1.0, 0.0], [0.5, 0.5]]},
        "INFINITE": two_inputs | {"weak": [[1.0, 0.0], [0.5, 0.5]]},
        "REAL": two_inputs | {"kind": "real"},
    }
    paths = {name: instance_file(data, f"{name}.json") for name, data in files.items()}
    code, out, err = run(*(paths.get(argument, argument) for argument in arguments))
    assert code == 2
    assert named in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err + out


def test_json_that_cannot_be_written_is_an_input_error(run, tmp_path):
    code, _, err = run("list", "--json", tmp_path / "no" / "such" / "folder.json")
    assert code == 2
    assert "folder.json" in err


@pytest.mark.parametrize("statement", ["import w2s_theory", "import w2s_theory.cli"])
def test_importing_loads_neither_jax_nor_matplotlib(statement):
    check = f"{statement}; import sys; print([m for m in ('jax', 'numpy', 'matplotlib', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_imported():
    for name in w2s_theory.__all__:
        assert getattr(w2s_theory, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = w2s_theory.nothing


def test_certify_proves_one_of_the_eight_and_names_them_otherwise(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, text, _ = run("certify", "hellinger-tv-lower", "--json", "out.json")
    found = json.loads((tmp_path / "out.json").read_text())
    assert code == 0
    assert set(found) >= {"id", "box", "slack_at_least", "boxes", "undecided", "proved"}
    assert found["proved"] is True and found["undecided"] == [] and found["slack_at_least"] >= -1e-6
    assert "certified" in text
    code, _, complaint = run("certify", "data-processing")
    assert code == 2
    assert "cannot be certified on a box; these can: pinsker" in complaint


def test_check_accepts_what_was_stored_and_refuses_what_was_edited(run, tmp_path):
    w2s_theory.falsify("calibration-binned", store=tmp_path)
    stored = tmp_path / "calibration-binned.json"
    assert run("check", stored)[0] == 0
    data = json.loads(stored.read_text())
    for change, expected in (
        (json.dumps(data | {"at_least": "3/2"}), 1),
        (json.dumps(data | {"version": 2}), 2),
        (stored.read_text()[:-40], 2),
    ):
        edited = tmp_path / "edited.json"
        edited.write_text(change)
        assert run("check", edited)[0] == expected
    assert run("check", tmp_path / "nowhere.json")[0] == 2


def test_mutants_are_listed_with_how_they_died(run, tmp_path):
    out = tmp_path / "out.json"
    code, text, _ = run("verify", "hellinger-tv-lower", "--mutants", "--json", out)
    found = json.loads(out.read_text())
    assert code == 0
    assert found == {
        "mutants": [
            {"id": "hellinger-tv-lower", "mutant": "5 % sharper", "died": True, "how": found["mutants"][0]["how"]}
        ],
        "passed": True,
    }
    assert "1 mutant: 1 died" in text
