"""What is done on threads may be left early."""

import threading
import time

import pytest

from w2s_theory.auditing.tables import ahead
from w2s_theory.catalogue import CATALOGUE
from w2s_theory.verification.in_order import in_order
from w2s_theory.verification.sweep import Part, programs, two_programs_at_a_time

SECONDS = 4
PARTS = [Part(program, number, number + 1) for number, program in enumerate(programs([CATALOGUE["pinsker"]], 64, 0))]


@pytest.mark.parametrize(
    "begin",
    [
        lambda slow: in_order(slow, range(4), threads=2),
        lambda slow: ahead(map(slow, range(4))),
        lambda slow: two_programs_at_a_time(lambda part: slow(part.first), PARTS),
    ],
    ids=["values", "chunks of a file", "programs of a sweep"],
)
def test_a_generator_that_is_left_early_waits_for_nobody(begin):
    """The garbage collector may close it where waiting for a thread never ends."""
    begun, released = threading.Event(), threading.Event()

    def slow(value):
        if value:
            begun.set()
            released.wait(SECONDS)
        return value

    generator = begin(slow)
    assert next(generator) == 0 and begun.wait(SECONDS)
    started = time.monotonic()
    generator.close()
    assert time.monotonic() - started < SECONDS / 2
    released.set()
