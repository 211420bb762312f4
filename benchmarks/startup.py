"""What a user waits for before anything is computed: imports, help, a first command; and what is compiled in it."""

import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.apart import Took
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.targets import Target, seconds
from benchmarks.task import Task

IMPORT, COMMAND = "import", "first command"

COUNTED = """
import sys, time
start = time.perf_counter()
import jax
from jax import monitoring
compiled = []
monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **_: compiled.append(seconds) if event.endswith("backend_compile_duration") else None
)
from w2s_theory import cli
sys.argv = ["w2s-theory", *sys.argv[1:]]
status = 0
try:
    cli.main()
except SystemExit as end:
    status = end.code or 0
print(status, time.perf_counter() - start, len(compiled), sum(compiled))
"""


def fresh(arguments: Sequence[str]) -> int:
    """Exit status of a fresh process."""
    return subprocess.run(arguments, capture_output=True, check=False).returncode


def python(code: str, module: str = "") -> int:
    """Exit status of Python on some code; `ModuleNotFoundError` where that was why."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode and module and f"No module named '{module}'" in done.stderr:
        raise ModuleNotFoundError(module, name=module)
    return done.returncode


def counted(arguments: Sequence[str]) -> Took:
    """A command in a fresh process that counts its compilations: exit status, how many, and seconds of compiling."""
    script = [sys.executable, "-c", COUNTED, *arguments]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    status, taken, number, compiling = done.stdout.split()[-4:]
    return Took(float(taken), (int(status), int(number), float(compiling)))


def import_case() -> Case:
    """Imports in fresh processes, the start of Python included."""

    def importing(module: str, kind: str = "peer") -> Contestant:
        return Contestant(f"import {module}", lambda: partial(python, f"import {module}", module), kind, compiles=True)

    contestants = (
        importing("w2s_theory", OURS),
        Contestant("nothing", lambda: partial(python, "pass")),
        *(importing(module) for module in ("numpy", "jax", "torch", "torchmetrics", "sklearn", "cvxpy")),
    )
    return Case("imports", contestants, IMPORT, 0.0, error=float, error_name="exit status", seconds=2.0)


def command_case(arguments: Sequence[str], group: str) -> Case:
    """A command in fresh processes, as users run it, and once more with its compilations counted."""
    installed = str(Path(sysconfig.get_path("scripts")) / "w2s-theory")
    contestants = (
        Contestant("w2s-theory", lambda: partial(fresh, [installed, *arguments]), OURS),
        Contestant("with compilations counted", lambda: partial(counted, arguments), OURS),
    )

    def facts(value: int | tuple[int, int, float]) -> dict[str, str]:
        if isinstance(value, int):
            return {}
        return {"programs compiled": str(value[1]), "compiling (in threads)": f"{value[2]:.2f} s"}

    def status(value: int | tuple[int, int, float]) -> float:
        return float(value if isinstance(value, int) else value[0])

    name = "w2s-theory " + " ".join(arguments)
    return Case(name, contestants, group, 0.0, status, "exit status", facts=facts, seconds=4.0)


def cases(quick: bool) -> Iterator[Case]:
    """All cases."""
    if quick:
        yield command_case(["--help"], "help")
        return
    yield import_case()
    yield command_case(["--help"], "help")
    yield command_case(["verify", "pinsker", "--instances", "1000"], COMMAND)
    yield command_case(["verify", "gain-reverse-mixture-risk", "--instances", "1000"], COMMAND)


TASK = Task(
    "startup",
    "Start-up",
    "Fresh processes, files in the system's cache, no compiled code kept from one to the next.",
    cases,
    (
        Target("import w2s_theory: seconds, Python's own start included", IMPORT, seconds, most=0.1),
        Target("w2s-theory --help: seconds", "help", seconds, most=0.5),
    ),
)
