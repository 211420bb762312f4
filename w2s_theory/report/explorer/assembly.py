"""The explorer as one self-contained HTML page, assembled from its parts and the catalogue's declarations."""

import html
import json
import re
from pathlib import Path
from typing import Any

import jax

from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.instance import Instance
from w2s_theory.report.explorer.states import LEAST_ENTRY, LEAST_WEIGHT, PRESETS, START, Preset
from w2s_theory.report.mathml import mathml_text
from w2s_theory.report.page import PALETTE, STYLE
from w2s_theory.report.plain import plain_text

_FAMILIES = {"generalization": "generalization", "calibration": "calibration", "gain": "gain", "robustness": "gain"}
"""Which heading the claims of a module of the catalogue come under."""

_PARTS = Path(__file__).parent
_STATIC = ("statement", "wide", "status")
_LONG = 48
"""Formulas of more characters take two columns."""


def catalogue_entries() -> dict[str, dict[str, Any]]:
    """What the page needs of every declaration about risks, calibration and gains, by the claim's id.

    `outside` has for each kind of state the sentence that says why such an instance cannot be asked at all, or None.
    """
    examples = {kind: state.instance() for kind, state in START.items()}
    made = {}
    with jax.enable_x64(True):
        for claim in CLAIMS:
            family = _FAMILIES.get(claim.sides.__module__.rpartition(".")[2])
            if family:
                outside = {kind: _outside(claim, instance) for kind, instance in examples.items()}
                made[claim.id] = _entry(claim, family) | {"outside": outside}
    return made


def _entry(claim: Claim, family: str) -> dict[str, Any]:
    return {
        "family": family,
        "statement": mathml_text(claim.statement.removesuffix(".")),
        "wide": _longest_formula(claim.statement) > _LONG,
        "proved": claim.status is Status.proved,
        "status": claim.status.value,
        "hypotheses": [{"name": h.name, "sentence": h.sentence} for h in claim.assumes],
        "domain": [d.name for d in claim.domain],
    }


def _longest_formula(statement: str) -> int:
    return max(len(plain_text(f"${formula}$")) for formula in re.findall(r"\$([^$]*)\$", statement))


def _outside(claim: Claim, instance: Instance) -> str | None:
    """Why the claim cannot be asked about such an instance, without the name of a field of an instance file."""
    if any(h.name == "dual_mean" for h in claim.assumes):
        return "the claim is about several random teachers, and here is one"
    sentence = claim.outside_domain(instance)
    return sentence and sentence.partition(": ")[2]


def explorer_page() -> str:
    """The page as text: it refers to no other host and needs no other file."""
    entries = catalogue_entries()
    here = {name: entry for name, entry in entries.items() if None in entry["outside"].values()}
    declarations = {
        "catalogue": {name: {k: v for k, v in e.items() if k not in _STATIC} for name, e in here.items()},
        "start": {kind: state.to_json() for kind, state in START.items()},
        "presets": [
            {"claim": preset.claim, "state": preset.state.to_json(), "lesson": preset.lesson} for preset in PRESETS
        ],
        "leastEntry": LEAST_ENTRY,
        "leastWeight": LEAST_WEIGHT,
    }
    slots = {
        "style": "\n".join([STYLE, PALETTE, _part("explorer.css")]),
        "options": "".join(_option(preset) for preset in PRESETS),
        "outside": "".join(_absent(name, entry) for name, entry in entries.items() if name not in here),
        "declarations": json.dumps(declarations, ensure_ascii=False, allow_nan=False).replace("</", "<\\/"),
        "script": "\n".join(map(_part, _SCRIPTS)),
    }
    for family in dict.fromkeys(_FAMILIES.values()):
        slots[f"claims:{family}"] = "\n".join(_card(n, e) for n, e in here.items() if e["family"] == family)
    filled = re.sub(r"\{\{math:(.+?)\}\}(?!\})", lambda m: mathml_text(f"${m.group(1)}$"), _part("page.html"))
    return re.sub(r"\{\{([a-z:]+)\}\}", lambda m: slots[m.group(1)], filled)


def write_explorer(out: Path) -> Path:
    """Write `out/explorer.html`; returns its path."""
    path = out / "explorer.html"
    path.write_text(explorer_page(), encoding="utf-8")
    return path


_SCRIPTS = ("numerics.js", "quantities.js", "claims.js", "state.js", "drawing.js", "interface.js")


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")


def _option(preset: Preset) -> str:
    name = html.escape(preset.claim, quote=True)
    return f'<option value="{name}">{name}</option>'


def _card(name: str, entry: dict[str, Any]) -> str:
    """A claim with places for what the state shows of it."""
    name = html.escape(name, quote=True)
    size = "claim wide" if entry["wide"] else "claim"
    return (
        f'<li class="{size}" id="{name}" tabindex="-1"><p class="name"><code>{name}</code> '
        f'<span class="status {entry["status"]}">{entry["status"]}</span></p>'
        f'<p class="statement">{entry["statement"]}</p>'
        '<p class="sides"><span class="lhs"></span> <span class="sign"></span> <span class="rhs"></span></p>'
        '<div class="bar" aria-hidden="true"><i></i><b></b></div><p class="words"></p></li>'
    )


def _absent(name: str, entry: dict[str, Any]) -> str:
    reasons = dict.fromkeys(entry["outside"].values())
    said = html.escape("; ".join(filter(None, reasons)))
    return f"<li><code>{html.escape(name)}</code> ({entry['status']}): {said}.</li>"
