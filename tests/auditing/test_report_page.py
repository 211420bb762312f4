"""The page: self-contained, escaped; in a browser no error, no request, every figure visible and none too wide."""

import html
import json
import re

import numpy as np
import pytest

from tests.browsing import browser_path, loaded
from w2s_theory.auditing.audit_record import Audit
from w2s_theory.auditing.auditor import audit
from w2s_theory.report.audit_page import audit_page
from w2s_theory.report.svg import Scale

NASTY = '<script>alert("&")</script>'


@pytest.fixture(scope="module")
def found(points):
    return audit(**points, by=np.where(np.arange(250) % 2, "plain", NASTY))


@pytest.fixture(scope="module")
def page(found):
    return audit_page(found)


FIGURES = ("gain", "bounds", "reliability-weak", "reliability-strong", "reliability-ceiling", "slices")


def test_the_page_needs_nothing_from_elsewhere(page):
    assert not re.search(r"https?:|//[a-z]", page)
    assert not re.search(r"""(?:src|href)=["'](?!data:,)""", page)
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page


def test_text_is_escaped_and_the_answer_comes_first(page, found):
    assert html.escape(NASTY) in page
    assert page.index('id="verdict"') < page.index("<svg")
    assert "<b>Yes.</b>" in page
    for name in FIGURES:
        assert f'id="figure-{name}"' in page
    for bound in found.to_json()["bounds"]:
        assert f"<code>{bound['id']}</code>" in page


def test_a_page_without_labels_and_one_with_infinite_losses(points):
    bare = audit_page(audit(points["weak"], points["strong"], weak_log_loss=1.0))
    assert "<b>No labels.</b>" in bare
    strong = points["strong"].copy()
    strong[3] = np.eye(3)[(points["labels"][3] + 1) % 3]
    assert "gives probability 0 to what happened at 1 points (rows 3)" in audit_page(
        audit(points["weak"], strong, labels=points["labels"])
    )


@pytest.mark.parametrize("scale", [Scale(1e-7, 3e2, 0, 100, True), Scale(-0.3, 0.9, 100, 0), Scale(0.0, 1e-9, 0, 1)])
def test_scales_keep_their_ends_and_their_ticks_inside(scale):
    assert scale.at(scale.low) == pytest.approx(scale.start)
    assert scale.at(scale.high) == pytest.approx(scale.end)
    assert scale.at(2 * scale.high) == pytest.approx(scale.end)
    assert 1 <= len(scale.ticks()) <= 8
    assert all(scale.low * (1 - 1e-9) - 1e-20 <= tick <= scale.high * (1 + 1e-9) for tick in scale.ticks())


PROBE = """<script>
addEventListener("load", () => {
  const shown = [...document.querySelectorAll("svg")].map(s => {
    const box = s.getBoundingClientRect(), inner = s.getBBox();
    return [s.closest("figure").id, box.width, box.height, box.right, inner.width, inner.height];
  });
  const said = {shown, width: innerWidth, page: document.documentElement.scrollWidth,
    loaded: performance.getEntriesByType("resource").map(e => e.name),
    ink: getComputedStyle(document.body).color, paper: getComputedStyle(document.body).backgroundColor};
  const p = document.createElement("pre");
  p.id = "probe"; p.textContent = JSON.stringify(said); document.body.append(p);
});
</script>"""


@pytest.fixture(scope="module")
def browser():
    return browser_path()


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_in_a_browser_every_figure_is_visible(browser, page, tmp_path, width, dark):
    path = tmp_path / "audit.html"
    path.write_text(page.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    document, log = loaded(browser, path, tmp_path / "profile", width, dark)
    assert "CONSOLE" not in log
    said = json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', document)[1]))
    assert said["loaded"] == []
    assert [figure for figure, *_ in said["shown"]] == [f"figure-{name}" for name in FIGURES]
    for figure, wide, high, right, inner_wide, inner_high in said["shown"]:
        assert wide > 200 and high > 80, figure
        assert right <= said["width"], figure
        assert inner_wide > 100 and inner_high > 40, figure
    assert said["page"] <= said["width"]
    brightness = [sum(map(int, re.findall(r"\d+", said[name])[:3])) for name in ("ink", "paper")]
    assert (brightness[0] > brightness[1]) == dark


def test_the_record_alone_makes_the_page(found, page):
    assert audit_page(Audit("elsewhere", json.loads(json.dumps(found.to_json())))) == page
