"""One self-contained HTML page: what was checked, the figures, and the table of all claims."""

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Status
from w2s_theory.report.figures.figure import Figure
from w2s_theory.report.mathml import mathml_text
from w2s_theory.report.rows import short
from w2s_theory.verification.sweep import SweepRow

_INTRODUCTION = (
    "A weak teacher labels data for a strong student: this page shows how far the student's risk and calibration can "
    "be from the teacher's, with every bound checked on random and adversarial instances and drawn beside models that "
    "were really trained. A sweep without a violation is evidence and not a proof; proofs are in the theory notes, and "
    "a counterexample, where one is shown, was found by the program."
)

_EXPLORER = (
    '<p><a href="explorer.html"><b>Drag a teacher and its student</b></a>: the same claims on three predictors that '
    "you move, every number computed as you do, and a counterexample for each refuted claim that fits.</p>"
)

STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #59636e; --paper: #ffffff; --card: #f5f7f9;
  --line: #d9dee3; --link: #00619a; --good: #00714f; --bad: #b23c00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #a3adb7; --paper: #14181c; --card: #1c2126;
  --line: #363d45; --link: #6cb8ea; --good: #4ac79a; --bad: #ff9a66; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 1rem; }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
a { color: var(--link); }
code { font-family: ui-monospace, monospace; font-size: .88em; overflow-wrap: anywhere; }
.tally { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; list-style: none; }
.tally li { flex: 1 1 13rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .9rem; }
.tally b { display: block; font-size: 1.4rem; line-height: 1.3; }
.gallery { columns: 2 26rem; column-gap: 1.25rem; }
figure { margin: 0 0 1.25rem; break-inside: avoid; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; padding: .9rem; }
figure a.drawing { display: block; background: #fff; border-radius: .3rem; padding: .5rem; }
figure img { display: block; width: 100%; height: auto; }
figcaption { margin-top: .75rem; font-size: .92rem; }
figcaption p, figcaption ul { margin: .4rem 0; }
figcaption ul { padding-left: 1.1rem; }
.soft { color: var(--soft); font-size: .86rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .55rem; border-bottom: 1px solid var(--line); }
thead th { font-size: .8rem; color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
tbody th code { font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
tr:target { background: var(--card); }
math { font-size: 1.02em; }
@media (max-width: 46rem) {
  thead { display: none; }
  table, tbody { display: block; }
  tr { display: block; border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .75rem; padding: .3rem 0; }
  tbody th, td, td.number { display: block; border: 0; text-align: left; padding: .2rem .75rem; overflow-x: auto; }
  td.number { display: inline-block; }
  td::before { content: attr(data-name) ": "; color: var(--soft); font-weight: 400; }
}
"""

PALETTE = """
:root { --blue: #0072b2; --orange: #b86e00; --green: #00805c; --purple: #a3478e; --red: #b23c00; }
@media (prefers-color-scheme: dark) { :root { --blue: #6cb8ea; --orange: #f0b040; --green: #4ac79a; --purple: #d58fc6;
  --red: #ff9a66; } }
"""
"""The colours of the figures, dark enough for text on paper and light enough on a dark page."""


def write_page(out: Path, rows: Sequence[SweepRow], figures: Sequence[Figure], settings: Mapping[str, Any]) -> Path:
    """Write `out/index.html`: a gallery of `figures` and the table of `rows`; returns its path.

    The drawings are the sibling files NAME.svg, and the computed sentences under them come from NAME.json.
    `settings` has `instances`, `seed` and `quick`.  The page refers to no other host and runs no script.
    """
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Bounds of weak-to-strong generalization</title><style>{STYLE}</style></head><body><main>",
        "<h1>Bounds of weak-to-strong generalization</h1>",
        f"<p>{html.escape(_INTRODUCTION)}</p>",
        _EXPLORER,
        _tally(rows),
        f'<p class="soft">{_how(settings)}</p>',
        '<h2>Figures</h2><div class="gallery">',
        *(_figure(out, figure, settings) for figure in figures),
        "</div><h2>Every claim</h2>",
        '<p class="soft">Slack is the right side less the left, at its worst; slack below zero by no more than the '
        "computed rounding budget is not a violation. Tightness is left over right, at its largest: 1 is equality. "
        "Status is what the theory notes say of a claim.</p>",
        _table(rows),
        "</main></body></html>",
    ]
    path = out / "index.html"
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return path


def _tally(rows: Sequence[SweepRow]) -> str:
    """Three numbers: claims without violation, claims refuted, and whatever needs attention."""
    held = sum(row.status is Status.proved and row.passed for row in rows)
    proved = sum(row.status is Status.proved for row in rows)
    refuted = sum(row.status is Status.refuted and row.passed for row in rows)
    false = sum(row.status is Status.refuted for row in rows)
    asked = sum(row.instances for row in rows)
    entries = [
        (f"{held} of {proved}", "claims said to hold: no violation found"),
        (f"{refuted} of {false}", "claims said to fail: counterexample found"),
        (f"{asked:,}", "instances checked"),
    ]
    items = "".join(f"<li><b>{number}</b>{html.escape(words)}</li>" for number, words in entries)
    return f'<ul class="tally">{items}</ul>'


def _how(settings: Mapping[str, Any]) -> str:
    quick = " This is the quick version: fewer instances, pairs and training steps." if settings["quick"] else ""
    return (
        f"{int(settings['instances']):,} instances a claim, seed {int(settings['seed'])}. Everything here is made "
        f"again by <code>{_command(settings)}</code>.{quick}"
    )


def _command(settings: Mapping[str, Any], only: str | None = None) -> str:
    words = ["w2s-theory", "reproduce", *(["--only", only] if only else []), "--seed", str(settings["seed"])]
    return html.escape(" ".join([*words, *(["--quick"] if settings["quick"] else [])]))


def _figure(out: Path, figure: Figure, settings: Mapping[str, Any]) -> str:
    name = html.escape(figure.name, quote=True)
    width, height = (round(96 * side) for side in figure.size)
    facts = "".join(f"<li>{html.escape(fact)}</li>" for fact in _facts(out, figure.name))
    claims = ", ".join(f'<a href="#{html.escape(c)}"><code>{html.escape(c)}</code></a>' for c in figure.claims)
    files = " · ".join(f'<a href="{name}.{kind}">{word}</a>' for kind, word in _FILES)
    return (
        f'<figure id="figure-{name}"><h3>{html.escape(figure.title)}</h3>'
        f'<a class="drawing" href="{name}.svg"><img src="{name}.svg" width="{width}" height="{height}" '
        f'alt="{html.escape(figure.title, quote=True)}"></a>'
        f"<figcaption><p>{mathml_text(figure.caption)}</p>{f'<ul>{facts}</ul>' if facts else ''}"
        f'<p class="soft">Claims: {claims}.<br><code>{_command(settings, figure.name)}</code><br>{files}</p>'
        "</figcaption></figure>"
    )


_FILES = (("json", "data and seeds"), ("svg", "SVG"), ("png", "PNG"))


def _facts(out: Path, name: str) -> list[str]:
    """The sentences that were computed with the figure's data; none if the figure has not been rendered."""
    path = out / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")).get("facts", []) if path.exists() else []


def _table(rows: Sequence[SweepRow]) -> str:
    columns = "".join(f"<th>{name}</th>" for name in ("claim", *_COLUMNS))
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{''.join(map(_row, rows))}</tbody></table>"


_COLUMNS = ("status", "outcome", "violations", "worst slack", "tightness")


def _row(row: SweepRow) -> str:
    name = html.escape(row.id, quote=True)
    outcome = f'<span class="{"good" if row.passed else "bad"}">{html.escape(_outcome(row))}</span>'
    numbers = (f"{row.violations:,}", short(row.min_slack), short(row.max_tightness))
    cells = [
        f'<td data-name="{key}">{cell}</td>'
        for key, cell in zip(_COLUMNS[:2], (row.status.value, outcome), strict=True)
    ]
    cells += [
        f'<td class="number" data-name="{key}">{html.escape(cell.replace("-", "−"))}</td>'
        for key, cell in zip(_COLUMNS[2:], numbers, strict=True)
    ]
    statement = mathml_text(CATALOGUE[row.id].statement.removesuffix(".")) if row.id in CATALOGUE else ""
    return f'<tr id="{name}"><th scope="row"><code>{name}</code><br>{statement}</th>{"".join(cells)}</tr>'


def _outcome(row: SweepRow) -> str:
    """What the sweep found, in words that claim no more than it can."""
    return {
        "holds": f"no violation in {row.instances:,} instances",
        "violated": f"violated in {row.violations:,} of {row.instances:,} instances",
        "refuted": f"counterexample confirmed, in {row.instances:,} instances",
        "not refuted": f"no counterexample in {row.instances:,} instances",
        "unresolved": "unresolved: no instance determined both sides",
    }[row.verdict]
