"""An audit as one self-contained HTML page: no network, no script, figures inline."""

import contextlib
import html
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_theory.auditing.audit_record import Audit
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.errors import InputError
from w2s_theory.report.audit_figures import bound_drawing, interval_drawing, reliability_drawing
from w2s_theory.report.audit_rows import QUALITIES, answers, interval_text, scope_sentence
from w2s_theory.report.mathml import mathml_text
from w2s_theory.report.page import PALETTE, STYLE
from w2s_theory.report.rows import short
from w2s_theory.report.svg import Drawing

_MORE_STYLE = """
.verdict { font-size: 1.2rem; line-height: 1.45; background: var(--card); border: 1px solid var(--line);
  border-left: .4rem solid var(--soft); border-radius: .5rem; padding: .9rem 1.1rem; margin: 1rem 0; }
.verdict.better { border-left-color: var(--good); } .verdict.worse { border-left-color: var(--bad); }
.verdict b { display: block; font-size: 1.5rem; }
svg.drawing { display: block; width: 100%; height: auto; font: 11.5px system-ui, sans-serif; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .stroke { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .bar { stroke-width: 4; stroke-linecap: round; }
svg text { paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg text.ink { fill: var(--ink); } svg text.soft { fill: var(--soft); font-size: 11px; }
svg .stroke.soft { stroke: var(--soft); stroke-width: 1.2; } svg .bar.soft { stroke: var(--soft); }
svg .fill.soft { fill: var(--soft); }
svg .stroke.blue, svg .bar.blue { stroke: var(--blue); } svg .fill.blue { fill: var(--blue); }
svg .stroke.orange { stroke: var(--orange); } svg .fill.orange { fill: var(--orange); }
svg .stroke.green { stroke: var(--green); } svg .fill.green { fill: var(--green); }
svg .stroke.purple { stroke: var(--purple); } svg .fill.purple { fill: var(--purple); }
svg .bar.red { stroke: var(--red); } svg .fill.red { fill: var(--red); }
ul.legend { list-style: none; padding: 0; margin: .5rem 0 0; font-size: .88rem; }
ul.legend li::before { content: "\\25CF"; margin-right: .4rem; }
ul.legend .blue::before { color: var(--blue); } ul.legend .orange::before { color: var(--orange); }
ul.legend .green::before { color: var(--green); } ul.legend .purple::before { color: var(--purple); }
details { margin: 1rem 0; } summary { cursor: pointer; color: var(--link); }
dl { margin: 0; } dt { font-weight: 600; margin-top: .8rem; } dd { margin: .1rem 0 0; }
"""

_WORDS = {"better": "Yes", "worse": "No", "not decided": "Not decided", "no labels": "No labels"}


def write_audit(out: Path, audit: Audit) -> list[Path]:
    """Write `audit.html` and `audit.json` into the folder, both or neither; their paths."""
    texts = {
        "audit.html": audit_page(audit),
        "audit.json": json.dumps(audit.to_json(), indent=1, allow_nan=False, ensure_ascii=False) + "\n",
    }
    made: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            made.append(out / f"{name}.part")
            made[-1].write_text(text, encoding="utf-8")
        for part in made:
            os.replace(part, part.with_suffix(""))
        return [part.with_suffix("") for part in made]
    except OSError as problem:
        for part in made:
            with contextlib.suppress(OSError):
                part.unlink()
        raise InputError(f"{out}: the report cannot be written: {problem.strerror}") from None


def audit_page(audit: Audit) -> str:
    """The page as text."""
    record = audit.to_json()
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="icon" href="data:,">',
        "<title>Did the student beat its teacher?</title>",
        f"<style>{STYLE}{PALETTE}{_MORE_STYLE}</style></head><body><main>",
        "<h1>Did the student beat its teacher?</h1>",
        _verdict(record),
        f'<p class="soft">{html.escape(scope_sentence(record))} {html.escape(" ".join(record["notes"]))}</p>',
        '<div class="gallery">',
        *_figures(record),
        "</div>",
        "<h2>Models</h2>",
        _models(record),
        "<h2>Between the models</h2>",
        _table(("question", "answer"), ((html.escape(q), html.escape(a)) for q, a in answers(record))),
        *_slices(record),
        "<h2>Bounds</h2>",
        *_bounds(record),
        "<h2>Which assumption fails?</h2>",
        _assumptions(record),
        "<h2>What a floor would change</h2>",
        _clipping(record),
        f'<p class="soft">{html.escape(_METHODS)}</p>',
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


_METHODS = (
    "Methods. Means: Student's t; accuracies: exact binomial; differences of accuracies: Wald's interval with half a "
    "point added to each cell; ratios: Fieller. Calibration errors: equal-width bins (lo, hi], estimates averaged over "
    "all halvings of the points so that a calibrated model shows zero on average, intervals valid whatever the error; "
    "they are errors of the binned scores, at most those conditional on the score. Natural logarithms throughout. A "
    "sample can contradict a statement about the population at a level, never establish it."
)


def _verdict(record: Mapping[str, Any]) -> str:
    outcome = record["verdict"]["outcome"]
    tone = outcome if outcome in ("better", "worse") else "open"
    said = record["verdict"]["sentence"]
    first = f"{_WORDS[outcome]}: "
    rest = said[len(first) :] if said.startswith(first) else said
    words = html.escape(rest[:1].upper() + rest[1:])
    return f'<p class="verdict {tone}" id="verdict"><b>{_WORDS[outcome]}.</b>{words}</p>'


def _figure(name: str, title: str, drawing: Drawing, legend: Iterable[tuple[str, str]] = (), caption: str = "") -> str:
    items = "".join(f'<li class="{tone}">{html.escape(words)}</li>' for tone, words in legend)
    listed = f'<ul class="legend">{items}</ul>' if items else ""
    words = f"<p>{html.escape(caption)}</p>" if caption else ""
    return (
        f'<figure id="figure-{name}"><h3>{html.escape(title)}</h3>{drawing.text()}'
        f"<figcaption>{listed}{words}</figcaption></figure>"
    )


def _figures(record: Mapping[str, Any]) -> list[str]:
    made = []
    if record["labelled"]:
        beyond = record["gain_minus_misfit"]
        rows = [
            ("gain", record["gain"]),
            ("gain − d(strong, weak)", beyond["reverse"]),
            ("gain − d(weak, strong)", beyond["forward"]),
        ]
        drawing = interval_drawing("Gain with its interval", rows, "nats; right of the line the student is better")
        if drawing:
            caption = "The gain is the weak model's log-loss less the strong one's, on the same points."
            made.append(_figure("gain", "Is the gain noise?", drawing, caption=caption))
    among = bound_drawing(record)
    if among:
        caption = f"Floor γ = {record['floor']:.3g}, the smallest probability in these predictions."
        made.append(_figure("bounds", "What do the bounds allow?", among[0], among[1], caption))
    for role, entry in record["top_label_calibration"].items():
        if entry.get("diagram"):
            caption = f"Debiased error {interval_text(entry)}, plug-in {short(entry['plug_in'], 3)}."
            drawing = reliability_drawing(role, entry)
            made.append(_figure(f"reliability-{role}", f"Calibration of the {role} model", drawing, caption=caption))
    if "slices" in record:
        rows = [(entry["slice"], entry["gain"]) for entry in record["slices"]]
        drawing = interval_drawing("Gain by slice", rows, "gain in nats")
        if drawing:
            made.append(_figure("slices", "Gain by slice", drawing))
    return made


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; on a phone every cell carries its heading."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f'<td data-name="{html.escape(h)}">{c}</td>' for h, c in zip(headings[1:], row[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _models(record: Mapping[str, Any]) -> str:
    roles = list(record["accuracy"])
    rows = [(html.escape(w), *(interval_text(record[k][role]) for role in roles)) for k, w in QUALITIES.items()]
    if record["classes"] == 2:
        smooth = (record["marginal_calibration"][role] for role in roles)
        rows.append(("smooth calibration", *(short(entry.get("smooth"), 3) for entry in smooth)))
    said = [
        f"<p>The {html.escape(role)} model gives probability 0 to what happened at {noted['count']:,} points (rows "
        f"{', '.join(f'{row:,}' for row in noted['rows'])}): its log-loss is infinite.</p>"
        for role, noted in record["infinite"].items()
    ]
    return _table(("", *roles), rows) + "".join(said)


def _slices(record: Mapping[str, Any]) -> list[str]:
    if "slices" not in record:
        return []
    rows = (
        (
            html.escape(entry["slice"]),
            f"{entry['n']:,}",
            interval_text(entry["gain"]),
            interval_text(entry["accuracy_change"]),
            "yes" if entry["decided"] else "no",
        )
        for entry in record["slices"]
    )
    note = '<p class="soft">Decided: at one level for the signs of all slices together (Holm).</p>'
    return ["<h2>Slices</h2>", _table(("slice", "points", "gain", "accuracy change", "decided"), rows), note]


def _bounds(record: Mapping[str, Any]) -> list[str]:
    apply = [bound for bound in record["bounds"] if bound["applies"]]
    others = [bound for bound in record["bounds"] if not bound["applies"]]
    note = (
        '<p class="soft">Left and right side of each claim as the theory writes it, estimated from these points; '
        "left over right near 1 means the bound is nearly reached.</p>"
    )
    rest = f"<details><summary>{len(others)} claims that do not apply, or of which that is not decided</summary>"
    return [note, _bound_table(apply), rest, _bound_table(others), "</details>"]


def _bound_table(entries: Sequence[Mapping[str, Any]]) -> str:
    rows = (
        (
            f"<code>{html.escape(e['id'])}</code><br>{mathml_text(CATALOGUE[e['id']].statement.removesuffix('.'))}",
            *(short(e[side], 3).replace("-", "−") for side in ("lhs", "rhs", "tightness")),
            html.escape(e["why"]),
        )
        for e in entries
    )
    return _table(("claim", "left side", "right side", "left/right", "why"), rows)


def _assumptions(record: Mapping[str, Any]) -> str:
    entries = (
        f"<dt>{html.escape(e['name'])}: {html.escape(e['finding'])}</dt><dd>{html.escape(e['sentence'])}</dd>"
        for e in record["assumptions"]
    )
    return f"<dl>{''.join(entries)}</dl>"


def _clipping(record: Mapping[str, Any]) -> str:
    if not record["clipping"]["rows"]:
        return "<p>Without labels there is nothing to compare.</p>"
    rows = (
        (
            "as given" if row["floor"] is None else f"γ = {row['floor']:g}",
            *(short(row[name], 3).replace("-", "−") for name in ("gain", "disagreement", "bound")),
        )
        for row in record["clipping"]["rows"]
    )
    note = (
        f'<p class="soft">Nothing was clipped. The table says what mixing both models with the uniform distribution, '
        f"F → γ + (1 − kγ)F, would do, on {record['clipping']['n']:,} points.</p>"
    )
    return note + _table(("floor", "gain", "disagreement", "bound C√d"), rows)
