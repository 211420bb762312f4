"""Results: kept as JSON, one section a task, and written as Markdown for readers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contest import Outcome, Row
from benchmarks.scaling_laws import Law
from benchmarks.targets import Verdict
from benchmarks.task import Section

HEAD = """# Results of the benchmarks

Made by `make bench`, which measures everything below in one go; [README.md](README.md) says how, and what the tables
mean.  Ratios are medians of paired runs: times of single runs move by a factor of two with what else a machine does.
"""


@dataclass
class Results:
    """Sections in the order of the tasks, all of one machine and of the same versions."""

    machine: dict[str, str]
    versions: dict[str, str]
    sections: dict[str, Section] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """As JSON."""
        sections = {name: section.to_json() for name, section in self.sections.items()}
        made = {"machine": self.machine, "versions": self.versions, "sections": sections}
        path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """What `save` saved."""
    given = json.loads(path.read_text(encoding="utf-8"))
    return Results(given["machine"], given["versions"], {k: _section(s) for k, s in given["sections"].items()})


def _section(given: dict[str, Any]) -> Section:
    outcomes = [Outcome(**o | {"rows": [Row(**row) for row in o["rows"]]}) for o in given["outcomes"]]
    laws, verdicts = [Law(**one) for one in given["laws"]], [Verdict(**one) for one in given["verdicts"]]
    return Section(**given | {"outcomes": outcomes, "laws": laws, "verdicts": verdicts})


def in_time(seconds: float | None) -> str:
    """Seconds with a unit that suits them."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def outcome_table(outcome: Outcome) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a case; columns that say nothing are left out."""
    fastest = outcome.fastest()
    facts = list(dict.fromkeys(name for row in outcome.rows for name in row.facts))
    columns = ["", "time", "/ ours", "/ fastest peer", "/ machine's limit", outcome.error_name, *facts]
    columns += [f"{outcome.unit} a second", "runs", "note"]
    rows = []
    for row in outcome.rows:
        cells = [row.name, in_time(row.seconds), _ratio(row.ratio)]
        if row.seconds is None:
            bound = row.at_least and outcome.ours.seconds
            rows.append([*cells[:2], f"> {_ratio(row.at_least / bound)}" if row.at_least and bound else ""])
            rows[-1] += [""] * (len(columns) - 4) + [row.note]
            continue
        cells.append("" if fastest is None or not fastest.seconds else _ratio(row.seconds / fastest.seconds))
        cells.append("" if outcome.least is None else _ratio(row.seconds / outcome.least))
        cells.append("" if row.error is None else f"{row.error:.0e}")
        cells += [row.facts.get(name, "") for name in facts]
        cells.append("" if outcome.count is None else f"{outcome.count / row.seconds:.2g}")
        rows.append([*cells, str(row.runs), row.note])
    return _without_empty(columns, rows)


def law_table(law: Law) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a study."""
    rows = zip(law.sizes, law.seconds, law.rates, strict=True)
    columns = [law.variable, "time", f"{law.unit} a second"]
    return columns, [[f"{size:,}", in_time(seconds), f"{rate:.3g}"] for size, seconds, rate in rows]


def law_title(law: Law) -> str:
    """The study, with its exponent."""
    return law.name if law.exponent is None else f"{law.name}: time grows as {law.variable}^{law.exponent:.2f}"


def _without_empty(columns: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    kept = [number for number in range(len(columns)) if number == 0 or any(row[number] for row in rows)]
    return [columns[n] for n in kept], [[row[n] for n in kept] for row in rows]


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (columns, *rows)]
    lines = ["| " + " | ".join(row) + " |" for row in escaped]
    return "\n".join([lines[0], "|" + " --- |" * len(columns), *lines[1:]])


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"* {sentence}" for sentence in sentences)


ANSWERS = {True: "yes", False: "**no**", None: "not shown"}


def target_table(sections: Sequence[Section]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the summary: every target, the case furthest from it, and whether it is met."""
    columns = ["task", "target", "wanted", "measured at worst", "where", "cases met", "met"]
    rows = []
    for section in sections:
        for v in section.verdicts:
            cells = [v.sentence, v.wanted, v.measured, v.where, f"{v.cases_met} of {v.cases}", ANSWERS[v.met]]
            rows.append([section.title, *cells])
    return columns, rows


def reasons(sections: Sequence[Section]) -> list[str]:
    """A sentence for each target that is not met."""
    missed = [(section.title, v) for section in sections for v in section.verdicts if v.met is False]
    return [f"{title}, {v.sentence}: {v.why or 'why is not known.'}" for title, v in missed]


def render(results: Results) -> str:
    """RESULTS.md."""
    sections = list(results.sections.values())
    parts = [HEAD]
    parts.append(_markdown(["machine", ""], [list(pair) for pair in results.machine.items()]))
    parts.append(", ".join(f"{name} {version}" for name, version in results.versions.items()) + ".")
    parts.append("## Targets")
    parts.append(_markdown(*target_table(sections)))
    if missed := reasons(sections):
        parts += ["### Why those are not met", _bullets(missed)]
    for section in sections:
        parts.append(f"## {section.title}")
        parts.append(section.about)
        parts.append(f"{section.date}, load {section.load} before it.  The machine's limits then: {section.limits}.")
        for outcome in section.outcomes:
            parts += [f"### {outcome.name}", _markdown(*outcome_table(outcome))]
        for law in section.laws:
            parts += [f"### {law_title(law)}", _markdown(*law_table(law))]
        if section.conclusions:
            parts.append(_bullets(section.conclusions))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"
