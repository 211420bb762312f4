"""A page in a headless browser: what a probe inside it reports, and what the console says."""

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_NARROWEST = 500
"""Windows of headless Chromium are no narrower; a page is put into a frame of the width wanted."""

_REPORT = """<script>
function report(said) {
  const made = top.document.createElement("pre");
  made.id = "probe";
  made.textContent = JSON.stringify(said, (_, v) => typeof v === "number" && !Number.isFinite(v) ? `number ${v}` : v);
  top.document.body.append(made);
}
addEventListener("load", async () => {
  try { report(await probe()); } catch (error) { report({thrown: String(error && error.stack || error)}); }
});
</script>"""


@dataclass(frozen=True)
class Browser:
    """Chromium at `program`, with its files in `folder`."""

    program: str
    folder: Path

    def ask(
        self,
        page: str,
        probe: str,
        *,
        width: int = 1280,
        dark: bool = False,
        fragment: str = "",
        at: Path | None = None,
    ) -> Any:
        """What the JavaScript function `probe`, async or not, returns in the loaded `page`.

        `at` is the folder that its links are relative to.  Infinite and undefined numbers come back as such.  An error
        of the page, or anything on its console, fails.
        """
        inside = f"{_REPORT}<script>{probe}</script>"
        text = page.replace("</body>", inside + "</body>")
        if width < _NARROWEST:
            framed = html.escape(text, quote=True)
            text = (
                '<!DOCTYPE html><html><head><meta charset="utf-8">'
                '<meta name="color-scheme" content="light dark"></head>'
                f'<body><iframe style="width:{width}px;height:900px;border:0" srcdoc="{framed}"></iframe></body></html>'
            )
        path = (at or self.folder) / f"probed-{width}-{dark}.html"
        path.write_text(text, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.folder / 'profile'}"]
        options += [f"--window-size={max(width, _NARROWEST)},900", "--enable-logging=stderr", "--log-level=0"]
        options += ["--virtual-time-budget=20000", "--blink-settings=preferredColorScheme=" + ("0" if dark else "1")]
        command = [self.program, *options, "--dump-dom", path.as_uri() + fragment]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        path.unlink()
        assert "CONSOLE" not in done.stderr, done.stderr
        found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, flags=re.DOTALL)
        assert found, "the probe has reported nothing"
        said = json.loads(html.unescape(found[1]), object_hook=_numbers)
        assert not (isinstance(said, dict) and "thrown" in said), said["thrown"]
        return said


def _numbers(entries: dict[str, Any]) -> dict[str, Any]:
    return {key: _number(value) for key, value in entries.items()}


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("number "):
        return float(value.removeprefix("number ").replace("Infinity", "inf"))
    return value


def find_browser(folder: Path) -> Browser:
    """The installed browser; without one the test is skipped, or fails under CI."""
    for name in _NAMES:
        if path := shutil.which(name):
            return Browser(path, folder)
    if os.environ.get("CI"):
        pytest.fail("no browser is installed, and under CI this test has to run: apt-get install chromium")
    pytest.skip("no browser is installed: apt-get install chromium")
