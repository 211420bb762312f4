"""The LaTeX of claim statements as MathML: the subset of LaTeX that the catalogue uses, readable in any browser."""

import html
import re
from collections.abc import Iterator

from w2s_theory.report.plain import plain_text

_LETTERS = {
    r"\gamma": "γ",
    r"\delta": "δ",
    r"\lambda": "λ",
    r"\mu": "μ",
    r"\sigma": "σ",
    r"\tau": "τ",
    r"\varepsilon": "ε",
    r"\varphi": "φ",
    r"\psi": "ψ",
    r"\nabla": "∇",
    r"\Delta": "Δ",
    r"\infty": "∞",
}
_OPERATORS = {
    r"\le": "≤",
    r"\ge": "≥",
    r"\ne": "≠",
    r"\in": "∈",
    r"\to": "→",
    r"\cdot": "·",
    r"\mid": "∣",
    r"\|": "‖",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    "-": "−",
    "*": "∗",
}
_ACCENTS = {r"\hat": "^", r"\bar": "¯"}
_NAMED = (r"\log", r"\exp", r"\max", r"\min", r"\sup", r"\inf")
_SPACES = {r"\,": "0.17em", r"\ ": "0.28em", r"\quad": "1em"}
_FENCES = ("|", "‖", "⟨", "⟩", "(", ")", "[", "]")
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")


class UnknownCommandError(ValueError):
    """A LaTeX command outside the subset."""


def mathml_text(latex: str) -> str:
    """A sentence with mathematics between dollar signs as HTML with `<math>` elements, everything else escaped.

    A formula with a command outside the subset is shown as plain Unicode text instead.
    """
    parts = re.split(r"\$([^$]*)\$", latex)
    return "".join(_formula(part) if n % 2 else html.escape(part) for n, part in enumerate(parts))


def _formula(latex: str) -> str:
    try:
        return f"<math>{_row(_Tokens(latex), closing=None)}</math>"
    except UnknownCommandError:
        return f"<span>{html.escape(plain_text(f'${latex}$'))}</span>"


class _Tokens:
    """The tokens of a formula, read once from left to right."""

    def __init__(self, latex: str):
        self._tokens: Iterator[str] = iter(_TOKEN.findall(latex))
        self.ahead = next(self._tokens, None)

    def take(self) -> str:
        token, self.ahead = self.ahead, next(self._tokens, None)
        if token is None:
            raise UnknownCommandError("the formula ends too early")
        return token


def _row(tokens: _Tokens, closing: str | None) -> str:
    """Everything up to the closing token, which is consumed."""
    made = []
    while tokens.ahead != closing:
        made.append(_scripted(tokens))
    if closing is not None:
        tokens.take()
    return f"<mrow>{''.join(made)}</mrow>" if len(made) != 1 else made[0]


def _scripted(tokens: _Tokens) -> str:
    """One atom with its subscript and superscript, in either order."""
    atom = _atom(tokens)
    scripts: dict[str, str] = {}
    while tokens.ahead in ("_", "^"):
        mark = tokens.take()
        scripts[mark] = _atom(tokens)
    if len(scripts) == 2:
        return f"<msubsup>{atom}{scripts['_']}{scripts['^']}</msubsup>"
    if "_" in scripts:
        return f"<msub>{atom}{scripts['_']}</msub>"
    return f"<msup>{atom}{scripts['^']}</msup>" if scripts else atom


def _atom(tokens: _Tokens) -> str:
    token = tokens.take()
    if token == "{":
        return _row(tokens, "}")
    if token == r"\sqrt":
        return f"<msqrt>{_argument(tokens)}</msqrt>"
    if token in (r"\frac", r"\tfrac"):
        return f"<mfrac>{_argument(tokens)}{_argument(tokens)}</mfrac>"
    if token in (r"\mathrm", r"\operatorname"):
        return f'<mi mathvariant="normal">{html.escape(_word(tokens))}</mi>'
    if token == r"\mathbb":
        letter = _word(tokens)
        return f"<mi>{'𝔼' if letter == 'E' else 'ℙ' if letter == 'P' else html.escape(letter)}</mi>"
    if token in _ACCENTS:
        return f'<mover accent="true">{_argument(tokens)}<mo>{_ACCENTS[token]}</mo></mover>'
    if token == r"\sum":
        return "<mo>∑</mo>"
    if token in _NAMED:
        return f'<mrow><mspace width="0.12em"></mspace><mi>{token[1:]}</mi></mrow>'
    if token in _SPACES:
        return f'<mspace width="{_SPACES[token]}"></mspace>'
    if token in _LETTERS:
        return f"<mi>{_LETTERS[token]}</mi>"
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    if token.isalpha():
        return f"<mi>{token}</mi>"
    return _operator(token)


def _operator(token: str) -> str:
    if token.startswith("\\") and token not in _OPERATORS:
        raise UnknownCommandError(token)
    symbol = _OPERATORS.get(token, token)
    if symbol == "∗":
        return "<mo>∗</mo>"
    if symbol in _FENCES:
        return f'<mo stretchy="false" lspace="0" rspace="0">{symbol}</mo>'
    return f"<mo>{html.escape(symbol)}</mo>"


def _argument(tokens: _Tokens) -> str:
    """A braced group, or a single token: of a run of digits, as in \\tfrac12, the first digit only."""
    token = tokens.ahead
    if token and token.isdigit() and len(token) > 1:
        tokens.ahead = token[1:]
        return f"<mn>{token[0]}</mn>"
    return _atom(tokens)


def _word(tokens: _Tokens) -> str:
    """The letters of a braced group, or one letter."""
    if tokens.ahead != "{":
        return tokens.take()
    tokens.take()
    letters = []
    while tokens.ahead != "}":
        letters.append(tokens.take())
    tokens.take()
    return "".join(letters)
