"""Results as rows: for the terminal (rich), for the README (Markdown) and for JSON."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Claim, Status
from w2s_theory.instance_file import instance_to_json
from w2s_theory.report.plain import plain_text
from w2s_theory.sweeping.running import Swept
from w2s_theory.verification.box_search import BoxResult
from w2s_theory.verification.by_rule import RuleRow
from w2s_theory.verification.evaluation import Evaluation, finite_or_none
from w2s_theory.verification.falsify import Falsification
from w2s_theory.verification.mutants import MutantRow
from w2s_theory.verification.sampled import SampledOutcome
from w2s_theory.verification.sweep import SweepRow

_COLOURS = {
    "holds": "green",
    "tight": "green",
    "violated": "red",
    "unresolved": "yellow",
    "hypotheses_not_met": "yellow",
    "nonfinite": "yellow",
}
_LARGEST_SAVED_INSTANCE = 64
_ID_WIDTH = 33
_FEW_ROWS = 10


def short(value: float | None, digits: int = 2) -> str:
    """So many significant digits, or a dash where there is no number."""
    return "–" if value is None else f"{value + 0.0:.{digits}g}"


def claim_json(claim: Claim) -> dict[str, Any]:
    """One entry of `w2s-theory list --json`."""
    return {
        "id": claim.id,
        "statement": claim.statement,
        "status": claim.status.value,
        "hypotheses": [h.name for h in claim.assumes],
        "source": str(claim.cite),
        "sharp": claim.sharp,
    }


def claim_table(claims: Iterable[Claim]) -> Table:
    """The catalogue: id, status, and below them statement, whether sharp, hypotheses and source."""
    table = Table(title="Catalogue", show_lines=True)
    table.add_column("claim", overflow="fold")
    table.add_column("status")
    for claim in claims:
        about = ["identity" if claim.identity else "sharp" if claim.sharp else "not known to be sharp"]
        about += [f"assumes {', '.join(h.name for h in claim.assumes)}"] if claim.assumes else []
        lines = (
            (claim.id, "bold"),
            "\n",
            plain_text(claim.statement),
            "\n",
            (" · ".join([*about, str(claim.cite)]), "dim"),
        )
        table.add_row(
            Text.assemble(*lines), Text(claim.status.value, "red" if claim.status is Status.refuted else "green")
        )
    return table


def sweep_json(rows: Sequence[SweepRow]) -> dict[str, Any]:
    """`w2s-theory verify --json`; a counterexample is included where it is a small table."""
    claims = []
    for row in rows:
        entry: dict[str, Any] = {"id": row.id, "status": row.status.value}
        entry |= {
            key: getattr(row, key) for key in ("instances", "min_slack", "max_tightness", "violations", "verdict")
        }
        found = row.counterexample
        if found is not None and found.weights.shape[0] <= _LARGEST_SAVED_INSTANCE:
            entry["counterexample"] = instance_to_json(found)
        claims.append(entry)
    return {"claims": claims, "passed": all(row.passed for row in rows)}


def sweep_table(rows: Sequence[SweepRow]) -> RenderableType:
    """One line a claim, and what the words mean."""
    table = Table(title="Verification", box=None, padding=(0, 1, 0, 0))
    table.add_column("claim", no_wrap=True)
    for heading in ("instances", "violated", "slack ≥", "lhs/rhs ≤"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        counted = f"{row.instances:,}", f"{row.violations:,}"
        verdict = Text(row.verdict, "green" if row.passed else "bold red")
        table.add_row(
            "\n".join(textwrap.wrap(row.id, _ID_WIDTH)),
            *counted,
            short(row.min_slack),
            short(row.max_tightness),
            verdict,
        )
    return Group(table, Text(verdict_sentence(rows)))


def rule_json(rows: Sequence[RuleRow], rule: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """`w2s-theory verify --rule --json`: the keys of a sweep, and what each population said."""
    claims = []
    for row in rows:
        entry: dict[str, Any] = {"id": row.id, "status": row.status.value}
        entry |= {
            key: getattr(row, key) for key in ("instances", "min_slack", "max_tightness", "violations", "verdict")
        }
        entry["populations"] = [_rule_entry(outcome) for outcome in row.outcomes]
        claims.append(entry)
    settings = dict(options) if rule == "monte-carlo" else {}
    return {"rule": rule, **settings, "claims": claims, "passed": all(row.passed for row in rows)}


def _rule_entry(outcome: SampledOutcome) -> dict[str, Any]:
    entry: dict[str, Any] = {"population": outcome.population, "verdict": outcome.verdict.value}
    if outcome.slack is not None:
        low, high = (finite_or_none(end) for end in outcome.slack)
        entry |= {"lhs": outcome.lhs, "rhs": outcome.rhs, "slack": {"low": low, "high": high}}
    extra = {"p_value": outcome.p_value, "samples_needed": outcome.needed, "reason": outcome.reason}
    return entry | {name: value for name, value in extra.items() if value is not None}


def rule_table(rows: Sequence[RuleRow], rule: str) -> RenderableType:
    """One line a claim that any population could be asked about, and what the words mean."""
    table = Table(title=f"Claims on populations, by {rule}", box=None, padding=(0, 1, 0, 0))
    table.add_column("claim", no_wrap=True)
    for heading in ("decided", "violated", "slack ≥", "lhs/rhs ≤"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    shown = [row for row in rows if row.instances or len(rows) < _FEW_ROWS]
    for row in shown:
        table.add_row(
            "\n".join(textwrap.wrap(row.id, _ID_WIDTH)),
            f"{row.instances}/{len(row.outcomes)}",
            str(row.violations),
            short(row.min_slack),
            short(row.max_tightness),
            Text(row.verdict, "green" if row.passed else "bold red"),
        )
    return Group(table, Text(_rule_sentence(rows, shown)))


def _rule_sentence(rows: Sequence[RuleRow], shown: Sequence[RuleRow]) -> str:
    said = [f"No violation where decided: {sum(row.verdict == 'holds' for row in rows)} claims."]
    left = len(rows) - len(shown)
    if left:
        said.append(f"Not shown: {left} that no population decides (--json says why for each).")
    needed = [
        f"{row.id} on {o.population} ({o.needed:,.0f})" for row in rows for o in row.outcomes if o.needed is not None
    ]
    if needed:
        said.append(f"More samples would decide: {', '.join(needed)}.")
    failed = [row.id for row in rows if not row.passed]
    if failed:
        said.append(f"FAILED: {', '.join(failed)}.")
    return " ".join(said)


def verdict_sentence(rows: Sequence[SweepRow]) -> str:
    """What a sweep found, in words that claim no more than was done."""
    kept = sum(row.passed and row.status is Status.proved for row in rows)
    refuted = sum(row.passed and row.status is Status.refuted for row in rows)
    failed = [row.id for row in rows if not row.passed]
    said = []
    if kept:
        said.append(f"Proved in the theory notes, and no violation beyond the error budget in this sweep: {kept}.")
    if refuted:
        said.append(f"Refuted by a counterexample that random draws found, evaluated again: {refuted}.")
    if failed:
        said.append(f"FAILED: {', '.join(failed)}.")
    return " ".join(said)


def sweep_markdown(entries: Sequence[dict[str, Any]]) -> str:
    """The verification table of the README, from the entries of `sweep_json`: what a sweep found, and no more."""
    statements = {claim.id: plain_text(claim.statement).replace("|", "\\|") for claim in CLAIMS}
    lines = ["| claim | statement | theory notes | sweep |", "|---|---|---|---|"]
    for entry in entries:
        instances = f"{entry['instances']:,} instances"
        found = {
            "holds": f"no violation in {instances}",
            "refuted": f"refuted: {entry['violations']:,} violations in {instances}",
        }.get(entry["verdict"], f"**{entry['verdict']}** in {instances}")
        lines.append(f"| `{entry['id']}` | {statements[entry['id']]} | {entry['status']} | {found} |")
    return "\n".join(lines)


def experiment_table(record: dict[str, Any]) -> RenderableType:
    """The `overview` of an experiment's record: numbers to three digits, a dash where there is none."""
    overview = record["overview"]
    table = Table(title=overview["title"])
    for number, heading in enumerate(overview["columns"]):
        words = any(isinstance(row[number], str) for row in overview["rows"][:-1])
        table.add_column(heading, overflow="fold", justify="left" if words else "right")
    for row in overview["rows"]:
        table.add_row(*(value if isinstance(value, str) else _digits(value) for value in row))
    return table


def _digits(value: float | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else short(value, 3)


def evaluation_table(claim: Claim, result: Evaluation) -> RenderableType:
    """Both sides of one claim on one instance, its assumptions, and the verdict with its advice."""
    table = Table(title=claim.id, show_header=False)
    table.add_row("statement", plain_text(claim.statement))
    for key in ("lhs", "rhs", "slack", "tightness", "error"):
        value = getattr(result, key)
        table.add_row("error budget" if key == "error" else key, "–" if value is None else f"{value:.6g}")
    for name, margin in result.hypotheses.items():
        table.add_row(f"margin of {name}", short(margin))
    table.add_row("verdict", Text(result.verdict.value, f"bold {_COLOURS[result.verdict.value]}"))
    return Group(table, Text(result.advice))


def falsification_table(claim: Claim, result: Falsification) -> RenderableType:
    """What came of trying to break a claim, with the instance's tables, and the outcome in one sentence."""
    table = Table(title=claim.id, show_header=False)
    table.add_row("statement", plain_text(claim.statement))
    if result.dropped:
        table.add_row("not assumed", result.dropped)
    table.add_row("lhs - rhs", "–" if result.violation is None else f"{result.violation:.6g}")
    table.add_row("lhs / rhs", "–" if result.tightness is None else f"{result.tightness:.6g}")
    table.add_row("evaluations", f"{result.evaluations:,}")
    table.add_row("start", f"{result.start}, seed {result.seed}")
    for name in ("weights", "truth", "weak", "strong", "models", "features", "groups", "strong_groups", "floor"):
        if name in result.instance:
            table.add_row(name, _plain_numbers(result.instance[name]))
    if result.stored:
        table.add_row("certificate", str(result.stored))
    return Group(table, Text(f"{result.sentence}."))


def _plain_numbers(value: Any) -> str:
    """Numbers to four digits, rows in brackets."""
    if not isinstance(value, list):
        return f"{value:.4g}"
    parts = [_plain_numbers(v) for v in value]
    return "\n".join(parts) if isinstance(value[0], list) else f"({', '.join(parts)})"


def mutant_table(rows: Sequence[MutantRow]) -> RenderableType:
    """Every mutant with how it died, or why it survived."""
    table = Table(title="Mutants", box=None, padding=(0, 1, 0, 0))
    for heading in ("claim", "mutant", "outcome"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        outcome = f"died: {row.how}" if row.how else f"survives: {row.reason}" if row.reason else "SURVIVES"
        table.add_row(row.id, row.mutant, Text(outcome, "green" if row.passed else "bold red"))
    return Group(table, Text(mutant_sentence(rows)))


def mutant_sentence(rows: Sequence[MutantRow]) -> str:
    """How many mutants died of what, and which survive without a reason."""
    died = [row.how for row in rows if row.how]
    ways = ", ".join(f"{died.count(how)} by {how}" for how in dict.fromkeys(died))
    explained = sum(row.how is None and row.passed for row in rows)
    left = [f"{row.id} ({row.mutant})" for row in rows if not row.passed]
    counted = f"{len(rows)} mutant" + ("" if len(rows) == 1 else "s")
    said = f"{counted}: {len(died)} died ({ways}), {explained} survive for a reason the theory notes give"
    return f"{said}; UNEXPLAINED: {', '.join(left)}." if left else f"{said}, none without."


def mutant_json(rows: Sequence[MutantRow]) -> dict[str, Any]:
    """`w2s-theory verify --mutants --json`."""
    return {"mutants": [row.to_json() for row in rows], "passed": all(row.passed for row in rows)}


def box_table(claim: Claim, result: BoxResult) -> RenderableType:
    """What a proof over a box has shown, and what is left undecided."""
    table = Table(title=claim.id, show_header=False)
    table.add_row("statement", plain_text(claim.statement))
    for name, value in result.facts().items():
        table.add_row(name, value)
    return Group(table, Text(result.sentence))


def envelope_table(points: Sequence[dict[str, Any]]) -> Table:
    """Lowest and highest risk of the student at each disagreement."""
    table = Table(title="Exact range of the student's risk (nats)")
    for heading in ("disagreement ≤", "lowest risk", "highest risk"):
        table.add_column(heading, justify="right")
    for point in points:
        exact = point.get("upper_attained", True)
        upper = "–" if point["upper"] is None else f"{point['upper']:.8g}" + ("" if exact else " (upper bound)")
        lower = "no such student" if point["lower"] is None else f"{point['lower']:.8g}"
        table.add_row(f"{point['disagreement']:g}", lower, upper)
    return table


def swept_table(swept: Swept) -> RenderableType:
    """What a sweep did, and which claims its cells violate."""
    cells = f"{swept.cells:,} cell" + ("" if swept.cells == 1 else "s")
    parts: list[RenderableType] = [
        Text(f"{cells}, {swept.cells - swept.before:,} of them computed now; rows in {swept.folder}")
    ]
    if swept.damaged:
        parts.append(Text(f"Set aside because they could not be read: {', '.join(swept.damaged)}", "bold red"))
    broken = {name: count for name, count in swept.violations.items() if count}
    if broken:
        table = Table(title="Violations", box=None, padding=(0, 1, 0, 0))
        table.add_column("claim")
        for heading in ("violated", "asked"):
            table.add_column(heading, justify="right")
        for name, count in broken.items():
            table.add_row(
                Text(name, "bold red" if name in swept.violated else ""), f"{count:,}", f"{swept.asked[name]:,}"
            )
        parts.append(table)
    held = [name for name, count in swept.asked.items() if count and name not in broken]
    if held:
        total = sum(swept.asked[name] for name in held)
        parts.append(Text(f"No violation in {total:,} instances asked of {', '.join(held)}."))
    never = [name for name, count in swept.asked.items() if not count]
    if never:
        parts.append(Text(f"Never asked, since no instance met the assumptions: {', '.join(never)}."))
    return Group(*parts)
