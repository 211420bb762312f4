"""Certificates on disk: written, and verified by the independent verifier in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from w2s_theory.errors import InputError


def verify_afresh(certificate: dict[str, Any], path: Path) -> str:
    """Have the certificate verified in a fresh process, and store it at `path` if it is accepted.

    Returns the verifier's complaint, empty if it accepts.  `InputError` if the file cannot be written.
    """
    written = path.with_suffix(".tmp")
    require_folder(path.parent)
    try:
        written.write_text(json.dumps(certificate, indent=1) + "\n", encoding="utf-8")
        verifier = [sys.executable, "-m", "w2s_theory.exact", str(written)]
        done = subprocess.run(verifier, capture_output=True, text=True)
        if done.returncode == 0:
            written.replace(path)
            return ""
        written.unlink()
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None
    return (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"


def require_folder(folder: Path) -> None:
    """`InputError` unless the folder is there, or can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"{folder}: the folder cannot be made: {problem.strerror}") from None
