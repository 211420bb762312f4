"""A page in headless Chromium: its document after loading, and what the console said."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def browser_path() -> str:
    """The browser; without one the test is skipped, and under CI fails."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("no browser is installed, and under CI this test has to run: apt-get install chromium")
    pytest.skip("no browser is installed: apt-get install chromium")


def loaded(browser: str, page: Path, profile: Path, width: int, dark: bool) -> tuple[str, str]:
    """The document of the page after its scripts have run, and the browser's log."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    options += [f"--window-size={width},900", "--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=2000"]
    options += ["--blink-settings=preferredColorScheme=" + ("0" if dark else "1")]
    done = subprocess.run(
        [browser, *options, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout, done.stderr
