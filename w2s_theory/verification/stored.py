"""Certificates on disk: written, and verified by the independent verifier in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from w2s_theory.errors import InputError


def verify_afresh(certificate: dict[str, Any], path: Path) -> str:
    """Write the certificate to `path` and have it verified in a fresh process: its complaint, empty if it accepts.

    `InputError` if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(certificate, indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None
    verifier = [sys.executable, "-m", "w2s_theory.exact", str(path)]
    done = subprocess.run(verifier, capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip()
    return "" if done.returncode == 0 else said or f"exit code {done.returncode}"
