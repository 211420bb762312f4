"""An audit for the terminal: the sentence first, then models, gain, bounds and assumptions."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from w2s_theory.auditing.audit_record import Audit
from w2s_theory.report.rows import short

_TONES = {"better": "bold green", "worse": "bold red", "not decided": "bold yellow", "no labels": "bold yellow"}
_MANY_SLICES = 40

QUALITIES = {
    "accuracy": "accuracy",
    "log_loss": "log-loss (nats)",
    "marginal_calibration": "class-wise calibration",
    "top_label_calibration": "top-label calibration",
}
"""Words for what is said of every model: calibration errors are debiased estimates over 15 bins."""


def interval_text(entry: Mapping[str, Any] | None, digits: int = 3) -> str:
    """An estimate with its interval, or a dash."""
    if entry is None or entry.get("value") is None:
        return "–"
    value = short(entry["value"], digits)
    if entry.get("low") is None and entry.get("high") is None:
        return value
    low, high = (
        short(entry[end], digits) if entry[end] is not None else infinite
        for end, infinite in (("low", "−∞"), ("high", "∞"))
    )
    return f"{value} [{low}, {high}]".replace("-", "−")


def audit_table(audit: Audit) -> RenderableType:
    """Everything an audit found, in the order a reader asks."""
    record = audit.to_json()
    parts: list[RenderableType] = [
        Text(record["verdict"]["sentence"], _TONES[record["verdict"]["outcome"]]),
        Text(scope_sentence(record), "dim"),
        _models(record),
        _answers(record),
    ]
    if "slices" in record:
        parts.append(_slices(record["slices"]))
    parts += [_bounds(record), _assumptions(record)]
    parts += [Text(note, "dim") for note in record["notes"]]
    return Group(*parts)


def scope_sentence(record: Mapping[str, Any]) -> str:
    """What the intervals mean."""
    labelled = "" if record["labelled"] == record["n"] else f", {record['labelled']:,} of them labelled"
    return (
        f"{record['n']:,} points{labelled}, {record['classes']:,} classes. In brackets: intervals, each by itself at "
        f"level {100 * record['level']:g} %, for points that are independent draws."
    )


def _models(record: Mapping[str, Any]) -> Table:
    table = Table(title="Models", title_justify="left")
    table.add_column("")
    roles = list(record["accuracy"])
    for role in roles:
        table.add_column(role, justify="right")
    for key, words in QUALITIES.items():
        table.add_row(words, *(interval_text(record[key][role]) for role in roles))
    for role, noted in record["infinite"].items():
        shown = ", ".join(f"{row:,}" for row in noted["rows"])
        table.caption = (
            f"{role}: probability 0 of what happened at {noted['count']:,} points (rows {shown}), an infinite log-loss"
        )
    return table


def answers(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Question and answer, one a line, of what lies between the models."""
    disagreement = record["disagreement"]
    rows = [
        ("gain: weak − strong log-loss", interval_text(record["gain"])),
        ("accuracy, strong − weak", interval_text(record["accuracy_change"])),
        ("performance gap recovered, accuracy", _recovered(record["performance_gap_recovered"])),
        ("performance gap recovered, log-loss", _recovered(record["performance_gap_recovered_log_loss"])),
        ("disagreement d(weak, strong)", interval_text(disagreement["forward_interval"])),
        ("disagreement d(strong, weak), the misfit", interval_text(disagreement["reverse_interval"])),
    ]
    if record["labelled"]:
        beyond, parts, same = record["gain_minus_misfit"], record["decomposition"], record["agreement"]
        rows += [
            ("gain − d(strong, weak)", interval_text(beyond["reverse"])),
            ("gain − d(weak, strong)", interval_text(beyond["forward"])),
            ("risk difference through the teacher's errors", interval_text(parts["through_teacher_errors"])),
            ("student says what its teacher says", interval_text(same["everywhere"])),
            ("… where the teacher is wrong", interval_text(same["weak_wrong"])),
            ("points that would resolve the gain (80 % power)", _count(record["sample_size"]["gain"])),
            ("points that would resolve the accuracies", _count(record["sample_size"]["accuracy"])),
        ]
    risk = record["label_free_risk"]
    ends = ("infinite" if risk[end] is None else short(risk[end], 4) for end in ("low", "high"))
    said = risk.get("why") or " to ".join(ends)
    rows.append(("strong log-loss allowed by the weak one alone", said))
    return rows


def _recovered(entry: Mapping[str, Any]) -> str:
    return entry["why"] if entry["value"] is None else interval_text(entry)


def _count(number: int | None) -> str:
    return "–" if number is None else f"about {number:,}"


def _answers(record: Mapping[str, Any]) -> Table:
    table = Table(title="Between the models", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for question, answer in answers(record):
        table.add_row(question, answer)
    return table


def _slices(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Slices", title_justify="left", caption="decided: at one level for the signs of all slices")
    for heading in ("slice", "points", "gain", "accuracy change", "decided"):
        table.add_column(heading, justify="left" if heading == "slice" else "right", overflow="fold")
    for row in rows[:_MANY_SLICES]:
        decided = "yes" if row["decided"] else "no"
        cells = (interval_text(row["gain"]), interval_text(row["accuracy_change"]))
        table.add_row(Text(row["slice"]), f"{row['n']:,}", *cells, decided)
    if len(rows) > _MANY_SLICES:
        table.add_row(f"and {len(rows) - _MANY_SLICES:,} more, in --json", "", "", "", "")
    return table


def _bounds(record: Mapping[str, Any]) -> Table:
    shown = [bound for bound in record["bounds"] if bound["applies"]]
    left = len(record["bounds"]) - len(shown)
    table = Table(title="Bounds that apply", title_justify="left")
    table.caption = f"{left} others do not apply, or it is not decided whether they do: --json and audit.html say why"
    table.add_column("claim", overflow="fold")
    for heading in ("left side", "right side", "left/right"):
        table.add_column(heading, justify="right")
    for bound in shown:
        cells = (short(bound[side], 3).replace("-", "−") for side in ("lhs", "rhs", "tightness"))
        table.add_row(bound["id"], *cells)
    return table


def _assumptions(record: Mapping[str, Any]) -> Table:
    table = Table(title="Assumptions", title_justify="left", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for entry in record["assumptions"]:
        table.add_row(f"{entry['name']}: {entry['finding']}", entry["sentence"])
    return table
