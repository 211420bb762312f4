"""The package's one bibliography, `references.bib`, by key."""

import re
from importlib.resources import files


def bibtex(key: str) -> str:
    """The BibTeX entry with that key; `KeyError` if there is none."""
    return _entries()[key]


def _entries() -> dict[str, str]:
    text = files("w2s_theory").joinpath("references.bib").read_text(encoding="utf-8")
    starts = [match.start() for match in re.finditer(r"^@", text, flags=re.MULTILINE)]
    parts = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    return {part[part.index("{") + 1 : part.index(",")]: part for part in parts}
