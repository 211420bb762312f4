"""References in words: complete, without LaTeX."""

import re

import pytest

from w2s_theory.bibliography import bibtex, keys, reference


def test_a_reference_has_authors_year_title_and_place():
    assert " ".join(reference("fedotov2003refinements").split()) == (
        "[fedotov2003refinements] Alexei A. Fedotov, Peter Harremoës and Flemming Topsøe (2003). Refinements of "
        "Pinsker's Inequality. IEEE Transactions on Information Theory 49(6), 1491–1498."
    )
    assert "Jarosław Błasiok, Parikshit Gopalan" in reference("blasiok2023unifying")


@pytest.mark.parametrize("key", keys())
def test_every_entry_reads_without_latex(key):
    text = reference(key)
    assert not re.search(r"[\\{}$]", text)
    assert re.search(r"\(\d{4}\)\.\s+\S", text)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert bibtex(key).startswith("@")


def test_several_at_once_and_an_unknown_one():
    first, second = keys()[:2]
    assert reference(first, second) == f"{reference(first)}\n{reference(second)}"
    with pytest.raises(KeyError):
        reference("nobody2000nothing")
