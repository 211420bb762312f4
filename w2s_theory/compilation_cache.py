"""Compiled code that is kept on disk from one command to the next, if the user wants it."""

import hashlib
import platform
from collections.abc import MutableMapping
from pathlib import Path

import platformdirs

from w2s_theory.errors import InputError

SWITCH = "W2S_THEORY_CACHE"


def keep_compiled_code(environment: MutableMapping[str, str]) -> Path | None:
    """Let JAX keep compiled code if `W2S_THEORY_CACHE` is `on` (the user's cache folder) or names a folder.

    JAX reads its settings from the environment when it is imported, so this comes before.  Every kind of processor has
    a folder of its own: code is compiled for the one at hand, and a home may be shared by several.  Returns the folder,
    None where nothing is kept; settings of JAX that are there already stand.  `InputError` for an unusable folder.
    """
    asked = environment.get(SWITCH, "off")
    if asked.lower() in ("", "off", "0"):
        return None
    root = platformdirs.user_cache_path("w2s-theory") if asked.lower() in ("on", "1") else Path(asked)
    folder = root / _kind_of_processor()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"{SWITCH}: {folder}: {problem.strerror}") from None
    for name, value in (
        ("JAX_COMPILATION_CACHE_DIR", str(folder)),
        ("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0"),
        ("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1"),
    ):
        environment.setdefault(name, value)
    return folder


def _kind_of_processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(errors="replace").splitlines() if described.exists() else []
    features = {line for line in lines if line.startswith(("flags", "Features", "model name"))} or {
        platform.processor()
    }
    return f"{platform.machine()}-{hashlib.sha256(''.join(sorted(features)).encode()).hexdigest()[:12]}"
