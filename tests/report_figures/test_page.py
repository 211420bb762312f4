"""The page: complete, self-contained, escaped, and modest in its words."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Status
from w2s_theory.report.figures import FIGURES
from w2s_theory.report.figures.render import as_json
from w2s_theory.report.mathml import mathml_text
from w2s_theory.report.page import write_page
from w2s_theory.verification.sweep import SweepRow

SETTINGS = {"instances": 1234, "seed": 7, "quick": True}


def _row(claim_id: str, status: Status, verdict: str) -> SweepRow:
    return SweepRow(claim_id, status, 1234, -2e-16, 1.0, 5, verdict, ("World",))


@pytest.fixture(scope="module")
def page(prepared, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("page")
    for name, data in prepared.items():
        (folder / f"{name}.json").write_text(as_json(data), encoding="utf-8")
    verdicts = {Status.proved: "holds", Status.refuted: "refuted", Status.open: "holds"}
    rows = [_row(claim.id, claim.status, verdicts[claim.status]) for claim in CLAIMS]
    return write_page(folder, rows, FIGURES, SETTINGS).read_text(encoding="utf-8")


def test_every_claim_and_figure_is_on_the_page(page, prepared):
    for claim in CLAIMS:
        assert f'<tr id="{claim.id}">' in page
    for figure in FIGURES:
        assert f'src="{figure.name}.svg"' in page
        assert f"w2s-theory reproduce --only {figure.name} --seed 7 --quick" in page
        assert prepared[figure.name]["facts"][-1].replace("'", "&#x27;") in page
    assert "no violation in 1,234 instances" in page
    assert "counterexample confirmed" in page
    assert "quick version" in page
    assert 'href="explorer.html"' in page


def test_the_page_needs_nothing_from_elsewhere(page):
    assert not re.search(r"https?:|//[a-z]", page)
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["'](?:/|\w:)""", page)
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page


def test_links_within_the_page_have_targets(page):
    targets = set(re.findall(r' id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links
    assert links <= targets


def test_the_page_is_well_nested(page):
    class Nesting(HTMLParser):
        open_tags: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "br", "img"):
                self.open_tags.append(tag)

        def handle_endtag(self, tag):
            assert self.open_tags.pop() == tag

    parser = Nesting()
    parser.feed(page)
    assert parser.open_tags == []


def test_a_sweep_is_never_said_to_prove_anything(page):
    """The word is a status of the theory notes only: it stands alone in the status column."""
    without_status = page.replace('<td data-name="status">proved</td>', "")
    assert without_status != page
    assert "proved" not in without_status


@pytest.mark.parametrize(
    ("status", "verdict", "words", "tone"),
    [
        (Status.proved, "violated", "violated in 5 of 1,234 instances", "bad"),
        (Status.refuted, "not refuted", "no counterexample in 1,234 instances", "bad"),
        (Status.proved, "unresolved", "unresolved", "bad"),
        (Status.proved, "holds", "no violation in 1,234 instances", "good"),
    ],
)
def test_outcomes_that_need_attention_look_so(tmp_path, status, verdict, words, tone):
    page = write_page(tmp_path, [_row("pinsker", status, verdict)], (), SETTINGS).read_text(encoding="utf-8")
    assert re.search(rf'<span class="{tone}">{words}', page)


def test_text_is_escaped(tmp_path):
    page = write_page(tmp_path, [_row('<b>"&', Status.open, "holds")], (), SETTINGS).read_text(encoding="utf-8")
    assert "<b>&quot;" not in page
    assert "&lt;b&gt;&quot;&amp;" in page


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_statements_become_mathml_without_loss(claim):
    made = mathml_text(claim.statement)
    tree = ElementTree.fromstring(f"<p>{made}</p>")
    assert tree.find("span") is None, "a command of this statement is unknown to the converter"
    assert len(tree.findall("math")) == claim.statement.count("$") // 2
    text = "".join(tree.itertext())
    assert "\\" not in text
    assert "{" not in text


def test_mathml_of_scripts_fractions_and_roots():
    assert mathml_text("$F^*_{w,i}$").startswith("<math><msubsup><mi>F</mi><mrow><mi>w</mi>")
    assert mathml_text(r"$\tfrac12\sqrt2$") == (
        "<math><mrow><mfrac><mn>1</mn><mn>2</mn></mfrac><msqrt><mn>2</mn></msqrt></mrow></math>"
    )
    assert mathml_text("a < b & $x<1$") == "a &lt; b &amp; <math><mrow><mi>x</mi><mo>&lt;</mo><mn>1</mn></mrow></math>"


def test_an_unknown_command_falls_back_to_plain_text():
    assert mathml_text(r"$\unheardof{x}$").startswith("<span>")
    assert mathml_text("$x_$").startswith("<span>")
