"""The explorer in a headless browser: its numbers are the package's, and it can be dragged, keyed, linked and read."""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explorer.probes import LAYOUT, MANGLED, OPENED, PROBE
from tests.explorer.random_states import random_states
from tests.explorer.reference import penalised_gain, references
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Status
from w2s_theory.errors import InputError
from w2s_theory.exact import enclose
from w2s_theory.functionals.uniform_envelope import log_ratio_constant
from w2s_theory.report.explorer.assembly import catalogue_entries, explorer_page
from w2s_theory.report.explorer.states import PRESETS, START, Preset
from w2s_theory.report.figures import style
from w2s_theory.report.reproduction import reproduce
from w2s_theory.verdict import CODES

KINDS = ("simplex", "pair")
COUNT = 100
RELATIVE = 1e-9
ABSOLUTE = 1e-14

BY_SOLVER = {"gain-misspecified", "gain-suboptimal", "gain-squared-misspecified"}
"""Claims in whose right sides the package has the square root of a projection's residual, about 1e-15.

They are slow to compile, so they are asked of one kind only; `penalised_gain` checks their formulas on both.
"""
RESIDUAL = 1e-7


@pytest.fixture(scope="module")
def page() -> str:
    return explorer_page()


@pytest.fixture(scope="module")
def states() -> dict[str, list]:
    """Random states of each kind, then the presets of that kind."""
    presets = {kind: [p.state for p in PRESETS if p.state.kind == kind] for kind in KINDS}
    return {kind: random_states(kind, COUNT, seed=0) + presets[kind] for kind in KINDS}


@pytest.fixture(scope="module")
def said(browser, page, states) -> dict[str, Any]:
    every = [state.to_json() for kind in KINDS for state in states[kind]]
    probe = PROBE.replace("__STATES__", json.dumps(every)).replace("__MANGLED__", json.dumps(MANGLED))
    return browser.ask(page, probe)


@pytest.fixture(scope="module")
def answers(said, states) -> dict[str, list[dict[str, Any]]]:
    first = len(states["simplex"])
    return {"simplex": said["answers"][:first], "pair": said["answers"][first:]}


@pytest.fixture(scope="module")
def expected(states) -> dict[str, dict[str, Any]]:
    entries = catalogue_entries()
    asked = {kind: [name for name, e in entries.items() if not e["outside"][kind]] for kind in KINDS}
    asked["simplex"] = [name for name in asked["simplex"] if name not in BY_SOLVER]
    return references(states, asked)


def differences(
    found: list[Any], expected: np.ndarray, absolute: np.ndarray | float = ABSOLUTE
) -> list[tuple[Any, ...]]:
    """States at which numbers differ by more than a share of 1e-9 and `absolute`."""
    found_, expected = np.array(found, float), np.asarray(expected, float)
    with np.errstate(invalid="ignore"):
        near = np.abs(found_ - expected) <= RELATIVE * np.abs(expected) + absolute
    near |= (found_ == expected) | (np.isnan(found_) & np.isnan(expected))
    return [(int(n), found_[n], expected[n]) for n in np.flatnonzero(~near)]


def leaves(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], np.ndarray]]:
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))]
    return [(path, tree)]


@pytest.mark.parametrize("kind", KINDS)
def test_quantities_are_those_of_the_package(kind, answers, expected):
    compared = leaves({key: value for key, value in expected[kind].items() if key != "claims"})
    assert len(compared) >= 24
    for path, values in compared:
        found = answers[kind]
        for key in path:
            found = [one[key] for one in found]
        assert differences(found, values) == [], path


@pytest.mark.parametrize("kind", KINDS)
def test_sides_and_verdicts_are_those_of_the_package(kind, answers, expected, states):
    counted = dict.fromkeys(CODES, 0)
    residual = np.array([RESIDUAL * max(1.0, float(log_ratio_constant(s.instance().floor))) for s in states[kind]])
    for name, measured in expected[kind]["claims"].items():
        found = [one["claims"][name] for one in answers[kind]]
        asked = np.array([one["verdict"] != "outside" for one in found])
        assert asked.sum() > COUNT / 2, name
        loose = residual if name in BY_SOLVER else 0.0 * residual
        for side in ("lhs", "rhs"):
            values = [one.get(side, np.nan) for one in found]
            there = np.where(asked, getattr(measured, side), np.nan)
            assert differences(values, there, ABSOLUTE + loose + 4 * measured.error) == [], (name, side)
        for margin, values in measured.margins.items():
            shown = [one["margins"][margin] if "margins" in one else np.nan for one in found]
            assert differences(shown, np.where(asked, values, np.nan), 1e-12) == [], (name, margin)
        for number in np.flatnonzero(asked):
            word = CODES[int(measured.code[number])]
            clear = np.abs(measured.slack[number]) > 2 * measured.error[number] + loose[number]
            own = found[number]["verdict"]
            if clear or word.value == "hypotheses_not_met":
                assert own == word.value, (name, number, found[number])
            else:
                assert own in ("tight", "holds", "violated"), (name, number)
                assert own != "violated" or CATALOGUE[name].status is Status.refuted, (name, number, found[number])
            counted[word] += 1
    words = {word.value: number for word, number in counted.items()}
    assert words["holds"] > 500 and words["hypotheses_not_met"] > 200 and words["tight"] > 200, words
    assert words["violated"] > 10, words


@pytest.mark.parametrize("kind", KINDS)
def test_gains_with_a_penalty_by_their_formulas(kind, answers, states):
    """Where the package projects, the best student of a segment is the root of one slope, here to the last digit."""
    made = penalised_gain(states[kind])
    for name, values in made.items():
        found = [one["claims"][name] for one in answers[kind]]
        asked = np.array([one["verdict"] != "outside" for one in found])
        sides = [one.get("rhs", np.nan) for one in found]
        assert differences(sides, np.where(asked, values, np.nan), 1e-12) == [], name


def test_every_claim_that_can_be_asked_has_its_formula(answers, page):
    asked = {name for name, entry in catalogue_entries().items() if None in entry["outside"].values()}
    for kind in KINDS:
        assert set(answers[kind][0]["claims"]) == asked, "claims.js and the catalogue differ"
    families = {"generalization", "calibration", "gain", "robustness"}
    there = {name for name, c in CATALOGUE.items() if c.sides.__module__.rpartition(".")[2] in families}
    shown = set(re.findall(r'<li class="claim(?: wide)?" id="([^"]+)" tabindex', page))
    absent = set(re.findall(r"<li><code>([^<]+)</code> \((?:proved|refuted)\): ", page))
    assert shown == asked
    assert shown | absent == there
    assert not shown & absent


def test_presets_break_what_they_are_named_after_and_nothing_else(said, states, expected):
    assert list(said["presets"]) == [preset.claim for preset in PRESETS]
    for preset in PRESETS:
        shown = said["presets"][preset.claim]
        assert set(shown["violated"]) == preset.fails, preset.claim
        assert all(name in shown["summary"] for name in preset.fails)
        assert preset.lesson in shown["lesson"]
        assert shown["saved"] == preset.state.to_json()
        kind = preset.state.kind
        number = states[kind].index(preset.state)
        measured = expected[kind]["claims"]
        broken = {name for name, m in measured.items() if CODES[int(m.code[number])].value == "violated"}
        assert broken == preset.fails


def test_every_refuted_claim_that_fits_has_a_preset():
    entries = catalogue_entries()
    fitting = {name for name, e in entries.items() if e["status"] == "refuted" and None in e["outside"].values()}
    assert {preset.claim for preset in PRESETS} == fitting
    assert all(CATALOGUE[name].status is Status.refuted for preset in PRESETS for name in preset.fails)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.claim)
def test_presets_are_counterexamples_in_exact_arithmetic(preset):
    for name in preset.fails:
        assert enclose(name, None, "1", exact_instance(preset, name)).certified


def exact_instance(preset: Preset, claim: str) -> dict[str, Any]:
    """The preset with its decimals as rational numbers, and the segment from truth to student as the class."""

    def rows(point: Any) -> list[list[str]]:
        exact = [Fraction(str(p)) for p in point]
        return [
            [str(p) for p in row]
            for row in ([exact] if preset.state.kind == "simplex" else [[1 - p, p] for p in exact])
        ]

    state = preset.state
    weight = Fraction(str(state.weight or 1))
    tables: dict[str, Any] = {role: rows(getattr(state, role)) for role in ("truth", "weak", "strong")}
    made: dict[str, Any] = {
        "kind": "simplex",
        "weights": [str(weight), str(1 - weight)][: len(tables["truth"])],
        **tables,
    }
    if "calibration" not in claim:
        mixed = "dual_mixture" if "exponential" in claim else "mixture"
        made |= {
            "models": [tables["truth"], tables["strong"]],
            "truth": {mixed: ["1", "0"]},
            "strong": {mixed: ["0", "1"]},
        }
    return made


def test_states_come_back_from_their_links(said, states):
    every = [state.to_json() for kind in KINDS for state in states[kind]]
    assert [one["state"] for one in said["again"]] == every
    assert all(one["problem"] is None for one in said["again"])


def test_a_mangled_link_falls_back_and_says_so(said):
    default = START["simplex"].to_json()
    for text, read in zip(MANGLED, said["mangled"], strict=True):
        assert read["state"] == default, text
        assert "could not be read" in read["problem"], text
    assert said["begin"]["hidden"]
    cube, preset, script, plain = said["opened"]
    for broken in (cube, script):
        assert not broken["hidden"] and broken["shown"] > 20 and broken["state"] == default
        assert broken["images"] == 0
    assert "“<img src=x>”" in script["notice"]
    assert "“cube” is neither simplex nor pair" in cube["notice"]
    assert preset["hidden"] and preset["violated"] == ["calibration-binned"]
    assert plain["hidden"] and plain["state"] == default


@pytest.mark.parametrize(
    ("fragment", "hidden", "violated"),
    [
        ("#kind=cube", False, []),
        ("#gain-squared", True, []),
        ("#preset=calibration-binned", True, ["calibration-binned"]),
    ],
)
def test_a_page_opened_with_a_fragment(browser, page, fragment, hidden, violated):
    said = browser.ask(page, OPENED, fragment=fragment)
    assert said["hidden"] == hidden
    assert said["violated"] == violated
    assert said["filled"] == page.count('<li class="claim')
    assert said["after"] == said["hash"]
    if violated:
        assert said["focused"] == violated[0]
    else:
        assert said["state"] == START["simplex"].to_json()


def test_keys_move_the_marks_and_the_change_is_said(said):
    for one in said["keys"]:
        before, after = one["before"], one["after"]
        assert one["focused"] and one["label"]
        if one["key"] == "Enter":
            assert not one["prevented"] and before == after
            continue
        assert one["prevented"]
        assert before["words"] != after["words"] and before["at"] != after["at"]
        size = max(abs(a - b) for a, b in zip(before["point"], after["point"], strict=True))
        coarse = 0.02 if one["kind"] == "simplex" else 0.01
        assert size == pytest.approx(coarse / 10 if one["shiftKey"] else coarse, rel=1e-6)
    for kind in KINDS:
        assert "strong student" in said[f"{kind} spoken"] and "nats" in said[f"{kind} spoken"]
        assert said[f"{kind} saved"] == said[f"{kind} state"]


def test_marks_follow_the_pointer_within_what_is_allowed(said):
    inside, clamped, pair, snapped = said["dragged"]
    assert inside == pytest.approx([0.2, 0.7, 0.1], abs=1e-9)
    assert clamped == pytest.approx([0.998, 0.001, 0.001], abs=1e-9)
    assert pair == pytest.approx([0.25, 0.75], abs=1e-9)
    assert snapped[0] == snapped[1] == pytest.approx(0.403, abs=1e-9)


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)])
def test_nothing_is_wider_than_the_page(browser, page, width, dark):
    for said in browser.ask(page, LAYOUT, width=width, dark=dark):
        assert said["width"] == width
        assert said["page"] <= width
        assert said["board"] > 250 and said["right"] <= width
        assert said["loaded"] == []
        brightness = [sum(map(int, re.findall(r"\d+", said[name])[:3])) for name in ("ink", "paper")]
        assert (brightness[0] > brightness[1]) == dark


def test_the_page_needs_nothing_from_elsewhere(page):
    without_namespace = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]", without_namespace)
    assert not re.search(r"""(?:src|href)=["'](?!data:,|#|index\.html")""", page)
    assert "{{" not in page.replace("${{", "")
    for needed in (
        "prefers-color-scheme: dark",
        "prefers-reduced-motion",
        "width=device-width",
        "<math>",
        "<noscript>",
    ):
        assert needed in page


def test_colours_are_those_of_the_figures(page):
    assert style.BLUE.lower() in page


def test_the_checked_in_page_is_current(page, tmp_path):
    kept = Path(__file__).parents[2] / "figures" / "explorer.html"
    assert kept.read_text(encoding="utf-8") == page, "run `w2s-theory reproduce --only explorer`"
    (written,) = reproduce(tmp_path, only="explorer").written
    assert written.read_text(encoding="utf-8") == page
    (tmp_path / "taken" / "explorer.html").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be written"):
        reproduce(tmp_path / "taken", only="explorer")
