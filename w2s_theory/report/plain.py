"""The LaTeX of claim statements as plain Unicode text, for terminals and Markdown tables."""

import re

_SYMBOLS = {
    r"\le": " ≤ ",
    r"\ge": " ≥ ",
    r"\gamma": "γ",
    r"\delta": "δ",
    r"\lambda": "λ",
    r"\tau": "τ",
    r"\varepsilon": "ε",
    r"\varphi": "φ",
    r"\psi": "ψ",
    r"\sigma": "σ",
    r"\nabla": "∇",
    r"\Delta": "Δ",
    r"\tfrac12": "½ ",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\mid": " | ",
    r"\|": "‖",
    r"\log": " log ",
    r"\max": " max",
    r"\min": " min",
    r"\sum": " Σ",
    r"\,": " ",
    r"\ ": " ",
}
_SUBSCRIPTS = str.maketrans("0123456789ijklmnopstux", "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₘₙₒₚₛₜᵤₓ")
_SUPERSCRIPTS = str.maketrans("0123456789*-d", "⁰¹²³⁴⁵⁶⁷⁸⁹*⁻ᵈ")
_ACCENTS = {"hat": "\u0302", "bar": "\u0304"}
_LITERAL = "\0"
_GROUP = r"(?:\{([^{}]*)\}|(\\?\w|\*))"


def plain_text(latex: str) -> str:
    """`latex` with its mathematics in Unicode: the subset of LaTeX that claim statements use."""
    text = re.sub(r"\$([^$]*)\$", lambda m: _mathematics(m.group(1)), latex)
    return re.sub(r" +", " ", text).replace(" ,", ",").strip()


def _mathematics(text: str) -> str:
    text = re.sub(r"\\mathrm\{(\w+)\}", r"\1", text)
    for command, symbol in sorted(_SYMBOLS.items(), key=lambda item: -len(item[0])):
        text = re.sub(re.escape(command) + (r"(?![A-Za-z])" if command[-1].isalpha() else ""), symbol, text)
    text = text.replace(r"\mathbb E", "E")
    text = re.sub(r"\\(hat|bar) ?(\w)", lambda m: m.group(2) + _ACCENTS[m.group(1)], text)
    previous = None
    while previous != text:
        previous = text
        text = re.sub(r"\\sqrt" + _GROUP, lambda m: _root(m.group(1) or m.group(2)), text)
        text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: f"({m.group(1)})/{_over(m.group(2))}", text)
        text = re.sub(r"_" + _GROUP, lambda m: _below(m.group(1) or m.group(2)), text)
        text = re.sub(r"\^" + _GROUP, lambda m: _above(m.group(1) or m.group(2)), text)
    text = re.sub(r"([(⟨\[]) ", r"\1", text.replace("{", "").replace("}", "").replace(_LITERAL, "_"))
    return re.sub(r" ?(?<!\|)=(?!\|) ?", " = ", text).replace("-", "−")


def _over(denominator: str) -> str:
    return denominator if len(denominator) == 1 else f"({denominator})"


def _root(inside: str) -> str:
    return f"√{inside}" if len(inside) == 1 else f"√({inside})"


def _below(inside: str) -> str:
    """A subscript: Unicode where all its letters exist and it is short, else after an underscore."""
    known = all(ord(letter) in _SUBSCRIPTS for letter in inside)
    return inside.translate(_SUBSCRIPTS) if known else _LITERAL + inside


def _above(inside: str) -> str:
    known = all(ord(letter) in _SUPERSCRIPTS for letter in inside)
    return inside.translate(_SUPERSCRIPTS) if known else f"^({inside})" if len(inside) > 1 else f"^{inside}"
