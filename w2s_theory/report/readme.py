"""Keep the tables of the README current: `python -m w2s_theory.report.readme README.md figures`."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from w2s_theory.report.figures.truth_table import entry_words
from w2s_theory.report.rows import sweep_markdown


def tables(folder: Path) -> dict[str, str]:
    """The README's tables by name, from the data in `folder`."""

    def data(name: str) -> dict[str, Any]:
        return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    truth = data("truth-table")
    return {
        "verification": sweep_markdown(data("verification")["claims"]),
        "truth": f"{truth_markdown(truth['cells'])}\n\nGenerator: {truth['generator']}.",
    }


def truth_markdown(cells: Sequence[Mapping[str, Any]]) -> str:
    """The truth table: what the theory notes say, and what the sweep found, with its worst slack in nats."""
    trained = {"reverse": "min d(f, F_w)", "forward": "min d(F_w, f)"}
    judged = {"risk": "d(F\\*, f)", "reverse-risk": "d(f, F\\*)"}
    lines = ["| trained | class | judged by | gain ≥ disagreement | never worse |", "|---|---|---|---|---|"]
    for cell in cells:
        answers = [
            f"**{answer}**: {found}" for answer, found in (entry_words(cell[k]) for k in ("gain", "never_worse"))
        ]
        words = (f"{cell['trained']}, {trained[cell['trained']]}", cell["class"], judged[cell["judged"]])
        lines.append(f"| {' | '.join((*words, *answers))} |")
    return "\n".join(lines)


def markers(name: str) -> tuple[str, str]:
    """The comments before and after the table `name` in the README."""
    return f"<!-- {name} table: begin (written by `make reproduce`) -->", f"<!-- {name} table: end -->"


def with_tables(text: str, made: Mapping[str, str]) -> str:
    """`text` with every table between its two markers replaced; `ValueError` if it lacks them."""
    for name, table in made.items():
        first, last = markers(name)
        before, begin, rest = text.partition(first)
        _, end, after = rest.partition(last)
        if not (begin and end):
            raise ValueError(f"the text has no markers for the {name} table")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main(readme: str, figures: str) -> None:
    """Rewrite the tables in the file `readme` from the data in the folder `figures`."""
    page = Path(readme)
    page.write_text(with_tables(page.read_text(encoding="utf-8"), tables(Path(figures))), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
