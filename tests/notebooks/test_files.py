"""The notebooks as files: thin, paired, small, without errors or paths of a machine, and with sources that exist."""

import ast
import re

import jupytext
import pytest

from run_notebooks import machine_path
from tests.notebooks.folder import ASKED, FOLDER, NAMES, ROOT, SOLVED, outputs, stored, tree
from w2s_theory.bibliography import keys

MEGABYTE = 1_000_000
CLAIM_WRITER = "08_break_a_theorem"
MATHEMATICS = {"log", "log1p", "log2", "log10", "exp", "exp2", "expm1", "logaddexp", "logsumexp", "xlogy", "rel_entr"}
MATHEMATICS |= {"kl_div", "entropy", "sqrt", "softmax", "log_softmax", "sigmoid", "expit", "logit", "tanh"}
FORBIDDEN_IMPORTS = {"math", "cmath", "scipy", "sympy", "jax.nn", "jax.scipy"}


def test_every_notebook_has_its_solutions():
    assert [f"{name}_solutions" for name in ASKED] == SOLVED
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_source_and_notebook_agree(name):
    notebook = stored(name)
    source = jupytext.read(FOLDER / f"{name}.py")
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in source.cells]
    assert notebook.metadata.jupytext.formats == "ipynb,py:percent"


@pytest.mark.parametrize("name", NAMES)
def test_stored_outputs_are_clean(name):
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < MEGABYTE
    notebook = stored(name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for source, output in outputs(notebook):
        assert output.output_type != "error", source
        assert output.get("name") != "stderr", source
        assert machine_path(output) is None, source
        assert "0x" not in str(output.get("data", {}).get("text/plain", "")), source
    assert set(notebook.metadata) == {"jupytext", "kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def claims_written(module: ast.Module) -> list[ast.FunctionDef]:
    """Functions decorated with `claim`."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    return [f for f in functions if any("claim" in ast.unparse(d) for d in f.decorator_list)]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_defines_nothing_that_the_package_lacks(name):
    """Only drawings for sliders are defined, each used by one; no logarithms and the like are taken."""
    module = tree(name)
    allowed = {f.name for f in claims_written(module)} if name.startswith(CLAIM_WRITER) else set()
    inside = {id(n) for f in claims_written(module) if f.name in allowed for n in ast.walk(f)}
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    moved = {ast.unparse(c.args[0]) for c in calls if ast.unparse(c.func) == "sliders" and c.args}
    for node in ast.walk(module):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda), ast.unparse(node)
        if isinstance(node, ast.FunctionDef):
            assert node.name in moved | allowed, f"{node.name} is no drawing for sliders"
        if id(node) in inside:
            continue
        taken = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
        assert taken not in MATHEMATICS, f"line {node.lineno}: {taken} belongs in the package"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            for imported in names:
                assert not any(imported == f or imported.startswith(f"{f}.") for f in FORBIDDEN_IMPORTS), imported
    assert len(moved) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_blanks_stand_only_where_answers_go(name):
    blanks = [node for node in ast.walk(tree(name)) if isinstance(node, ast.Constant) and node.value is ...]
    assert bool(blanks) == (name in ASKED)


@pytest.mark.parametrize("name", NAMES)
def test_sources_are_in_the_bibliography_and_listed(name):
    text = "\n".join(cell.source for cell in stored(name).cells if cell.cell_type == "markdown")
    cited = set(re.findall(r"\[@([^\]]+)\]", text))
    listed = {
        node.value
        for call in ast.walk(tree(name))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "w2s.reference"
        for node in ast.walk(call)
        if isinstance(node, ast.Constant)
    }
    assert cited <= set(keys())
    assert cited == listed
    assert cited or name in SOLVED


@pytest.mark.parametrize("name", NAMES)
def test_relative_links_lead_somewhere(name):
    for cell in stored(name).cells:
        for target in re.findall(
            r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", cell.source if cell.cell_type == "markdown" else ""
        ):
            assert (FOLDER / target).exists(), target


@pytest.mark.parametrize("name", ASKED)
def test_a_notebook_begins_with_goals_and_ends_with_what_is_proved(name):
    headings = [
        line.lstrip("# ")
        for cell in stored(name).cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#")
    ]
    assert "What you will be able to do" in headings[:3]
    assert "What is proved, what is only observed" in headings[-3:]
    assert "FULL = False" in (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def test_the_readme_lists_every_notebook():
    text = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"({name}.ipynb)" in text, name
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (FOLDER / target).exists(), target
