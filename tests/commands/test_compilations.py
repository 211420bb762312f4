"""How often commands compile, in a process of their own: what is asked again in the same shapes compiles nothing."""

import json
import subprocess
import sys

import pytest

COMMANDS = """
import contextlib, io, json, sys
from w2s_theory.cli import main
import jax
count = 0
def heard(name, seconds, **_):
    global count
    count += name == "/jax/core/compile/backend_compile_duration"
jax.monitoring.register_event_duration_secs_listener(heard)
made = []
for command in json.loads(sys.argv[1]):
    before = count
    sys.argv = ["w2s-theory", *command]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main()
    made.append(count - before)
print(made)
"""


@pytest.fixture(scope="module")
def compilations(tmp_path_factory):
    """The number of programs that each command compiles, one command after the other."""
    folder = tmp_path_factory.mktemp("compilations")
    tables = {"weak": [[0.5, 0.5], [0.5, 0.5]], "strong": [[0.6, 0.4], [0.4, 0.6]]}
    for name, changed in {"first": {}, "second": {"weights": [0.3, 0.7]}}.items():
        data = {"weights": [0.5, 0.5], "truth": [[0.9, 0.1], [0.1, 0.9]], **tables, **changed}
        (folder / name).write_text(json.dumps(data), encoding="utf-8")
    first, second = str(folder / "first"), str(folder / "second")
    commands = {
        "list": ["list"],
        "cite": ["cite", "pinsker"],
        "evaluate": ["evaluate", "generalization-forward", "--instance", first],
        "evaluate, other numbers": ["evaluate", "generalization-forward", "--instance", second],
        "envelope": ["envelope", "--instance", first, "--disagreement", "0.01,0.1"],
        "envelope, other numbers": ["envelope", "--instance", second, "--disagreement", "0.02,0.3,0.4"],
        "verify": ["verify", "pinsker", "sharp-pinsker", "--instances", "10000"],
        "verify, more instances": ["verify", "pinsker", "sharp-pinsker", "--instances", "20000", "--seed", "1"],
    }
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(list(commands.values()))],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(commands, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("command", ["list", "cite"])
def test_what_computes_nothing_compiles_nothing(compilations, command):
    assert compilations[command] == 0


@pytest.mark.parametrize(
    ("command", "again"),
    [
        ("evaluate", "evaluate, other numbers"),
        ("envelope", "envelope, other numbers"),
        ("verify", "verify, more instances"),
    ],
)
def test_the_same_shapes_are_compiled_once(compilations, command, again):
    assert compilations[command] > 0 and compilations[again] == 0


@pytest.mark.parametrize(("command", "most"), [("evaluate", 5), ("envelope", 3), ("verify", 11)])
def test_commands_compile_few_programs(compilations, command, most):
    assert compilations[command] <= most
