"""The README says what the package does today."""

import json
import re
from pathlib import Path

from w2s_theory.catalogue import CLAIMS
from w2s_theory.report.plain import plain_text
from w2s_theory.report.readme import markers, tables, with_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_tables_are_current():
    made = tables(ROOT / "figures")
    assert with_tables(README, made) == README, "run `make reproduce`"
    assert all(README.count(marker) == 1 for name in made for marker in markers(name))
    entries = json.loads((ROOT / "figures" / "verification.json").read_text(encoding="utf-8"))["claims"]
    assert [(e["id"], e["status"]) for e in entries] == [(c.id, c.status.value) for c in CLAIMS]


def test_python_example_runs_and_prints_what_it_says(capsys):
    example = re.search(r"## Ten lines.*?```python\n(.*?)```", README, flags=re.DOTALL)[1]
    exec(compile(example, "README.md", "exec"), {})
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("0.798 0.0028") and first.endswith("violated")
    assert second == "holds"
    assert "'lower'" in third


def test_example_of_a_projection_runs(capsys):
    example = re.search(r"## When does.*?```python\n(.*?)```", README, flags=re.DOTALL)[1]
    exec(compile(example, "README.md", "exec"), {})
    assert float(capsys.readouterr().out.split()[-1]) < 1e-12


def test_relative_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_statement_has_a_plain_form():
    for claim in CLAIMS:
        text = plain_text(claim.statement)
        assert not re.search(r"[\\{}$\0]", text), text
