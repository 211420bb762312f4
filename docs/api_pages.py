"""The API reference: one page a module or subpackage, and an index of every public name."""

import pkgutil
from importlib import import_module
from pathlib import Path

from generated import write_pages
from sphinx.application import Sphinx

import w2s_theory
from w2s_theory import _EXPORTS

_TITLES = {
    "api": "What the commands do",
    "auditing": "Audits of saved predictions",
    "bibliography": "Bibliography by key",
    "catalogue": "The catalogue",
    "claim": "Claims",
    "compilation_cache": "Compiled code kept on disk",
    "errors": "Errors",
    "exact": "The verifier of certificates",
    "experiments": "Experiments",
    "functionals": "Functionals",
    "instance": "Instances and hypotheses",
    "instance_file": "Instance files",
    "measures": "Measures and rules",
    "predictors": "Predictors",
    "processes": "Many processes, many machines",
    "report": "Reports and figures",
    "spreading": "Claims on many processes",
    "student_class": "Classes of students",
    "sweeping": "Sweeps over many cells",
    "testing": "Hypothesis strategies",
    "training": "Training and projections",
    "verdict": "Verdicts",
    "verification": "Verification, search and certification",
    "worlds": "Worlds and populations",
}
_COMMAND_LINE = "cli"
_LEFT_OUT = ("w2s_theory.exact.__main__", "w2s_theory.report.figures.")
"""Modules that are run rather than imported, and the drawings, one module a figure."""
_KEPT = tuple(f"w2s_theory.report.figures.{name}" for name in ("figure", "sheet", "simplex", "stored"))


def _modules(package: str) -> list[str]:
    """The package and its public modules, recursively, by dotted name."""
    found = import_module(package)
    inside = getattr(found, "__path__", None)
    below = [] if inside is None else sorted(info.name for info in pkgutil.iter_modules(inside) if info.name[0] != "_")
    return [package, *(name for module in below for name in _modules(f"{package}.{module}"))]


def _public() -> list[str]:
    names = [info.name for info in pkgutil.iter_modules(w2s_theory.__path__) if not info.name.startswith("_")]
    return sorted(set(names) - {_COMMAND_LINE})


def _page(name: str) -> str:
    modules = [m for m in _modules(f"w2s_theory.{name}") if m in _KEPT or not m.startswith(_LEFT_OUT)]
    parts = [f"# {_TITLES[name]}", ""]
    for module in modules:
        if len(modules) > 1:
            parts += [f"## `{module.removeprefix('w2s_theory.')}`", ""]
        parts += ["```{eval-rst}", f".. automodule:: {module}", "   :members:", "   :ignore-module-all:", "```", ""]
    return "\n".join(parts)


def home(name: str) -> str | None:
    """Dotted name under which a public function or class is documented; None for a constant."""
    thing = getattr(w2s_theory, name)
    return f"{thing.__module__}.{name}" if hasattr(thing, "__qualname__") else None


def _index(pages: list[str]) -> str:
    rows = []
    for name, module in sorted((n, m) for m, names in _EXPORTS.items() for n in names):
        found = home(name)
        link = f"`{name}`" if found is None else f"{{py:obj}}`{name} <{found}>`"
        where = f"w2s_theory.{module}" if found is None else found.rpartition(".")[0]
        rows.append(f"* - {link}\n  - {{py:mod}}`{where.removeprefix('w2s_theory.')} <{where}>`")
    return "\n".join(
        [
            "# API reference",
            "",
            "Every name below is `w2s_theory.NAME`, imported on first use from the module beside it. Pages document "
            "the modules, also those whose names are not repeated at the top. In signatures `Array` is an array of "
            "JAX or NumPy, and `Float[Array, 'm k']` one of that shape: m inputs, k classes.",
            "",
            ":::{toctree}\n:maxdepth: 1\n",
            *pages,
            ":::",
            "",
            "## Public names",
            "",
            ":::{list-table}\n:header-rows: 1\n:class: names\n",
            "* - name\n  - module",
            *rows,
            ":::",
            "",
        ]
    )


def _write(app: Sphinx) -> None:
    names = _public()
    pages = {f"{name}.md": _page(name).encode() for name in names}
    write_pages(Path(app.srcdir) / "api", pages | {"index.md": _index(names).encode()})


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before sources are read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
