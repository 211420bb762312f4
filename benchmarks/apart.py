"""Work in a process of its own, which can be ended when it takes too long."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

Work = Callable[[], Any]
Prepare = Callable[[], Work]


@dataclass(frozen=True)
class Took:
    """A value, and the seconds that whoever made it says it took."""

    seconds: float
    value: Any


class NoAnswerError(Exception):
    """The work took longer than it may."""


def _serve(pipe: Connection, prepare: Prepare) -> None:
    """Prepare, then do the work each time it is asked for; exceptions are answers too."""
    try:
        work = prepare()
    except Exception as problem:
        pipe.send(problem)
        return
    pipe.send(None)
    while pipe.recv():
        start = time.perf_counter()
        try:
            value = work()
        except Exception as problem:
            pipe.send(type(problem)(str(problem)))
            continue
        pipe.send(Took(time.perf_counter() - start, value))


class Apart:
    """A child process that has prepared some work; calling it does the work, within `limit` seconds."""

    def __init__(self, prepare: Prepare, limit: float):
        spawn = multiprocessing.get_context("spawn")
        self._limit = limit
        self._pipe, there = spawn.Pipe()
        self._child = spawn.Process(target=_serve, args=(there, prepare), daemon=True)
        self._child.start()
        there.close()
        self._answer(None)

    def __call__(self) -> Any:
        """The work's value and its seconds; `NoAnswerError` if it took too long, which ends the process."""
        self._pipe.send(True)
        return self._answer(self._limit)

    def _answer(self, limit: float | None) -> Any:
        if not self._pipe.poll(limit):
            self.close()
            raise NoAnswerError(f"no answer in {limit:.3g} s")
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise RuntimeError("its process died") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the process."""
        self._child.kill()
        self._child.join()
