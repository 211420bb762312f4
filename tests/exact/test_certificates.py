"""Certificates of true statements are accepted, here and in a fresh process; altered ones are rejected."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from flint import ctx, fmpq

from tests.exact.statements import HALVES, STATEMENTS, pairs
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Status
from w2s_theory.exact import CertificateError, UnreadableError, check, enclose, sealed
from w2s_theory.exact.certificate import digest

Certificate = dict[str, Any]
ROLES = ("truth", "weak", "strong")


@pytest.fixture(scope="module")
def certificates() -> dict[str, Certificate]:
    return {name: sealed(**s.arguments, provenance={"by": "hand"}) for name, s in STATEMENTS.items()}


@pytest.mark.parametrize("name", STATEMENTS)
def test_true_statements_are_certified(name, certificates):
    statement, certificate = STATEMENTS[name], certificates[name]
    checked = check(json.dumps(certificate))
    assert checked.claim == statement.claim
    assert checked.dropped == statement.dropped
    assert float(checked.at_least.p) / float(checked.at_least.q) >= 0.9 * statement.strain
    assert fmpq(1) >= checked.factor


@pytest.mark.parametrize("name", STATEMENTS)
def test_nothing_is_certified_of_a_proved_claim_as_it_stands(name):
    """The same instance, with every hypothesis of a proved claim assumed and its own constant, is not certified."""
    statement = STATEMENTS[name]
    if CATALOGUE[statement.claim].status is Status.refuted:
        return
    with pytest.raises(CertificateError):
        sealed(**statement.arguments | {"dropped": None, "factor": "1"})


def test_precision_is_restored():
    before = ctx.prec
    enclose(**STATEMENTS["scores hide"].arguments)
    with pytest.raises(CertificateError):
        enclose(**STATEMENTS["scores hide"].arguments | {"instance": {}})
    assert ctx.prec == before


def in_instance(*path: Any, to: Any) -> Callable[[Certificate], None]:
    def alter(c: Certificate) -> None:
        place = c["instance"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return alter


def reset(**values: Any) -> Callable[[Certificate], None]:
    return lambda c: c.update(values)


def swap_rows(c: Certificate) -> None:
    c["instance"]["truth"].reverse()


def drop_input(c: Certificate) -> None:
    i = c["instance"]
    for key in ("weights", "truth", "weak", "strong"):
        i[key] = i[key][1:]


def drop_model(c: Certificate) -> None:
    i = c["instance"]
    i["models"] = i["models"][:1]
    i["truth"] = i["strong"] = {"mixture": ["1"]}


def widen(c: Certificate) -> None:
    c["lhs"] = [str(float(c["lhs"][0]) - 1), c["lhs"][1]]


def shift(c: Certificate) -> None:
    c["rhs"] = [str(float(end) + 1e-3) for end in c["rhs"]]


WORSE = {"mixture": ["1/2", "1/2"]}
CORRUPTIONS = {
    "an entry": ("scores hide", in_instance("strong", 0, to=["502/1000", "498/1000"])),
    "an entry, so that a row does not sum to one": ("scores hide", in_instance("strong", 0, 0, to="502/1000")),
    "a weight": ("scores hide", in_instance("weights", to=["2/5", "3/5"])),
    "a score that is merged again": ("scores hide", in_instance("strong", to=pairs("1/2", "1/2"))),
    "swapped rows": ("bins hide", swap_rows),
    "a removed input": ("scores hide", drop_input),
    "a removed model": ("forward hull", drop_model),
    "another claim": ("scores hide", reset(claim="calibration-smooth")),
    "a claim that is no string": ("scores hide", reset(claim=["pinsker"])),
    "a number for a factor": ("scores hide", reset(factor=1)),
    "a list of witnesses": ("scores hide", reset(witnesses=["best"])),
    "no instance": ("scores hide", reset(instance=None)),
    "an enclosure that is no pair": ("scores hide", reset(lhs="0.798")),
    "an unknown claim": ("scores hide", reset(claim="calibration-score")),
    "the dropped hypothesis": ("truth outside", reset(dropped=None)),
    "another dropped hypothesis": ("truth outside", reset(dropped="optimal")),
    "a hypothesis that the claim has not": ("truth outside", reset(dropped="floor")),
    "the strain": ("scores hide", reset(at_least="4/5")),
    "a strain of zero": ("scores hide", reset(at_least="0")),
    "the factor": ("sharp Pinsker", reset(factor="1")),
    "a factor that makes the claim weaker": ("sharp Pinsker", reset(factor="21/20")),
    "a wider enclosure": ("scores hide", widen),
    "another enclosure": ("scores hide", shift),
    "a witness": ("one draw", reset(witnesses={"samples": {"1,0": {"mixture": ["9/10", "1/10"]}}})),
    "no witness": ("one draw", reset(witnesses={})),
    "another sample size": ("one draw", in_instance("n", to=2)),
    "a larger probability": ("one draw", in_instance("delta", to="1/2")),
    "a witness that nothing uses": ("scores hide", reset(witnesses={"best": WORSE})),
    "a truth outside the class": ("forward hull", in_instance("truth", to=pairs("1/20", "23/50"))),
    "a student outside the class": ("forward hull", in_instance("strong", to=pairs("1/20", "2/5"))),
    "a student far from the optimum": ("forward hull", in_instance("strong", to=WORSE)),
    "another member of the list": ("a list", in_instance("strong", to={"model": 0})),
    "a mixture of a list": ("a list", in_instance("strong", to={"mixture": ["0", "1"]})),
    "a smaller radius": ("reverse head", in_instance("radius", to="1/3")),
    "a smaller floor": ("no floor", in_instance("floor", to="1/1000")),
    "an unknown key": ("scores hide", in_instance("seed", to=1)),
    "an unknown key beside": ("scores hide", reset(verdict="certified")),
    "a float": ("scores hide", in_instance("weights", to=[0.5, 0.5])),
    "a negative weight": ("scores hide", in_instance("weights", to=["3/2", "-1/2"])),
}


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_altered_certificates_are_rejected(what, certificates):
    name, alter = CORRUPTIONS[what]
    altered = copy.deepcopy(certificates[name])
    alter(altered)
    with pytest.raises(CertificateError) as problem:
        check(altered)
    assert re.search("digest|unknown key|is not what this format has there", str(problem.value))
    altered["digest"] = digest(altered)
    with pytest.raises(CertificateError) as problem:
        check(altered)
    assert "digest" not in str(problem.value)
    assert len(str(problem.value).splitlines()) == 1


def test_a_smaller_strain_and_wider_decimals_within_reason_are_still_true(certificates):
    altered = certificates["scores hide"] | {"at_least": "1/2", "lhs": ["0.79799999", "0.79800001"]}
    check(altered | {"digest": digest(altered)})


def test_zero_weight_inputs_change_nothing(certificates):
    i = STATEMENTS["scores hide"].instance
    more = {"weights": [*i["weights"], "0"]} | {role: [*i[role], *pairs("1/7")] for role in ("truth", "weak", "strong")}
    arguments = STATEMENTS["scores hide"].arguments | {"instance": more}
    assert sealed(**arguments)["lhs"] == certificates["scores hide"]["lhs"]


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (lambda text: text[: len(text) // 2], "truncated"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "another version"),
        (lambda text: text.replace("w2s-theory certificate", "a certificate"), "format"),
        (lambda text: "[" + text + "]", "JSON object"),
        (lambda text: "[" * 100_000, "nested"),
        (lambda text: text.replace('"version": 1', '"version": ' + "9" * 5000), "digits"),
    ],
)
def test_what_is_no_certificate_of_this_version_is_unreadable(alter, sentence, certificates):
    with pytest.raises(UnreadableError, match=sentence):
        check(alter(json.dumps(certificates["scores hide"])))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"factor": "1"', '"factor": "1", "factor": "1"', "twice"),
        ('"weights":', '"weights": ["1"], "weights":', "twice"),
        ('"by": "hand"', '"by": NaN', "NaN"),
    ],
)
def test_text_that_json_forgives_is_rejected(old, new, sentence, certificates):
    text = json.dumps(certificates["scores hide"])
    assert old in text
    with pytest.raises(CertificateError, match=sentence):
        check(text.replace(old, new))


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (in_instance("weights", to=["1/2"]), "sum to 1/2"),
        (in_instance("weights", to=["1/0", "1/2"]), "denominator zero"),
        (in_instance("weights", to=["1/65"] * 65), "more than the 64"),
        (in_instance("weights", to=[]), "list with entries"),
        (in_instance("weak", to={"model": 0}), "field weak"),
        (in_instance("strong", 0, 0, to="502/1000"), "sum to 1001/1000, not 1"),
        (in_instance("strong", 0, to=["3/2", "-1/2"]), "negative"),
        (in_instance("models", to=[[["1/2", "1/2"]]]), "1 rows where weights has 2"),
        (in_instance("groups", to=[1, None]), "not an integer or a string"),
        (in_instance("weak", to=[["1"], ["1"]]), "two classes"),
        (in_instance("truth", to=[["1/2", "1/4", "1/4"]] * 2), "3 columns where weak has 2"),
        (in_instance("truth", to={"model": 0}), "refers to models"),
        (in_instance("kind", to="real"), "kind simplex"),
        (in_instance("floor", to="2/3"), "at most 1/2"),
        (in_instance("n", to=1.5), "positive integer"),
        (in_instance("strong", to={"head": [["1", "0"]]}), "features"),
        (in_instance("strong", to={"rows": []}), "unknown form"),
    ],
)
def test_malformed_instances_are_named(alter, sentence):
    c = {"instance": copy.deepcopy(STATEMENTS["scores hide"].instance)}
    alter(c)
    with pytest.raises(CertificateError, match=sentence):
        enclose("calibration-score-conditional", None, "1", c["instance"])


@pytest.mark.parametrize(
    ("claim", "change", "sentence"),
    [
        (
            "calibration-smooth",
            {role: [["1/2", "1/4", "1/4"]] for role in ROLES} | {"models": None},
            "2 classes, not 3",
        ),
        ("donsker-varadhan", {"truth": pairs("1/1")}, "positive rows"),
        ("gain-reverse-mixture-reverse-risk", {"models": [pairs("0/1")] * 2}, "positive rows"),
        ("generalization-instance-envelope", {"weak": pairs("0/1")}, "risk is infinite"),
        ("pinsker", {"strong": pairs("0/1")}, "not certainly finite"),
        ("gain-finite-sample", {}, "number of inputs n"),
        ("gain-misspecified", {"floor": None}, "the key is missing"),
        ("gain-reverse-exponential-risk", {}, "features and a radius"),
        ("gain-posterior-mean", {}, "mean"),
        ("gain-mixture-of-r", {}, "number r"),
        ("gain-mixture-of-r", {"r": 3}, "multiples of 1/3"),
        ("gain-mixture-of-r", {"r": 2, "weak": pairs("1/10")}, "smaller objective"),
        ("gain-suboptimal", {}, "witness best: is needed"),
        ("gain-squared", {"truth": pairs("1/2"), "models": None}, "there is none"),
        ("gain-reverse-mixture-risk", {"kind": "positive"}, "checked for kind simplex"),
    ],
)
def test_what_a_claim_needs_is_named(claim, change, sentence):
    given = {
        "weights": ["1"],
        "truth": {"mixture": HALVES},
        "weak": pairs("1/2"),
        "strong": {"mixture": HALVES},
        "models": [pairs("1/4"), pairs("2/3")],
        "floor": "1/10",
    }
    if isinstance(change.get("truth"), list):
        given["strong"] = pairs("1/3")
    with pytest.raises(CertificateError, match=sentence):
        enclose(claim, None, "1", given | change)


def test_a_witness_that_the_claim_has_no_use_for_is_refused():
    arguments = STATEMENTS["truth outside"].arguments
    with pytest.raises(CertificateError, match="makes no use of 'best'"):
        enclose(**arguments | {"witnesses": {"best": {"mixture": ["0", "1"]}}})


def test_heads_stay_within_the_radius():
    enclose(**STATEMENTS["forward head, gain"].arguments)
    outside = STATEMENTS["forward head, gain"].instance | {"truth": {"head": [["2", "1/100"]]}}
    with pytest.raises(CertificateError, match="outside the radius"):
        enclose("gain-forward-exponential-risk", None, "1", outside)


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60)


def test_a_fresh_process_verifies_files(tmp_path, certificates):
    good, bad, cut = (tmp_path / name for name in ("good.json", "bad.json", "cut.json"))
    text = json.dumps(certificates["truth outside"])
    good.write_text(text)
    bad.write_text(text.replace('"dropped": "realizable"', '"dropped": null'))
    cut.write_text(text[:100])

    accepted = run("-m", "w2s_theory.exact", str(good))
    assert accepted.returncode == 0
    assert accepted.stdout.startswith(f"{good}: certified: gain-reverse-mixture-risk without realizable")
    both = run("-m", "w2s_theory.exact", str(bad), str(good))
    assert both.returncode == 1
    assert len(both.stdout.splitlines()) == 2
    assert f"{bad}: rejected: " in both.stdout
    truncated = run("-m", "w2s_theory.exact", str(cut), str(bad), str(tmp_path / "missing.json"))
    assert truncated.returncode == 2
    assert len(truncated.stderr.splitlines()) == 2
    assert run("-m", "w2s_theory.exact").returncode == 2


def test_the_verifier_imports_nothing_of_the_search():
    code = (
        "import sys, w2s_theory.exact.__main__\n"
        "own = [m for m in sys.modules if m.startswith('w2s_theory') and not m.startswith('w2s_theory.exact')]\n"
        "print(own, [m for m in ('jax', 'numpy', 'scipy', 'equinox', 'pickle') if m in sys.modules])"
    )
    assert run("-c", code).stdout == "['w2s_theory'] []\n"
