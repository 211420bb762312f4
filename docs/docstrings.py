"""The package's docstrings, which are Markdown with formulas between dollar signs, as reStructuredText."""

import re
from typing import Any

from api_pages import home
from sphinx.application import Sphinx

from w2s_theory import __all__ as exported
from w2s_theory.catalogue import CATALOGUE

_PIECE = re.compile(
    r"``(?P<verbatim>.+?)``|`(?P<code>[^`]+)`|\$(?P<math>[^$]+)\$|(?<![\w*])\*(?P<stress>\w[^*`$]*)\*(?![\w*])",
    re.DOTALL,
)
_FIELD = re.compile(r"^Alias for field number \d+$")
_SHAPED = re.compile(
    r"~?(?:jaxtyping\.)?(\w+)\[[\w.~]*Array, ('[^']*')\] \| ~?(?:jaxtyping\.)?\1\[[\w.~]*ndarray, \2\]"
)
_EITHER = re.compile(r"~?[\w.]*\bArray \| ~?(?:numpy\.)?ndarray")


def restructured(markdown: str) -> str:
    """Formulas and code as roles, public names and claim ids in code as links, everything else literal text."""
    made, end = [], 0
    for piece in _PIECE.finditer(markdown):
        made += [_escaped(markdown[end : piece.start()]), _role(piece)]
        end = piece.end()
    text = "".join([*made, _escaped(markdown[end:])])
    return re.sub(r"(?<!\n)\n(?=(?:\* |- ))", "\n\n", re.sub(r"(?m)^\\\* ", "* ", text))


def _role(piece: re.Match[str]) -> str:
    if piece["math"]:
        return _separated(piece, f":math:`{' '.join(piece['math'].split())}`")
    if piece["stress"]:
        return _separated(piece, f"*{' '.join(piece['stress'].split())}*")
    code = " ".join((piece["verbatim"] or piece["code"]).split())
    if code in exported and (found := home(code)):
        return _separated(piece, f":py:obj:`{code} <{found}>`")
    if code in CATALOGUE:
        return _separated(piece, f":doc:`{code} </claims/{code}>`")
    return _separated(piece, f"``{code}``")


def _separated(piece: re.Match[str], role: str) -> str:
    """The role, with an invisible separator where it touches a letter on either side."""
    before, after = piece.string[: piece.start()][-1:], piece.string[piece.end() :][:1]
    return ("\\ " if before.strip() else "") + role + ("\\ " if after.strip() else "")


def _escaped(text: str) -> str:
    return re.sub(r"([\\*|_])", r"\\\1", text)


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if name.startswith("w2s_theory"):
        lines[:] = restructured("\n".join(lines)).split("\n")


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Arrays of either library as one name: `Array`, or `Float[Array, 'm k']` where the shape is annotated."""
    return _short(signature), _short(returns)


def _short(annotated: str | None) -> str | None:
    return annotated and _EITHER.sub("Array", _SHAPED.sub(r"\1[Array, \2]", annotated))


def _skip(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Fields of named tuples, which their class describes, are not listed again."""
    return True if _FIELD.match(getattr(obj, "__doc__", None) or "") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook into autodoc."""
    app.connect("autodoc-process-docstring", _process)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
