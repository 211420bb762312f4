"""Formulas as MathML, which browsers show without a script: a renderer for Sphinx's HTML.

A formula that the converter does not know in full is a warning, and so fails the build.
"""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)
_DOUBLE_STRUCK = {"E": "𝔼", "P": "ℙ", "R": "ℝ", "N": "ℕ"}


class UnknownMathError(SphinxError):
    """A formula with something the converter leaves as it is."""


def mathml(latex: str, display: str = "inline") -> str:
    """A `<math>` element; `UnknownMathError` where a command of the formula is left over.

    Browsers draw letters in double-struck type only where they are characters of their own.
    """
    try:
        made = convert(_known(latex), display=display)
    except Exception as problem:
        raise UnknownMathError(f"formula {latex!r}: {type(problem).__name__} {problem}") from problem
    made = made.replace(r"\_", "_").replace("<mo>&#x0002A;</mo>", "<mo>∗</mo>")
    made = re.sub(
        r'<mi mathvariant="double-struck">(\w)</mi>', lambda m: f"<mi>{_DOUBLE_STRUCK.get(m[1], m[1])}</mi>", made
    )
    text = re.sub(r"<[^>]*>", "", made)
    if "\\" in text or "&#x0005C;" in text:
        raise UnknownMathError(f"formula {latex!r}: a command of it is not known")
    return made


def _known(latex: str) -> str:
    """The formula on one line, its function names as the converter knows them."""
    return re.sub(r"\s+", " ", latex.strip()).replace(r"\arg", r"\operatorname{arg}")


def _shown(self: Any, node: nodes.Element, display: str) -> str:
    try:
        return mathml(node.astext(), display)
    except UnknownMathError as problem:
        _LOGGER.warning("%s", problem, location=node)
        return f"<code>{self.encode(node.astext())}</code>"


def _visit_inline(self: Any, node: nodes.Element) -> None:
    self.body.append(_shown(self, node, "inline"))
    raise nodes.SkipNode


def _visit_block(self: Any, node: nodes.Element) -> None:
    self.body.append(f'<div class="formula">{_shown(self, node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer `mathml`."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
