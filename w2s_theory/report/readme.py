"""Keep the README's verification table current: `python -m w2s_theory.report.readme README.md verification.json`."""

import json
import sys
from pathlib import Path

from w2s_theory.report.rows import sweep_markdown

BEGIN = "<!-- verification table: begin (written by `make reproduce`) -->"
END = "<!-- verification table: end -->"


def with_table(text: str, entries: list[dict]) -> str:
    """`text` with the table between the two markers replaced; `ValueError` if it lacks them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the text has no markers for the verification table")
    return f"{before}{BEGIN}\n{sweep_markdown(entries)}\n{END}{after}"


def main(readme: str, verification: str) -> None:
    """Rewrite the table in the file `readme` from the JSON file `verification`."""
    page = Path(readme)
    entries = json.loads(Path(verification).read_text(encoding="utf-8"))["claims"]
    page.write_text(with_table(page.read_text(encoding="utf-8"), entries), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
