"""Checkers reject typical wrong answers and blanks, and every exercise has its checker, solution and wrong answers."""

import importlib
import re

import pytest

from tests.notebooks.folder import ASKED, FOLDER, module_name

MODULES = {module_name(name): name for name in ASKED}


def checkers(module: str) -> dict:
    found = vars(importlib.import_module(f"checks.{module}"))
    return {name: check for name, check in found.items() if re.fullmatch(r"exercise_\d+", name)}


def wrong(module: str) -> dict:
    return importlib.import_module(f"tests.notebooks.wrong_answers.{module}").WRONG


@pytest.mark.parametrize("module", MODULES)
def test_an_exercise_is_asked_checked_and_solved(module):
    names = list(checkers(module))
    assert names == [f"exercise_{n}" for n in range(1, len(names) + 1)]
    assert list(wrong(module)) == names
    for name in (MODULES[module], f"{MODULES[module]}_solutions"):
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        assert re.findall(r"^checks\.(exercise_\d+)\(", text, flags=re.MULTILINE) == names, name
        headings = re.findall(r"^# #+ Exercise (\d+)", text, flags=re.MULTILINE)
        assert [f"exercise_{n}" for n in headings] == names, name


CASES = [(module, name) for module in MODULES for name in checkers(module)]


@pytest.mark.parametrize(("module", "name"), CASES)
def test_wrong_answers_get_a_hint(module, name):
    check, answers = checkers(module)[name], wrong(module)[name]
    assert len(answers) >= 2
    for answer in answers:
        given = answer if isinstance(answer, tuple) else (answer,)
        found = check(*given)
        assert not found.accepted and found.answered, answer
        assert len(found.message) > 20, answer
        blank = check(*[...] * len(given))
        assert not blank.accepted and not blank.answered
