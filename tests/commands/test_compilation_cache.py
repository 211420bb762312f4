"""Compiled code is kept where the user says, read by the next command, and never without being asked for."""

import os
import subprocess
import sys

import platformdirs
import pytest

from w2s_theory.compilation_cache import SWITCH, keep_compiled_code
from w2s_theory.errors import InputError


@pytest.mark.parametrize("asked", [{}, {SWITCH: "off"}, {SWITCH: ""}])
def test_nothing_is_kept_unless_asked_for(asked):
    environment = dict(asked)
    assert keep_compiled_code(environment) is None
    assert environment == asked


def test_on_is_the_users_cache_folder_and_settings_of_jax_stand(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    environment = {SWITCH: "on", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "5"}
    folder = keep_compiled_code(environment)
    assert folder is not None and folder.is_dir() and folder.parent == tmp_path / "w2s-theory"
    assert environment["JAX_COMPILATION_CACHE_DIR"] == str(folder)
    assert environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] == "5"


def test_an_unusable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"W2S_THEORY_CACHE: .*file.*: "):
        keep_compiled_code({SWITCH: str(tmp_path / "file")})


COMMAND = """
import collections, os, sys
from w2s_theory.cli import main
from w2s_theory.compilation_cache import keep_compiled_code
keep_compiled_code(os.environ)
import jax
events = collections.Counter()
jax.monitoring.register_event_listener(lambda name, **_: events.update([name.rsplit("/")[-1]]))
sys.argv = ["w2s-theory", "evaluate", "pinsker", "--instance", sys.argv[1]]
try:
    main()
finally:
    print(events["cache_hits"], events["cache_misses"], file=sys.stderr)
"""


def test_the_next_command_reads_what_the_last_one_compiled(two_inputs, instance_file, tmp_path):
    command = [sys.executable, "-c", COMMAND, instance_file(two_inputs)]
    environment = os.environ | {SWITCH: str(tmp_path / "kept")}

    def counts() -> tuple[int, ...]:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert "pinsker" in done.stdout
        return tuple(map(int, done.stderr.split()))

    hits, misses = counts()
    assert hits == 0 < misses
    assert counts() == (misses, 0)
