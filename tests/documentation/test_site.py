"""The built site: every link leads somewhere, every claim has its page, formulas show, nothing is loaded from afar."""

import html
import json
import re
import subprocess
import sys
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from w2s_theory import __all__ as exported
from w2s_theory.bibliography import bibtex
from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Status

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("documentation")
LOADING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("audio", "src")}
LOADING |= {("object", "data"), ("embed", "src"), ("image", "href"), ("use", "href"), ("link", "href")}
REFERRING = {("link", "canonical"), ("link", "search"), ("link", "next"), ("link", "prev"), ("link", "index")}
HOSTS = re.compile(r"cdn\.|jsdelivr|unpkg|cdnjs|googleapis|mathjax(?!_ignore)", flags=re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built by the command of `make docs`, warnings being errors."""
    out = tmp_path_factory.mktemp("site")
    options = re.search(r"-m sphinx (.*) docs \$\(SITE\)", (ROOT / "Makefile").read_text(encoding="utf-8"))[1].split()
    assert {"--fail-on-warning", "--nitpicky"} <= set(options)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", str(out)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    return out


class Page(HTMLParser):
    """Elements of a page that refer or are referred to, and its text by element."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        for key, value in values.items():
            if (tag, key) in LOADING and (tag, values.get("rel")) not in REFERRING:
                self.loads.append(value)


@lru_cache(maxsize=512)
def page(path):
    return Page(path)


def text_of(source):
    """The text without tags, spaces collapsed."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", source)).split())


def test_nothing_is_loaded_from_another_host(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(CLAIMS)
    for path in pages:
        found = page(path)
        assert found.loads, path
        for address in found.loads:
            assert not re.match(r"(?:[a-z]+:)?//", address), (path, address)
        assert not HOSTS.search(found.source), path
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path


def test_every_link_leads_to_a_page_and_a_place_in_it(site):
    checked = 0
    for path in site.rglob("*.html"):
        for link in page(path).links:
            if re.match(r"[a-z]+:", link):
                continue
            address, place = urldefrag(link)
            target = (path.parent / unquote(address)).resolve() if address else path
            assert target.is_file(), (path, link)
            if place and target.suffix == ".html":
                assert unquote(place) in page(target).ids, (path, link)
            checked += 1
    assert checked > 1000


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_claim_has_a_page_with_statement_status_and_bibtex(site, claim):
    source = page(site / "claims" / f"{claim.id}.html").source
    statement = re.search(r'<div class="[^"]*\bstatement\b[^"]*">(.*?)</div>', source, flags=re.DOTALL)[1]
    assert statement.count("<math") == claim.statement.count("$") / 2 > 0
    words = re.sub(r"\$[^$]*\$", " ", claim.statement).split()
    assert all(word in text_of(statement) for word in words)
    text = text_of(source)
    assert f"{claim.status.value.capitalize()}" in text
    for key in (claim.cite.key, "w2stheory"):
        assert " ".join(bibtex(key).split()) in text
    for hypothesis in claim.assumes:
        assert hypothesis.sentence in text.replace("’", "'")
    assert ("Where it is an equality" in text) == (claim.status is Status.proved and claim.witness is not None)


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.status is Status.refuted], ids=lambda claim: claim.id)
def test_a_refuted_claim_shows_its_counterexample(site, claim):
    stored = json.loads((ROOT / "tests" / "certificates" / f"{claim.id}.json").read_text(encoding="utf-8"))
    text = text_of(page(site / "claims" / f"{claim.id}.html").source)
    assert f"fails here by at least {stored['at_least']}" in text
    for row in stored["instance"]["weak"]:
        assert f"({', '.join(row)})".replace("-", "−") in text
    assert (site / "claims" / f"{claim.id}.html").read_text(encoding="utf-8").count(f"{claim.id}.json") >= 1


def test_every_public_name_is_listed_and_documented(site):
    listed = page(site / "api" / "index.html")
    for name in exported:
        links = [link for link in listed.links if link.endswith(f".{name}")]
        assert links or f">{name}<" in listed.source, name
    assert sum(bool(re.search(r"#w2s_theory\.", link)) for link in listed.links) > 100


def test_formulas_in_docstrings_are_formulas(site):
    for path in (site / "api").glob("*.html"):
        # signatures and values of constants (dt) are code
        text = text_of(re.sub(r"<(script|style|dt)\b.*?</\1>", "", page(path).source, flags=re.DOTALL))
        assert not re.search(r"\\(?:mathbb|mathrm|frac|sum|le\b)|\$[^$]{1,80}\$", text), path
    assert page(site / "api" / "functionals.html").source.count("<math") > 50


PROBE = """function probe() {
  const boxes = [...document.querySelectorAll("article math")].map(m => m.getBoundingClientRect());
  const flat = boxes.filter(b => b.width < 4 || b.height < 6).length;
  return {formulas: boxes.length, flat, page: document.documentElement.scrollWidth, width: innerWidth,
    afar: performance.getEntriesByType("resource").map(e => e.name).filter(n => !/^(file|data):/.test(n)),
    roots: [...document.querySelectorAll("article msqrt")].every(r => r.getBoundingClientRect().width > 8)};
}"""


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
@pytest.mark.parametrize("name", ["claims/index", "claims/pinsker", "api/functionals", "tour"])
def test_in_a_browser_formulas_have_a_size_and_pages_fit(browser, site, name, width, dark):
    original = site / f"{name}.html"
    said = browser.ask(page(original).source, PROBE, width=width, dark=dark, at=original.parent)
    assert said["width"] == width
    assert said["formulas"] == 0 if name == "tour" else said["formulas"] > 0
    assert said["flat"] == 0 and said["roots"]
    assert said["afar"] == []
    assert said["page"] <= said["width"]
