"""The package's one bibliography, `references.bib`, by key."""

import re
import textwrap
import unicodedata
from importlib.resources import files

_ACCENTS = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303"}
_LETTERS = {r"\o": "ø", r"\O": "Ø", r"\l": "ł", r"\L": "Ł", r"\ss": "ß", r"\_": "_", r"\&": "&", "--": "–"}
_VENUES = ("journal", "booktitle", "publisher", "note")


def bibtex(key: str) -> str:
    """The BibTeX entry with that key; `KeyError` if there is none."""
    return _entries()[key]


def reference(*keys: str) -> str:
    """The entries with these keys to read: key, authors, year, title and where, wrapped; `KeyError` for another key."""
    entries = _entries()
    lines = (f"[{key}] {_line(entries[key])}" for key in keys)
    return "\n".join(textwrap.fill(line, 100, subsequent_indent="    ", break_on_hyphens=False) for line in lines)


def _line(entry: str) -> str:
    parts = re.findall(r"(\w+)\s*=\s*(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})", entry)
    fields = {name.lower(): _plain(value) for name, value in parts}
    *others, last = (" ".join(reversed(name.split(", "))) for name in fields["author"].split(" and "))
    authors = f"{', '.join(others)} and {last}" if others else last
    where = next((fields[name] for name in _VENUES if name in fields), "")
    if "volume" in fields:
        where += f" {fields['volume']}" + (f"({fields['number']})" if "number" in fields else "")
    if "pages" in fields:
        where += f", {fields['pages']}"
    parts = [f"{authors} ({fields['year']})", fields["title"], where]
    parts += [f"arXiv {fields['eprint']}"] if "eprint" in fields else []
    return ". ".join(part for part in parts if part) + "."


def keys() -> tuple[str, ...]:
    """All keys, in the order of the file."""
    return tuple(_entries())


def _plain(value: str) -> str:
    """A field's text without LaTeX: accents as letters, no braces, single spaces."""
    for command, letter in _LETTERS.items():
        value = re.sub(re.escape(command) + (r"(?![A-Za-z])" if command[-1].isalpha() else ""), letter, value)

    def accented(match: re.Match[str]) -> str:
        return unicodedata.normalize("NFC", match[2] + _ACCENTS[match[1]])

    value = re.sub(r"""\\(["'`^~])\{?([A-Za-z])\}?""", accented, value)
    return " ".join(re.sub(r"[{}]", "", value).split())


def _entries() -> dict[str, str]:
    text = files("w2s_theory").joinpath("references.bib").read_text(encoding="utf-8")
    starts = [match.start() for match in re.finditer(r"^@", text, flags=re.MULTILINE)]
    parts = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    return {part[part.index("{") + 1 : part.index(",")]: part for part in parts}
