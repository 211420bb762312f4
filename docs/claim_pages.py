"""One page a claim, made of its declaration, the stored sweep and search, and the stored certificates."""

import functools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from certificate_tables import counterexample, numbers
from generated import write_pages
from sphinx.application import Sphinx

from w2s_theory._numerics import compiled
from w2s_theory.bibliography import bibtex
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.instance import Instance
from w2s_theory.report.figures import FIGURES
from w2s_theory.worlds.world import World

ROOT = Path(__file__).parents[1]
_FAMILIES = {
    "lemmas": "Inequalities between divergences",
    "generalization": "Generalization: the student's risk and its teacher's",
    "calibration": "Calibration",
    "gain": "Gain: when does the student beat its teacher?",
    "robustness": "Robust gains",
}
_KINDS = {
    "simplex": "rows on the simplex",
    "positive": "positive functions",
    "density": "positive functions with mean one",
    "real": "real functions (Gaussian predictive laws)",
}
_STATUS = {
    Status.proved: "Proved in the theory notes.",
    Status.refuted: "Refuted: a counterexample is stored, and certified for exactly these numbers.",
    Status.open: "Open: neither proved nor refuted.",
}


def _family(claim: Claim) -> str:
    return claim.sides.__module__.rsplit(".", 1)[1]


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _certificate(name: str) -> dict[str, Any] | None:
    path = ROOT / "tests" / "certificates" / f"{name}.json"
    return _read(path) if path.exists() else None


def claim_page(claim: Claim, swept: Mapping[str, Any], searched: Mapping[str, Any] | None) -> str:
    """The page of one claim as MyST Markdown; `swept` and `searched` are its rows of the stored sweep and search."""
    parts = [
        f"# `{claim.id}`",
        f":::{{container}} statement\n{claim.statement}\n:::",
        f":::{{container}} status {claim.status.value}\n{_STATUS[claim.status]} {_sharpness(claim)}\n:::",
        *_hypotheses(claim),
        *_counterexample(claim),
        *_equality(claim),
        *_evidence(claim, swept, searched),
        *_source(claim),
        *_figures(claim),
        *_commands(claim),
        *_citation(claim),
    ]
    return "\n\n".join(parts) + "\n"


def _sharpness(claim: Claim) -> str:
    if claim.status is not Status.proved:
        return ""
    if claim.identity:
        return "An identity: both sides are equal."
    if claim.witness:
        return "Sharp: no constant factor below one can be put in front of the bound."
    return "Not said to be sharp."


def _hypotheses(claim: Claim) -> list[str]:
    about = " or ".join(_KINDS[kind] for kind in claim.kinds)
    domain = "".join(f", {d.name}" for d in claim.domain)
    said = f"Asked of {about}{domain}."
    if not claim.assumes:
        return ["## Hypotheses", f"None. {said}"]
    proved = claim.status is Status.proved
    rows = ["* - hypothesis\n  - says" + ("\n  - without it" if proved else "")]
    for hypothesis in claim.assumes:
        row = f"* - `{hypothesis.name}`\n  - {hypothesis.sentence}"
        stored = _certificate(f"{claim.id}-without-{hypothesis.name}") if proved else None
        without = "no certificate is stored" if stored is None else _without(stored)
        rows.append(f"{row}\n  - {without}" if proved else row)
    return ["## Hypotheses", said, ":::{list-table}\n:header-rows: 1\n:class: stacked\n\n" + "\n".join(rows) + "\n:::"]


def _without(stored: Mapping[str, Any]) -> str:
    if stored["factor"] != "1":
        return f"with the bound times {stored['factor']}, fails by at least {stored['at_least']} (certified)"
    return f"fails by at least {stored['at_least']} (certified)"


def _counterexample(claim: Claim) -> list[str]:
    stored = _certificate(claim.id)
    if claim.status is not Status.refuted or stored is None:
        return []
    return [
        "## Counterexample",
        f"The left side is {_enclosed(stored['lhs'])} and the right side {_enclosed(stored['rhs'])}: the claim fails "
        f"here by at least {stored['at_least']}, for exactly these rational numbers. Found by "
        f"`{stored['provenance']['command']}`, shrunk, and accepted by a verifier that shares no code with the search.",
        *counterexample(stored["instance"]),
        f"File: {{download}}`{claim.id}.json <../../tests/certificates/{claim.id}.json>`; "
        "`w2s-theory check FILE` verifies it again.",
    ]


def _enclosed(ends: Sequence[str]) -> str:
    low, high = (float(end) for end in ends)
    return f"{(low + high) / 2:.6g}" if max(abs(low), abs(high)) > 1e-12 else "0"


def _witness(claim: Claim, part: float = 1.0) -> Instance:
    assert claim.witness is not None
    with jax.enable_x64(True):
        return claim.witness(part * claim.witness_scale)


@functools.cache
def _sides_at_witnesses() -> dict[str, tuple[float, float]]:
    """Both sides of every sharp claim at its witness, computed by one program."""
    sharp = {claim.id: claim for claim in CLAIMS if claim.status is Status.proved and claim.witness}

    def sides(witnesses: Mapping[str, Instance]) -> dict[str, tuple[Any, Any]]:
        relations = {name: sharp[name].sides(witness) for name, witness in witnesses.items()}
        return {name: (relation.lhs, relation.rhs) for name, relation in relations.items()}

    with jax.enable_x64(True):
        made = compiled(sides, optimised=False)({name: _witness(claim) for name, claim in sharp.items()})
    return {name: (float(lhs), float(rhs)) for name, (lhs, rhs) in made.items()}


def _equality(claim: Claim) -> list[str]:
    sides = _sides_at_witnesses().get(claim.id)
    if sides is None:
        return []
    lhs, rhs = sides
    witness, nearer = _witness(claim), _witness(claim, 0.5)
    same = all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(witness), jax.tree.leaves(nearer), strict=True))
    where = "" if same else f", one of a family whose sides meet as $h\\to0$, at $h$ = {claim.witness_scale:g}"
    return [
        "## Where it is an equality",
        f"At the instance below{where}: left side {lhs:.9g}, right side {rhs:.9g}, ratio {lhs / rhs:.7g}.",
        *numbers(witness),
    ]


def _world(world: World) -> str:
    made = type(world)
    inputs = "one input" if world.inputs == 1 else f"{world.inputs} inputs"
    return f"{{py:class}}`{made.__name__} <{made.__module__}.{made.__name__}>` ({inputs})"


def _evidence(claim: Claim, swept: Mapping[str, Any], searched: Mapping[str, Any] | None) -> list[str]:
    asked, broken = swept["instances"], swept["violations"]
    outcome = f"no violation in {asked:,} instances" if not broken else f"{broken:,} violations in {asked:,} instances"
    said = [f"* One sweep (`w2s-theory verify {claim.id}`): {outcome}."]
    if swept["max_tightness"] is not None and not broken:
        said.append(f"* Tightest instance of the sweep: left over right {swept['max_tightness']:.4g}.")
    if searched:
        said.append(
            f"* Gradient search over {searched['evaluations']:,} evaluations comes to {searched['tightness']:.4g} of "
            "the bound: evidence, not a proof."
        )
    box = _certificate(f"{claim.id}-on-box")
    if box:
        sides = " × ".join(f"[{low}, {high}]" for low, high in box["box"])
        said.append(
            f"* Certified in ball arithmetic on the box {sides} (one input, two classes; P(class 1) of the weak and of "
            f"the strong model): slack at least {box['slack_at_least']:g}."
        )
    worlds = ", ".join(dict.fromkeys(_world(world) for world in claim.worlds))
    return ["## What was tried", "\n".join([*said, f"* Instances come from: {worlds}."])]


def _source(claim: Claim) -> list[str]:
    where = f", {claim.cite.where}" if claim.cite.where else ""
    module = sys.modules[claim.sides.__module__]
    family = (module.__doc__ or "").strip().splitlines()[0]
    more = (claim.sides.__doc__ or "").strip().splitlines()[1:]
    return [
        "## Source and proof",
        f"{{cite}}`{claim.cite.key}`{where}. The family, {{py:mod}}`{module.__name__}`: “{family}” The proof of what "
        "holds is in that section of the theory notes, in the project's own reading of the source.",
        *(["\n".join(line.strip() for line in more)] if any(more) else []),
    ]


def _figures(claim: Claim) -> list[str]:
    shown = [figure for figure in FIGURES if claim.id in figure.claims]
    parts = ["## Figures"] if shown else []
    for figure in shown:
        stop = "" if figure.title.endswith("?") else "."
        parts.append(
            f":::{{figure}} ../../figures/{figure.name}.svg\n:alt: {figure.title}\n:class: drawing\n\n"
            f"**{figure.title}{stop}** {figure.caption}\n:::"
        )
    return parts


def _commands(claim: Claim) -> list[str]:
    lines = [f"w2s-theory evaluate {claim.id} --instance FILE", f"w2s-theory falsify {claim.id}"]
    lines += [f"w2s-theory falsify {claim.id} --drop {h.name}" for h in claim.assumes]
    if _certificate(f"{claim.id}-on-box"):
        lines.append(f"w2s-theory certify {claim.id}")
    return ["## Try it", "```sh\n" + "\n".join(lines) + "\n```"]


def _citation(claim: Claim) -> list[str]:
    keys = dict.fromkeys([claim.cite.key, "w2stheory"])
    entries = "\n\n".join(bibtex(key) for key in keys)
    return ["## How to cite", f"`w2s-theory cite {claim.id}` prints:", f"```bibtex\n{entries}\n```"]


def _index() -> str:
    parts = [
        "# Claims",
        "Every statement of the catalogue, each on a page made from its declaration. “Proved” and “refuted” refer to "
        "the theory notes; “sharp” claims reach equality, or approach it, at a witness. $F^*$ is the truth, $F_w$ the "
        "weak model, $F_{sw}$ the student, $d_P(g,h)=\\mathbb E\\sum_ig_i\\log(g_i/h_i)$ in nats, "
        "$d=d_P(F_w,F_{sw})$ unless said otherwise, $L(F)=d_P(F^*,F)$, and every entry of both models is at least "
        "$\\gamma$ where $\\gamma$ appears.",
    ]
    for family, title in _FAMILIES.items():
        rows = ["* - claim\n  - statement\n  - status"]
        for claim in CLAIMS:
            if _family(claim) == family:
                sharp = ", sharp" if claim.sharp and claim.status is Status.proved else ""
                rows.append(
                    f"* - [`{claim.id}`]({claim.id}.md)\n  - {claim.statement}\n  - {claim.status.value}{sharp}"
                )
        parts += [
            f"## {title}",
            ":::{list-table}\n:header-rows: 1\n:class: stacked claims\n\n" + "\n".join(rows) + "\n:::",
        ]
    pages = "\n".join(claim.id for claim in CLAIMS)
    return "\n\n".join([*parts, f":::{{toctree}}\n:hidden:\n\n{pages}\n:::"]) + "\n"


def _write(app: Sphinx) -> None:
    swept = {row["id"]: row for row in _read(ROOT / "figures" / "verification.json")["claims"]}
    searched = {row["id"]: row for row in _read(ROOT / "figures" / "tightness.json")["entries"]}
    pages = {f"{c.id}.md": claim_page(c, swept[c.id], searched.get(c.id)).encode() for c in CLAIMS}
    write_pages(Path(app.srcdir) / "claims", pages | {"index.md": _index().encode()})


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before sources are read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
